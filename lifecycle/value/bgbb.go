package value

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// BGBB is the beta-geometric/beta-Bernoulli model of Fader, Hardie and Shang
// (2010), for transactions that can only happen at given opportunities, one or
// none at each: yearly donations, monthly boxes, conferences. At every
// opportunity a live customer may drop out, and otherwise buys or does not.
//
// Times are counts of opportunities: of a [Summary] Age is how many there were
// after the first transaction, Recency at which of them the last one was. Times
// that are not whole are a row that Validate refuses, to this model.
//
// Do not use it where people can buy at any time, or twice between opportunities.
type BGBB struct {
	// Alpha and Beta are the parameters of the beta distribution, over customers,
	// of the probability to buy.
	Alpha float64 `json:"alpha"`
	Beta  float64 `json:"beta"`
	// Gamma and Delta are those of the probability to drop out.
	Gamma float64 `json:"gamma"`
	Delta float64 `json:"delta"`
}

var _ Model = BGBB{}

// maxOpportunities bounds the sum in the likelihood of BG/BB.
const maxOpportunities = 100_000

// FitBGBB returns the most likely parameters for rows. Errors: [*InputError], also
// for times that are not whole or more transactions than opportunities,
// [*FitError], that of ctx. The standard errors are those of Alpha, Beta, Gamma,
// Delta.
func FitBGBB(ctx context.Context, rows []Summary) (BGBB, Report, error) {
	for i, row := range rows {
		if row.fault() == nil && !discrete(row) {
			return BGBB{}, Report{Model: "bgbb"}, &InputError{
				Index: i, Field: "recency",
				Detail: fmt.Sprintf("%d transactions, recency %v and age %v are no whole opportunities, at most %d of them",
					row.Frequency, row.Recency, row.Age, maxOpportunities),
			}
		}
	}
	pop, err := populationOf("bgbb", rows)
	if err != nil {
		return BGBB{}, Report{Model: "bgbb"}, err
	}
	of := func(p []float64) BGBB { return BGBB{Alpha: p[0], Beta: p[1], Gamma: p[2], Delta: p[3]} }
	f := fitting{
		model: "bgbb", rows: pop.grouped, customers: pop.customers, // opportunities have no scale
		starts: [][]float64{{1, 1, 1, 1}, {1, 1, 0.5, 3}, {0.5, 2, 1, 10}},
		total:  func(p []float64, rows []Summary) float64 { return total(of(p), rows) },
	}
	params, rep, err := f.run(ctx)
	if params == nil {
		return BGBB{}, rep, err
	}
	m := of(params)
	rep.LogLikelihood = total(m, pop.grouped)
	return m, rep, err
}

// discrete reports whether the times of a valid row count opportunities.
func discrete(row Summary) bool {
	return row.Age <= maxOpportunities && row.Age == math.Trunc(row.Age) && row.Recency == math.Trunc(row.Recency) &&
		float64(row.Frequency) <= row.Recency
}

func (m BGBB) accepts(row Summary) bool {
	return above0(m.Alpha, m.Beta, m.Gamma, m.Delta) && row.valid() && discrete(row)
}

func (m BGBB) perFrequency(float64) [2]float64 {
	return [2]float64{
		lgamma(m.Alpha) + lgamma(m.Beta) - lgamma(m.Alpha+m.Beta),
		lgamma(m.Gamma) + lgamma(m.Delta) - lgamma(m.Gamma+m.Delta),
	}
}

// logLikelihood sums, relative to the part of a customer who is alive, the parts
// of those who dropped out after the last transaction. Each follows from the one
// before by a quotient.
func (m BGBB) logLikelihood(row Summary, terms [2]float64) float64 {
	x, tx, n := float64(row.Frequency), row.Recency, row.Age
	alive := m.logAlive(x, n, terms)
	if n == tx {
		return alive
	}
	// Dropped out right after opportunity n-1, then after n-2, down to tx.
	log := mathext.Lbeta(m.Alpha+x, m.Beta+n-1-x) + mathext.Lbeta(m.Gamma+1, m.Delta+n-1) - terms[0] - terms[1]
	peak, sum := alive, 1.0
	for j := n - 1; ; j-- {
		if log > peak {
			sum, peak = sum*math.Exp(peak-log), log
		}
		sum += math.Exp(log - peak)
		if j == tx {
			return peak + math.Log(sum)
		}
		log += math.Log((m.Alpha + m.Beta + j - 1) / (m.Beta + j - 1 - x) * (m.Gamma + m.Delta + j) / (m.Delta + j - 1))
	}
}

// logAlive returns the logarithm of the likelihood of x transactions in n
// opportunities by one who lives at the last.
func (m BGBB) logAlive(x, n float64, terms [2]float64) float64 {
	return mathext.Lbeta(m.Alpha+x, m.Beta+n-x) + mathext.Lbeta(m.Gamma, m.Delta+n) - terms[0] - terms[1]
}

// PAlive returns the probability that the customer will be alive at the next
// opportunity.
func (m BGBB) PAlive(row Summary) float64 {
	if !m.accepts(row) {
		return 0
	}
	terms := m.perFrequency(0)
	return math.Exp(m.logAlive(float64(row.Frequency), row.Age, terms)-m.logLikelihood(row, terms)) *
		(m.Delta + row.Age) / (m.Gamma + m.Delta + row.Age)
}

// Expected returns how many transactions a new customer will make at the next t
// opportunities.
func (m BGBB) Expected(t float64) float64 {
	if !above0(m.Alpha, m.Beta, m.Gamma, m.Delta) {
		return 0
	}
	return m.Alpha / (m.Alpha + m.Beta) * m.lives(0, t)
}

// ConditionalExpected returns how many transactions the customer will make at the
// next t opportunities.
func (m BGBB) ConditionalExpected(row Summary, t float64) float64 {
	if !m.accepts(row) {
		return 0
	}
	terms := m.perFrequency(0)
	x, n := float64(row.Frequency), row.Age
	return math.Exp(m.logAlive(x, n, terms)-m.logLikelihood(row, terms)) *
		(m.Alpha + x) / (m.Alpha + m.Beta + n) * m.lives(n, t)
}

// lives returns at how many of the next t opportunities a customer will live who
// lived at the n-th: delta+n over gamma-1 times one less a quotient of gamma
// functions, which is 0/0 at gamma = 1.
func (m BGBB) lives(n, t float64) float64 {
	if !(t > 0) {
		return 0
	}
	t = min(t, 1e15) // Beyond, neighbouring floats are no single opportunity.
	eps, d := m.Gamma-1, m.Delta+n+1
	var log float64 // of the quotient, over eps
	if math.Abs(eps) < 1e-4 {
		log = mathext.Digamma(d+eps/2) - mathext.Digamma(d+t+eps/2)
	} else {
		log = (lgammaGrowth(d, eps) - lgammaGrowth(d+t, eps)) / eps
	}
	return -(m.Delta + n) * expm1Over(eps, log)
}

// lgammaGrowth returns lgamma(x+eps) - lgamma(x), also where the two are too large
// to be subtracted.
func lgammaGrowth(x, eps float64) float64 {
	if x > 1e6*(1+math.Abs(eps)) {
		return eps * math.Log(x+(eps-1)/2)
	}
	return lgamma(x+eps) - lgamma(x)
}

// LogLikelihood implements [Model].
func (m BGBB) LogLikelihood(row Summary) float64 {
	if !m.accepts(row) {
		return 0
	}
	return m.logLikelihood(row, m.perFrequency(0))
}
