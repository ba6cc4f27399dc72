package tags

import (
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// matcher finds the matches of a sequence in a trace.
type matcher struct {
	steps []pace
	// total is the longest time from the first step to the last, in microseconds; 0 is
	// no bound.
	total int64
	// after are the filters of what is forbidden behind the last step until total has
	// passed, as bits; 0 for none.
	after uint64
	// linked says that all events of a match share the trace's link.
	linked bool
}

// pace is one step: its filter as a bit, how long after the step before it comes at
// most, 0 for any time, and what is forbidden between them, as bits.
type pace struct {
	is     uint64
	within int64
	bars   uint64
}

// found is the match that ends first of those that one event begins.
type found struct {
	group       int // of events with one link
	first, last profile.Stamp
	done        profile.Instant // from when on it is one
	starts      int             // events under the first stamp
}

// find returns what the events begin, a found for each stamp that begins a match, in
// the order of group and first. Within a group neither last nor done goes back then.
// It costs the number of events times that of steps, which looks is in proportion to.
func (m *matcher) find(events []profile.TraceFold) (all []found, looks int) {
	f := finder{matcher: m}
	for i, group := range m.groups(events) {
		f.group(i, group)
	}
	return f.found, f.looks
}

// moment is what happened under one stamp.
type moment struct {
	profile.Stamp
	selects uint64
	starts  int // events that the first step selects
}

// groups divides the events by their link, as far as it is asked for; those without
// one match nothing then.
func (m *matcher) groups(events []profile.TraceFold) [][]moment {
	if m.linked {
		events = slices.DeleteFunc(slices.Clone(events), func(e profile.TraceFold) bool { return e.Link.IsNull() })
		slices.SortStableFunc(events, func(a, b profile.TraceFold) int { return a.Link.Compare(b.Link) })
	}
	room := len(events)
	if m.linked {
		room = 0
	}
	var groups [][]moment
	for i := range events {
		e := &events[i]
		if i == 0 || m.linked && !e.Link.Equal(events[i-1].Link) {
			groups = append(groups, make([]moment, 0, room))
		}
		group := &groups[len(groups)-1]
		// Events under one stamp do not follow each other.
		if n := len(*group); n == 0 || (*group)[n-1].Stamp != e.Stamp {
			*group = append(*group, moment{Stamp: e.Stamp})
		}
		last := &(*group)[len(*group)-1]
		last.selects |= e.Selects
		if e.Selects&m.steps[0].is != 0 {
			last.starts++
		}
	}
	return groups
}

// path returns the events of a match of which the first and the last are known, a place
// for each step. Of the events that may be a step the latest is as good as any.
func (m *matcher) path(events []moment, first, last int) []int {
	k := len(m.steps)
	latest, bars := slices.Repeat([]int{-1}, k), slices.Repeat([]int{-1}, k)
	paths := make([]int, k*k) // by step, as far as that
	latest[0], paths[0] = first, first
	for i := first; i <= last; i++ {
		e := &events[i]
		for j := k - 1; j > 0; j-- {
			before, p := latest[j-1], &m.steps[j]
			if e.selects&p.is == 0 || before < 0 || before >= i || bars[j] > before || p.tooLate(&events[before], e) {
				continue
			}
			latest[j] = i
			copy(paths[j*k:], paths[(j-1)*k:(j-1)*k+j])
			paths[j*k+j] = i
		}
		for j := range bars {
			if e.selects&m.steps[j].bars != 0 {
				bars[j] = i
			}
		}
	}
	return paths[(k-1)*k:]
}

// tooLate reports whether an event is too long after another to be the step after it.
func (p *pace) tooLate(before, e *moment) bool {
	return p.within > 0 && int64(e.At)-int64(before.At) > p.within
}

// events returns the stamps of the events of a match.
func (m *matcher) events(trace []profile.TraceFold, f *found) []profile.Stamp {
	group := m.groups(trace)[f.group]
	place := func(s profile.Stamp) int {
		return slices.IndexFunc(group, func(e moment) bool { return e.Stamp == s })
	}
	path := m.path(group, place(f.first), place(f.last))
	stamps := make([]profile.Stamp, len(path))
	for j, i := range path {
		stamps[j] = group[i].Stamp
	}
	return stamps
}
