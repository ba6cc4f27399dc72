package tags

import (
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/internal/grid"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// dwell is the point where most hours were spent.
type dwell struct {
	id      uint32
	level   grid.Level
	minDays int
	except  []operand
	window  window
}

// evidence says how sure that point is.
type evidence struct {
	fn syntax.CallFn
	of *dwell
}

// dwelling is what dwell finds at an instant.
type dwelling struct {
	haunt
	seen  int // on how many days the person was seen at all
	found bool
	until profile.Instant // before which nothing of this changes
}

// search looks for dwellings at instants that go on, in what it gathers once.
type search struct {
	of     *dwell
	series profile.Series
	where  whereabouts
	lost   bool // a day gave up what it held
	// until is when one of the points that are left out changes.
	until profile.Instant
}

func (o *dwell) search(st *profile.State, now profile.Instant) search {
	s := search{of: o, series: st.Series(o.id), until: profile.Never}
	var out []uint64
	for _, x := range o.except {
		r := x.read(st, now)
		s.until = min(s.until, r.change(now))
		if !r.ok || r.value.Kind() != profile.KindPoint {
			continue
		}
		if cell, ok := o.level.Cell(r.value.Point()); ok {
			out = o.level.Around(append(out, cell), cell)
		}
	}
	from, _ := o.window.at(now)
	stays, ok := s.series.Stays(from, lastBucket, nil)
	s.lost = !ok
	if len(out) > 0 {
		stays = slices.DeleteFunc(stays, func(s profile.StayFold) bool { return slices.Contains(out, s.Cell) })
	}
	s.where = newWhereabouts(stays, o.level)
	return s
}

// at looks for the dwelling at an instant.
func (s *search) at(now profile.Instant) dwelling {
	w := &s.of.window
	from, to := w.at(now)
	if s.lost {
		d := dwelling{until: min(s.until, w.change(s.series, from, to))}
		if s.series.Overflowed(from, to) {
			return d
		}
		s.find(&d, from, to)
		return d
	}
	d := dwelling{until: s.until}
	first, end := s.find(&d, from, to)
	if days := s.where.days; first < end {
		d.until = min(d.until, w.leaves(days[first]))
	}
	if days := s.where.days; end < len(days) {
		d.until = min(d.until, w.enters(days[end]))
	}
	return d
}

// find fills in what is found in the days from one to another, and returns which of
// those with a stay they are.
func (s *search) find(d *dwelling, from, to int64) (first, end int) {
	first, end = s.where.between(from, to)
	d.seen = end - first
	d.haunt, d.found = s.where.best(first, end, s.of.minDays)
	return first, end
}

// sight makes a reading of a dwelling.
type sight func(s *search, d *dwelling) reading

func middle(s *search, d *dwelling) reading {
	if !d.found {
		return missing(d.until)
	}
	cells, hours := s.where.cells(&d.haunt)
	return reading{value: profile.Point(s.of.level.Middle(cells, hours)), ok: true, until: d.until}
}

func (o *evidence) sight(_ *search, d *dwelling) reading {
	if !d.found {
		return missing(d.until)
	}
	n := float64(d.days)
	switch o.fn {
	case syntax.DaysSeen:
		n = float64(d.seen)
	case syntax.Confidence:
		n /= float64(d.seen)
	}
	return reading{value: profile.Number(n), ok: true, until: d.until}
}

func (o *dwell) once(st *profile.State, now profile.Instant, of sight) reading {
	s := o.search(st, now)
	d := s.at(now)
	return of(&s, &d)
}

func (o *dwell) read(st *profile.State, now profile.Instant) reading { return o.once(st, now, middle) }

func (o *evidence) read(st *profile.State, now profile.Instant) reading {
	return o.of.once(st, now, o.sight)
}

// grounds implements grounded.
func (o *dwell) grounds(st *profile.State, now profile.Instant) string {
	s := o.search(st, now)
	d := s.at(now)
	if !d.found {
		return fmt.Sprintf("nowhere on %d of %d days", o.minDays, d.seen)
	}
	return fmt.Sprintf("there on %d of %d days", d.days, d.seen)
}

func (o *evidence) grounds(st *profile.State, now profile.Instant) string {
	return o.of.grounds(st, now)
}

// Both implement tester and lasting: to look again in what was gathered costs far less
// than to gather it again.

func (o *dwell) test(p predicate, st *profile.State, now profile.Instant) answer {
	return o.pursue(st, now, middle, p)
}

func (o *evidence) test(p predicate, st *profile.State, now profile.Instant) answer {
	return o.of.pursue(st, now, o.sight, p)
}

func (o *dwell) pursue(st *profile.State, now profile.Instant, of sight, p predicate) answer {
	s := o.search(st, now)
	d := s.at(now)
	holds := func() bool {
		r := of(&s, &d)
		return p.holds(r.value, r.ok)
	}
	a := answer{ok: holds(), exact: true, guess: true}
	for range maxTurns {
		if a.until = d.until; a.until == s.until { // Never, or there is more to look at.
			a.exact, a.guess = a.until == profile.Never, false
			return a
		}
		if d = s.at(a.until); holds() != a.ok {
			a.guess = false
			return a
		}
	}
	return a
}

func (o *dwell) lasts(st *profile.State, now profile.Instant) (r reading, until profile.Instant) {
	return o.steady(st, now, middle)
}

func (o *evidence) lasts(st *profile.State, now profile.Instant) (r reading, until profile.Instant) {
	return o.of.steady(st, now, o.sight)
}

// steadyTurns is how often a value is looked at again for how long it lasts: a point may
// stay where it is through all the days of its window.
const steadyTurns = 16

func (o *dwell) steady(st *profile.State, now profile.Instant, of sight) (r reading, until profile.Instant) {
	s := o.search(st, now)
	d := s.at(now)
	r = of(&s, &d)
	until = d.until
	for range steadyTurns {
		if until >= s.until {
			break
		}
		if d = s.at(until); !r.same(new(of(&s, &d))) {
			break
		}
		until = d.until
	}
	return r, until
}
