package profile

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// series is what a state keeps under one number. Its texts are immutable and shared
// between states.
type series struct {
	id uint32
	Series
}

// compare orders series by ID. Those of one ID are of one kind, but where a state was
// made under a Fold that it should not have been; they never meet.
func (s *series) compare(o *series) int {
	if s.id != o.id {
		return cmp.Compare(s.id, o.id)
	}
	if s.kind == o.kind {
		return 0
	}
	return cmp.Or(cmp.Compare(s.form, o.form), cmp.Compare(s.grain, o.grain), cmp.Compare(s.param, o.param))
}

// absorbSeries joins the series of another state.
func (s *State) absorbSeries(from []series) {
	scratch := make([]byte, 0, 512)
	at := 0
	for i := range from {
		// Those of one event are mostly neighbours.
		for step := 0; at < len(s.series) && s.series[at].id < from[i].id; step++ {
			if step == 8 {
				n, _ := slices.BinarySearchFunc(s.series[at:], from[i].id, func(o series, id uint32) int { return cmp.Compare(o.id, id) })
				at += n
				break
			}
			at++
		}
		if at == len(s.series) || s.series[at].compare(&from[i]) != 0 {
			s.series = absorb(s.series, from[i:], (*series).compare, func(a, b *series) { scratch = a.join(b, scratch) }, nil)
			return
		}
		scratch = s.series[at].join(&from[i], scratch)
	}
}

// join folds o into s, both of one kind. It writes to scratch and returns that, for
// the next.
func (s *series) join(o *series, scratch []byte) []byte {
	switch s.form {
	case Spans:
		scratch = s.joinSpans(scratch[:0], o)
	case FirstDay:
		scratch = s.joinFirstDay(scratch[:0], o)
	default:
		scratch = s.kind.join(slices.Grow(scratch[:0], len(s.body)+len(o.body)+16), s.body, o.body)
		s.oldest = min(s.oldest, o.oldest)
	}
	if string(scratch) != s.body {
		s.body = string(scratch)
	}
	return scratch
}

// join appends what two bodies fold into. Whatever lies behind the last bucket that
// only one of them has is copied as it is.
func (k kind) join(dst []byte, one, two string) []byte {
	a, b := cells{scan: scan{s: one}, kind: k}, cells{scan: scan{s: two}, kind: k}
	out := writer{dst: dst}
	inA, inB := a.next(), b.next()
	for inA && inB {
		switch {
		case a.bucket > b.bucket:
			inA = out.copy(&a, b.bucket)
		case a.bucket < b.bucket:
			inB = out.copy(&b, a.bucket)
		default:
			out.bucket(a.bucket)
			out.dst = joinCell(out.dst, &a, &b)
			inA, inB = a.next(), b.next()
		}
	}
	if inA {
		out.rest(&a)
	}
	if inB {
		out.rest(&b)
	}
	return out.dst
}

// writer writes buckets, the latest first.
type writer struct {
	dst   []byte
	last  int64
	begun bool
}

// bucket begins a bucket.
func (w *writer) bucket(b int64) {
	if w.begun {
		w.dst = binary.AppendUvarint(w.dst, uint64(w.last-b)-1)
	} else {
		w.dst = appendZigzag(w.dst, b)
	}
	w.begun, w.last = true, b
}

// copy writes the bucket that the cells are at and those that follow it, down to another
// bucket, and reports whether there are more.
func (w *writer) copy(c *cells, downTo int64) (more bool) {
	w.bucket(c.bucket)
	begin, end := c.i, 0
	for more = true; more && c.bucket > downTo; more = c.next() {
		w.last = c.bucket
		c.skip()
		end = c.i
	}
	w.dst = append(w.dst, c.s[begin:end]...)
	return more
}

// rest writes the bucket that the cells are at and all that follow it.
func (w *writer) rest(c *cells) {
	w.bucket(c.bucket)
	w.dst = append(w.dst, c.s[c.i:]...)
}

// joinCell appends what a bucket of both folds into, and takes it from both.
func joinCell(dst []byte, a, b *cells) []byte {
	k := a.kind
	switch k.form {
	case Tally:
		return binary.AppendUvarint(dst, addCount(a.tally(), b.tally()))
	case Times:
		f, l := a.times()
		g, m := b.times()
		return k.appendTimes(dst, a.bucket, min(f, g), max(l, m))
	case Numbers:
		n := a.numbers()
		n.join(b.numbers())
		return appendNumbers(dst, n)
	case Ends:
		e := a.ends()
		e.join(b.ends())
		return k.appendEnds(dst, a.bucket, e)
	case Keys, Sums, Scores:
		return joinKeyed(dst, a, b)
	case Recent, Oldest:
		return joinSeen(dst, a, b)
	case Trace:
		return joinTrace(dst, a, b)
	case Stays:
		return joinStays(dst, a, b)
	case FirstDay:
		o := a.opening()
		o.join(b.opening())
		return appendOpening(dst, o)
	}
	return dst // Presence
}

// joinSeen keeps the first K values in the order of the form, each once.
func joinSeen(dst []byte, a, b *cells) []byte {
	var few [32]SeenFold
	all := appendSeen(appendSeen(few[:0], a), b)
	return a.appendSeen(dst, a.bucket, a.firstSeen(all, int(a.param)))
}

// firstSeen returns, of each value the first in the order of the form, the first n of
// those, in its order. It changes all.
func (k kind) firstSeen(all []SeenFold, n int) []SeenFold {
	slices.SortFunc(all, func(a, b SeenFold) int {
		if c := a.Value.Compare(b.Value); c != 0 {
			return c
		}
		return k.compareSeen(a, b)
	})
	all = slices.CompactFunc(all, func(a, b SeenFold) bool { return a.Value.Equal(b.Value) })
	slices.SortFunc(all, k.compareSeen)
	return all[:max(min(n, len(all)), 0)]
}
