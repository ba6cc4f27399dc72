package profile

import (
	"encoding/binary"
	"slices"
)

// keyed is one key of Keys, Sums or Scores.
type keyed struct {
	value      Value
	count      uint64
	sum        Decimal
	begin, end int // where it lies
}

func (c *cells) keyed() (k keyed) {
	k.begin = c.i
	k.value = c.value()
	switch c.form {
	case Keys:
		k.count = c.count()
	case Sums:
		k.sum = c.sum()
	default:
		k.sum = c.score()
	}
	k.end = c.i
	return k
}

func (k kind) appendKeyed(dst []byte, v keyed) []byte {
	dst = appendScalar(dst, v.value)
	switch k.form {
	case Keys:
		return binary.AppendUvarint(dst, v.count)
	case Sums:
		return appendSum(dst, v.sum)
	}
	return appendScore(dst, v.sum)
}

// joinKeyed merges two ascending lists of keys; 0 keys stand for too many.
func joinKeyed(dst []byte, a, b *cells) []byte {
	n, m := a.length(), b.length()
	if n == 0 || m == 0 {
		for range n {
			a.keyed()
		}
		for range m {
			b.keyed()
		}
		return append(dst, 0)
	}
	// How many there are is known last: room for its two bytes.
	begin := len(dst)
	dst = append(dst, 0, 0)
	total := 0
	var x, y keyed
	for readX, readY := true, true; n+m > 0; total++ {
		if readX && n > 0 {
			x = a.keyed()
		}
		if readY && m > 0 {
			y = b.keyed()
		}
		order := 0
		switch {
		case m == 0:
			order = -1
		case n == 0:
			order = 1
		default:
			order = x.value.Compare(y.value)
		}
		readX, readY = order <= 0, order >= 0
		switch {
		case order < 0:
			dst = append(dst, a.s[x.begin:x.end]...)
		case order > 0:
			dst = append(dst, b.s[y.begin:y.end]...)
		default:
			x.count, x.sum = addCount(x.count, y.count), x.sum.Add(y.sum)
			dst = a.appendKeyed(dst, x)
		}
		if readX {
			n--
		}
		if readY {
			m--
		}
	}
	return counted(dst, begin, total)
}

// counted writes how many elements follow into the two bytes that were left for it, or
// 0 and nothing else where they are too many.
func counted(dst []byte, begin, total int) []byte {
	switch {
	case total > maxElements:
		return append(dst[:begin], 0)
	case total < 0x80:
		dst = slices.Delete(dst, begin, begin+1)
		dst[begin] = byte(total)
		return dst
	}
	dst[begin], dst[begin+1] = byte(total)|0x80, byte(total>>7)
	return dst
}
