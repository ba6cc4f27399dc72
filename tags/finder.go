package tags

import (
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// finder finds the matches of one group of events after another.
type finder struct {
	*matcher
	found []found
	rests []rest // by step
	// begins is, by event, the first event of those from which the steps lead to it as
	// the last one; -1 for none. others is scratch.
	begins, others []int
	// looks is how often an event was looked at.
	looks int
}

// rest is the rest of a match from one step on: the nearest event that may be the
// step, where that ends at the earliest, and the nearest event that is forbidden
// before the step.
type rest struct{ at, end, bar int }

// group finds the matches in a group, from the last event to the first. Of the events
// that may be a step the nearest is always as good as any: both bounds on a gap only
// ever rule out those farther away, and it ends no later.
func (f *finder) group(group int, events []moment) {
	k, from := len(f.steps), len(f.found)
	f.rests = f.rests[:0]
	for range k {
		f.rests = append(f.rests, rest{at: -1, bar: len(events)})
	}
	var ends endings
	if f.after != 0 {
		ends = f.endings(events)
	}
	for i := len(events) - 1; i >= 0; i-- {
		e := &events[i]
		f.looks++
		for j := range f.steps {
			switch {
			case e.selects&f.steps[j].is == 0:
			case j == k-1:
				f.rests[j].at, f.rests[j].end = i, i
			case f.follows(&f.rests[j+1], &f.steps[j+1], events, i):
				f.rests[j].at, f.rests[j].end = i, f.rests[j+1].end
			}
		}
		if f.rests[0].at == i {
			end := f.rests[0].end
			done := events[end].At
			if f.after != 0 {
				end, done = ends.behind(f, i, end)
			}
			if end >= 0 && (f.total == 0 || int64(events[end].At)-int64(e.At) <= f.total) {
				last := events[end].Stamp
				f.found = append(f.found, found{group: group, first: e.Stamp, last: last, done: done, starts: e.starts})
			}
		}
		for j := range f.steps {
			if e.selects&f.steps[j].bars != 0 {
				f.rests[j].bar = i
			}
		}
	}
	slices.Reverse(f.found[from:])
}

// follows reports whether a step follows on an event.
func (f *finder) follows(next *rest, p *pace, events []moment, i int) bool {
	return next.at > i && next.at <= next.bar && !p.tooLate(&events[i], &events[next.at])
}

// endings is where matches end behind whose last step something is forbidden, asked of
// one first event after another, from the last of a group to the first.
//
// Of two ways through the steps one may begin before the other and end behind it. Then
// one of its gaps lies around a gap of the other, and the two may be exchanged there:
// both first events lead to both last ones. So an event that leads anywhere at all leads
// to every last event that is not before the nearest one and that is led to from no
// later event alone; and the later an event, the later the end of what it begins.
type endings struct {
	events []moment
	barred int // the last forbidden event in the time of the match
	next   int // the nearest event, from some place on, that may be the last step
	from   int // that place
}

func (f *finder) endings(events []moment) endings {
	f.reach(events)
	return endings{events: events, barred: len(events) - 1, next: len(events), from: len(events)}
}

// behind returns the first event that ends a match which an event begins, so that
// nothing forbidden lies between that and the end of its time, which is done; -1 for
// none. nearest is where it ends if nothing is forbidden.
func (d *endings) behind(f *finder, first, nearest int) (end int, done profile.Instant) {
	done = add(d.events[first].At, profile.Instant(f.total))
	for d.barred >= 0 && (d.events[d.barred].At > done || d.events[d.barred].selects&f.after == 0) {
		d.barred--
		f.looks++
	}
	for d.from > max(nearest, d.barred) {
		d.from--
		f.looks++
		if f.begins[d.from] >= 0 {
			d.next = d.from
		}
	}
	if d.next == len(d.events) || f.begins[d.next] > first {
		return -1, done
	}
	return d.next, done
}

// reach sets begins. Of the events before a step the earliest that leads to it leads to
// it from the earliest first event.
func (f *finder) reach(events []moment) {
	f.begins = slices.Grow(f.begins[:0], len(events))[:len(events)]
	f.others = slices.Grow(f.others[:0], len(events))[:len(events)]
	for i := range events {
		f.looks++
		f.begins[i] = -1
		if events[i].starts > 0 {
			f.begins[i] = i
		}
	}
	for j := 1; j < len(f.steps); j++ {
		p := &f.steps[j]
		before, bar := 0, -1
		for i := range events {
			f.looks++
			for before < i && (f.begins[before] < 0 || before < bar || p.tooLate(&events[before], &events[i])) {
				before++
				f.looks++
			}
			f.others[i] = -1
			if before < i && events[i].selects&p.is != 0 {
				f.others[i] = f.begins[before]
			}
			if events[i].selects&p.bars != 0 {
				bar = i
			}
		}
		f.begins, f.others = f.others, f.begins
	}
}
