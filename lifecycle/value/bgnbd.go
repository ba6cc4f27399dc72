package value

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// BGNBD is the beta-geometric/NBD model of Fader, Hardie and Lee (2005): at each
// repeat transaction a customer may drop out.
//
// Do not read churn from it for customers with one transaction: nobody can drop
// out before the second, so PAlive of a one-time buyer is exactly 1 however long
// ago that was. On CDNOW that is 60 of 100 customers. Take [MBGNBD] or [ParetoNBD]
// there, or a rule on recency. Its expected numbers are sound for all customers.
// Neither is it for contracts, where dropping out is observed, nor for purchases
// that come at regular intervals.
type BGNBD struct {
	// R and Alpha are the shape and the rate of the gamma distribution of purchase
	// rates over customers; Alpha is a time.
	R     float64 `json:"r"`
	Alpha float64 `json:"alpha"`
	// A and B are the parameters of the beta distribution of the probability to
	// drop out.
	A float64 `json:"a"`
	B float64 `json:"b"`
}

var _ Model = BGNBD{}

// FitBGNBD returns the most likely parameters for rows. Errors: [*InputError],
// [*FitError], that of ctx. The standard errors are those of R, Alpha, A, B.
func FitBGNBD(ctx context.Context, rows []Summary) (BGNBD, Report, error) {
	g, rep, err := fitGeometric(ctx, "bgnbd", rows, false)
	return BGNBD{R: g.r, Alpha: g.alpha, A: g.a, B: g.b}, rep, err
}

// fitGeometric fits BG/NBD or MBG/NBD.
func fitGeometric(ctx context.Context, name string, rows []Summary, first bool) (geometric, Report, error) {
	pop, err := populationOf(name, rows)
	if err != nil {
		return geometric{}, Report{Model: name}, err
	}
	of := func(p []float64) geometric { return geometric{r: p[0], alpha: p[1], a: p[2], b: p[3], first: first} }
	f := fitting{
		model: name, rows: pop.scaled, customers: pop.customers,
		starts: [][]float64{{1, 1, 1, 1}, {0.3, 1.5, 0.8, 2.5}, {2, 10, 0.2, 2}},
		total:  func(p []float64, rows []Summary) float64 { return total(of(p), rows) },
	}
	params, rep, err := f.run(ctx)
	if params == nil {
		return geometric{}, rep, err
	}
	g := of(params)
	g.alpha *= pop.unit
	if rep.StandardErrors != nil {
		rep.StandardErrors[1] *= pop.unit
	}
	rep.LogLikelihood = total(g, pop.grouped)
	return g, rep, err
}

func (m BGNBD) core() geometric { return geometric{r: m.R, alpha: m.Alpha, a: m.A, b: m.B} }

// silent reports whether PAlive says nothing of the customer.
func (m BGNBD) silent(row Summary) bool { return row.Frequency == 0 }

func (m BGNBD) valid() bool { return above0(m.R, m.Alpha, m.A, m.B) }

// PAlive returns the probability that a customer has not dropped out: 1 for a
// one-time buyer; see [BGNBD].
func (m BGNBD) PAlive(row Summary) float64 {
	if !m.valid() || !row.valid() {
		return 0
	}
	return m.core().pAlive(row)
}

// Expected implements [Model].
func (m BGNBD) Expected(t float64) float64 {
	if !m.valid() {
		return 0
	}
	return m.core().expected(t)
}

// ConditionalExpected implements [Model].
func (m BGNBD) ConditionalExpected(row Summary, t float64) float64 {
	if !m.valid() || !row.valid() {
		return 0
	}
	return m.core().conditionalExpected(row, t)
}

// LogLikelihood implements [Model].
func (m BGNBD) LogLikelihood(row Summary) float64 {
	if !m.valid() || !row.valid() {
		return 0
	}
	g := m.core()
	return g.logLikelihood(row, g.perFrequency(float64(row.Frequency)))
}

// Probability returns the probability that a new customer makes exactly x repeat
// transactions within t.
func (m BGNBD) Probability(x int, t float64) float64 {
	switch {
	case !m.valid() || x < 0 || !(t >= 0):
		return 0
	case t == 0:
		if x == 0 {
			return 1
		}
		return 0
	}
	n, z := float64(x), t/(m.Alpha+t)
	if math.IsInf(t, 1) {
		z = 1
	}
	// x transactions and alive.
	p := math.Exp(logBetaRatio(m.A, m.B, 0, n) + lgamma(m.R+n) - lgamma(m.R) - lgamma(n+1) -
		m.R*math.Log1p(t/m.Alpha) + xlogy(n, z))
	if x > 0 {
		// Dropped out at the x-th, had there been at least x.
		p += math.Exp(logBetaRatio(m.A, m.B, 1, n-1)) * mathext.RegIncBeta(n, m.R, z)
	}
	return p
}

// logBetaRatio returns the logarithm of B(a+i, b+j) / B(a, b).
func logBetaRatio(a, b, i, j float64) float64 {
	return lgamma(a+i) - lgamma(a) + lgamma(b+j) - lgamma(b) - lgamma(a+b+i+j) + lgamma(a+b)
}

// xlogy returns x·log(y), 0 where x is.
func xlogy(x, y float64) float64 {
	if x == 0 {
		return 0
	}
	return x * math.Log(y)
}
