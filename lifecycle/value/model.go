package value

import "fmt"

// Model is what [BGNBD], [MBGNBD], [ParetoNBD] and [BGBB] have in common. For a
// row that [Summary.Validate] refuses, and with parameters that are not finite
// and above 0, every answer is 0. With parameters from 1e-10 to 1e10, and ages from 1e-9
// to 1e12, none is NaN; far beyond these floating-point numbers may give out.
type Model interface {
	// PAlive returns the probability that a customer will buy again some day.
	PAlive(row Summary) float64
	// Expected returns how many repeat transactions a new customer will make
	// within t, of whom nothing is known but the first.
	Expected(t float64) float64
	// ConditionalExpected returns how many transactions the customer will make
	// within t after the end of what was observed.
	ConditionalExpected(row Summary, t float64) float64
	// LogLikelihood returns the logarithm of the likelihood of one such customer,
	// whatever the weight of row.
	LogLikelihood(row Summary) float64
}

// Report is how a fit went.
type Report struct {
	// Model names the model: "bgnbd", "mbgnbd", "paretonbd", "bgbb", "gammagamma".
	Model string `json:"model"`
	// Customers is how many customers the fit was made on, and Distinct how many
	// different rows they had.
	Customers int `json:"customers"`
	Distinct  int `json:"distinct"`
	// LogLikelihood is that of all customers together.
	LogLikelihood float64 `json:"ll"`
	// StandardErrors has one for each parameter, in the order of the fields of the
	// model; nil where the likelihood has no curvature to tell them from.
	StandardErrors []float64 `json:"standard_errors,omitempty"`
	// Gain is by how much LogLikelihood could still grow, judged by its slope and
	// curvature: 0 but for rounding, where the fit converged.
	Gain float64 `json:"gain"`
	// Evaluations counts how often the likelihood of all customers was computed.
	Evaluations int `json:"evaluations"`
}

// Reason is why a fit failed.
type Reason string

// The reasons.
const (
	// ReasonNoRepeats: nobody bought twice, so nothing tells how often people buy
	// or when they stop; for [GammaGamma] nobody's repeat transactions have a value.
	ReasonNoRepeats Reason = "no_repeats"
	// ReasonTooAlike: there are fewer different rows than parameters.
	ReasonTooAlike Reason = "too_alike"
	// ReasonFlat: the likelihood has no peak. It keeps growing, ever less, as some
	// parameters go to 0 or to infinity together: there is no such heterogeneity in
	// the data as the model is about, or too few customers to see it. Where A and B, or
	// S and Beta, lie far apart, hardly anybody has been seen to leave.
	ReasonFlat Reason = "flat"
	// ReasonNotConverged: the search ended before the peak.
	ReasonNotConverged Reason = "not_converged"
	// ReasonInfiniteMean: the fitted spending of the population has no finite mean.
	ReasonInfiniteMean Reason = "infinite_mean"
)

// FitError is the error of a fit on rows that are valid. For [ReasonFlat],
// [ReasonNotConverged] and [ReasonInfiniteMean] the model and the report come
// with it: they may be looked at, but do not score customers with them.
type FitError struct {
	// Model names the model as in [Report].
	Model  string
	Reason Reason
	// Detail says it in words.
	Detail string
}

func (e *FitError) Error() string {
	return fmt.Sprintf("value: fit of %s: %s", e.Model, e.Detail)
}
