package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portraitdb/portrait/lifecycle/value"
)

// report is the answer.
type report struct {
	Customers int              `json:"customers"`
	Models    map[string]model `json:"models"`
	// Tracking has the repeat transactions of all customers by the end of each unit.
	Tracking []int `json:"tracking"`
}

// model is how one model did.
type model struct {
	// Params is one of the models of package value.
	Params         any       `json:"params,omitempty"`
	LL             float64   `json:"ll,omitempty"`
	StandardErrors []float64 `json:"standard_errors,omitempty"`
	Holdout        *holdout  `json:"holdout,omitempty"`
	// Tracking is what the model expected of the report's.
	Tracking []float64 `json:"tracking,omitempty"`
	// Seconds is how long the fit took.
	Seconds float64 `json:"seconds"`
	// Error says why there is no model.
	Error string `json:"error,omitempty"`
}

// holdout compares what a model expected with what happened: numbers of
// transactions, or of Gamma-Gamma what the transactions that happened were worth.
type holdout struct {
	Total  float64     `json:"total"`
	Actual float64     `json:"actual"`
	MAE    float64     `json:"mae"`
	Corr   float64     `json:"corr"`
	Bins   []value.Bin `json:"bins,omitempty"`
}

// The models in the order in which they are printed.
var modelNames = []string{"bgnbd", "mbgnbd", "paretonbd", "gammagamma"}

// lastBin is the frequency from which on customers are one bin.
const lastBin = 7

// fitAll fits every model. The error is that of ctx, or of a table that none can be
// fitted to.
func fitAll(ctx context.Context, table value.Table) (report, error) {
	r := report{Customers: len(table.Customers), Models: map[string]model{}, Tracking: table.Repeats}
	rows := table.Rows()
	fits := map[string]func() (value.Model, value.Report, error){
		"bgnbd":     func() (value.Model, value.Report, error) { return asModel(value.FitBGNBD(ctx, rows)) },
		"mbgnbd":    func() (value.Model, value.Report, error) { return asModel(value.FitMBGNBD(ctx, rows)) },
		"paretonbd": func() (value.Model, value.Report, error) { return asModel(value.FitParetoNBD(ctx, rows)) },
	}
	for name, fit := range fits {
		began := time.Now()
		m, rep, err := fit()
		out, ok, err := outcome(table.Customers, m, rep, err, time.Since(began))
		if err != nil {
			return report{}, err
		}
		if ok {
			out.Tracking = value.Track(m, rows, len(table.Repeats), 1)
			if table.Holdout > 0 {
				h := value.Compare(m, table.Customers, table.Holdout, lastBin)
				out.Holdout = &holdout{Total: h.Expected, Actual: float64(h.Actual), MAE: h.MAE, Corr: h.Correlation, Bins: h.Bins}
			}
		}
		r.Models[name] = out
	}
	began := time.Now()
	spend, rep, err := value.FitGammaGamma(ctx, rows)
	out, ok, err := outcome(table.Customers, spend, rep, err, time.Since(began))
	if err != nil {
		return report{}, err
	}
	if ok && table.Holdout > 0 {
		out.Holdout = compareSpending(spend, table.Customers)
	}
	r.Models["gammagamma"] = out
	return r, nil
}

func asModel[M value.Model](m M, rep value.Report, err error) (value.Model, value.Report, error) {
	return m, rep, err
}

// outcome turns what a fit returned into a part of the report; what speaks against
// the data of one model alone is in it, and is not ok.
func outcome(customers []value.Customer, params any, rep value.Report, err error, took time.Duration) (m model, ok bool, other error) {
	m.Seconds = took.Seconds()
	unfit, isUnfit := errors.AsType[*value.FitError](err)
	invalid, isInvalid := errors.AsType[*value.InputError](err)
	switch {
	case isUnfit:
		m.Error = unfit.Error()
		return m, false, nil
	case isInvalid:
		m.Error = fmt.Sprintf("customer %s: %s: %s", customers[invalid.Index].ID, invalid.Field, invalid.Detail)
		return m, false, nil
	case err != nil:
		return m, false, err
	}
	m.Params, m.LL, m.StandardErrors = params, rep.LogLikelihood, rep.StandardErrors
	return m, true, nil
}

// compareSpending compares, of who bought in the holdout, the mean value that was
// expected with that of the transactions there.
func compareSpending(spend value.GammaGamma, customers []value.Customer) *holdout {
	var h holdout
	var expected, actual []float64
	for _, c := range customers {
		if c.Holdout == 0 {
			continue
		}
		e := spend.Expected(c.Summary)
		h.Total += e * float64(c.Holdout)
		h.Actual += c.HoldoutMean * float64(c.Holdout)
		h.MAE += max(e-c.HoldoutMean, c.HoldoutMean-e)
		expected, actual = append(expected, e), append(actual, c.HoldoutMean)
	}
	if len(expected) > 0 {
		h.MAE /= float64(len(expected))
	}
	h.Corr = correlation(expected, actual)
	return &h
}
