package draw

import (
	"fmt"
	"math"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

// chi returns how far counts are from even, in standard deviations of what chance
// makes of it.
func chi(counts []int, total int) float64 {
	want, sum := float64(total)/float64(len(counts)), 0.0
	for _, n := range counts {
		d := float64(n) - want
		sum += d * d / want
	}
	freedom := float64(len(counts) - 1)
	return (sum - freedom) / math.Sqrt(2*freedom)
}

// Lots are even under each salt, and under two salts at once: one experiment says
// nothing of another. Identifiers that are alike and salts that are alike are the hard
// case.
func TestEven(t *testing.T) {
	const people, parts = 200_000, 10
	keys := make([]uint64, people)
	for i := range keys {
		keys[i] = Key(profile.Identifier{Namespace: "user_id", Value: fmt.Sprint("u", i)})
	}
	salts := []string{"", "a", "b", "exp-1", "exp-2", "exp-3", "layer", "holdout"}
	for i, a := range salts {
		one := make([]int, parts)
		for _, k := range keys {
			one[Bucket(Salted(k, Salt(a)), parts)-1]++
		}
		if d := chi(one, people); math.Abs(d) > 5 {
			t.Errorf("%q: %v, %.1f deviations from even", a, one, d)
		}
		for _, b := range salts[:i] {
			both := make([]int, parts*parts)
			for _, k := range keys {
				both[(Bucket(Salted(k, Salt(a)), parts)-1)*parts+Bucket(Salted(k, Salt(b)), parts)-1]++
			}
			if d := chi(both, people); math.Abs(d) > 5 {
				t.Errorf("%q and %q: %.1f deviations from independent", a, b, d)
			}
		}
	}
}

// The lots are part of the format: they are the same for ever.
func TestFixed(t *testing.T) {
	k := Key(profile.Identifier{Namespace: "user_id", Value: "u1"})
	lot := Salted(k, Salt("exp-7"))
	got := fmt.Sprintf("%016x %016x %.6f %d %d", k, lot, Fraction(lot), Bucket(lot, 3), Bucket(lot, 100))
	if want := "45c41dde22ad91fb c4ce1a09f3232c72 0.768770 3 77"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if Fraction(math.MaxUint64) >= 1 || Bucket(math.MaxUint64, 7) != 7 || Bucket(0, 7) != 1 || Fraction(0) != 0 {
		t.Error("the ends")
	}
}
