package value

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Holdout compares what a model expected with what was held back.
type Holdout struct {
	// Bins has the customers by Frequency, ascending, without empty ones.
	Bins []Bin `json:"bins"`
	// Actual and Expected are the transactions of all customers.
	Actual   int     `json:"actual"`
	Expected float64 `json:"total"`
	// MAE is the mean absolute error of a customer's number, MSLE the mean of the
	// squared difference of the logarithms of the numbers plus 1.
	MAE  float64 `json:"mae"`
	MSLE float64 `json:"msle"`
	// Correlation is Pearson's of the two numbers, 0 where one of them is the same
	// for all customers.
	Correlation float64 `json:"corr"`
}

// Bin is the customers with one Frequency; in the last, with that one or more.
type Bin struct {
	Frequency int `json:"frequency"`
	Customers int `json:"customers"`
	// Actual and Expected are the mean numbers of a customer's transactions.
	Actual   float64 `json:"actual"`
	Expected float64 `json:"expected"`
}

// Compare returns how well m foretells what each customer does in the holdout,
// length units long. Customers with a Frequency of last or more are one bin. A
// weight counts as so many customers with the same Holdout.
func Compare(m Model, customers []Customer, length float64, last int) Holdout {
	var h Holdout
	bins := map[int]Bin{}
	expected := make([]float64, len(customers))
	n := 0.0
	for i, c := range customers {
		weight := float64(c.customers())
		expected[i] = m.ConditionalExpected(c.Summary, length)
		actual := float64(c.Holdout)
		n += weight
		h.Actual += c.customers() * c.Holdout
		h.Expected += weight * expected[i]
		h.MAE += weight * math.Abs(expected[i]-actual)
		off := math.Log1p(expected[i]) - math.Log1p(actual)
		h.MSLE += weight * off * off

		x := min(c.Frequency, last)
		bin := bins[x]
		bins[x] = Bin{
			Frequency: x, Customers: bin.Customers + c.customers(),
			Actual: bin.Actual + weight*actual, Expected: bin.Expected + weight*expected[i],
		}
	}
	if n == 0 {
		return h
	}
	h.MAE /= n
	h.MSLE /= n
	var spreadE, spreadA, both float64
	for i, c := range customers {
		weight := float64(c.customers())
		e, a := expected[i]-h.Expected/n, float64(c.Holdout)-float64(h.Actual)/n
		spreadE += weight * e * e
		spreadA += weight * a * a
		both += weight * e * a
	}
	if spread := math.Sqrt(spreadE) * math.Sqrt(spreadA); spread > 0 {
		h.Correlation = both / spread
	}
	for _, bin := range slices.SortedFunc(maps.Values(bins), func(a, b Bin) int { return cmp.Compare(a.Frequency, b.Frequency) }) {
		bin.Actual /= float64(bin.Customers)
		bin.Expected /= float64(bin.Customers)
		h.Bins = append(h.Bins, bin)
	}
	return h
}

// Track returns how many repeat transactions all customers together were expected
// to make by time step, 2·step ... n·step after the first transaction of the
// eldest, from the time of each one's first and the parameters alone. Beside it
// belongs [Table.Repeats].
func Track(m Model, rows []Summary, n int, step float64) []float64 {
	alike := map[float64]int{} // customers by age
	eldest := 0.0
	for _, row := range rows {
		if !row.valid() {
			continue
		}
		alike[row.Age] += row.customers()
		eldest = max(eldest, row.Age)
	}
	ages := slices.Sorted(maps.Keys(alike))
	expected := make([]float64, max(0, n))
	for k := range expected {
		now := float64(k+1) * step
		for _, age := range ages {
			if lived := now - (eldest - age); lived > 0 {
				expected[k] += float64(alike[age]) * m.Expected(lived)
			}
		}
	}
	return expected
}
