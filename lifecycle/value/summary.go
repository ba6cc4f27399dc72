package value

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Summary is all that the models know of a customer, or of several who are alike.
//
// Recency and Age are in one unit of time, whichever, and the parameters of a
// model that is fitted to them are in the same unit.
type Summary struct {
	// Frequency is the number of repeat transactions, x: all but the first.
	Frequency int `json:"frequency"`
	// Recency is the time from the first transaction to the last, t_x. It is 0
	// where and only where Frequency is.
	Recency float64 `json:"recency"`
	// Age is the time from the first transaction to the end of what was observed, T.
	Age float64 `json:"age"`
	// Mean is the mean value of the repeat transactions, 0 where there is none.
	// Only [GammaGamma] reads it.
	Mean float64 `json:"mean,omitempty"`
	// Weight is the number of customers that this is the summary of; 0 is one.
	Weight int `json:"weight,omitempty"`
}

// Validate returns nil or an [*InputError]: counts and times are finite and not
// negative, Recency is at most Age, and 0 just where Frequency is. A mean may be
// negative, as with refunds; [FitGammaGamma] refuses it.
func (s Summary) Validate() error {
	if fault := s.fault(); fault != nil {
		return fault
	}
	return nil
}

func (s Summary) fault() *InputError {
	switch {
	case s.Frequency < 0:
		return &InputError{Field: "frequency", Detail: fmt.Sprintf("%d is negative", s.Frequency)}
	case s.Frequency > maxFrequency:
		return &InputError{Field: "frequency", Detail: fmt.Sprintf("%d is more than %d", s.Frequency, maxFrequency)}
	case !(s.Recency >= 0) || math.IsInf(s.Recency, 0):
		return &InputError{Field: "recency", Detail: fmt.Sprintf("%v is no length of time", s.Recency)}
	case !(s.Age >= 0) || math.IsInf(s.Age, 0):
		return &InputError{Field: "age", Detail: fmt.Sprintf("%v is no length of time", s.Age)}
	case s.Recency > s.Age:
		return &InputError{Field: "recency", Detail: fmt.Sprintf("%v is more than the age, %v", s.Recency, s.Age)}
	case s.Frequency == 0 && s.Recency > 0:
		return &InputError{Field: "recency", Detail: fmt.Sprintf("%v without a repeat transaction", s.Recency)}
	case s.Frequency > 0 && s.Recency == 0:
		return &InputError{Field: "recency", Detail: fmt.Sprintf("0 with %d repeat transactions", s.Frequency)}
	case math.IsNaN(s.Mean) || math.IsInf(s.Mean, 0):
		return &InputError{Field: "mean", Detail: fmt.Sprintf("%v is no value", s.Mean)}
	case s.Weight < 0:
		return &InputError{Field: "weight", Detail: fmt.Sprintf("%d is negative", s.Weight)}
	}
	return nil
}

// maxFrequency keeps sums of counts, and counts as floats, exact.
const maxFrequency = 1 << 30

// valid is Validate without the reason: the models ask it of every row.
func (s Summary) valid() bool {
	return s.Frequency >= 0 && s.Frequency <= maxFrequency && s.Age <= math.MaxFloat64 &&
		s.Recency >= 0 && s.Recency <= s.Age && (s.Frequency == 0) == (s.Recency == 0)
}

// customers is the number of customers that s stands for.
func (s Summary) customers() int { return max(1, s.Weight) }

// InputError is the error of a transaction or summary that means nothing.
type InputError struct {
	// Index is the position in what was given; 0 for [Summary.Validate], -1 for what is
	// wrong of a [Scorer].
	Index int
	// Field names what is wrong: "recency", "amount" ...
	Field string
	// Detail says why.
	Detail string
}

func (e *InputError) Error() string {
	if e.Index < 0 {
		return fmt.Sprintf("value: %s: %s", e.Field, e.Detail)
	}
	return fmt.Sprintf("value: row %d: %s: %s", e.Index, e.Field, e.Detail)
}

// group returns rows with those that are alike as one, in ascending order, or an
// InputError. The order of rows does not show in what is returned.
func group(rows []Summary) ([]Summary, error) {
	grouped := make([]Summary, 0, len(rows))
	for i, row := range rows {
		if fault := row.fault(); fault != nil {
			fault.Index = i
			return nil, fault
		}
		row.Weight = row.customers()
		grouped = append(grouped, row)
	}
	slices.SortFunc(grouped, compare)
	n := 0
	for _, row := range grouped {
		if n > 0 && compare(grouped[n-1], row) == 0 {
			grouped[n-1].Weight += row.Weight
			continue
		}
		grouped[n] = row
		n++
	}
	return grouped[:n], nil
}

// compare orders summaries by all but their weight.
func compare(a, b Summary) int {
	return cmp.Or(
		cmp.Compare(a.Frequency, b.Frequency),
		cmp.Compare(a.Recency, b.Recency),
		cmp.Compare(a.Age, b.Age),
		cmp.Compare(a.Mean, b.Mean),
	)
}
