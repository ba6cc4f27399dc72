package value

import (
	"context"
	"math"
)

// ParetoNBD is the Pareto/NBD model of Schmittlein, Morrison and Colombo (1987):
// a customer buys at a rate λ for as long as they live, and may drop out at any
// moment, at a rate μ. Both are gamma distributed over customers.
//
// Do not use it for contracts, where dropping out is observed, nor for purchases
// that come at regular intervals. Beta is told apart from S only by much data: see
// its standard error before reading anything from it.
type ParetoNBD struct {
	// R and Alpha are the shape and the rate of the distribution of λ; Alpha is a
	// time.
	R     float64 `json:"r"`
	Alpha float64 `json:"alpha"`
	// S and Beta are the shape and the rate of the distribution of μ; Beta is a time.
	S    float64 `json:"s"`
	Beta float64 `json:"beta"`
}

var _ Model = ParetoNBD{}

// FitParetoNBD returns the most likely parameters for rows. Errors: [*InputError],
// [*FitError], that of ctx. The standard errors are those of R, Alpha, S, Beta.
func FitParetoNBD(ctx context.Context, rows []Summary) (ParetoNBD, Report, error) {
	pop, err := populationOf("paretonbd", rows)
	if err != nil {
		return ParetoNBD{}, Report{Model: "paretonbd"}, err
	}
	of := func(p []float64) ParetoNBD { return ParetoNBD{R: p[0], Alpha: p[1], S: p[2], Beta: p[3]} }
	f := fitting{
		model: "paretonbd", rows: pop.scaled, customers: pop.customers,
		starts: [][]float64{{1, 1, 1, 1}, {0.6, 3, 0.6, 4}, {2, 10, 1, 20}},
		total:  func(p []float64, rows []Summary) float64 { return total(of(p), rows) },
	}
	params, rep, err := f.run(ctx)
	if params == nil {
		return ParetoNBD{}, rep, err
	}
	m := of(params)
	m.Alpha *= pop.unit
	m.Beta *= pop.unit
	if rep.StandardErrors != nil {
		rep.StandardErrors[1] *= pop.unit
		rep.StandardErrors[3] *= pop.unit
	}
	rep.LogLikelihood = total(m, pop.grouped)
	return m, rep, err
}

func (m ParetoNBD) valid() bool { return above0(m.R, m.Alpha, m.S, m.Beta) }

func (m ParetoNBD) perFrequency(x float64) [2]float64 {
	return [2]float64{lgamma(m.R+x) - lgamma(m.R) + m.R*math.Log(m.Alpha) + m.S*math.Log(m.Beta)}
}

func (m ParetoNBD) logLikelihood(row Summary, terms [2]float64) float64 {
	alive, logOddsGone := m.alive(row)
	return terms[0] + alive + log1pExp(logOddsGone)
}

// alive returns the logarithms of the part of the likelihood that is of a live
// customer, but for the terms of perFrequency, and of the odds to be gone.
func (m ParetoNBD) alive(row Summary) (log, logOddsGone float64) {
	rx := m.R + float64(row.Frequency)
	log = -rx*math.Log(m.Alpha+row.Age) - m.S*math.Log(m.Beta+row.Age)
	return log, math.Log(m.S/(rx+m.S)) + m.logA0(row) - log
}

// logA0 returns the logarithm of what the literature calls A0, with which
// s/(r+s+x)·A0 is the integral, from Recency to Age, of
//
//	s · (alpha+u)^-(r+x) · (beta+u)^-(s+1) du
//
// the likelihood to have dropped out in between: -Inf where the two are equal.
// It is a difference of two hypergeometric functions, taken in logarithms, since
// each alone under- or overflows from some hundred transactions on.
func (m ParetoNBD) logA0(row Summary) float64 {
	from, ok := m.logTail(row.Frequency, row.Recency)
	to, ok2 := m.logTail(row.Frequency, row.Age)
	switch {
	case !ok || !ok2:
		return m.logA0ByQuadrature(row)
	case !(to < from):
		return math.Inf(-1)
	}
	return from + math.Log(-math.Expm1(to-from))
}

