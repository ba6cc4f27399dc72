package value

import (
	"context"
	"fmt"
	"math"
)

// GammaGamma is the gamma-gamma model of spending (Fader, Hardie and Berger 2005):
// the values of a customer's transactions are gamma distributed with shape p about
// a mean of their own, and these means vary over customers with q and v. It draws
// the mean that was seen towards that of the population, the more so the fewer
// transactions it rests on.
//
// Do not use it where what one spends goes with how often one buys (look at the
// correlation of Mean and Frequency first; on CDNOW it is 0.11), nor where values
// may be 0 or below: net refunds against the purchases they belong to.
type GammaGamma struct {
	// P and Q are shapes.
	P float64 `json:"p"`
	Q float64 `json:"q"`
	// V is in the unit of the values.
	V float64 `json:"v"`
}

// FitGammaGamma returns the most likely parameters for those of rows that have a
// repeat transaction and a mean other than 0; it reads nothing else of a row. A
// negative mean is an [*InputError]. Other errors: [*FitError], that of ctx. The
// standard errors are those of P, Q, V.
func FitGammaGamma(ctx context.Context, rows []Summary) (GammaGamma, Report, error) {
	rep := Report{Model: "gammagamma"}
	used := make([]Summary, 0, len(rows))
	var scale float64
	customers := 0
	for i, row := range rows {
		switch fault := row.fault(); {
		case fault != nil:
			fault.Index = i
			return GammaGamma{}, rep, fault
		case row.Mean < 0:
			return GammaGamma{}, rep, &InputError{Index: i, Field: "mean", Detail: fmt.Sprintf("%v is negative", row.Mean)}
		case row.Frequency > 0 && row.Mean > 0:
			used = append(used, Summary{Frequency: row.Frequency, Recency: 1, Age: 1, Mean: row.Mean, Weight: row.Weight})
			scale += row.Mean * float64(row.customers())
			customers += row.customers()
		}
	}
	if customers == 0 {
		return GammaGamma{}, rep, &FitError{Model: rep.Model, Reason: ReasonNoRepeats, Detail: "nobody has a repeat transaction with a value"}
	}
	scale /= float64(customers) * 10
	grouped, err := group(used)
	if err != nil {
		return GammaGamma{}, rep, err
	}
	scaled := make([]Summary, len(grouped))
	for i, row := range grouped {
		row.Mean /= scale
		scaled[i] = row
	}
	of := func(p []float64) GammaGamma { return GammaGamma{P: p[0], Q: p[1], V: p[2]} }
	f := fitting{
		model: rep.Model, rows: scaled, customers: customers,
		starts: [][]float64{{1, 2, 10}, {6, 4, 5}, {1, 10, 100}},
		total:  func(p []float64, rows []Summary) float64 { return total(of(p), rows) },
	}
	params, rep, err := f.run(ctx)
	if params == nil {
		return GammaGamma{}, rep, err
	}
	m := of(params)
	m.V *= scale
	if rep.StandardErrors != nil {
		rep.StandardErrors[2] *= scale
	}
	rep.LogLikelihood = total(m, grouped)
	if err == nil && m.Q <= 1 {
		err = &FitError{
			Model: rep.Model, Reason: ReasonInfiniteMean,
			Detail: fmt.Sprintf("with q = %.4g the mean over the population is infinite", m.Q),
		}
	}
	return m, rep, err
}

func (m GammaGamma) valid() bool { return above0(m.P, m.Q, m.V) }

func (m GammaGamma) perFrequency(x float64) [2]float64 {
	px := m.P * x
	return [2]float64{lgamma(px+m.Q) - lgamma(px) - lgamma(m.Q) + m.Q*math.Log(m.V) + px*math.Log(x), px}
}

func (m GammaGamma) logLikelihood(row Summary, terms [2]float64) float64 {
	px := terms[1]
	return terms[0] + (px-1)*math.Log(row.Mean) - (px+m.Q)*math.Log(float64(row.Frequency)*row.Mean+m.V)
}

// LogLikelihood returns the logarithm of the likelihood of the mean of one such
// customer, and 0 for one whose mean says nothing: without a repeat transaction,
// or not above 0.
func (m GammaGamma) LogLikelihood(row Summary) float64 {
	if !m.valid() || !row.valid() || row.Frequency == 0 || !(row.Mean > 0) {
		return 0
	}
	return m.logLikelihood(row, m.perFrequency(float64(row.Frequency)))
}

// Expected returns the expected mean value of the customer's transactions, past
// and future: the population's where none is known. It is +Inf where that has no
// finite mean, which is never so of a model that was fitted without an error; and
// 0 for a row that [Summary.Validate] refuses or a mean below 0.
func (m GammaGamma) Expected(row Summary) float64 {
	if !m.valid() || !row.valid() || !(row.Mean >= 0 && row.Mean <= math.MaxFloat64) {
		return 0
	}
	var x float64
	if row.Mean > 0 {
		x = float64(row.Frequency)
	}
	below := m.P*x + m.Q - 1
	if below <= 0 {
		return math.Inf(1)
	}
	v := m.P*m.V/below + m.P*x/below*row.Mean
	if math.IsNaN(v) { // of parameters whose products are not finite
		return math.Inf(1)
	}
	return v
}
