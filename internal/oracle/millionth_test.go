package oracle

import (
	"math"
	"math/big"
	"testing"
)

func TestMillionths(t *testing.T) {
	for _, tt := range []struct {
		f    float64
		want string
	}{
		{0, "0"},
		{math.Copysign(0, -1), "0"},
		{1.25, "1250000"},
		{0.1, "100000"},
		{0.0000005, "0"}, // half, to the even 0
		{0.0000015, "2"}, // half, to the even 2
		{0.0000025, "2"}, // half, to the even 2
		{0.00000251, "3"},
		{-0.0000005, "0"},
		{-0.0000015, "-2"},
		{-0.0000025, "-2"},
		{-2.5000007, "-2500001"},
		{1e18, "1000000000000000000000000"},
		{-1e18, "-1000000000000000000000000"},
	} {
		if got, ok := millionths(tt.f); !ok || got.String() != tt.want {
			t.Errorf("millionths(%v) = %v, %v, want %s", tt.f, got, ok, tt.want)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Nextafter(1e18, 2e18)} {
		if got, ok := millionths(f); ok {
			t.Errorf("millionths(%v) = %v, want none", f, got)
		}
	}
}

func TestNearest(t *testing.T) {
	huge, _ := new(big.Int).SetString("9007199254740993000000", 10) // 2^53 + 1
	for _, tt := range []struct {
		sum   *big.Int
		count uint64
		want  float64
	}{
		{nil, 0, 0},
		{big.NewInt(1), 1, 1e-6},
		{big.NewInt(300_000), 1, 0.3},
		{big.NewInt(10_000_000), 3, 10.0 / 3},
		{huge, 1, 1 << 53}, // a tie goes to the even float
	} {
		if got := nearest(tt.sum, tt.count); got != tt.want {
			t.Errorf("nearest(%v, %d) = %v, want %v", tt.sum, tt.count, got, tt.want)
		}
	}
}