// logTail is the integral of logA0 from u to infinity. Euler's transformation has
// made the hypergeometric function one with a parameter of 1 and positive terms. It
// is not ok where that takes long, with alpha and beta far apart.
func (m ParetoNBD) logTail(frequency int, u float64) (log float64, ok bool) {
	rx := m.R + float64(frequency)
	k := rx + m.S
	alpha, beta := m.Alpha+u, m.Beta+u
	if alpha >= beta {
		f, ok := hypergeo1(rx, k+1, (alpha-beta)/alpha)
		return -rx*math.Log(alpha) - m.S*math.Log(beta) + math.Log(f), ok
	}
	f, ok := hypergeo1(m.S+1, k+1, (beta-alpha)/beta)
	return (1-rx)*math.Log(alpha) - (m.S+1)*math.Log(beta) + math.Log(f), ok
}

// logA0ByQuadrature is logA0 as an integral over w, the logarithm of u and the
// lesser of alpha and beta. Over w the integrand is log-concave and smooth; so where
// it falls from the start it has fallen to nothing by some 40 over its slope.
func (m ParetoNBD) logA0ByQuadrature(row Summary) float64 {
	rx, s1 := m.R+float64(row.Frequency), m.S+1
	alpha, beta := m.Alpha+row.Recency, m.Beta+row.Recency
	least := min(alpha, beta)
	width := math.Log1p((row.Age - row.Recency) / least)
	if slope := 1 - rx*least/alpha - s1*least/beta; slope < 0 {
		width = min(width, -40/slope)
	}
	var sum float64
	for i, at := range legendre().nodes {
		w := width * at
		further := least * math.Expm1(w)
		sum += legendre().weights[i] * math.Exp(w-rx*math.Log1p(further/alpha)-s1*math.Log1p(further/beta))
	}
	return math.Log(rx+m.S) - rx*math.Log(alpha) - s1*math.Log(beta) + math.Log(least*width*sum)
}

// PAlive implements [Model].
func (m ParetoNBD) PAlive(row Summary) float64 {
	if !m.valid() || !row.valid() {
		return 0
	}
	_, logOddsGone := m.alive(row)
	return 1 / (1 + math.Exp(logOddsGone))
}

// Expected implements [Model].
func (m ParetoNBD) Expected(t float64) float64 {
	if !m.valid() || !(t > 0) {
		return 0
	}
	return m.R / m.Alpha * meanLife(m.S, m.Beta, t)
}

// ConditionalExpected implements [Model].
func (m ParetoNBD) ConditionalExpected(row Summary, t float64) float64 {
	if !m.valid() || !row.valid() || !(t > 0) {
		return 0
	}
	rate := (m.R + float64(row.Frequency)) / (m.Alpha + row.Age)
	return m.PAlive(row) * rate * meanLife(m.S, m.Beta+row.Age, t)
}

// meanLife returns how much of the next t a customer lives who is alive now, where
// the rate of dropping out has shape s and rate beta. It is well behaved at s = 1.
func meanLife(s, beta, t float64) float64 {
	return -beta * expm1Over(s-1, -math.Log1p(min(t/beta, farthest)))
}

// LogLikelihood implements [Model].
func (m ParetoNBD) LogLikelihood(row Summary) float64 {
	if !m.valid() || !row.valid() {
		return 0
	}
	return m.logLikelihood(row, m.perFrequency(float64(row.Frequency)))
}

// Residual returns the discounted expected residual transactions (DERT): all that
// the customer will ever make after the end of what was observed, each counted as
// exp(-rate·u) where u is when. A rate is continuous, per unit of time: of 15 per
// cent a year, by week, it is log(1.15)/52. A rate that is not above 0 is taken as
// 0; then the answer is +Inf where S is at most 1.
func (m ParetoNBD) Residual(row Summary, rate float64) float64 {
	if !m.valid() || !row.valid() {
		return 0
	}
	life := 0.0
	beta := m.Beta + row.Age
	switch {
	case rate > 0:
		life = beta * discountedLife(m.S, min(rate*beta, farthest))
	case m.S > 1:
		life = beta / (m.S - 1)
	default:
		life = math.Inf(1)
	}
	expected := m.PAlive(row) * (m.R + float64(row.Frequency)) / (m.Alpha + row.Age)
	if expected == 0 {
		return 0 // 0 times infinity, for one who is gone.
	}
	return expected * life
}
