package syntax

import (
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Fold says what profiles keep for an operand: how the events that it looks at fold
// into buckets of time. Operands that need the same share it, whatever their
// windows: its Key leaves out Keep.
type Fold struct {
	Form     profile.Form
	Grain    profile.Grain
	Event    string // AnyEvent for all; "" where Steps or Sources name them
	Property string
	By       string
	K        int // Recent, Oldest: how many values
	Gap      time.Duration
	Where    Expr
	Since    int64 // microseconds: earlier events do not count; math.MinInt64 for all
	// Steps are the filters of a Trace: the steps, then everything forbidden.
	Steps []Filter
	// Link is the property whose value a Trace keeps; "" for none.
	Link string
	// Sources and HalfLife are of an Interest.
	Sources  []InterestSource
	HalfLife time.Duration
	// Keep is for how many grains, the running one included, a bucket is kept; 0 for
	// ever. Of a Session it is days.
	Keep int
}

// keptWithoutFold reports whether profiles keep what the aggregate needs without a
// fold of its own: over the whole life, how often and when each event happened, and
// the properties that the model's events declare.
func keptWithoutFold(x *Aggregate, s Scope) bool {
	if x.Event == AnyEvent || x.Where != nil || x.Window.Kind != Lifetime {
		return false
	}
	switch x.Fn {
	case Count, FirstTime, LastTime:
		return true
	case SumOf, AvgOf, MinOf, MaxOf, FirstOf, LastOf:
		number, _ := s.Folded(x.Event, x.Property)
		return number
	case Unique:
		_, unique := s.Folded(x.Event, x.Property)
		return unique
	}
	return false
}
