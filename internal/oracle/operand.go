package oracle

import (
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

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
		t, known := w.scope.Trait(o.Name)
		switch {
		case !known:
			return profile.Value{}, false
		case t.Aggregate != nil:
			return w.aggregate(t.Aggregate)
		}
		v, ok = w.person.attribute(o.Name, t.Policy)
		return v, ok && fits(v, t.Kind)
	case *syntax.Aggregate:
		return w.aggregate(o)
	}
	return profile.Value{}, false
}

// fits reports whether a value is of the declared kind; one that was told before
// the declaration changed need not be. A list stands for a set, and null for any
// kind.
func fits(v profile.Value, kind profile.Kind) bool {
	return kind == profile.KindNull || kind == v.Kind() || kind >= profile.KindList && v.Kind() >= profile.KindList
}

// aggregate evaluates a fold over all events of one name.
func (w *world) aggregate(a *syntax.Aggregate) (v profile.Value, ok bool) {
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
