package tags

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/portraitdb/portrait/internal/grid"
	"github.com/portraitdb/portrait/profile"
)

// lastBucket is behind all days.
const lastBucket = math.MaxInt64

// whereabouts are stays by cell.
type whereabouts struct {
	days  []int64 // on which the person was seen, ascending
	spots []spot  // by cell
	at    []onDay // of one spot after the other, by day
	near  []int32 // of one spot after the other: it and those around it, ascending
	slots []uint32
}

// spot is a cell in which the person was seen.
type spot struct {
	cell       uint64
	begin, end int32 // its part of at
	near, last int32 // its part of near
	hours      int32 // in the days that are looked at: see best
}

// onDay is in which hours of a day, which is one of the days by its place.
type onDay struct {
	day   int32
	hours uint32
}

// newWhereabouts gathers stays that come by day, the latest first.
func newWhereabouts(stays []profile.StayFold, level grid.Level) whereabouts {
	if len(stays) == 0 {
		return whereabouts{}
	}
	cells := make([]uint64, len(stays))
	days := 0
	for i := range stays {
		cells[i] = stays[i].Cell
		if i == 0 || stays[i].Day != stays[i-1].Day {
			days++
		}
	}
	slices.Sort(cells)
	cells = slices.Compact(cells)
	w := whereabouts{days: make([]int64, days), spots: make([]spot, len(cells)), at: make([]onDay, len(stays)), slots: make([]uint32, days)}
	of := make([]int32, len(stays))
	for i := range stays {
		n, _ := slices.BinarySearch(cells, stays[i].Cell)
		of[i] = int32(n)
		w.spots[n].end++
	}
	begin := int32(0)
	for i := range w.spots {
		s := &w.spots[i]
		s.cell, s.begin, s.end, begin = cells[i], begin, begin, begin+s.end
	}
	for i := len(stays) - 1; i >= 0; i-- {
		if i == len(stays)-1 || stays[i].Day != stays[i+1].Day {
			w.days[len(w.days)-days] = stays[i].Day
			days--
		}
		s := &w.spots[of[i]]
		w.at[s.end] = onDay{day: int32(len(w.days) - days - 1), hours: stays[i].Hours}
		s.end++
	}
	w.neighbours(cells, level)
	return w
}

// neighbours notes which of the cells are around which.
func (w *whereabouts) neighbours(cells []uint64, level grid.Level) {
	w.near = make([]int32, 0, 4*len(cells))
	var room [9]uint64
	for i := range w.spots {
		s := &w.spots[i]
		s.near = int32(len(w.near))
		around := level.Around(append(room[:0], s.cell), s.cell)
		slices.Sort(around)
		from := 0
		for _, cell := range around {
			n, found := slices.BinarySearch(cells[from:], cell)
			if from += n; found {
				w.near = append(w.near, int32(from))
			}
		}
		s.last = int32(len(w.near))
	}
}

// between returns which of the days lie between two: from the first on, before the end.
func (w *whereabouts) between(from, to int64) (first, end int) {
	first, _ = slices.BinarySearch(w.days, from)
	end, found := slices.BinarySearch(w.days, to)
	if found {
		end++
	}
	return first, max(first, end)
}

// haunt is a cell with those around it.
type haunt struct {
	spot  int // of the cell
	hours int // different ones, in all of it
	own   int // in the cell
	days  int // different ones
}

// compare orders haunts; of the better one it is positive: more hours, more of them in
// the cell itself, more days, the lesser cell.
func (h *haunt) compare(o *haunt) int {
	return cmp.Or(cmp.Compare(h.hours, o.hours), cmp.Compare(h.own, o.own), cmp.Compare(h.days, o.days), cmp.Compare(o.spot, h.spot))
}

// best returns the best haunt of so many days, in some of the days; ok is false where
// there is none. It notes in spots how many hours they have in these.
func (w *whereabouts) best(first, end, minDays int) (best haunt, ok bool) {
	for i := range w.spots {
		s := &w.spots[i]
		s.hours = 0
		for _, at := range w.at[s.begin:s.end] {
			if int(at.day) >= first && int(at.day) < end {
				s.hours += int32(bits.OnesCount32(at.hours))
			}
		}
	}
	for i := range w.spots {
		s := &w.spots[i]
		if s.hours == 0 {
			continue
		}
		most := 0
		for _, n := range w.near[s.near:s.last] {
			most += int(w.spots[n].hours)
		}
		if ok && most < best.hours {
			continue
		}
		h := haunt{spot: i, own: int(s.hours)}
		h.hours, h.days = w.count(w.near[s.near:s.last], first, end)
		if h.days >= minDays && (!ok || h.compare(&best) > 0) {
			best, ok = h, true
		}
	}
	return best, ok
}

// count returns in how many hours, and on how many of some days, the person was in one
// of some spots.
func (w *whereabouts) count(spots []int32, first, end int) (hours, days int) {
	for _, n := range spots {
		for _, at := range w.at[w.spots[n].begin:w.spots[n].end] {
			w.slots[at.day] |= at.hours
		}
	}
	for _, n := range spots {
		for _, at := range w.at[w.spots[n].begin:w.spots[n].end] {
			n := bits.OnesCount32(w.slots[at.day])
			w.slots[at.day] = 0
			if n > 0 && int(at.day) >= first && int(at.day) < end {
				hours, days = hours+n, days+1
			}
		}
	}
	return hours, days
}

// cells returns the cells of a haunt that best has just found, and in how many hours the
// person was in each.
func (w *whereabouts) cells(h *haunt) (cells []uint64, hours []int) {
	s := &w.spots[h.spot]
	for _, n := range w.near[s.near:s.last] {
		if near := &w.spots[n]; near.hours > 0 {
			cells, hours = append(cells, near.cell), append(hours, int(near.hours))
		}
	}
	return cells, hours
}
