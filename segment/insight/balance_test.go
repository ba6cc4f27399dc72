package insight

import (
	"math"
	"testing"
)

// The quantiles are those of the tables of NIST, to three decimals.
func TestChiSquareTail(t *testing.T) {
	for _, c := range []struct {
		freedom int
		p, x    float64
	}{
		{1, 0.05, 3.841}, {1, 0.001, 10.828}, {2, 0.05, 5.991}, {3, 0.05, 7.815}, {3, 0.9, 0.584}, {4, 0.01, 13.277},
		{9, 0.1, 14.684}, {10, 0.95, 3.940}, {99, 0.05, 123.225}, {100, 0.001, 149.449},
	} {
		if got := chiSquareTail(c.x, c.freedom); math.Abs(got-c.p) > 2e-3*c.p {
			t.Errorf("%d degrees, %v: %v, want %v", c.freedom, c.x, got, c.p)
		}
	}
	for _, freedom := range []int{1, 2, 7, 999} {
		if got := chiSquareTail(0, freedom); got != 1 {
			t.Errorf("%d degrees, 0: %v", freedom, got)
		}
		if got := chiSquareTail(1e9, freedom); got != 0 {
			t.Errorf("%d degrees, far out: %v", freedom, got)
		}
	}
}
