package tags

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/portraitdb/portrait/internal/grid"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// dwell is the point where most hours were spent: in a cell and those around it. Of
// equals it is that of the cell with most hours of its own, then most days, then the
// least.
type dwell struct {
	id      uint32
	level   grid.Level
	minDays int
	except  []operand
	window  window
}

// dwelling is what dwell finds.
type dwelling struct {
	cells  []uint64 // with the hours spent in each
	hours  []int
	days   int // on which the person was there
	seen   int // on which the person was seen at all
	found  bool
	change profile.Instant
}

func (o *dwell) read(st *profile.State, now profile.Instant) reading {
	d := o.find(st, now)
	if !d.found {
		return missing(d.change)
	}
	lat, lon := o.level.Middle(d.cells, d.hours)
	return reading{value: profile.Point(lat, lon), ok: true, until: d.change}
}

// find looks for the dwelling at now.
func (o *dwell) find(st *profile.State, now profile.Instant) dwelling {
	s := st.Series(o.id)
	from, to := o.window.at(now)
	d := dwelling{change: o.window.change(s, from, to)}
	var out []uint64
	for _, x := range o.except {
		r := x.read(st, now)
		d.change = min(d.change, r.until)
		if !r.ok || r.value.Kind() != profile.KindPoint {
			continue
		}
		if cell, ok := o.level.Cell(r.value.Point()); ok {
			out = o.level.Around(append(out, cell), cell)
		}
	}
	stays, ok := s.Stays(from, to, nil)
	if !ok {
		return d
	}
	if len(out) > 0 {
		stays = slices.DeleteFunc(stays, func(s profile.StayFold) bool { return slices.Contains(out, s.Cell) })
	}
	w := newWhereabouts(stays)
	d.seen = w.days
	best, ok := w.best(o.level, o.minDays)
	if !ok {
		return d
	}
	d.found, d.days = true, best.days
	for _, i := range best.spots {
		d.cells, d.hours = append(d.cells, w.spots[i].cell), append(d.hours, w.spots[i].hours)
	}
	return d
}

// whereabouts are the stays of a window by cell.
type whereabouts struct {
	spots []spot // by cell
	at    []onDay
	days  int
	slots []uint32 // by day: scratch, zero
}

// spot is a cell in which the person was seen.
type spot struct {
	cell       uint64
	begin, end int // its part of at
	hours      int
}

// onDay is in which hours of a day.
type onDay struct {
	day   int // counted among those on which the person was seen
	hours uint32
}

// newWhereabouts gathers stays that come by day.
func newWhereabouts(stays []profile.StayFold) whereabouts {
	w := whereabouts{}
	for i := range stays {
		if i == 0 || stays[i].Day != stays[i-1].Day {
			w.days++
		}
	}
	day, last := -1, int64(0)
	for i := range stays {
		if s := &stays[i]; i == 0 || s.Day != last {
			day, last = day+1, s.Day
		}
		stays[i].Day = int64(day)
	}
	slices.SortFunc(stays, func(a, b profile.StayFold) int {
		return cmp.Or(cmp.Compare(a.Cell, b.Cell), cmp.Compare(a.Day, b.Day))
	})
	w.at = make([]onDay, len(stays))
	for i, s := range stays {
		if i == 0 || s.Cell != stays[i-1].Cell {
			w.spots = append(w.spots, spot{cell: s.Cell, begin: i})
		}
		w.at[i] = onDay{int(s.Day), s.Hours}
		one := &w.spots[len(w.spots)-1]
		one.end, one.hours = i+1, one.hours+bits.OnesCount32(s.Hours)
	}
	w.slots = make([]uint32, w.days)
	return w
}

// haunt is a cell and those around it.
type haunt struct {
	cell  uint64
	spots []int // ascending
	hours int   // distinct
	own   int
	days  int
}

// best returns the place of most hours; ok is false where none has so many days.
func (w *whereabouts) best(level grid.Level, minDays int) (best haunt, ok bool) {
	var around []uint64
	var spots, kept []int
	for i := range w.spots {
		at := &w.spots[i]
		around = level.Around(append(around[:0], at.cell), at.cell)
		slices.Sort(around)
		spots = spots[:0]
		most, from := 0, 0
		for _, cell := range around {
			n, found := slices.BinarySearchFunc(w.spots[from:], cell, func(s spot, c uint64) int { return cmp.Compare(s.cell, c) })
			if from += n; found {
				spots = append(spots, from)
				most += w.spots[from].hours
			}
		}
		if ok && most < best.hours {
			continue
		}
		p := haunt{cell: at.cell, own: at.hours}
		p.hours, p.days = w.count(spots)
		if p.days < minDays || ok && p.compare(&best) <= 0 {
			continue
		}
		kept = append(kept[:0], spots...)
		best, ok = p, true
	}
	best.spots = kept
	return best, ok
}

// compare orders places; of the better one it is positive. Cells are all different.
func (p *haunt) compare(q *haunt) int {
	return cmp.Or(cmp.Compare(p.hours, q.hours), cmp.Compare(p.own, q.own), cmp.Compare(p.days, q.days), cmp.Compare(q.cell, p.cell))
}

// count returns in how many hours, and on how many days, the person was in one of some
// spots.
func (w *whereabouts) count(spots []int) (hours, days int) {
	for _, i := range spots {
		for _, at := range w.at[w.spots[i].begin:w.spots[i].end] {
			w.slots[at.day] |= at.hours
		}
	}
	for _, i := range spots {
		for _, at := range w.at[w.spots[i].begin:w.spots[i].end] {
			if n := bits.OnesCount32(w.slots[at.day]); n > 0 {
				hours, days = hours+n, days+1
				w.slots[at.day] = 0
			}
		}
	}
	return hours, days
}

// evidence says how sure a dwelling is.
type evidence struct {
	fn syntax.CallFn
	of *dwell
}

func (o *evidence) read(st *profile.State, now profile.Instant) reading {
	d := o.of.find(st, now)
	if !d.found {
		return missing(d.change)
	}
	n := float64(d.days)
	switch o.fn {
	case syntax.DaysSeen:
		n = float64(d.seen)
	case syntax.Confidence:
		n /= float64(d.seen)
	}
	return reading{value: profile.Number(n), ok: true, until: d.change}
}
