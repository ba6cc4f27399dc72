package profile

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/internal/grid"
)

// Hours are hours of some days of the week, by the clock of a zone.
type Hours struct {
	// Days has bit i set for the i-th [time.Weekday].
	Days uint8
	// From is the first hour, from 0 to 23, and To the one at which they are over, from 1
	// to 24. Where To is not after From they go on past midnight: what is then before To
	// counts to the day on which they began.
	From, To int
}

// holds returns whether an hour of a civil day is among them, and of the day to which
// it counts.
func (h Hours) holds(day int64, hour int) (of int64, ok bool) {
	on := func(day int64) bool {
		const thursday = 4 // 1970-01-01
		return h.Days>>(((day+thursday)%7+7)%7)&1 == 1
	}
	over := h.To <= h.From
	switch {
	case hour >= h.From && (over || hour < h.To) && on(day):
		return day, true
	case over && hour < h.To && on(day-1):
		return day - 1, true
	}
	return 0, false
}

// stay returns the day and the hour that a sighting counts to: what the clock shows,
// whatever it showed before it was put back. Of several Hours that hold it the first
// counts.
func (f *Fold) stay(at Instant, days *dayCache) (day int64, hour int, ok bool) {
	day, hour = days.clock(at, f.Zone)
	if len(f.Hours) == 0 {
		return day, hour, true
	}
	for _, h := range f.Hours {
		if of, ok := h.holds(day, hour); ok {
			return of, hour, true
		}
	}
	return 0, 0, false
}

// Place returns the bucket that an event at an instant folds into; ok is false for one
// that the Hours of Stays leave out.
func (f *Fold) Place(at Instant) (bucket int64, ok bool) {
	if f.Form != Stays {
		return f.Bucket(at), true
	}
	bucket, _, ok = f.stay(at, &dayCache{})
	return bucket, ok
}

// clock returns the civil day and the hour that a zone's clock shows.
func (d *dayCache) clock(at Instant, zone *time.Location) (day int64, hour int) {
	us := int64(at)
	if d.zone != zone || us < d.from || us >= d.to {
		d.learn(us, zone)
	}
	offset := d.offset
	if zone != nil && (us < d.from || us >= d.to) {
		_, seconds := time.UnixMicro(us).In(zone).Zone()
		offset = int64(seconds) * 1_000_000
	}
	day = civil.FloorDiv(us+offset, microsPerDay)
	return day, int((us + offset - day*microsPerDay) / microsPerHour)
}

// StayFold is that a person was seen in a cell on a day.
type StayFold struct {
	Day  int64  // see Hours
	Cell uint64 // its number at the Level of the Fold
	// Hours has bit i set where the person was seen in the i-th hour of the clock.
	Hours uint32
}

// Stays appends where a person was seen, of Stays, by day, the latest first, then by
// cell. ok is false when one of the days had more than 1,000 cells and gave up: that one
// is left out. What it appends belongs to the caller.
func (s Series) Stays(from, to int64, dst []StayFold) (stays []StayFold, ok bool) {
	c := s.of(Stays)
	dst = slices.Grow(dst, len(c.s)/6)
	for ok = true; c.in(from, to); {
		n := len(dst)
		dst = appendStays(dst, &c)
		ok = ok && n < len(dst)
	}
	return dst, ok
}

// appendStays reads the cells of a bucket; none of one that gave up.
func appendStays(all []StayFold, c *cells) []StayFold {
	for w := newStayer(c); w.next(); {
		all = append(all, StayFold{Day: c.bucket, Cell: w.cell, Hours: w.hours})
	}
	return all
}

// stayer walks the cells of a bucket, ascending.
type stayer struct {
	cells *cells
	left  int
	begun bool
	cell  uint64
	hours uint32
}

func newStayer(c *cells) stayer { return stayer{cells: c, left: c.length()} }

func (w *stayer) next() bool {
	if w.left == 0 {
		return false
	}
	w.left--
	c := w.cells
	gap, most := c.uint(), grid.Level(c.param).Cells()
	from := uint64(0)
	if w.begun {
		from = w.cell + 1
	}
	if gap >= most-from {
		c.fail()
		return false
	}
	w.begun, w.cell = true, from+gap
	hours := c.count()
	w.hours = uint32(hours)
	if hours>>24 != 0 {
		c.fail()
	}
	return !c.bad
}

// skip takes what is left.
func (w *stayer) skip() {
	for ; w.left > 0; w.left-- {
		w.cells.uint()
		w.cells.uint()
	}
}

// stayWriter writes cells, ascending.
type stayWriter struct {
	dst   []byte
	begun bool
	last  uint64
}

func (w *stayWriter) add(cell uint64, hours uint32) {
	gap := cell
	if w.begun {
		gap -= w.last + 1
	}
	w.begun, w.last = true, cell
	w.dst = binary.AppendUvarint(binary.AppendUvarint(w.dst, gap), uint64(hours))
}

// joinStays unites the cells of both; 0 cells stand for too many.
func joinStays(dst []byte, a, b *cells) []byte {
	x, y := newStayer(a), newStayer(b)
	if x.left == 0 || y.left == 0 {
		x.skip()
		y.skip()
		return append(dst, 0)
	}
	// How many there are is known last: room for its two bytes.
	begin, total := len(dst), 0
	w := stayWriter{dst: append(dst, 0, 0)}
	inX, inY := x.next(), y.next()
	for ; inX || inY; total++ {
		switch {
		case !inY || inX && x.cell < y.cell:
			w.add(x.cell, x.hours)
			inX = x.next()
		case !inX || y.cell < x.cell:
			w.add(y.cell, y.hours)
			inY = y.next()
		default:
			w.add(x.cell, x.hours|y.hours)
			inX, inY = x.next(), y.next()
		}
	}
	return counted(w.dst, begin, total)
}

// stays appends the cells that the property's points are in.
func (l *lifter) stays(f *Fold) (ok bool) {
	var few [4]uint64
	in := few[:0]
	level := grid.Level(f.kind().param)
	for _, v := range l.values(f.Property) {
		if v.kind != KindPoint {
			continue
		}
		if cell, ok := level.Cell(v.Point()); ok {
			in = append(in, cell)
		}
	}
	if len(in) == 0 {
		return false
	}
	slices.Sort(in)
	in = slices.Compact(in)
	begin := len(l.dst)
	w := stayWriter{dst: append(l.dst, 0, 0)}
	for _, cell := range in {
		w.add(cell, 1<<l.hour)
	}
	l.dst = counted(w.dst, begin, len(in))
	return true
}
