package value

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
)

// The limits of a fit.
const (
	// minLog and maxLog bound the logarithms of the parameters, in scaled units.
	// Beyond endLog a search is taken to be on its way to infinity: with a shape of
	// thousands customers are alike but for a per cent, and the likelihood is flat.
	minLog, endLog, maxLog = -12, 9, 10
	// maxGain is the growth of the log-likelihood that a converged fit may leave.
	maxGain = 1e-5
	// minInformation is the least information about any direction of the logarithms
	// of the parameters: below, one standard error is a factor of exp(10), which is
	// to know nothing.
	minInformation = 0.01
	// gradientStep and hessianStep are for logarithms of parameters.
	gradientStep = 1e-5
	hessianStep  = 1e-3
)

// fitting is a search for the parameters, all above 0, that are most likely. It
// goes over their logarithms, so every step stays in bounds.
type fitting struct {
	model     string
	starts    [][]float64
	rows      []Summary // grouped, in scaled units
	customers int
	// total returns the log-likelihood of rows.
	total func(params []float64, rows []Summary) float64

	evaluations int
}

// run returns the parameters in scaled units, the report without LogLikelihood,
// and an error: a FitError, or that of ctx.
func (f *fitting) run(ctx context.Context) ([]float64, Report, error) {
	rep := Report{Model: f.model, Customers: f.customers, Distinct: len(f.rows)}
	if dim := len(f.starts[0]); len(f.rows) < dim {
		return nil, rep, &FitError{
			Model: f.model, Reason: ReasonTooAlike,
			Detail: fmt.Sprintf("%d parameters need as many different rows at least, not %d", dim, len(f.rows)),
		}
	}
	at := f.search(ctx)
	if err := ctx.Err(); err != nil {
		return nil, rep, err
	}
	params := make([]float64, len(at))
	for i, l := range at {
		params[i] = math.Exp(l)
	}
	err := f.judge(at, &rep)
	for i := range rep.StandardErrors {
		rep.StandardErrors[i] *= params[i]
	}
	rep.Evaluations = f.evaluations
	return params, rep, err
}

// objective is what is minimised: minus the mean log-likelihood of a customer.
func (f *fitting) objective(logs []float64) float64 {
	f.evaluations++
	params := make([]float64, len(logs))
	for i, l := range logs {
		if !(l >= minLog && l <= maxLog) {
			return math.Inf(1)
		}
		params[i] = math.Exp(l)
	}
	mean := -f.total(params, f.rows) / float64(f.customers)
	if math.IsNaN(mean) {
		return math.Inf(1)
	}
	return mean
}

func (f *fitting) gradient(grad, at []float64) {
	fd.Gradient(grad, f.objective, at, &fd.Settings{Formula: fd.Central, Step: gradientStep})
}

func (f *fitting) hessian(hess *mat.SymDense, at []float64) {
	fd.Hessian(hess, f.objective, at, &fd.Settings{Formula: fd.Central, Step: hessianStep})
}

// search returns the logarithms of the best parameters. The simplex finds the
// hill from each start, as it asks nothing of the slope; Newton's steps climb it.
func (f *fitting) search(ctx context.Context) []float64 {
	var best []float64
	least := math.Inf(1)
	for _, start := range f.starts {
		logs := make([]float64, len(start))
		for i, p := range start {
			logs[i] = math.Log(p)
		}
		at, value := simplex(ctx, f.objective, logs, 150*len(logs))
		if best == nil || value < least {
			best, least = at, value
		}
	}
	f.climb(ctx, best, least)
	return best
}

// climb moves at by Newton's steps, damped as far as each must be to go up, until
// they gain nothing any more. What it came to is judged by others.
func (f *fitting) climb(ctx context.Context, at []float64, value float64) {
	dim := len(at)
	grad, next := make([]float64, dim), make([]float64, dim)
	curvature, damped := mat.NewSymDense(dim, nil), mat.NewSymDense(dim, nil)
	var cholesky mat.Cholesky
	var step mat.VecDense
	damping := 0.0
	for range 60 {
		f.gradient(grad, at)
		f.hessian(curvature, at)
		for accepted := false; !accepted; {
			if ctx.Err() != nil || damping > 1e6 || slices.Max(at) > endLog {
				return
			}
			damped.CopySym(curvature)
			for i := range dim {
				damped.SetSym(i, i, curvature.At(i, i)+damping)
			}
			if cholesky.Factorize(damped) && cholesky.SolveVecTo(&step, mat.NewVecDense(dim, grad)) == nil {
				for i := range dim {
					next[i] = at[i] - step.AtVec(i)
				}
				if v := f.objective(next); v < value {
					gain := value - v
					value = v
					copy(at, next)
					if damping /= 10; damping < 1e-6 {
						damping = 0
					}
					if gain < 1e-14*math.Abs(value) {
						return
					}
					accepted = true
					continue
				}
			}
			damping = max(10*damping, 1e-4)
		}
	}
}

