package value

import "math"

// Horizon is the time over which a customer's value is counted, period by period.
type Horizon struct {
	// Periods is how many, at most 100,000: months, say.
	Periods int
	// Length is that of a period in the unit of the summaries. Of weekly summaries a
	// month is 365.25/7/12 = 4.348, of daily ones 30.44: a factor of the wrong unit
	// goes through unnoticed.
	Length float64
	// Discount is how much less money is worth one period later: 0.01 is 1 %. It is
	// above -1; 0 discounts nothing.
	Discount float64
}

// maxPeriods bounds what a value costs to compute.
const maxPeriods = 100_000

// CLV returns what the customer will spend after the end of what was observed, as
// of that end: for each period the expected number of transactions times their
// expected mean value, discounted by as many periods. What a customer spent is not
// in it, nor are costs: multiply it by your margin.
//
// It is +Inf where [GammaGamma.Expected] is, or where it is more than a float64 holds, and
// never NaN. A horizon that means nothing, and a row that [Summary.Validate] refuses, give 0.
func CLV(m Model, spend GammaGamma, row Summary, h Horizon) float64 {
	if !(h.Discount > -1) || !(h.Length > 0) {
		return 0
	}
	var sum, before float64
	factor := 1.0
	for k := range min(h.Periods, maxPeriods) {
		factor /= 1 + h.Discount
		upTo := m.ConditionalExpected(row, float64(k+1)*h.Length)
		if math.IsInf(upTo, 1) {
			sum = upTo
			break // There is nothing more to add, nor to subtract from.
		}
		if more := upTo - before; more > 0 { // An infinite factor makes nothing of 0.
			sum += more * factor
		}
		before = upTo
	}
	worth := spend.Expected(row)
	if sum == 0 || worth == 0 {
		return 0 // Also where the other is infinite.
	}
	return sum * worth
}
