package oracle

import (
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// anyKind is the kind of a trait whose values may be of every kind.
const anyKind = profile.Kind(0xff)

// value evaluates an operand; ok is false when it is missing.
func (w *world) value(o syntax.Operand) (v profile.Value, ok bool) {
	switch o := o.(type) {
	case *syntax.Literal:
		return o.Value, !o.Value.IsNull()
	case *syntax.Now:
		return profile.TimeAt(w.now + profile.Instant(floorDiv(int64(o.Offset), int64(time.Microsecond)))), true
	case *syntax.Ago:
		return profile.TimeAt(windowStart(o.N, o.Unit, w.now, w.scope.Zone())), true
	case *syntax.Trait:
		return w.trait(o.Name)
	case *syntax.Aggregate:
		if w.plain(o) {
			return w.lifelong(o)
		}
		return w.aggregate(o)
	case *syntax.Sequence:
		n, ok := w.matches(o)
		return profile.Number(float64(n)), ok
	case *syntax.Interest:
		return w.interest(o)
	case *syntax.Interests:
		return w.interests(o)
	case *syntax.Namespaces:
		return w.namespaces(), true
	case *syntax.Draw:
		return w.lot(o)
	case *syntax.Arith:
		return w.arithmetic(o)
	case *syntax.Call:
		return w.call(o)
	case *syntax.If:
		// What counts is whether it holds, of which there are no two ways.
		plain := *w
		plain.kleene = false
		if plain.truth(o.Cond) == True {
			return w.value(o.Then)
		}
		return w.value(o.Else)
	}
	return profile.Value{}, false
}

// trait returns what a name stands for: a field in a where(), otherwise what the
// trait computes, or what was told of it.
func (w *world) trait(name string) (v profile.Value, ok bool) {
	if w.fields != nil {
		v = w.fields(name)
		return v, !v.IsNull()
	}
	t, known := w.scope.Trait(name)
	switch {
	case !known || slices.Contains(w.traits, name):
		return profile.Value{}, false
	case t.Compute != nil:
		w.traits = append(w.traits, name)
		v, ok = w.value(t.Compute)
		w.traits = w.traits[:len(w.traits)-1]
		return v, ok && fits(v, t.Kind)
	}
	if v, ok = w.person.attribute(name, t.Policy); ok && t.Retain > 0 {
		ok = int64(w.now)-int64(w.person.told(name, t.Policy)) < t.Retain.Microseconds()
	}
	return v, ok && fits(v, t.Kind)
}

// fits reports whether a value is of the declared kind; one that was told before
// the declaration changed need not be. A list stands for a set, and null for any
// kind.
func fits(v profile.Value, kind profile.Kind) bool {
	return kind == profile.KindNull || kind == anyKind || kind == v.Kind() || kind >= profile.KindList && v.Kind() >= profile.KindList
}

// plain reports whether an aggregate is one that counters answer: over the whole
// life and all events of one name, of no property or of one that the model's
// events declare.
func (w *world) plain(a *syntax.Aggregate) bool {
	if a.Event == syntax.AnyEvent || a.Where != nil || a.Window.Kind != syntax.Lifetime {
		return false
	}
	number, unique := w.scope.Folded(a.Event, a.Property)
	switch a.Fn {
	case syntax.Count, syntax.FirstTime, syntax.LastTime:
		return true
	case syntax.SumOf, syntax.AvgOf, syntax.MinOf, syntax.MaxOf, syntax.FirstOf, syntax.LastOf:
		return number
	case syntax.Unique:
		return unique
	}
	return false
}

// lifelong evaluates an aggregate that counters answer.
func (w *world) lifelong(a *syntax.Aggregate) (v profile.Value, ok bool) {
	c, had := w.person.counter(a.Event)
	switch a.Fn {
	case syntax.Count:
		// Where names were dropped, this one may be among them.
		return profile.Number(float64(c.Count)), had || !w.person.LostEvents
	case syntax.FirstTime:
		return profile.TimeAt(c.First.At), had
	case syntax.LastTime:
		return profile.TimeAt(c.Last.At), had
	case syntax.Unique:
		u := c.Uniques[a.Property]
		return profile.Number(float64(len(u.Values))), !u.Lost
	}
	n, had := c.Numbers[a.Property]
	if !had {
		return profile.Value{}, false
	}
	switch a.Fn {
	case syntax.SumOf:
		return profile.Number(nearest(n.Sum, 1)), true
	case syntax.AvgOf:
		return profile.Number(nearest(n.Sum, n.Count)), true
	case syntax.MinOf:
		return profile.Number(n.Min), true
	case syntax.MaxOf:
		return profile.Number(n.Max), true
	case syntax.FirstOf:
		return profile.Number(n.First), true
	case syntax.LastOf:
		return profile.Number(n.Last), true
	}
	return profile.Value{}, false
}
