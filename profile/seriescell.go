package profile

import (
	"encoding/binary"
	"math"
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
