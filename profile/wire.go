package profile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The msgpack codes in use.
const (
	codeNil     = 0xc0
	codeFalse   = 0xc2
	codeTrue    = 0xc3
	codeBin8    = 0xc4
	codeExt8    = 0xc7
	codeFloat32 = 0xca
	codeFloat64 = 0xcb
	codeUint8   = 0xcc
	codeUint16  = 0xcd
	codeUint32  = 0xce
	codeUint64  = 0xcf
	codeInt8    = 0xd0
	codeInt16   = 0xd1
	codeInt32   = 0xd2
	codeInt64   = 0xd3
	codeFixext4 = 0xd6
	codeFixext8 = 0xd7
	codeStr8    = 0xd9
	codeStr16   = 0xda
	codeStr32   = 0xdb
	codeArray16 = 0xdc
	codeArray32 = 0xdd
	fixArray    = 0x90
	fixStr      = 0xa0
	extTime     = 0xff // type -1, the timestamp of the msgpack spec
)

func appendUint(dst []byte, n uint64) []byte {
	switch {
	case n <= math.MaxInt8:
		return append(dst, byte(n))
	case n <= math.MaxUint8:
		return append(dst, codeUint8, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, codeUint16), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, codeUint32), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeUint64), n)
}

func appendInt(dst []byte, n int64) []byte {
	switch {
	case n >= 0:
		return appendUint(dst, uint64(n))
	case n >= -32:
		return append(dst, byte(n))
	case n >= math.MinInt8:
		return append(dst, codeInt8, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, codeInt16), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, codeInt32), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeInt64), uint64(n))
}

func appendArray(dst []byte, n int) []byte {
	switch {
	case n < 16:
		return append(dst, fixArray|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, codeArray16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, codeArray32), uint32(n))
}

func appendString(dst []byte, s string) []byte {
	switch n := len(s); {
	case n < 32:
		dst = append(dst, fixStr|byte(n))
	case n <= math.MaxUint8:
		dst = append(dst, codeStr8, byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, codeStr16), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, codeStr32), uint32(n))
	}
	return append(dst, s...)
}

// appendFloat writes a number in its only form: an integer where it is one up
// to 2^53, else 32 bits where they hold it exactly, else 64.
func appendFloat(dst []byte, f float64) []byte {
	if math.Abs(f) <= exactInt {
		if n := int64(f); float64(n) == f {
			return appendInt(dst, n)
		}
	}
	if g := float32(f); float64(g) == f {
		return binary.BigEndian.AppendUint32(append(dst, codeFloat32), math.Float32bits(g))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeFloat64), math.Float64bits(f))
}

// errShort says that the bytes end before what they announce.
var errShort = errors.New("cut short")

// reader reads msgpack in its shortest form only: every other is refused, so
// that what was read is written again as the same bytes. It never reads beyond
// data, and sizes are held against what is left before anything is allocated.
// The first failure sticks: every later read returns a zero value.
type reader struct {
	data []byte
	text string // data as a string, for texts to share; "" copies each
	pos  int
	err  error
}

func (r *reader) left() int { return len(r.data) - r.pos }

// fail records the first failure, with its place.
func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = fmt.Errorf("at byte %d: %w", r.pos, err)
		r.data = r.data[:r.pos]
	}
}

// take returns the next n bytes, or nil when there are not as many.
func (r *reader) take(n int) []byte {
	if n > r.left() {
		r.fail(errShort)
		return nil
	}
	r.pos += n
	return r.data[r.pos-n : r.pos : r.pos]
}

// code returns the next byte; ok is false at the end.
func (r *reader) code() (c byte, ok bool) {
	if r.left() == 0 {
		r.fail(errShort)
		return 0, false
	}
	r.pos++
	return r.data[r.pos-1], true
}

// big returns the next n bytes, of 1, 2, 4 or 8, as a big-endian number. Below
// least a shorter form would have done, which is refused.
func (r *reader) big(n int, least uint64) (u uint64) {
	b := r.take(n)
	switch len(b) {
	case 1:
		u = uint64(b[0])
	case 2:
		u = uint64(binary.BigEndian.Uint16(b))
	case 4:
		u = uint64(binary.BigEndian.Uint32(b))
	case 8:
		u = binary.BigEndian.Uint64(b)
	default:
		return 0
	}
	if u < least {
		r.fail(errors.New("not the shortest form"))
		return 0
	}
	return u
}

