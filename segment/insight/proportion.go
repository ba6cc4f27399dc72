package insight

import "math"

// group is how many of how many have something.
type group struct{ have, of float64 }

// share is 0 in an empty group.
func (g group) share() float64 {
	if g.of == 0 {
		return 0
	}
	return g.have / g.of
}

// test returns the two-sided P value of two groups that share nobody having the
// same share: Fisher's exact test where an expected count is below 5, else that of
// the chi-square statistic without a continuity correction, which is the pooled
// two-proportion z test. It is 1 where either group is empty.
func test(a, b group) float64 {
	if a.of == 0 || b.of == 0 {
		return 1
	}
	pooled := (a.have + b.have) / (a.of + b.of)
	if pooled == 0 || pooled == 1 {
		return 1
	}
	if min(a.of, b.of)*min(pooled, 1-pooled) < 5 {
		return fisher(a, b)
	}
	z := (a.share() - b.share()) / math.Sqrt(pooled*(1-pooled)*(1/a.of+1/b.of))
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

// fisher sums the probabilities of all tables with these margins that are no more
// likely than the one seen, as R's fisher.test does (with its tolerance of 1e-7).
// Each is taken relative to the likeliest, so that large tables lose no digits.
func fisher(a, b group) float64 {
	have := a.have + b.have
	lo, hi := max(0, have-b.of), min(a.of, have)
	mode := min(max(math.Floor((have+1)*(a.of+1)/(a.of+b.of+2)), lo), hi)
	// up is how much likelier x+1 is than x.
	up := func(x float64) float64 { return (a.of - x) * (have - x) / ((x + 1) * (b.of - have + x + 1)) }
	seen := 1.0
	for x := mode; x < a.have; x++ {
		seen *= up(x)
	}
	for x := mode; x > a.have; x-- {
		seen /= up(x - 1)
	}
	seen *= 1 + 1e-7
	all, tails := 0.0, 0.0
	add := func(w float64) {
		all += w
		if w <= seen {
			tails += w
		}
	}
	w := 1.0
	for x := mode; x <= hi; x++ {
		add(w)
		w *= up(x)
	}
	w = 1.0
	for x := mode; x > lo; x-- {
		w /= up(x - 1)
		add(w)
	}
	return min(tails/all, 1)
}

// riskRatio returns the score interval of the ratio of the share of a to that of b,
// two groups that share nobody: all ratios that a two-sided test with the critical
// value z does not refuse (Koopman, Biometrics 40, 1984). The upper end is infinite
// where nobody of b has it.
func riskRatio(a, b group, z float64) (low, high float64) {
	low, high = 0, math.Inf(1)
	if a.have > 0 {
		low = solve(func(ratio float64) bool { return score(a, b, ratio) > z })
	}
	if b.have > 0 {
		high = solve(func(ratio float64) bool { return score(a, b, ratio) > -z })
	}
	return low, high
}

// solve returns where above, which holds for small ratios and not for great ones,
// ceases to.
func solve(above func(ratio float64) bool) float64 {
	lo, hi := -60.0, 60.0 // logarithms
	for range 80 {
		if mid := (lo + hi) / 2; above(math.Exp(mid)) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return math.Exp(lo)
}

// score is how many standard errors the shares are from having the ratio, with the
// errors of the likeliest shares that have it. It falls as the ratio grows.
func score(a, b group, ratio float64) float64 {
	// The likeliest share of b is a root of a quadratic equation.
	qa := (a.of + b.of) * ratio
	qb := -(ratio*(a.of+b.have) + a.have + b.of)
	qc := a.have + b.have
	root := math.Sqrt(max(0, qb*qb-4*qa*qc))
	pb := min(1, 2*qc/(-qb+root)) // as the other form loses digits
	pa := min(1, ratio*pb)
	diff := a.share() - ratio*b.share()
	variance := pa*(1-pa)/a.of + ratio*ratio*pb*(1-pb)/b.of
	if variance <= 0 {
		switch {
		case diff > 0:
			return math.Inf(1)
		case diff < 0:
			return math.Inf(-1)
		}
		return 0
	}
	return diff / math.Sqrt(variance)
}

// normalQuantile is the value that a standard normal variable exceeds in absolute
// value with probability 1 - confidence.
func normalQuantile(confidence float64) float64 { return math.Sqrt2 * math.Erfinv(confidence) }

// adjust turns P values into those of the false discovery rate (Benjamini and
// Hochberg, 1995), in place: refusing all with at most q lets at most a share of q
// of the refused be refused wrongly. The values are sorted, ascending.
func adjust(sorted []float64) {
	least := 1.0
	for i := len(sorted) - 1; i >= 0; i-- {
		least = min(least, sorted[i]*(float64(len(sorted))/float64(i+1)))
		sorted[i] = least
	}
}
