package tags_test

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// history evaluates what the language says of events from the events themselves:
// nothing is folded, no bucket is kept, and every window is worked out anew for every
// event. Its zone must not leave midnights out.
type history struct {
	scope  syntax.Scope
	events []profile.Event
	now    profile.Instant
}

func (h *history) zone() *time.Location { return h.scope.Zone() }

// date returns the civil date of an instant, as the midnight of that date in UTC.
func (h *history) date(at profile.Instant) time.Time {
	y, m, d := at.Time().In(h.zone()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// days returns how many days b is after a.
func days(a, b time.Time) int { return int(b.Sub(a) / (24 * time.Hour)) }

// monthsBack returns the date n months before, or the last of a month too short.
func monthsBack(date time.Time, n int) time.Time {
	first := time.Date(date.Year(), date.Month()-time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1)
	return time.Date(first.Year(), first.Month(), min(date.Day(), last.Day()), 0, 0, 0, 0, time.UTC)
}

// lies reports whether an event at an instant lies in a window.
func (h *history) lies(at profile.Instant, w syntax.Window) bool {
	within := func(n int) bool {
		grain := map[syntax.Unit]float64{syntax.Minute: 60e6, syntax.Hour: 3600e6}[w.Unit]
		if grain > 0 {
			ago := math.Floor(float64(h.now)/grain) - math.Floor(float64(at)/grain)
			return 0 <= ago && ago < float64(n)
		}
		date, today := h.date(at), h.date(h.now)
		first := today.AddDate(0, 0, -n+1)
		switch w.Unit {
		case syntax.Week:
			first = today.AddDate(0, 0, -7*n+1)
		case syntax.Month:
			first = monthsBack(today, n).AddDate(0, 0, 1)
		case syntax.Year:
			first = monthsBack(today, 12*n).AddDate(0, 0, 1)
		}
		return !date.Before(first) && !date.After(today)
	}
	switch w.Kind {
	case syntax.Last:
		return within(w.N)
	case syntax.Between:
		return within(w.N) && !within(w.M)
	case syntax.Since:
		return at >= w.Since.Instant()
	case syntax.This:
		date, today := h.date(at), h.date(h.now)
		return !date.After(today) && h.period(date, w.Period).Equal(h.period(today, w.Period))
	}
	return true
}

// period returns the first date of the period that a date is in.
func (h *history) period(date time.Time, p syntax.Period) time.Time {
	switch p {
	case syntax.ThisWeek:
		for date.Weekday() != h.scope.WeekStart() {
			date = date.AddDate(0, 0, -1)
		}
		return date
	case syntax.ThisMonth:
		return time.Date(date.Year(), date.Month(), 1, 0, 0, 0, 0, time.UTC)
	case syntax.ThisQuarter:
		return time.Date(date.Year(), (date.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	case syntax.ThisYear:
		return time.Date(date.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return date
}

// chosen returns the events of a filter in the order of their stamps. A where() of the
// tests asks whether the property "p" is greater than a number.
func (h *history) chosen(f syntax.Filter) (events []*profile.Event) {
	for i := range h.events {
		e := &h.events[i]
		if f.Event != syntax.AnyEvent && e.Name != f.Event {
			continue
		}
		if f.Where != nil {
			c := f.Where.(*syntax.Compare)
			v := e.Properties[c.L.(*syntax.Trait).Name]
			if v.Kind() != profile.KindNumber || v.Number() <= c.R.(*syntax.Literal).Value.Number() {
				continue
			}
		}
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b *profile.Event) int { return a.Stamp().Compare(b.Stamp()) })
	return events
}

func (h *history) value(x syntax.Operand) (v profile.Value, ok bool) {
	switch x := x.(type) {
	case *syntax.Literal:
		return x.Value, true
	case *syntax.Sequence:
		return profile.Number(float64(h.matches(x))), true
	case *syntax.Aggregate:
		var in []*profile.Event
		for _, e := range h.chosen(syntax.Filter{Event: x.Event, Where: x.Where}) {
			if h.lies(e.Stamp().At, x.Window) {
				in = append(in, e)
			}
		}
		switch x.Fn {
		case syntax.Days, syntax.ShareOfDays, syntax.Streak, syntax.LongestStreak:
			return h.onDays(x, in)
		case syntax.Sessions:
			return h.sessions(x)
		case syntax.FirstDaySum:
			sum := *x
			sum.Fn = syntax.SumOf
			return aggregate(&sum, h.onFirstDay(in))
		}
		return aggregate(x, in)
	}
	return profile.Value{}, false
}

// onFirstDay returns those of the events that happened on the date of the first.
func (h *history) onFirstDay(in []*profile.Event) (first []*profile.Event) {
	for _, e := range in {
		if h.date(e.Stamp().At).Equal(h.date(in[0].Stamp().At)) {
			first = append(first, e)
		}
	}
	return first
}

// aggregate folds the events of a window.
func aggregate(x *syntax.Aggregate, in []*profile.Event) (v profile.Value, ok bool) {
	switch {
	case x.Fn == syntax.Count:
		return profile.Number(float64(len(in))), true
	case x.Fn == syntax.FirstTime && len(in) > 0:
		return profile.TimeAt(in[0].Stamp().At), true
	case x.Fn == syntax.LastTime && len(in) > 0:
		return profile.TimeAt(in[len(in)-1].Stamp().At), true
	}
	type key struct {
		value profile.Value
		count int
		sum   float64
		first int // the place of the event
		last  int
	}
	var all []profile.Value
	var numbers []float64
	var keys []*key
	for i, e := range in {
		v := e.Properties[x.Property]
		if v.IsNull() {
			continue
		}
		all = append(all, v)
		if v.Kind() == profile.KindNumber {
			numbers = append(numbers, v.Number())
		}
		by := e.Properties[x.By]
		if x.By != "" && by.Kind() != profile.KindNumber {
			continue
		}
		at := slices.IndexFunc(keys, func(k *key) bool { return k.value.Equal(v) })
		if at < 0 {
			keys, at = append(keys, &key{value: v, first: i}), len(keys)
		}
		keys[at].count, keys[at].sum, keys[at].last = keys[at].count+1, keys[at].sum+by.Number(), i
	}
	sum := 0.0
	for _, f := range numbers {
		sum += f
	}
	switch x.Fn {
	case syntax.Unique:
		return profile.Number(float64(len(keys))), true
	case syntax.SumOf, syntax.AvgOf, syntax.MinOf, syntax.MaxOf:
		if len(numbers) == 0 {
			return profile.Value{}, false
		}
		return profile.Number(map[syntax.Fn]float64{syntax.SumOf: sum, syntax.AvgOf: sum / float64(len(numbers)), syntax.MinOf: slices.Min(numbers), syntax.MaxOf: slices.Max(numbers)}[x.Fn]), true
	}
	if len(keys) == 0 {
		return profile.Value{}, false
	}
	slices.SortFunc(keys, func(a, b *key) int {
		first := cmp.Compare(b.count, a.count)
		switch {
		case x.By != "":
			first = cmp.Compare(b.sum, a.sum)
		case x.Fn == syntax.Latest:
			first = cmp.Compare(b.last, a.last)
		case x.Fn == syntax.Earliest:
			first = cmp.Compare(a.first, b.first)
		}
		return cmp.Or(first, a.value.Compare(b.value))
	})
	switch x.Fn {
	case syntax.FirstOf:
		return all[0], true
	case syntax.LastOf:
		return all[len(all)-1], true
	case syntax.MostFrequent:
		return keys[0].value, true
	}
	var list []profile.Value
	for _, k := range keys[:min(x.N, len(keys))] {
		list = append(list, k.value)
	}
	return profile.List(list...), true
}

// onDays evaluates what asks for days with an event, none of them to come.
func (h *history) onDays(x *syntax.Aggregate, in []*profile.Event) (v profile.Value, ok bool) {
	today := h.date(h.now)
	on := map[time.Time]bool{}
	first := today.AddDate(0, 0, 1)
	for _, e := range in {
		if date := h.date(e.Stamp().At); !date.After(today) {
			on[date] = true
			if date.Before(first) {
				first = date
			}
		}
	}
	run := func(end time.Time) (n int) {
		for on[end.AddDate(0, 0, -n)] {
			n++
		}
		return n
	}
	switch x.Fn {
	case syntax.Days:
		return profile.Number(float64(len(on))), true
	case syntax.Streak:
		if on[today] {
			return profile.Number(float64(run(today))), true
		}
		return profile.Number(float64(run(today.AddDate(0, 0, -1)))), true
	case syntax.LongestStreak:
		longest := 0
		for date := range on {
			longest = max(longest, run(date))
		}
		return profile.Number(float64(longest)), true
	}
	all := 0
	switch x.Window.Kind {
	case syntax.Lifetime:
		if len(on) == 0 {
			return profile.Value{}, false
		}
		all = days(first, today) + 1
	default:
		var start time.Time
		if x.Window.Kind == syntax.Since {
			start = h.date(x.Window.Since.Instant())
		} else {
			length := [...]int{syntax.Day: 1, syntax.Week: 7, syntax.Month: 31, syntax.Year: 366}[x.Window.Unit]
			start = today.AddDate(0, 0, -max(length*x.Window.N, 366))
		}
		for d := start; !d.After(today); d = d.AddDate(0, 0, 1) {
			y, m, dom := d.Date()
			noon := profile.InstantOf(time.Date(y, m, dom, 12, 0, 0, 0, h.zone()))
			if x.Window.Kind == syntax.Since || h.lies(noon, x.Window) {
				all++
			}
		}
		if all == 0 {
			return profile.Value{}, false
		}
	}
	return profile.Number(float64(len(on)) / float64(all)), true
}

// sessions counts runs of events by the day of their first.
func (h *history) sessions(x *syntax.Aggregate) (v profile.Value, ok bool) {
	n, last := 0, profile.Instant(math.MinInt64)
	for _, e := range h.chosen(syntax.Filter{Event: x.Event, Where: x.Where}) {
		at := e.Stamp().At
		if x.Window.Kind == syntax.Since && at < x.Window.Since.Instant() {
			continue
		}
		if (last == math.MinInt64 || int64(at-last) > x.Gap.Microseconds()) && h.lies(at, x.Window) {
			n++
		}
		last = at
	}
	return profile.Number(float64(n)), true
}

// holds evaluates a condition.
func (h *history) holds(e syntax.Expr) bool {
	held, parts := 0, syntax.Parts(e)
	for _, x := range parts {
		if h.holds(x) {
			held++
		}
	}
	switch e := e.(type) {
	case *syntax.And:
		return held == len(parts)
	case *syntax.Or:
		return held > 0
	case *syntax.Not:
		return held == 0
	case *syntax.Xor:
		return held%2 == 1
	case *syntax.Happened:
		return h.matches(e.X) > 0
	case *syntax.Exists:
		_, ok := h.value(e.X)
		return ok != e.Missing
	case *syntax.Compare:
		l, lok := h.value(e.L)
		r, rok := h.value(e.R)
		c := l.Compare(r)
		return lok && rok && l.Kind() == r.Kind() &&
			[...]bool{syntax.Eq: c == 0, syntax.Ne: c != 0, syntax.Lt: c < 0, syntax.Le: c <= 0, syntax.Gt: c > 0, syntax.Ge: c >= 0}[e.Op]
	}
	panic("no such condition in these tests")
}

// matches counts the matches of a sequence: all of them are listed.
func (h *history) matches(x *syntax.Sequence) int {
	window := x.Window
	if window.Kind == syntax.Lifetime {
		window = syntax.Window{Kind: syntax.Last, N: 30, Unit: syntax.Day}
	}
	groups := map[string][]*profile.Event{}
	for _, e := range h.chosen(syntax.Filter{Event: syntax.AnyEvent}) {
		link := ""
		if x.Same != "" {
			v := e.Properties[x.Same]
			if v.IsNull() || many(v) {
				continue
			}
			link = v.Kind().String() + v.String()
		}
		if at := e.Stamp().At; at <= h.now && h.lies(at, window) {
			groups[link] = append(groups[link], e)
		}
	}
	n := 0
	for _, events := range groups {
		var all [][]int
		h.list(x, events, nil, &all)
		n += tally(x, all)
	}
	return n
}

func many(v profile.Value) bool {
	return v.Kind() == profile.KindList || v.Kind() == profile.KindSet
}

// list appends every way to go on with a match.
func (h *history) list(x *syntax.Sequence, events []*profile.Event, steps []int, all *[][]int) {
	at := func(i int) int64 { return int64(events[i].Stamp().At) }
	if len(steps) == len(x.Steps) {
		first, last := steps[0], steps[len(steps)-1]
		if total := x.Within.Microseconds(); total > 0 && at(last)-at(first) > total {
			return
		}
		if len(x.Without) > 0 {
			end := at(first) + x.Within.Microseconds()
			if end > int64(h.now) {
				return
			}
			for i := last + 1; i < len(events); i++ {
				if at(i) <= end && h.is(events[i], x.Without) {
					return
				}
			}
		}
		*all = append(*all, slices.Clone(steps))
		return
	}
	step := &x.Steps[len(steps)]
	from := 0
	if len(steps) > 0 {
		from = steps[len(steps)-1] + 1
	}
	for i := from; i < len(events); i++ {
		if !h.is(events[i], []syntax.Filter{step.Filter}) {
			continue
		}
		if len(steps) > 0 {
			before := steps[len(steps)-1]
			if within := step.Within.Microseconds(); within > 0 && at(i)-at(before) > within {
				continue
			}
			if slices.ContainsFunc(events[before+1:i], func(e *profile.Event) bool { return h.is(e, step.Without) }) {
				continue
			}
		}
		h.list(x, events, append(steps, i), all)
	}
}

// is reports whether one of the filters selects an event.
func (h *history) is(e *profile.Event, filters []syntax.Filter) bool {
	one := history{scope: h.scope, events: []profile.Event{*e}}
	return slices.ContainsFunc(filters, func(f syntax.Filter) bool { return len(one.chosen(f)) > 0 })
}

// tally counts matches as the language says.
func tally(x *syntax.Sequence, all [][]int) int {
	if x.Overlap {
		begins := map[int]bool{}
		for _, m := range all {
			begins[m[0]] = true
		}
		return len(begins)
	}
	n, taken := 0, -1
	for {
		var best []int
		for _, m := range all {
			if m[0] <= taken {
				continue
			}
			if best == nil || m[len(m)-1] < best[len(best)-1] || m[len(m)-1] == best[len(best)-1] && m[0] > best[0] {
				best = m
			}
		}
		if best == nil {
			return n
		}
		n, taken = n+1, best[len(best)-1]
	}
}
