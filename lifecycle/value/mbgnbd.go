package value

import "context"

// MBGNBD is the modified BG/NBD model of Batislam, Denizel and Filiztekin (2007):
// a customer may drop out at any transaction, the first among them. So one-time
// buyers may be gone, which [BGNBD] never says.
//
// Do not use it for contracts, where dropping out is observed, nor for purchases
// that come at regular intervals. Between transactions nobody drops out: where
// customers leave without buying once more, [ParetoNBD] is nearer.
type MBGNBD struct {
	// R and Alpha are the shape and the rate of the gamma distribution of purchase
	// rates over customers; Alpha is a time.
	R     float64 `json:"r"`
	Alpha float64 `json:"alpha"`
	// A and B are the parameters of the beta distribution of the probability to
	// drop out.
	A float64 `json:"a"`
	B float64 `json:"b"`
}

var _ Model = MBGNBD{}

// FitMBGNBD returns the most likely parameters for rows. Errors: [*InputError],
// [*FitError], that of ctx. The standard errors are those of R, Alpha, A, B.
func FitMBGNBD(ctx context.Context, rows []Summary) (MBGNBD, Report, error) {
	g, rep, err := fitGeometric(ctx, "mbgnbd", rows, true)
	return MBGNBD{R: g.r, Alpha: g.alpha, A: g.a, B: g.b}, rep, err
}

func (m MBGNBD) core() geometric {
	return geometric{r: m.R, alpha: m.Alpha, a: m.A, b: m.B, first: true}
}

func (m MBGNBD) valid() bool { return above0(m.R, m.Alpha, m.A, m.B) }

// PAlive implements [Model].
func (m MBGNBD) PAlive(row Summary) float64 {
	if !m.valid() || !row.valid() {
		return 0
	}
	return m.core().pAlive(row)
}

// Expected implements [Model].
func (m MBGNBD) Expected(t float64) float64 {
	if !m.valid() {
		return 0
	}
	return m.core().expected(t)
}

// ConditionalExpected implements [Model].
func (m MBGNBD) ConditionalExpected(row Summary, t float64) float64 {
	if !m.valid() || !row.valid() {
		return 0
	}
	return m.core().conditionalExpected(row, t)
}

// LogLikelihood implements [Model].
func (m MBGNBD) LogLikelihood(row Summary) float64 {
	if !m.valid() || !row.valid() {
		return 0
	}
	g := m.core()
	return g.logLikelihood(row, g.perFrequency(float64(row.Frequency)))
}
