package oracle

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// watched is one event as a sequence sees it.
type watched struct {
	at     profile.Stamp
	step   []bool // by step: it may be this one
	barred []bool // by step: it must not happen before this one, since the one before
	ends   bool   // it must not happen after the last step
}

// found is the first event of a match and the last.
type found struct{ first, last profile.Stamp }

// matches counts the matches of a sequence; ok is false where the events of a day
// were too many to keep.
func (w *world) matches(s *syntax.Sequence) (n int, ok bool) {
	window := s.Window
	if window.Kind == syntax.Lifetime {
		window = syntax.Window{Kind: syntax.Last, N: 30, Unit: syntax.Day}
	}
	series, kept := w.series(s, gathering{
		form: profile.Trace, grain: profile.ByDay, choices: w.choices(filtersOf(s)...), property: s.Same, since: math.MinInt64,
	})
	from, to := w.reach(window, profile.ByDay)
	if !kept || series.lost(from, to) {
		return 0, false
	}
	trace, _ := series.over(from, to)
	events := trace.Traced
	if w.person.Stored {
		events = renumbered(events, s, syntax.FoldOf(s, w.scope))
	}
	for _, events := range linked(events, s.Same != "") {
		events = slices.DeleteFunc(events, func(t Traced) bool { return t.At.At > w.now })
		n += countMatches(events, s, w.now)
	}
	return n, true
}

// filtersOf lists the filters of a sequence: the steps, then all that is
// forbidden, in the order of the text.
func filtersOf(s *syntax.Sequence) []syntax.Filter {
	var filters []syntax.Filter
	for _, step := range s.Steps {
		filters = append(filters, step.Filter)
	}
	for _, step := range s.Steps {
		filters = append(filters, step.Without...)
	}
	return append(filters, s.Without...)
}

// renumbered returns the events of a stored trace, in which equal filters are kept
// as one, with a bit for each filter of filtersOf.
func renumbered(events []Traced, s *syntax.Sequence, fold *syntax.Fold) (own []Traced) {
	for _, t := range events {
		stored := t.Selects
		t.Selects = 0
		for i, f := range filtersOf(s) {
			if bit := fold.Bit(f); bit >= 0 && stored>>bit&1 == 1 {
				t.Selects |= 1 << i
			}
		}
		own = append(own, t)
	}
	return own
}

// linked divides events by the value that they share; those without one match
// nothing.
func linked(events []Traced, same bool) map[string][]Traced {
	if !same {
		return map[string][]Traced{"": events}
	}
	by := map[string][]Traced{}
	for _, t := range events {
		if !t.Link.IsNull() {
			by[written(t.Link)] = append(by[written(t.Link)], t)
		}
	}
	return by
}

// countMatches counts the matches among events in their order. For every event that
// begins one it finds the match that ends first; where matches must not overlap
// it takes, of those that begin after the last one taken, the one that ends
// first, and of these the one that begins last.
func countMatches(events []Traced, s *syntax.Sequence, now profile.Instant) int {
	var all []found
	seen := watch(events, s)
	for i, e := range seen {
		if !e.step[0] {
			continue
		}
		if last, ok := finish(seen[i:], s, now); ok {
			all = append(all, found{e.at, last})
		}
	}
	if s.Overlap {
		return len(all)
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Or(a.last.Compare(b.last), b.first.Compare(a.first)) })
	n := 0
	var taken profile.Stamp
	for _, m := range all {
		if n == 0 || m.first.Compare(taken) > 0 {
			n++
			taken = m.last
		}
	}
	return n
}

// finish returns the earliest event that completes a match which begins with the
// first of these.
func finish(events []watched, s *syntax.Sequence, now profile.Instant) (last profile.Stamp, ok bool) {
	first := events[0].at
	latest := slices.Repeat([]int{-1}, len(s.Steps)) // by step, the latest event that may be it
	latest[0] = 0
	for i, e := range events {
		if s.Within > 0 && after(first, e.at) > s.Within {
			break
		}
		// An event cannot follow itself, so later steps look first.
		for step := len(s.Steps) - 1; step > 0; step-- {
			if before := latest[step-1]; before >= 0 && follows(events[before:i+1], s.Steps[step].Within, step) {
				latest[step] = i
			}
		}
		if latest[len(s.Steps)-1] == i && stays(events[i:], s, first, now) {
			return e.at, true
		}
	}
	return profile.Stamp{}, false
}

// follows reports whether the last of these events may be the step after the first:
// it is later, not by more than within, and nothing that is forbidden lies between.
// What is latest leaves the least between, so that no earlier one need be tried.
func follows(events []watched, within time.Duration, step int) bool {
	before, e := events[0], events[len(events)-1]
	if !e.step[step] || e.at.Compare(before.at) <= 0 || within > 0 && after(before.at, e.at) > within {
		return false
	}
	return !slices.ContainsFunc(events, func(x watched) bool {
		return x.barred[step] && x.at.Compare(before.at) > 0 && x.at.Compare(e.at) < 0
	})
}

// stays reports whether a match that began then and ends with the first of these
// events is complete: where events are forbidden behind it, the time for them has to
// be over.
func stays(events []watched, s *syntax.Sequence, first profile.Stamp, now profile.Instant) bool {
	if len(s.Without) == 0 {
		return true
	}
	over := first.At + profile.Instant(s.Within.Microseconds())
	return over <= now && !slices.ContainsFunc(events, func(x watched) bool {
		return x.ends && x.at.Compare(events[0].at) > 0 && x.at.At <= over
	})
}

// after returns how long one event is after another.
func after(a, b profile.Stamp) time.Duration { return b.At.Time().Sub(a.At.Time()) }

// watch tells for every event what it is to the sequence.
func watch(events []Traced, s *syntax.Sequence) []watched {
	var seen []watched
	for _, t := range events {
		bit := 0
		next := func() bool {
			bit++
			return t.Selects>>(bit-1)&1 == 1
		}
		e := watched{at: t.At}
		for range s.Steps {
			e.step = append(e.step, next())
		}
		for _, step := range s.Steps {
			barred := false
			for range step.Without {
				barred = next() || barred
			}
			e.barred = append(e.barred, barred)
		}
		for range s.Without {
			e.ends = next() || e.ends
		}
		seen = append(seen, e)
	}
	return seen
}
