package profile

import (
	"encoding/binary"
	"math"
	"slices"
)

// This file reads and writes what a bucket holds, by form.

// addCount adds without going past the greatest number, so that the order in which
// counts are added does not matter.
func addCount(a, b uint64) uint64 {
	if a+b < a {
		return math.MaxUint64
	}
	return a + b
}

// count reads a number that is at least 1.
func (r *scan) count() uint64 {
	n := r.uint()
	if n == 0 {
		r.fail()
	}
	return n
}

func (c *cells) tally() uint64 { return c.count() }

// at reads a time that is written by its distance from the bucket.
func (c *cells) at() Instant { return Instant(c.base(c.bucket) + c.int()) }

func (k kind) appendAt(dst []byte, bucket int64, at Instant) []byte {
	return appendZigzag(dst, int64(at)-k.base(bucket))
}

// earlier reads a time that is written by its distance back from another.
func (r *scan) earlier(than Instant) Instant {
	t := than - Instant(r.uint())
	if t > than {
		r.fail()
	}
	return t
}

// later reads a time that is written by its distance on from another.
func (r *scan) later(than Instant) Instant {
	t := than + Instant(r.uint())
	if t < than {
		r.fail()
	}
	return t
}

func (c *cells) times() (first, last Instant) {
	last = c.at()
	return c.earlier(last), last
}

func (k kind) appendTimes(dst []byte, bucket int64, first, last Instant) []byte {
	return binary.AppendUvarint(k.appendAt(dst, bucket, last), uint64(last-first))
}

func (c *cells) numbers() (n NumberFold) {
	if n.Count = c.count(); n.Count == 1 {
		n.Min = c.number()
		n.Max = n.Min
		var ok bool
		if n.Sum, ok = DecimalOf(n.Min); !ok {
			c.fail()
		}
		return n
	}
	n.Sum, n.Min, n.Max = c.sum(), c.number(), c.number()
	if !(-maxNumber <= n.Min && n.Min <= n.Max && n.Max <= maxNumber) {
		c.fail()
	}
	return n
}

func appendNumbers(dst []byte, n NumberFold) []byte {
	dst = binary.AppendUvarint(dst, n.Count)
	if n.Count > 1 {
		dst = appendNumber(appendSum(dst, n.Sum), n.Min)
	}
	return appendNumber(dst, n.Max)
}

func (n *NumberFold) join(m NumberFold) {
	n.Count, n.Sum = addCount(n.Count, m.Count), n.Sum.Add(m.Sum)
	n.Min, n.Max = min(n.Min, m.Min), max(n.Max, m.Max)
}

// ends is what Ends keeps: values in the order of their stamps, then their own.
type ends struct{ first, last SeenFold }

func (e *ends) join(o ends) {
	if o.first.compare(e.first) < 0 {
		e.first = o.first
	}
	if o.last.compare(e.last) > 0 {
		e.last = o.last
	}
}

func (v SeenFold) compare(o SeenFold) int {
	if c := v.At.Compare(o.At); c != 0 {
		return c
	}
	return v.Value.Compare(o.Value)
}

// value reads a value that is not null.
func (r *scan) value() Value {
	v := r.scalar()
	if v.IsNull() {
		r.fail()
	}
	return v
}

// ends reads 0 and the only value, or 1, the last and the first.
func (c *cells) ends() (e ends) {
	several := c.uint()
	e.last.At = Stamp{At: c.at(), Tie: c.fixed()}
	e.last.Value = c.value()
	e.first = e.last
	if several > 0 {
		e.first.At = Stamp{At: c.earlier(e.last.At.At), Tie: c.fixed()}
		e.first.Value = c.value()
		if several > 1 || e.first.compare(e.last) >= 0 {
			c.fail()
		}
	}
	return e
}

func (k kind) appendEnds(dst []byte, bucket int64, e ends) []byte {
	several := e.first.compare(e.last) < 0
	if several {
		dst = append(dst, 1)
	} else {
		dst = append(dst, 0)
	}
	dst = appendTie(k.appendAt(dst, bucket, e.last.At.At), e.last.At)
	dst = appendScalar(dst, e.last.Value)
	if several {
		dst = appendTie(binary.AppendUvarint(dst, uint64(e.last.At.At-e.first.At.At)), e.first.At)
		dst = appendScalar(dst, e.first.Value)
	}
	return dst
}

func appendTie(dst []byte, s Stamp) []byte { return binary.LittleEndian.AppendUint64(dst, s.Tie) }

// length reads how many keys, values or events a bucket holds; 0 stands for more than
// it may.
func (c *cells) length() int {
	n := c.uint()
	if n > maxElements || n > uint64(len(c.s)-c.i) {
		c.fail()
		return 0
	}
	return int(n)
}

// key reads a key of Keys or Sums.
func (c *cells) key() (k KeyFold) {
	k.Value = c.value()
	if c.form == Keys {
		k.Count = c.count()
	} else {
		k.Sum = c.sum()
	}
	return k
}

