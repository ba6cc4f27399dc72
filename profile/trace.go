package profile

import "encoding/binary"

// joinTrace merges the events of both, the latest first; 0 events stand for too many.
// What lies behind the last event that only one of them has is copied as it is, so that
// a new event costs little among many.
func joinTrace(dst []byte, a, b *cells) []byte {
	x, y := tracer{cells: a, left: a.length()}, tracer{cells: b, left: b.length()}
	n := x.left + y.left
	if x.left == 0 || y.left == 0 || n > maxElements {
		x.skip()
		y.skip()
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(n))
	w := traceWriter{dst: dst, kind: a.kind, bucket: a.bucket}
	x.next()
	y.next()
	for {
		from, other := &x, &y
		if x.event.compare(y.event) < 0 {
			from, other = other, from
		}
		w.event(from)
		if !from.next() {
			w.event(other)
			begin := other.cells.i
			other.skip()
			return append(w.dst, other.cells.s[begin:other.cells.i]...)
		}
	}
}

// tracer walks the events of a bucket, the latest first.
type tracer struct {
	cells      *cells
	left       int
	begun      bool
	event      TraceFold
	begin, end int // where the event lies, without its time
}

func (t *tracer) next() bool {
	if t.left == 0 {
		return false
	}
	t.left--
	c := t.cells
	if t.begun {
		t.event.At = c.earlier(t.event.At)
	} else {
		t.begun, t.event.At = true, c.at()
	}
	t.begin = c.i
	t.event.Tie, t.event.Selects, t.event.Link = c.fixed(), c.count(), c.scalar()
	t.end = c.i
	return true
}

// skip takes what is left.
func (t *tracer) skip() {
	for ; t.left > 0; t.left-- {
		t.cells.skipTraced()
	}
}

// traceWriter writes events, the latest first.
type traceWriter struct {
	kind
	dst    []byte
	bucket int64
	begun  bool
	last   Instant
}

func (w *traceWriter) event(t *tracer) {
	if at := t.event.At; w.begun {
		w.dst = binary.AppendUvarint(w.dst, uint64(w.last-at))
	} else {
		w.dst = w.appendAt(w.dst, w.bucket, at)
	}
	w.begun, w.last = true, t.event.At
	w.dst = append(w.dst, t.cells.s[t.begin:t.end]...)
}

// appendTrace reads the events of a bucket, the latest first; none of one that gave up.
func appendTrace(all []TraceFold, c *cells) []TraceFold {
	for i := range c.length() {
		var e TraceFold
		if i == 0 {
			e.At = c.at()
		} else {
			e.At = c.earlier(all[len(all)-1].At)
		}
		e.Tie, e.Selects, e.Link = c.fixed(), c.count(), c.scalar()
		all = append(all, e)
	}
	return all
}

func (k kind) appendTrace(dst []byte, bucket int64, all []TraceFold) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(all)))
	for i, e := range all {
		if i == 0 {
			dst = k.appendAt(dst, bucket, e.At)
		} else {
			dst = binary.AppendUvarint(dst, uint64(all[i-1].At-e.At))
		}
		dst = binary.AppendUvarint(appendTie(dst, e.Stamp), e.Selects)
		dst = appendScalar(dst, e.Link)
	}
	return dst
}

// compare is the order of events, in which equal ones stay apart.
func (e TraceFold) compare(o TraceFold) int {
	switch c := e.Compare(o.Stamp); {
	case c != 0:
		return c
	case e.Selects != o.Selects:
		if e.Selects < o.Selects {
			return -1
		}
		return 1
	}
	return e.Link.Compare(o.Link)
}
