package profile

import (
	"iter"
	"slices"
)

// Series is what a State keeps of one Fold: buckets of time, each with what the
// events in it folded into. Buckets without events are not kept. The zero Series has
// none. A Series is immutable and safe for concurrent use, and stays as it was when
// its State absorbs more.
//
// Every reading is over the buckets from one to another, both included; math.MinInt64
// and math.MaxInt64 read all. Only the readings that are of the form of the Fold mean
// anything; others find nothing. What is kept in a bucket beyond the Fold's Keep, until
// Expire drops it, must not be read.
type Series struct {
	kind
	oldest int64  // the least bucket; of Spans, the beginning of the first
	body   string // the buckets, the latest first, as seriescodec.go writes them
}

// Series returns what is kept under the ID of a Fold; the zero Series where there is
// nothing. It costs a binary search and allocates nothing.
func (s *State) Series(id uint32) Series {
	i := find(len(s.series), func(i int) int { return int(s.series[i].id) - int(id) })
	if i < 0 {
		return Series{}
	}
	return s.series[i].Series
}

// Empty reports whether nothing is kept. It allocates nothing.
func (s Series) Empty() bool { return s.body == "" }

// First returns the least bucket; ok is false where there is none. It allocates
// nothing.
func (s Series) First() (bucket int64, ok bool) {
	return s.oldest, s.body != "" && s.form != Spans
}

// Last returns the greatest bucket; ok is false where there is none. It allocates
// nothing.
func (s Series) Last() (bucket int64, ok bool) {
	c := s.cells()
	ok = c.next()
	return c.bucket, ok
}

// Next returns the least bucket greater than one; ok is false where there is none. It
// allocates nothing.
func (s Series) Next(after int64) (bucket int64, ok bool) {
	c := s.cells()
	for c.next() && c.bucket > after {
		bucket, ok = c.bucket, true
		c.skip()
	}
	return bucket, ok
}

// Buckets yields the buckets, ascending. It may be ranged over again.
func (s Series) Buckets() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		var few [64]int64
		all := few[:0]
		for c := s.cells(); c.next(); c.skip() {
			all = append(all, c.bucket)
		}
		for _, b := range slices.Backward(all) {
			if !yield(b) {
				return
			}
		}
	}
}

// cells walks the buckets of a series, the latest first.
type cells struct {
	scan
	kind
	bucket int64
	begun  bool
}

func (s Series) cells() cells {
	if s.form == Spans {
		return cells{}
	}
	return cells{scan: scan{s: s.body}, kind: s.kind}
}

// next moves to the next bucket, of which skip or a reading of the form must then
// take what it holds.
func (c *cells) next() bool {
	if c.done() {
		return false
	}
	if !c.begun {
		c.begun, c.bucket = true, c.int()
		return !c.bad
	}
	gap := c.uint()
	// No bucket is before the least one.
	if gap >= uint64(c.bucket)^1<<63 {
		c.fail()
		return false
	}
	c.bucket -= int64(gap) + 1
	return !c.bad
}

// in moves to the next bucket that is not before from nor after to.
func (c *cells) in(from, to int64) bool {
	for c.next() {
		if c.bucket < from {
			return false
		}
		if c.bucket <= to {
			return true
		}
		c.skip()
	}
	return false
}

// of returns the walk over a series of a form, of which another has no cells.
func (s Series) of(form Form) cells {
	if s.form != form {
		return cells{}
	}
	return s.cells()
}
