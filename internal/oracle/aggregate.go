package oracle

import (
	"cmp"
	"math"
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// forms says what the buckets of an aggregate hold.
var forms = map[syntax.Fn]profile.Form{
	syntax.Count: profile.Tally,
	syntax.SumOf: profile.Numbers, syntax.AvgOf: profile.Numbers, syntax.MinOf: profile.Numbers, syntax.MaxOf: profile.Numbers,
	syntax.FirstOf: profile.Ends, syntax.LastOf: profile.Ends,
	syntax.FirstTime: profile.Times, syntax.LastTime: profile.Times,
	syntax.Unique: profile.Keys, syntax.MostFrequent: profile.Keys, syntax.Top: profile.Keys,
	syntax.Latest: profile.Recent, syntax.Earliest: profile.Oldest,
	syntax.Days: profile.Presence, syntax.ShareOfDays: profile.Presence, syntax.Streak: profile.Presence, syntax.LongestStreak: profile.Presence,
	syntax.Sessions: profile.Spans, syntax.Dwell: profile.Stays, syntax.FirstDaySum: profile.FirstDay,
}

// grainOf returns how long the buckets of an aggregate are.
func grainOf(a *syntax.Aggregate) profile.Grain {
	window := a.Window
	counted := window.Kind == syntax.Last || window.Kind == syntax.Between
	switch {
	case forms[a.Fn] == profile.Presence, forms[a.Fn] == profile.Stays, forms[a.Fn] == profile.FirstDay, window.Kind == syntax.This:
		return profile.ByDay
	case counted && window.Unit == syntax.Minute:
		return profile.ByMinute
	case counted && window.Unit == syntax.Hour:
		return profile.ByHour
	case counted:
		return profile.ByDay
	}
	return profile.WholeLife
}

// series returns what the events of an operand come to, from the events
// themselves, or from what the person's stored state says; kept is false when the
// state does not say it.
func (w *world) series(o syntax.Operand, g gathering) (s Series, kept bool) {
	g.zone = w.scope.Zone()
	if !w.person.Stored {
		return gather(w.person.History, g), true
	}
	fold := syntax.FoldOf(o, w.scope)
	if fold == nil {
		return Series{}, false
	}
	id, kept := w.scope.Kept(fold)
	s, some := w.person.Series[id]
	return s, kept && (!some || s.Form == g.form)
}

// aggregate evaluates a fold over the events of its window.
func (w *world) aggregate(a *syntax.Aggregate) (v profile.Value, ok bool) {
	if a.Fn == syntax.Dwell {
		h, ok := w.haunt(a)
		return h.middle, ok
	}
	g := gathering{
		form: forms[a.Fn], grain: grainOf(a), gap: a.Gap, property: a.Property, by: a.By, since: w.since(a.Window),
		choices: w.choices(syntax.Filter{Event: a.Event, Where: a.Where}),
	}
	if a.Fn == syntax.Top && a.By != "" {
		g.form = profile.Sums
	}
	s, kept := w.series(a, g)
	if !kept {
		return profile.Value{}, false
	}
	from, to := w.reach(a.Window, g.grain)
	switch g.form {
	case profile.Presence:
		return w.days(a, s.days(from, to))
	case profile.Spans:
		return profile.Number(float64(w.sessions(a, s.Spans))), true
	case profile.FirstDay: // to come or not
		first, found := s.over(math.MinInt64, math.MaxInt64)
		if !found || first.Count == 0 {
			return profile.Value{}, false
		}
		return profile.Number(nearest(first.Sum, 1)), true
	}
	whole, found := s.over(from, to)
	switch a.Fn {
	case syntax.Count:
		return profile.Number(float64(whole.Count)), true
	case syntax.Unique:
		return profile.Number(float64(len(whole.Keys))), !whole.Lost
	}
	if !found {
		return profile.Value{}, false
	}
	switch a.Fn {
	case syntax.SumOf:
		return profile.Number(nearest(whole.Sum, 1)), true
	case syntax.AvgOf:
		return profile.Number(nearest(whole.Sum, whole.Count)), true
	case syntax.MinOf:
		return profile.Number(whole.Min), true
	case syntax.MaxOf:
		return profile.Number(whole.Max), true
	case syntax.FirstOf:
		return whole.Earliest.Value, true
	case syntax.LastOf:
		return whole.Latest.Value, true
	case syntax.FirstTime:
		return profile.TimeAt(whole.First), true
	case syntax.LastTime:
		return profile.TimeAt(whole.Last), true
	}
	values := ranked(whole.Keys, g.form)
	if a.Fn == syntax.MostFrequent {
		return values[0], true
	}
	return profile.List(values[:min(a.N, len(values))]...), true
}

// ranked returns the values in the order of rankedKeys.
func ranked(keys []Key, form profile.Form) (values []profile.Value) {
	for _, k := range rankedKeys(keys, form) {
		values = append(values, k.Value)
	}
	return values
}

// rankedKeys returns the keys, the most frequent first, or that of the greatest
// sum, or the one seen last or first; of equals the least.
func rankedKeys(keys []Key, form profile.Form) []Key {
	return slices.SortedFunc(slices.Values(keys), func(a, b Key) int {
		first := 0
		switch form {
		case profile.Keys:
			first = cmp.Compare(b.Count, a.Count)
		case profile.Sums:
			first = b.Sum.Cmp(a.Sum)
		case profile.Recent:
			first = b.At.Compare(a.At)
		case profile.Oldest:
			first = a.At.Compare(b.At)
		}
		return cmp.Or(first, a.Value.Compare(b.Value))
	})
}

// days lists the days from one to another on which there was an event, ascending.
func (s Series) days(from, to int64) (days []int64) {
	for day := range s.Buckets {
		if from <= day && day <= to {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days
}

// days evaluates an aggregate of the days of its window, none of which is to come.
func (w *world) days(a *syntax.Aggregate, days []int64) (v profile.Value, ok bool) {
	from, to := w.reach(a.Window, profile.ByDay)
	today := dayAt(w.now, w.scope.Zone())
	switch a.Fn {
	case syntax.Days:
		return profile.Number(float64(len(days))), true
	case syntax.ShareOfDays:
		if from == math.MinInt64 { // the whole life, from the first such day
			if len(days) == 0 {
				return profile.Value{}, false
			}
			from = days[0]
		}
		if from > to {
			return profile.Value{}, false
		}
		return profile.Number(float64(len(days)) / float64(to-from+1)), true
	case syntax.Streak:
		last := today
		if !slices.Contains(days, today) {
			last = today - 1
		}
		return profile.Number(float64(run(days, last))), true
	case syntax.LongestStreak:
		longest := 0
		for _, day := range days {
			longest = max(longest, run(days, day))
		}
		return profile.Number(float64(longest)), true
	}
	return profile.Value{}, false
}

// run returns how many days in a row end with the last.
func run(days []int64, last int64) (n int) {
	for slices.Contains(days, last-int64(n)) {
		n++
	}
	return n
}

// sessions counts the spans whose first event is in the window.
func (w *world) sessions(a *syntax.Aggregate, spans []Span) (n int) {
	if a.Window.Kind == syntax.Lifetime || a.Window.Kind == syntax.Since {
		return len(spans)
	}
	from, to := w.reach(a.Window, profile.ByDay)
	for _, s := range spans {
		if day := dayAt(s.First, w.scope.Zone()); from <= day && day <= to {
			n++
		}
	}
	return n
}
