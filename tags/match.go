package tags

import (
	"cmp"
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
// the order of group, last, and then the latest first. It costs the number of events
// times that of steps; where something is forbidden behind the last step, times the
// events within total too.
func (m *matcher) find(events []profile.TraceFold) []found {
	var all []found
	for i, group := range m.groups(events) {
		if m.after != 0 {
			all = m.watched(all, i, group)
		} else {
			all = m.plain(all, i, group)
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.group, b.group), a.last.Compare(b.last), b.first.Compare(a.first))
	})
	return all
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

// plain finds matches behind whose last step nothing is forbidden, from the last
// event to the first. Of the events that may be a step the nearest is always as good
// as any: both bounds on a gap only ever rule out those farther away, and it ends no
// later.
func (m *matcher) plain(all []found, group int, events []moment) []found {
	k := len(m.steps)
	var buf [20]rest
	rests := append(buf[:0], make([]rest, k)...) // by step
	for j := range rests {
		rests[j] = rest{at: -1, bar: len(events)}
	}
	for i := len(events) - 1; i >= 0; i-- {
		e := &events[i]
		for j := range m.steps {
			switch {
			case e.selects&m.steps[j].is == 0:
			case j == k-1:
				rests[j].at, rests[j].end = i, i
			case m.follows(&rests[j+1], &m.steps[j+1], events, i):
				rests[j].at, rests[j].end = i, rests[j+1].end
			}
		}
		if begins := &rests[0]; begins.at == i {
			last := events[begins.end].Stamp
			if m.total == 0 || int64(last.At)-int64(e.At) <= m.total {
				all = append(all, found{group: group, first: e.Stamp, last: last, done: last.At, starts: e.starts})
			}
		}
		for j := range m.steps {
			if e.selects&m.steps[j].bars != 0 {
				rests[j].bar = i
			}
		}
	}
	return all
}

// rest is the rest of a match from one step on: the nearest event that may be the
// step, where that ends at the earliest, and the nearest event that is forbidden
// before the step.
type rest struct{ at, end, bar int }

// follows reports whether a step follows on an event.
func (m *matcher) follows(next *rest, p *pace, events []moment, i int) bool {
	return next.at > i && next.at <= next.bar &&
		(p.within == 0 || int64(events[next.at].At)-int64(events[i].At) <= p.within)
}

// watched finds matches behind whose last step something is forbidden.
func (m *matcher) watched(all []found, group int, events []moment) []found {
	barred := make([]int, len(events)) // by event: the next that is forbidden behind it
	next := len(events)
	for i := len(events) - 1; i >= 0; i-- {
		barred[i] = next
		if events[i].selects&m.after != 0 {
			next = i
		}
	}
	for i := range events {
		e := &events[i]
		if e.starts == 0 {
			continue
		}
		done := add(e.At, profile.Instant(m.total))
		free := func(end int) bool { return barred[end] == len(events) || events[barred[end]].At > done }
		if path := m.run(events, i, free, nil); path >= 0 {
			all = append(all, found{group: group, first: e.Stamp, last: events[path].Stamp, done: done, starts: e.starts})
		}
	}
	return all
}

// run goes through the steps from the event that is the first and returns the first
// event that may be the last step and is accepted; -1 for none. Of the events that may
// be a step the latest is as good as any. path, unless nil, is set to the events of
// the match, a place for each step.
func (m *matcher) run(events []moment, first int, accept func(end int) bool, path []int) int {
	k := len(m.steps)
	latest, bars := make([]int, k), make([]int, k)
	paths := make([]int, 0)
	if path != nil {
		paths = make([]int, k*k)
		paths[0] = first
	}
	for j := range latest {
		latest[j], bars[j] = -1, -1
	}
	latest[0] = first
	for i := first; i < len(events); i++ {
		e := &events[i]
		if m.total > 0 && int64(e.At)-int64(events[first].At) > m.total {
			return -1
		}
		for j := k - 1; j > 0; j-- {
			before, p := latest[j-1], &m.steps[j]
			if e.selects&p.is == 0 || before < 0 || before >= i || bars[j] > before ||
				p.within > 0 && int64(e.At)-int64(events[before].At) > p.within {
				continue
			}
			latest[j] = i
			if path != nil {
				copy(paths[j*k:], paths[(j-1)*k:(j-1)*k+j])
				paths[j*k+j] = i
			}
		}
		if latest[k-1] == i && accept(i) {
			copy(path, paths[max(len(paths)-k, 0):])
			return i
		}
		for j := range bars {
			if e.selects&m.steps[j].bars != 0 {
				bars[j] = i
			}
		}
	}
	return -1
}

// events returns the stamps of the events of a match.
func (m *matcher) events(trace []profile.TraceFold, f *found) []profile.Stamp {
	group := m.groups(trace)[f.group]
	first := slices.IndexFunc(group, func(e moment) bool { return e.Stamp == f.first })
	path := make([]int, len(m.steps))
	m.run(group, first, func(end int) bool { return group[end].Stamp == f.last }, path)
	stamps := make([]profile.Stamp, len(path))
	for j, i := range path {
		stamps[j] = group[i].Stamp
	}
	return stamps
}
