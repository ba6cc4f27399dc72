package syntax

import (
	"math"
	"slices"
	"strconv"
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
	Level    int             // Stays
	Hours    []profile.Hours // Stays
	Where    Expr
	Since    int64 // microseconds: earlier events do not count; math.MinInt64 for all
	// Steps are the filters of a Trace, each once: the steps, then everything forbidden.
	// See [Fold.Bit].
	Steps []Filter
	// Link is the property whose value a Trace keeps; "" for none.
	Link string
	// Sources and HalfLife are of an Interest.
	Sources  []InterestSource
	HalfLife time.Duration
	// Keep is for how many grains, the running one included, a bucket is kept; 0 for
	// ever. Of Spans it is civil days.
	Keep int
}

// halfLives is over how many half-lives an interest is read.
const halfLives = 64

// FoldOf returns what profiles keep for one operand, not for those within it; nil where
// it needs none: it is no fold of events, it is kept without (over the whole life how
// often and when each event happened, and the properties that the model's events
// declare), or it is an interest that is not declared. The operand is one that [Check]
// returned: before, its conditions on events may have other constants.
func FoldOf(x Operand, s Scope) *Fold {
	switch x := x.(type) {
	case *Aggregate:
		if keptWithoutFold(x, s) {
			return nil
		}
		return x.fold(s.Zone())
	case *Sequence:
		return x.fold()
	case *Interest:
		return interestFold(x.Name, s)
	case *Interests:
		return interestFold(x.Name, s)
	}
	return nil
}

// Folds returns what profiles keep for a condition, in the order of the text, each Key
// once with the longest Keep. Neither traits nor tags are followed.
func Folds(e Expr, s Scope) []*Fold {
	c := foldCollector{scope: s, at: map[string]int{}}
	v := visitor{operand: c.add}
	v.visit(e)
	return c.folds
}

type foldCollector struct {
	scope Scope
	folds []*Fold
	at    map[string]int // by key
}

func (c *foldCollector) add(x Operand) bool {
	f := FoldOf(x, c.scope)
	if f == nil {
		return true
	}
	key := f.Key(c.scope.Zone().String())
	i, ok := c.at[key]
	switch {
	case !ok:
		c.at[key] = len(c.folds)
		c.folds = append(c.folds, f)
	case longer(f.Keep, c.folds[i].Keep):
		c.folds[i] = f
	}
	return true
}

// longer reports whether one Keep is longer than another.
func longer(a, b int) bool { return b != 0 && (a == 0 || a > b) }

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

// form returns what a bucket of the aggregate's fold holds.
func (x *Aggregate) form() profile.Form {
	switch x.Fn {
	case SumOf, AvgOf, MinOf, MaxOf:
		return profile.Numbers
	case FirstOf, LastOf:
		return profile.Ends
	case FirstTime, LastTime:
		return profile.Times
	case Top:
		if x.By != "" {
			return profile.Sums
		}
		return profile.Keys
	case Unique, MostFrequent:
		return profile.Keys
	case Latest:
		return profile.Recent
	case Earliest:
		return profile.Oldest
	case Days, ShareOfDays, Streak, LongestStreak:
		return profile.Presence
	case Sessions:
		return profile.Spans
	case Dwell:
		return profile.Stays
	case FirstDaySum:
		return profile.FirstDay
	}
	return profile.Tally
}

func (x *Aggregate) fold(zone *time.Location) *Fold {
	f := &Fold{
		Form: x.form(), Grain: x.Window.Grain(), Event: x.Event, Property: x.Property,
		Where: x.Where, Since: math.MinInt64, Keep: x.Span().buckets(),
	}
	if x.Window.Kind == Since {
		f.Since = int64(x.Window.sinceTime(zone))
	}
	switch f.Form {
	case profile.Sums:
		f.By = x.By
	case profile.Recent, profile.Oldest:
		f.K = x.N
	case profile.Presence, profile.FirstDay:
		f.Grain = profile.ByDay
	case profile.Spans:
		f.Grain, f.Gap = profile.ByDay, x.Gap
	case profile.Stays:
		f.Grain, f.Level, f.Hours = profile.ByDay, x.stay().Level, x.stay().Hours
	}
	return f
}

// Span returns the sequence's window: that of 30 days where it has none.
func (x *Sequence) Span() Window {
	if x.Window.Kind == Lifetime {
		return Window{Kind: Last, N: 30, Unit: Day}
	}
	return x.Window
}