// judge fills in Gain and, of the logarithms of the parameters, StandardErrors.
func (f *fitting) judge(at []float64, rep *Report) error {
	n := float64(f.customers)
	dim := len(at)
	grad := make([]float64, dim)
	f.gradient(grad, at)
	information := mat.NewSymDense(dim, nil)
	f.hessian(information, at)
	information.ScaleSym(n, information)
	flat := &FitError{
		Model: f.model, Reason: ReasonFlat,
		Detail: "the likelihood has no peak: the data do not tell the parameters",
	}
	if slices.Max(at) > endLog {
		return flat
	}
	for i := range dim {
		if math.IsNaN(grad[i]) || math.IsInf(grad[i], 0) || math.IsNaN(information.At(i, i)) || math.IsInf(information.At(i, i), 0) {
			return flat // The search ran into a bound.
		}
	}
	var eigen mat.EigenSym
	var cholesky mat.Cholesky
	if !eigen.Factorize(information, false) || eigen.Values(nil)[0] < minInformation || !cholesky.Factorize(information) {
		return flat
	}
	var covariance mat.SymDense
	var step mat.VecDense
	slope := mat.NewVecDense(dim, grad)
	slope.ScaleVec(n, slope)
	if cholesky.InverseTo(&covariance) != nil || cholesky.SolveVecTo(&step, slope) != nil {
		return flat
	}
	rep.Gain = mat.Dot(slope, &step) / 2
	rep.StandardErrors = make([]float64, dim)
	for i := range dim {
		rep.StandardErrors[i] = math.Sqrt(covariance.At(i, i))
	}
	if !(rep.Gain <= maxGain) {
		return &FitError{
			Model: f.model, Reason: ReasonNotConverged,
			Detail: fmt.Sprintf("the search ended %.3g below the peak of the log-likelihood", rep.Gain),
		}
	}
	return nil
}

// likelihood is a model as its fit sees it. Rows come by ascending frequency, so
// what depends on the frequency alone is computed once for all that share it.
type likelihood interface {
	perFrequency(x float64) [2]float64
	logLikelihood(row Summary, terms [2]float64) float64
}

// total returns the log-likelihood of grouped rows.
func total[M likelihood](m M, rows []Summary) float64 {
	var sum float64
	var terms [2]float64
	for i, row := range rows {
		if i == 0 || row.Frequency != rows[i-1].Frequency {
			terms = m.perFrequency(float64(row.Frequency))
		}
		sum += float64(row.Weight) * m.logLikelihood(row, terms)
	}
	return sum
}

// population is the rows of a fit over time, grouped and scaled.
type population struct {
	grouped, scaled []Summary
	customers       int
	unit            float64 // the scaled unit of time in that of the rows
}

// populationOf groups rows and scales their time so that the mean age is 10,
// where the starts of the searches are good ones whatever the unit was.
func populationOf(model string, rows []Summary) (population, error) {
	bare := make([]Summary, len(rows))
	for i, row := range rows {
		row.Mean = 0 // It does not tell rows apart here.
		bare[i] = row
	}
	grouped, err := group(bare)
	if err != nil {
		return population{}, err
	}
	p := population{grouped: grouped}
	repeats, age := 0.0, 0.0
	for _, row := range grouped {
		p.customers += row.Weight
		repeats += float64(row.Weight) * float64(row.Frequency)
		age += float64(row.Weight) * row.Age
	}
	if repeats == 0 {
		return population{}, &FitError{Model: model, Reason: ReasonNoRepeats, Detail: "nobody has a repeat transaction"}
	}
	p.unit = age / float64(p.customers) / 10
	p.scaled = make([]Summary, len(grouped))
	for i, row := range grouped {
		row.Recency /= p.unit
		row.Age /= p.unit
		p.scaled[i] = row
	}
	return p, nil
}

// above0 reports whether all parameters are finite and above 0.
func above0(params ...float64) bool {
	for _, p := range params {
		if !(p > 0 && p <= math.MaxFloat64) {
			return false
		}
	}
	return true
}

// lgamma is the logarithm of the gamma function of x > 0.
func lgamma(x float64) float64 {
	y, _ := math.Lgamma(x)
	return y
}
