package value

import "testing"

func (m MBGNBD) list() []float64 { return []float64{m.R, m.Alpha, m.A, m.B} }

// The parameters are those that BTYDplus and lifetimes come to.
func TestFitMBGNBD_CDNOW(t *testing.T) {
	m, rep := fitted[MBGNBD](t)(FitMBGNBD(t.Context(), rowsOf(cdnow(t))))
	nearAll(t, "parameters", m.list(), []float64{0.524844, 6.183090, 0.891359, 1.614000}, 2e-5)
	near(t, "log-likelihood", rep.LogLikelihood, -9582.135716, 1e-5)
}

func TestMBGNBD_values(t *testing.T) {
	m := MBGNBD{0.525, 6.183, 0.891, 1.614}
	row := Summary{Frequency: 2, Recency: 30.43, Age: 38.86}
	best := Summary{Frequency: 26, Recency: 30.857142857, Age: 31}
	near(t, "E(1)", m.Expected(1), 0.053085, 1e-6)
	near(t, "E(52)", m.Expected(52), 1.419724, 1e-6)
	near(t, "CET(39)", m.ConditionalExpected(row, 39), 1.262961, 1e-6)
	near(t, "P(alive)", m.PAlive(row), 0.706202, 1e-6)
	near(t, "P(alive) of a one-time buyer of last week", m.PAlive(Summary{Age: 1}), 0.626077, 1e-6)
	near(t, "P(alive) of a one-time buyer of long ago", m.PAlive(Summary{Age: 39}), 0.389348, 1e-6)
	near(t, "CET(52) of the best", m.ConditionalExpected(best, 52), 24.002230, 1e-5)
	near(t, "P(alive) of the best", m.PAlive(best), 0.965498, 1e-6)
}

// Published by the tests of pymc-marketing.
func TestMBGNBD_LogLikelihood(t *testing.T) {
	m := MBGNBD{R: 0.25, Alpha: 4, A: 0.8, B: 2.5}
	near(t, "x = 0", m.LogLikelihood(Summary{Age: 40}), -0.41792826, 1e-8)
	near(t, "x = 200", m.LogLikelihood(Summary{Frequency: 200, Recency: 38, Age: 40}), 100.786910, 1e-6)
}