func (x *Sequence) fold() *Fold {
	f := &Fold{Form: profile.Trace, Grain: profile.ByDay, Since: math.MinInt64, Link: x.Same, Keep: x.Span().buckets()}
	seen := map[string]bool{}
	for _, filter := range x.filters() {
		if key := filter.key(); !seen[key] {
			seen[key] = true
			f.Steps = append(f.Steps, filter)
		}
	}
	return f
}

// Bit returns which of the Steps of a Trace selects the events that a filter does, or
// -1.
func (f *Fold) Bit(filter Filter) int {
	key := filter.key()
	return slices.IndexFunc(f.Steps, func(s Filter) bool { return s.key() == key })
}

func interestFold(name string, s Scope) *Fold {
	info, ok := s.Interest(name)
	if !ok {
		return nil
	}
	return &Fold{Form: profile.Scores, Grain: profile.ByHalfLife, Since: math.MinInt64, Sources: info.Sources, HalfLife: info.HalfLife, Keep: halfLives}
}

// Key returns a text that is the same for two folds exactly when they keep the same:
// all but how long. zone is the name of the model's; it takes part where civil days
// do, or a time that a text property is read beside. Stores keep it to know a fold
// again: written otherwise, everything would be folded anew.
func (f *Fold) Key(zone string) string {
	k := folded{}
	k.b = strconv.AppendInt(append(k.b, "form "...), int64(f.Form), 10)
	k.part("grain", int64(f.Grain))
	k.text("event", f.Event)
	k.text("property", f.Property)
	k.text("by", f.By)
	k.part("k", int64(f.K))
	k.part("gap", int64(f.Gap))
	k.part("level", int64(f.Level))
	for _, h := range f.Hours {
		k.text("hours", hoursText(h))
	}
	k.where(f.Where)
	if f.Since != math.MinInt64 {
		k.part("since", f.Since)
	}
	for _, s := range f.Steps {
		k.filter("step", s)
	}
	k.text("link", f.Link)
	for _, s := range f.Sources {
		k.filter("source", s.Filter)
		k.text("property", s.Property)
		k.b = strconv.AppendFloat(append(k.b, " weight "...), s.Weight, 'g', -1, 64)
		k.text("by", s.By)
	}
	k.part("half-life", int64(f.HalfLife))
	if f.Grain == profile.ByDay || k.timed {
		k.text("zone", zone)
	}
	return string(k.b)
}

// folded writes a key. What is zero is left out.
type folded struct {
	b     []byte
	timed bool // see hasTime
}

func (k *folded) part(name string, n int64) {
	if n != 0 {
		k.b = strconv.AppendInt(append(append(append(k.b, ' '), name...), ' '), n, 10)
	}
}

func (k *folded) text(name, s string) {
	if s != "" {
		k.b = appendQuoted(append(append(append(k.b, ' '), name...), ' '), s)
	}
}

func (k *folded) filter(name string, f Filter) {
	k.b = append(append(k.b, ' '), name...)
	k.text("event", f.Event)
	k.where(f.Where)
}

func (k *folded) where(e Expr) {
	if e == nil {
		return
	}
	k.b = append(appendExpr(append(k.b, " where("...), e, precOr), ')')
	v := visitor{wheres: true, expr: func(e Expr) bool {
		if e, ok := e.(*Inside); ok {
			k.text("place", e.place())
		}
		return true
	}}
	v.visit(e)
	k.timed = k.timed || hasTime(e)
}

// key returns a text that is the same for two filters exactly when they are.
func (f Filter) key() string {
	k := folded{}
	k.filter("", f)
	return string(k.b)
}

// hasTime reports whether the zone matters to a condition on events: a time is among
// its constants, which a text property is read beside, or civil days are counted.
func hasTime(e Expr) bool {
	found := false
	isTime := func(v profile.Value) bool { return v.Kind() == profile.KindTime }
	v := visitor{wheres: true}
	v.expr = func(e Expr) bool {
		switch e := e.(type) {
		case *In:
			found = found || slices.ContainsFunc(e.List, isTime)
		case *Has:
			found = found || slices.ContainsFunc(e.List, isTime)
		}
		return true
	}
	v.operand = func(x Operand) bool {
		switch x := x.(type) {
		case *Literal:
			found = found || isTime(x.Value)
		case *Call:
			found = found || x.Fn == DaysBetween
		}
		return true
	}
	v.visit(e)
	return found
}
