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
		return o.Value, true
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
		return w.person.attribute(o.Name, t.Policy)
	case *syntax.Aggregate:
		return w.aggregate(o)
	}
	return profile.Value{}, false
}

// aggregate evaluates a fold over all events of one name.
func (w *world) aggregate(a *syntax.Aggregate) (v profile.Value, ok bool) {
	c, had := w.person.Counters[a.Event]
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

// windowStart returns the start of last(n unit) as seen at now: the window is the
// current grain and the ones before it. Minutes and hours are those of UTC; a day
// is a civil day of the zone, a week is seven of them; a month reaches back to the
// day after the same day n months ago (or after that month's last, if it is
// shorter), so that last("1mo") on 15 March begins with 16 February.
func windowStart(n int, unit syntax.Unit, now profile.Instant, zone *time.Location) profile.Instant {
	year, month, day := now.Time().In(zone).Date()
	switch unit {
	case syntax.Minute:
		return grainStart(now, time.Minute, n)
	case syntax.Hour:
		return grainStart(now, time.Hour, n)
	case syntax.Day:
		return civil(year, month, day-(n-1), zone)
	case syntax.Week:
		return civil(year, month, day-(7*n-1), zone)
	case syntax.Month:
		return dayAfter(year, month-time.Month(n), day, zone)
	default:
		return dayAfter(year-n, month, day, zone)
	}
}

// grainStart returns the start of the n-th grain back, the current one being the
// first.
func grainStart(now profile.Instant, grain time.Duration, n int) profile.Instant {
	size := grain.Microseconds()
	return profile.Instant((floorDiv(int64(now), size) - int64(n-1)) * size)
}

// civil returns the start of a civil day; months and days out of range count on
// into their neighbours.
func civil(year int, month time.Month, day int, zone *time.Location) profile.Instant {
	return profile.InstantOf(time.Date(year, month, day, 0, 0, 0, 0, zone))
}

// dayAfter returns the start of the day after the given one, or after the last
// of the month where the month has no such day.
func dayAfter(year int, month time.Month, day int, zone *time.Location) profile.Instant {
	length := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return civil(year, month, min(day, length)+1, zone)
}

// floorDiv divides towards the past.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
