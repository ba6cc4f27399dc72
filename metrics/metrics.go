// Package metrics is how figures are handed to monitoring systems: what each is
// called, counted in and says. It imports nothing of the library. Modules beside it hand them on:
// metrics/otel to OpenTelemetry and metrics/prometheus to Prometheus; any other takes a
// few lines over Metrics.Families of the root.
//
// Names follow OpenTelemetry: parts in lower case, with dots between, without a unit. The
// labels of points are names that the model or the library gives, never values of people.
package metrics

import "math"

// Kind says how a figure moves.
type Kind uint8

// The kinds of figures.
const (
	// Gauge goes up and down.
	Gauge Kind = iota
	// Counter goes up only, until the DB is closed, when it may begin anew.
	Counter
	// Histogram says how many of something were how great; its counts go up as those of a Counter
	// do. Its points have a Distribution and no Value.
	Histogram
)

// String returns "gauge", "counter" or "histogram".
func (k Kind) String() string {
	switch k {
	case Counter:
		return "counter"
	case Histogram:
		return "histogram"
	}
	return "gauge"
}

// Units, as UCUM and with it OpenTelemetry spells them. Others are things that are
// counted, in braces: "{event}".
const (
	Bytes   = "By"
	Seconds = "s"
	None    = "1"
)

// Family is one figure, or one per value of a label.
type Family struct {
	Name string // such as "portrait.disk.free"
	Unit string // Bytes, Seconds, None, or a thing in braces
	Help string // what it says, as one sentence
	Kind Kind
	// Label names what the points differ in. It is empty for a family of one point.
	Label string
	// Points are the figures; a family with a label may have none.
	Points []Point
}

// Point is one figure of a family.
type Point struct {
	Label string // the value of Family.Label, empty without one
	Value float64
	// Distribution is the figure of a Histogram; nil in any other family.
	Distribution *Distribution
}

// Distribution says how many of something were how great. It is the reader's own.
type Distribution struct {
	// Bounds ascend; each belongs to the bucket below it.
	Bounds []float64
	// Counts are how many there were up to each bound and above the one before, and last how
	// many above all bounds: one more than there are bounds.
	Counts []uint64
	// Sum is that of them all.
	Sum float64
}

// Count returns how many there were.
func (d *Distribution) Count() (n uint64) {
	for _, c := range d.Counts {
		n += c
	}
	return n
}

// Quantile returns the bound of the bucket in which the q-th of them lies, 0 <= q <= 1: no
// less than it was, and above the bound before. It is 0 of none, and infinite above all bounds.
func (d *Distribution) Quantile(q float64) float64 {
	total := d.Count()
	if total == 0 {
		return 0
	}
	rank := max(uint64(math.Ceil(q*float64(total))), 1)
	for i, c := range d.Counts[:len(d.Bounds)] {
		if c >= rank {
			return d.Bounds[i]
		}
		rank -= c
	}
	return math.Inf(1)
}
