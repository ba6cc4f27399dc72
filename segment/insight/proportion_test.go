package insight

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestFisher_published(t *testing.T) {
	// From the examples of R's fisher.test: the tea lady and the convicted twins.
	near(t, "tea", fisher(group{3, 4}, group{1, 4}), 0.4857, 5e-5)
	near(t, "twins", fisher(group{2, 12}, group{15, 18}), 0.0005367, 5e-8)
}

func TestFisher_against_exact_fractions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n1, n2 := 1+rng.Int64N(30), 1+rng.Int64N(30)
		x1, x2 := rng.Int64N(n1+1), rng.Int64N(n2+1)
		var ways []*big.Int
		var seen *big.Int
		for x := max(0, x1+x2-n2); x <= min(n1, x1+x2); x++ {
			w := new(big.Int).Mul(new(big.Int).Binomial(n1, x), new(big.Int).Binomial(n2, x1+x2-x))
			ways = append(ways, w)
			if x == x1 {
				seen = w
			}
		}
		all, tails := new(big.Int), new(big.Int)
		for _, w := range ways {
			all.Add(all, w)
			if w.Cmp(seen) <= 0 {
				tails.Add(tails, w)
			}
		}
		want, _ := new(big.Rat).SetFrac(tails, all).Float64()
		near(t, "fisher", fisher(group{float64(x1), float64(n1)}, group{float64(x2), float64(n2)}), want, 1e-9)
	}
}

func TestFisher_large(t *testing.T) {
	// Two of ten against none of a milliard: close to the binomial's tail.
	p := fisher(group{2, 10}, group{2, 1e9})
	if !(p > 0 && p < 1e-14) {
		t.Errorf("got %v", p)
	}
	if p := test(group{0, 1e9}, group{4, 1e9}); !(p > 0.1 && p < 0.2) { // 2 * (1/2)^4
		t.Errorf("got %v, want 0.125", p)
	}
}

func TestChiSquare(t *testing.T) {
	// 40 of 100 against 60 of 100: chi-square 8 on one degree of freedom.
	near(t, "chi-square", test(group{40, 100}, group{60, 100}), 0.0046777349810472645, 1e-12)
	near(t, "no difference", test(group{40, 100}, group{400, 1000}), 1, 0)
	near(t, "an empty group", test(group{0, 0}, group{4, 10}), 1, 0)
	near(t, "everybody", test(group{7, 7}, group{9, 9}), 1, 0)
}

func TestRiskRatio_published(t *testing.T) {
	// Koopman 1984: 36 of 40 against 16 of 80.
	low, high := riskRatio(group{36, 40}, group{16, 80}, 1.959964)
	near(t, "low", low, 2.94, 0.005)
	near(t, "high", high, 7.15, 0.005)
}

func TestRiskRatio_ends_are_where_the_test_turns(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		a, b := group{of: float64(1 + rng.IntN(1000))}, group{of: float64(1 + rng.IntN(100_000))}
		a.have, b.have = float64(rng.IntN(int(a.of)+1)), float64(rng.IntN(int(b.of)+1))
		low, high := riskRatio(a, b, 1.96)
		switch {
		case !(low <= high):
			t.Fatalf("%v %v: from %v to %v", a, b, low, high)
		case a.have == 0 && low != 0, b.have == 0 && !math.IsInf(high, 1):
			t.Fatalf("%v %v: from %v to %v, of nobody", a, b, low, high)
		}
		if a.have > 0 && b.have > 0 {
			if ratio := a.share() / b.share(); ratio < low*(1-1e-9) || ratio > high*(1+1e-9) {
				t.Fatalf("%v %v: %v is outside of %v to %v", a, b, ratio, low, high)
			}
		}
		// The same test, with the shares found by search instead of by formula.
		for _, end := range []struct{ ratio, z float64 }{{low, 1.96}, {high, -1.96}} {
			if end.ratio == 0 || math.IsInf(end.ratio, 0) {
				continue
			}
			if got := searchedScore(a, b, end.ratio); math.Abs(got-end.z) > 0.01 {
				t.Fatalf("%v %v: a score of %v at %v, want %v", a, b, got, end.ratio, end.z)
			}
		}
	}
}

// searchedScore finds the likeliest shares of a ratio by ternary search.
func searchedScore(a, b group, ratio float64) float64 {
	logLikelihood := func(pb float64) float64 {
		term := func(g group, p float64) float64 {
			l := 0.0
			if g.have > 0 {
				l += g.have * math.Log(p)
			}
			if g.have < g.of {
				l += (g.of - g.have) * math.Log1p(-p)
			}
			return l
		}
		return term(a, ratio*pb) + term(b, pb)
	}
	lo, hi := 0.0, min(1, 1/ratio)
	for range 200 {
		x, y := lo+(hi-lo)/3, hi-(hi-lo)/3
		if logLikelihood(x) < logLikelihood(y) {
			lo = x
		} else {
			hi = y
		}
	}
	pb := (lo + hi) / 2
	pa := ratio * pb
	return (a.share() - ratio*b.share()) / math.Sqrt(pa*(1-pa)/a.of+ratio*ratio*pb*(1-pb)/b.of)
}

func TestAdjust(t *testing.T) {
	// R: p.adjust(c(0.001, 0.01, 0.03, 0.04, 0.5), "BH").
	p := []float64{0.001, 0.01, 0.03, 0.04, 0.5}
	adjust(p)
	for i, want := range []float64{0.005, 0.025, 0.05, 0.05, 0.5} {
		near(t, "q", p[i], want, 1e-15)
	}
	near(t, "z", normalQuantile(0.95), 1.959963984540054, 1e-9)
}
