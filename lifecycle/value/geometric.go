package value

import "math"

// geometric is the core of BG/NBD and MBG/NBD. A customer buys at rate λ, which
// is gamma distributed over the customers (shape r, rate alpha), and may drop out
// with probability p, which is beta distributed (a, b). Under BG/NBD that is at
// each repeat transaction, under MBG/NBD at the first one too.
type geometric struct {
	r, alpha, a, b float64
	first          bool // whether one may drop out at the first transaction
}

// stayed is the second parameter of p's distribution over those who made x
// repeat transactions and are alive.
func (g geometric) stayed(x float64) float64 {
	if g.first {
		return g.b + x + 1
	}
	return g.b + x
}

func (g geometric) perFrequency(x float64) [2]float64 {
	b := g.stayed(x)
	return [2]float64{
		lgamma(g.r+x) - lgamma(g.r) + g.r*math.Log(g.alpha) +
			lgamma(b) - lgamma(g.b) - lgamma(g.a+b) + lgamma(g.a+g.b),
		math.Log(g.a) - math.Log(b-1), // not read where b-1 may be below 0
	}
}

func (g geometric) logLikelihood(row Summary, terms [2]float64) float64 {
	alive := terms[0] - (g.r+float64(row.Frequency))*math.Log(g.alpha+row.Age)
	return alive + log1pExp(g.logOddsGone(row, terms[1]))
}

// logOddsGone returns the logarithm of the odds that the customer has dropped
// out, from the logarithm of a/(b-1).
func (g geometric) logOddsGone(row Summary, logOdds float64) float64 {
	if row.Frequency == 0 && !g.first {
		return math.Inf(-1)
	}
	return logOdds + (g.r+float64(row.Frequency))*math.Log((g.alpha+row.Age)/(g.alpha+row.Recency))
}

func (g geometric) pAlive(row Summary) float64 {
	logOdds := math.Log(g.a) - math.Log(g.stayed(float64(row.Frequency))-1)
	return 1 / (1 + math.Exp(g.logOddsGone(row, logOdds)))
}

// expected returns the repeat transactions of a new customer within t.
func (g geometric) expected(t float64) float64 {
	n := geometricRepeats(g.a, g.stayed(0), g.r, t/g.alpha)
	if g.first {
		n *= g.b / (g.a + g.b)
	}
	return n
}

func (g geometric) conditionalExpected(row Summary, t float64) float64 {
	x := float64(row.Frequency)
	return g.pAlive(row) * geometricRepeats(g.a, g.stayed(x), g.r+x, t/(g.alpha+row.Age))
}

// farthest is what a time that is longer is taken for, relative to a parameter: no
// answer for it overflows.
const farthest = 1e100

// geometricRepeats returns how many transactions a live customer will make within
// tau, counted in units of the rate of λ: the mean, over p of Beta(a, b), of
//
//	(1 - (1 + p·tau)^-rho) / p
//
// The field writes it as
//
//	c/(a-1) · [1 - (1-z)^rho · 2F1(rho, b; c; z)],  c = a+b-1, z = tau/(1+tau)
//
// which is 0/0 at a = 1 and overflows for large rho. Euler's transformation makes
// the bracket 1 - (1-z)^(a-1)·2F1(c-rho, a-1; c; z), whose series starts with 1
// and has a factor a-1 in every other term: so a-1 and c cancel by hand.
func geometricRepeats(a, b, rho, tau float64) float64 {
	tau = min(tau, farthest)
	c := a + b - 1
	z := tau / (1 + tau)
	switch {
	case !(tau > 0):
		return 0
	case z > 0.9 || c-rho <= -1 || c > 100*rho || a > 40:
		// The series is slow, alternates, cancels or overflows.
		return geometricRepeatsByQuadrature(a, b, rho, tau)
	}
	// term is (c-rho)_n (a)_(n-1) z^n / ((c+1)_(n-1) n!).
	var sum float64
	term := (c - rho) * z
	for n := 1.0; ; n++ {
		sum += term
		if math.Abs(term) <= 1e-17*math.Abs(sum) || n > 2000 {
			break
		}
		term *= z * (c - rho + n) * (a + n - 1) / ((c + n) * (n + 1))
	}
	eps, l := a-1, -math.Log1p(tau)
	return -c*expm1Over(eps, l) - math.Exp(eps*l)*sum
}

// geometricRepeatsByQuadrature is the same by summing over the logit of p. Every
// term is positive, so nothing cancels; the trapezoidal rule converges
// exponentially, the integrand being analytic and falling on both sides.
func geometricRepeatsByQuadrature(a, b, rho, tau float64) float64 {
	logBeta := lgamma(a) + lgamma(b) - lgamma(a+b)
	term := func(y float64) float64 {
		logP, logQ := -log1pExp(-y), -log1pExp(y)
		weight := math.Exp(a*logP + b*logQ - logBeta)
		p := math.Exp(logP)
		if p*(tau+1) < 1e-20 {
			return weight * rho * tau
		}
		return weight * -math.Expm1(-rho*math.Log1p(p*tau)) / p
	}
	step := min(0.25, 0.5*math.Sqrt(1/a+1/b))
	mode := math.Log(a / b)
	const reach = 1 << 14 // of steps: a guard, some 300 are taken
	// Far out on either side the terms are a geometric series of a known quotient.
	sum := term(mode)
	for k := 1; k < reach; k++ {
		y := mode + float64(k)*step
		v := term(y)
		if y > 45 && math.Exp(-y)*(a+rho+1) < 1e-18 {
			sum += v / -math.Expm1(-b*step)
			break
		}
		sum += v
		if v <= 1e-18*sum {
			break
		}
	}
	for k := 1; k < reach; k++ {
		y := mode - float64(k)*step
		v := term(y)
		if y < -45 && math.Exp(y)*(tau+1)*(rho+1) < 1e-18 {
			sum += v / -math.Expm1(-a*step)
			break
		}
		sum += v
		if v <= 1e-18*sum {
			break
		}
	}
	return sum * step
}

// expm1Over returns (exp(eps·l)-1)/eps, which is l at eps = 0.
func expm1Over(eps, l float64) float64 {
	if eps == 0 {
		return l
	}
	return math.Expm1(eps*l) / eps
}

// log1pExp returns log(1+exp(y)) without overflow.
func log1pExp(y float64) float64 {
	if y > 0 {
		return y + math.Log1p(math.Exp(-y))
	}
	return math.Log1p(math.Exp(y))
}
