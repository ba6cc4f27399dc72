package profile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/internal/grid"
	"github.com/portraitdb/portrait/internal/pack"
)

// appendSeries appends the series as nil, where there are none, or as bin.
func (s *State) appendSeries(dst []byte) []byte {
	if len(s.series) == 0 {
		return pack.AppendNil(dst)
	}
	// Written behind where it goes, for the length that stands before it.
	const header = 5
	size := header + binary.MaxVarintLen32
	for i := range s.series {
		size += 1 + 2*binary.MaxVarintLen32 + binary.MaxVarintLen64 + len(s.series[i].body)
	}
	dst = slices.Grow(dst, size)
	b := binary.AppendUvarint(dst[len(dst)+header:len(dst)+header], uint64(len(s.series)))
	last := uint32(0)
	for i := range s.series {
		one := &s.series[i]
		b = binary.AppendUvarint(b, uint64(one.id-last))
		last = one.id
		b = append(b, byte(one.form)|byte(one.grain)<<4)
		if one.hasParam() {
			b = binary.AppendUvarint(b, one.param)
		}
		b = append(binary.AppendUvarint(b, uint64(len(one.body))), one.body...)
	}
	return pack.AppendBin(dst, b)
}

// hasParam reports whether series of the kind differ by more than form and grain.
func (k kind) hasParam() bool {
	return k.form == Recent || k.form == Oldest || k.form == Spans || k.form == Stays
}

// possible reports whether there are series of the kind.
func (k kind) possible() bool {
	switch k.form {
	case Spans:
		return k.grain == WholeLife
	case Stays, FirstDay:
		return k.grain == ByDay
	}
	return k.form <= Trace && k.grain <= ByHalfLife
}

// inRange reports whether the param is one that series of the kind may have.
func (k kind) inRange() bool {
	switch k.form {
	case Recent, Oldest:
		return k.param >= 1 && k.param <= maxElements
	case Spans:
		return k.param < 1<<63
	case Stays:
		return k.param >= 1 && k.param <= uint64(grid.MaxLevel)
	}
	return true
}

// series reads what appendSeries wrote. The bodies share one copy of it.
func (r *reader) series() []series {
	if r.Next() == pack.TypeNil {
		r.Nil()
		return nil
	}
	in := scan{s: string(r.Bin())}
	n := in.count()
	if n > uint64(len(in.s)) {
		in.fail()
	}
	if r.Err() != nil || in.bad {
		r.Fail(errors.New("series: cut short"))
		return nil
	}
	all := make([]series, 0, min(n, uint64(len(in.s)/4)))
	for range n {
		var one series
		if err := in.series(&one, all); err != nil {
			r.Fail(fmt.Errorf("series: %w", err))
			return nil
		}
		all = append(all, one)
	}
	if !in.done() {
		r.Fail(errors.New("series: bytes too many"))
	}
	return all
}

// series reads one series, which follows others.
func (r *scan) series(s *series, before []series) error {
	id := r.uint()
	if len(before) > 0 {
		id += uint64(before[len(before)-1].id)
	}
	s.id = uint32(id)
	if uint64(s.id) != id || r.i == len(r.s) {
		return errors.New("cut short")
	}
	s.form, s.grain = Form(r.s[r.i]&15), Grain(r.s[r.i]>>4)
	r.i++
	if s.hasParam() {
		s.param = r.uint()
	}
	s.body = r.text(r.uint())
	switch {
	case r.bad:
		return errors.New("cut short")
	case len(before) > 0 && before[len(before)-1].compare(s) >= 0:
		return errors.New("entries are not ascending")
	case !s.possible():
		return fmt.Errorf("fold %d: unknown form %d by %d", s.id, s.form, s.grain)
	case !s.inRange():
		return fmt.Errorf("fold %d: %d out of range", s.id, s.param)
	case !s.check():
		return fmt.Errorf("fold %d: not a body of form %d", s.id, s.form)
	}
	return nil
}

// check reports whether the body is one that joining writes, and notes the oldest
// bucket.
func (s *series) check() bool {
	if s.form == Spans {
		w := spans{scan: scan{s: s.body}, gap: s.param}
		n := 0
		for ; w.next(); n++ {
			s.oldest = int64(w.span.First)
		}
		return !w.bad && n > 0
	}
	c, n := s.cells(), 0
	for ; c.next(); n++ {
		c.check()
		if s.grain == WholeLife && c.bucket != 0 {
			c.fail()
		}
		s.oldest = c.bucket
	}
	return !c.bad && (n == 1 || n > 0 && s.form != FirstDay)
}

// check takes what a bucket holds, as skip does, and makes the cells bad where it is
// not what joining writes.
func (c *cells) check() {
	switch c.form {
	case Tally:
		c.count()
	case Times:
		c.times()
	case Numbers:
		c.numbers()
	case Ends:
		if c.i < len(c.s) && c.s[c.i] == 0 {
			c.i++
			c.uint()
			c.fixed()
			c.checkScalar()
			return
		}
		c.ends()
	case Keys, Sums, Scores:
		c.checkKeys()
	case Recent, Oldest:
		var few [16]SeenFold
		all := appendSeen(few[:0], c)
		if len(all) == 0 || len(all) > int(c.param) || !slices.IsSortedFunc(all, c.compareSeen) {
			c.fail()
			return
		}
		if n := len(all); len(c.firstSeen(all, n)) < n {
			c.fail() // A value twice.
		}
	case Stays:
		w := newStayer(c)
		for w.next() {
		}
	case FirstDay:
		c.opening()
	case Trace:
		var few [16]TraceFold
		if !slices.IsSortedFunc(appendTrace(few[:0], c), func(a, b TraceFold) int { return b.compare(a) }) {
			c.fail()
		}
	}
}

// checkKeys takes the keys of a bucket.
func (c *cells) checkKeys() {
	n := c.length()
	if n == 1 {
		c.checkScalar()
		switch c.form {
		case Keys:
			c.count()
		case Sums:
			c.sum()
		default:
			c.score()
		}
		return
	}
	var last Value
	for i := range n {
		v := c.keyed().value
		if i > 0 && last.Compare(v) >= 0 {
			c.fail()
		}
		last = v
	}
}