// signedBig is big for a negative number, refused above most.
func (r *reader) signedBig(n int, most int64) int64 {
	shift := 64 - 8*n
	i := int64(r.big(n, 0)<<shift) >> shift
	if r.err == nil && i > most {
		r.fail(errors.New("not the shortest form"))
	}
	return i
}

func (r *reader) uint() uint64 {
	c, _ := r.code()
	switch {
	case c <= math.MaxInt8:
		return uint64(c)
	case c == codeUint8:
		return r.big(1, math.MaxInt8+1)
	case c == codeUint16:
		return r.big(2, math.MaxUint8+1)
	case c == codeUint32:
		return r.big(4, math.MaxUint16+1)
	case c == codeUint64:
		return r.big(8, math.MaxUint32+1)
	}
	r.fail(fmt.Errorf("want an unsigned integer, got code %#x", c))
	return 0
}

func (r *reader) int() int64 {
	if r.left() == 0 {
		r.fail(errShort)
		return 0
	}
	switch c := r.data[r.pos]; {
	case c >= 0xe0:
		r.pos++
		return int64(int8(c))
	case c == codeInt8:
		r.pos++
		return r.signedBig(1, -33)
	case c == codeInt16:
		r.pos++
		return r.signedBig(2, math.MinInt8-1)
	case c == codeInt32:
		r.pos++
		return r.signedBig(4, math.MinInt16-1)
	case c == codeInt64:
		r.pos++
		return r.signedBig(8, math.MinInt32-1)
	}
	n := r.uint()
	if n > math.MaxInt64 {
		r.fail(errors.New("integer beyond 64 bits"))
		return 0
	}
	return int64(n)
}

// array returns the length of an array whose elements take at least width bytes
// each.
func (r *reader) array(width int) (n int) {
	switch c, _ := r.code(); {
	case c&0xf0 == fixArray:
		n = int(c & 0x0f)
	case c == codeArray16:
		n = int(r.big(2, 16))
	case c == codeArray32:
		n = int(min(r.big(4, math.MaxUint16+1), math.MaxInt32))
	default:
		r.fail(fmt.Errorf("want an array, got code %#x", c))
	}
	if n > r.left()/width {
		r.fail(fmt.Errorf("array of %d in %d bytes: %w", n, r.left(), errShort))
		return 0
	}
	return n
}

func (r *reader) string() string {
	n := 0
	switch c, _ := r.code(); {
	case c&0xe0 == fixStr:
		n = int(c & 0x1f)
	case c == codeStr8:
		n = int(r.big(1, 32))
	case c == codeStr16:
		n = int(r.big(2, math.MaxUint8+1))
	case c == codeStr32:
		n = int(min(r.big(4, math.MaxUint16+1), math.MaxInt32))
	default:
		r.fail(fmt.Errorf("want text, got code %#x", c))
	}
	b := r.take(n)
	if r.text != "" && len(b) > 0 {
		return r.text[r.pos-n : r.pos]
	}
	return string(b)
}

// isNil reads a nil if there is one.
func (r *reader) isNil() bool {
	if r.left() > 0 && r.data[r.pos] == codeNil {
		r.pos++
		return true
	}
	return false
}

// float reads a number in the form that appendFloat gives it.
func (r *reader) float() (f float64) {
	if r.left() == 0 {
		r.fail(errShort)
		return 0
	}
	switch c := r.data[r.pos]; c {
	case codeFloat32:
		r.pos++
		f = float64(math.Float32frombits(uint32(r.big(4, 0))))
	case codeFloat64:
		r.pos++
		f = math.Float64frombits(r.big(8, 0))
		if r.err == nil && float64(float32(f)) == f {
			r.fail(errors.New("not the shortest form"))
		}
	default:
		n := r.int()
		if n < -exactInt || n > exactInt {
			r.fail(errors.New("number beyond 2^53 as an integer"))
		}
		return float64(n)
	}
	switch {
	case r.err != nil:
		return 0
	case math.IsNaN(f) || math.IsInf(f, 0):
		r.fail(errors.New("number is not finite"))
		return 0
	case math.Abs(f) <= exactInt && float64(int64(f)) == f:
		r.fail(errors.New("not the shortest form"))
	}
	return f
}
