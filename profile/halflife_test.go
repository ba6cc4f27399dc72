package profile

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestExp2_roots_are_the_nearest_numbers(t *testing.T) {
	for i, want := range naiveRoots() {
		if roots[i] != want {
			t.Errorf("root %d is %x, want %x", i, roots[i], want)
		}
	}
}

func TestExp2(t *testing.T) {
	tests := []struct {
		num, den int64
		want     float64
	}{
		{0, 1, 1},
		{1, 1, 2},
		{-1, 1, 0.5},
		{63 * 7, 7, 1 << 63},
		{1, 2, math.Sqrt2},
		{-1, 2, math.Sqrt2 / 2},
		{3, 4, 0x1.6a09e667f3bcdp+0 * 0x1.306fe0a31b715p+0},
		{1, math.MaxInt64, 1}, // cut off
		{math.MaxInt64, 1, math.Inf(1)},
		{math.MinInt64, 1, 0},
		{math.MinInt64, math.MaxInt64, 0.25 * product(roots[:])},
	}
	for _, tt := range tests {
		if got := Exp2(tt.num, tt.den); got != tt.want {
			t.Errorf("Exp2(%d, %d) = %x, want %x", tt.num, tt.den, got, tt.want)
		}
	}
}

func product(list []float64) float64 {
	p := 1.0
	for _, x := range list {
		p = float64(p * x)
	}
	return p
}

func TestExp2_is_near_and_never_decreases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		den := rapid.Int64Range(1, 400*microsPerDay).Draw(t, "den")
		num := rapid.Int64Range(-100*den, 100*den).Draw(t, "num")
		got := Exp2(num, den)
		if want := math.Exp2(float64(num) / float64(den)); math.Abs(got/want-1) > 2e-10 {
			t.Fatalf("Exp2(%d, %d) = %v, want %v", num, den, got, want)
		}
		if next := Exp2(num+1, den); next < got {
			t.Fatalf("Exp2(%d, %d) = %v, then %v", num, den, got, next)
		}
	})
}

func TestScoreAt(t *testing.T) {
	half := 30 * 24 * time.Hour
	h := half.Microseconds()
	tests := []struct {
		name   string
		weight float64
		at     Instant
		want   *big.Int
	}{
		{"at the beginning", 1, Instant(3 * h), big.NewInt(1 << 30)},
		{"before 1970", 1, Instant(-h), big.NewInt(1 << 30)},
		{"half way", 1, Instant(h / 2), big.NewInt(1518500250)},
		{"negative", -2, 0, big.NewInt(-1 << 31)},
		{"half a unit goes to the even", 0x1p-31, 0, big.NewInt(0)},
		{"three halves of a unit go to the even", 0x3p-31, 0, big.NewInt(2)},
		{"above half a unit", 0x1.8p-31, 0, big.NewInt(1)},
		{"beyond 64 bits", 1e24, 0, new(big.Int).Lsh(bigFloat(1e24), 30)},
		{"far beyond, negative", -1e24, 0, new(big.Int).Neg(new(big.Int).Lsh(bigFloat(1e24), 30))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := scoreAt(tt.weight, tt.at, h).Big()
			if got.Cmp(tt.want) != 0 || got.Cmp(naiveScore(tt.weight, tt.at, half)) != 0 {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func bigFloat(f float64) *big.Int {
	n, _ := new(big.Float).SetFloat64(f).Int(nil)
	return n
}
