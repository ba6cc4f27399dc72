package lifecycle

import (
	"math"
	"slices"
)

// Edges says how cut-offs are made of quantiles, and to which side a value belongs
// that equals one. Quantiles lie between two values in proportion (type 7, the
// default of R and NumPy).
type Edges uint8

const (
	// RightClosed is what pandas.qcut does: a value that equals a cut-off belongs
	// below it. Where cut-offs are equal, which qcut refuses, the scores between them
	// go to nobody.
	RightClosed Edges = iota
	// LeftClosed is what the package rfm of R does: cut-offs are quantiles plus 1, and
	// a value that equals one belongs above it.
	LeftClosed
	// Shrinking is pandas.qcut with duplicates dropped, as in pymc-marketing: equal
	// cut-offs are one, and so is one that equals the least or greatest value, so a
	// scale may have fewer scores than were asked for. See [Scale.Top].
	Shrinking
	// Observed is what a store answers by ntile, percentile and View.Cutoffs: cut-offs are
	// values, each the least that its share of all do not exceed, and a value that
	// equals one belongs below it. Scores differ from those of RightClosed where a cut-off of
	// that lies between two values on the other side of one.
	Observed
)

// Scale turns a number into a score from 1, the worst, to Top. The zero Scale gives
// everybody 1.
type Scale struct {
	// Cuts are the cut-offs, ascending.
	Cuts []float64 `json:"cuts"`
	// LeftClosed says that a value that equals a cut-off belongs above it.
	LeftClosed bool `json:"left_closed,omitempty"`
	// LowIsBest says that small values score high, as of recency.
	LowIsBest bool `json:"low_is_best,omitempty"`
}

// NewScale returns the scale that cuts values into n parts of about equal size, n at
// least 1. Values are neither changed nor kept; NaN is left out.
func NewScale(values []float64, n int, edges Edges) Scale {
	sorted := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	slices.Sort(sorted)
	s := Scale{LeftClosed: edges == LeftClosed}
	if len(sorted) == 0 {
		return s
	}
	for i := 1; i < n; i++ {
		cut := quantile(sorted, float64(i)/float64(n))
		switch edges {
		case LeftClosed:
			cut++
		case Observed:
			cut = sorted[(i*len(sorted)+n-1)/n-1]
		}
		s.Cuts = append(s.Cuts, cut)
	}
	if edges == Shrinking {
		least, greatest := sorted[0], sorted[len(sorted)-1]
		s.Cuts = slices.DeleteFunc(slices.Compact(s.Cuts), func(cut float64) bool { return cut == least || cut == greatest })
	}
	return s
}

// Top returns the best score.
func (s Scale) Top() int { return len(s.Cuts) + 1 }

// Score returns the score of v, and 0 for NaN.
func (s Scale) Score(v float64) int {
	if math.IsNaN(v) {
		return 0
	}
	below := 0 // cut-offs that v lies above
	for below < len(s.Cuts) && (s.Cuts[below] < v || s.LeftClosed && s.Cuts[below] == v) {
		below++
	}
	if s.LowIsBest {
		return s.Top() - below
	}
	return 1 + below
}

// quantile returns the type 7 quantile of ascending values.
func quantile(sorted []float64, share float64) float64 {
	at := share * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