// scored reads a key of Scores.
func (c *cells) scored() (key Value, sum Decimal) {
	key = c.value()
	return key, c.score()
}

// appendSeen reads what Recent or Oldest hold in a bucket.
func appendSeen(all []SeenFold, c *cells) []SeenFold {
	for i := range c.length() {
		var v SeenFold
		switch at := &v.At.At; {
		case i == 0:
			*at = c.at()
		case c.form == Recent:
			*at = c.earlier(all[len(all)-1].At.At)
		default:
			*at = c.later(all[len(all)-1].At.At)
		}
		v.At.Tie = c.fixed()
		v.Value = c.value()
		all = append(all, v)
	}
	return all
}

func (k kind) appendSeen(dst []byte, bucket int64, all []SeenFold) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(all)))
	for i, v := range all {
		switch {
		case i == 0:
			dst = k.appendAt(dst, bucket, v.At.At)
		case k.form == Recent:
			dst = binary.AppendUvarint(dst, uint64(all[i-1].At.At-v.At.At))
		default:
			dst = binary.AppendUvarint(dst, uint64(v.At.At-all[i-1].At.At))
		}
		dst = appendScalar(appendTie(dst, v.At), v.Value)
	}
	return dst
}

// compareSeen is the order of what Recent and Oldest keep.
func (k kind) compareSeen(a, b SeenFold) int {
	c := a.At.Compare(b.At)
	if k.form == Recent {
		c = -c
	}
	if c != 0 {
		return c
	}
	return a.Value.Compare(b.Value)
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
	switch c := e.Stamp.Compare(o.Stamp); {
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

// spans walks what Spans hold, the latest first.
type spans struct {
	scan
	gap   uint64
	span  SpanFold
	begun bool
}

func (w *spans) next() bool {
	if w.done() {
		return false
	}
	if !w.begun {
		w.begun, w.span.Last = true, Instant(w.int())
	} else {
		room := uint64(w.span.First) ^ 1<<63 // how far back there are instants
		pause := w.uint()
		if room <= w.gap || pause > room-w.gap-1 {
			w.fail()
		}
		w.span.Last = w.span.First - Instant(w.gap) - Instant(pause) - 1
	}
	w.span.First = w.earlier(w.span.Last)
	w.span.Events = w.uint()
	return !w.bad
}

// appendSpans appends runs that ascend, the latest first.
func appendSpans(dst []byte, all []SpanFold, gap uint64) []byte {
	for i, v := range slices.Backward(all) {
		if i == len(all)-1 {
			dst = appendZigzag(dst, int64(v.Last))
		} else {
			dst = binary.AppendUvarint(dst, uint64(all[i+1].First-v.Last)-gap-1)
		}
		dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(v.Last-v.First)), v.Events)
	}
	return dst
}

// checkScalar reads a value that is not null without making it.
func (r *scan) checkScalar() {
	begin := r.i
	h := r.uint()
	content := h >> 3
	switch h & 7 {
	case codeText:
		r.text(content)
		return
	case codeNumber:
		n, e := unzigzag(content>>3), content&7
		if -fifteenDig < n && n < fifteenDig && e < escape && (e == 0 || n%10 != 0) {
			return
		}
	}
	if !r.bad {
		r.i = begin
		r.value()
	}
}

// skip takes what a bucket holds, of a body that is known to be sound.
func (c *cells) skip() {
	switch c.form {
	case Tally:
		c.uint()
	case Times:
		c.uint()
		c.uint()
	case Numbers:
		if c.uint() > 1 {
			c.skipSum()
			c.skipNumber()
		}
		c.skipNumber()
	case Ends:
		for more := c.uint() + 1; more > 0; more-- {
			c.uint()
			c.i += 8
			c.skipScalar()
		}
	case Keys, Sums, Scores:
		for n := c.uint(); n > 0; n-- {
			c.skipScalar()
			switch c.form {
			case Keys:
				c.uint()
			case Sums:
				c.skipSum()
			default:
				c.skipScore()
			}
		}
	case Recent, Oldest:
		for n := c.uint(); n > 0; n-- {
			c.uint()
			c.i += 8
			c.skipScalar()
		}
	case Trace:
		for n := c.uint(); n > 0; n-- {
			c.skipTraced()
		}
	}
}

func (r *scan) skipTraced() {
	r.uint()
	r.i += 8
	r.uint()
	r.skipScalar()
}

func (r *scan) skipNumber() {
	if r.uint() == escape {
		r.i += 8
	}
}

func (r *scan) skipSum() {
	if r.uint() == escape {
		r.i += 16
	}
}

func (r *scan) skipScore() {
	if r.uint() == 1 {
		r.i += 16
	}
}

func (r *scan) skipScalar() {
	switch h := r.uint(); h & 7 {
	case codeDouble:
		r.i += 8
	case codePoint:
		r.i += 16
	case codeText:
		r.i += int(h >> 3)
	}
}
