package pack

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Nil takes a nil if the next value is one, and reports whether it was.
func (r *Reader) Nil() bool {
	if r.pos < len(r.data) && r.data[r.pos] == codeNil {
		r.pos++
		return true
	}
	return false
}

// Bool takes true or false.
func (r *Reader) Bool() bool {
	c := r.Byte()
	if c != codeFalse && c != codeTrue {
		r.wrong("a boolean", c)
	}
	return c == codeTrue
}

// Uint takes an unsigned integer.
func (r *Reader) Uint() uint64 {
	switch c := r.Byte(); {
	case c < fixInt:
		return uint64(c)
	case c == codeUint8:
		return r.big(1, fixInt)
	case c == codeUint16:
		return r.big(2, math.MaxUint8+1)
	case c == codeUint32:
		return r.big(4, math.MaxUint16+1)
	case c == codeUint64:
		return r.big(8, math.MaxUint32+1)
	default:
		r.wrong("an unsigned integer", c)
	}
	return 0
}

// Uint32 takes an unsigned integer that fits in 32 bits.
func (r *Reader) Uint32() uint32 {
	n := r.Uint()
	if n > math.MaxUint32 {
		r.Fail(fmt.Errorf("%d does not fit in 32 bits", n))
		return 0
	}
	return uint32(n)
}

// Int takes an integer that fits in 64 bits with its sign.
func (r *Reader) Int() int64 {
	if r.pos == len(r.data) {
		r.Fail(errShort)
		return 0
	}
	c := r.data[r.pos]
	if int8(c) >= fixNegInt {
		r.pos++
		return int64(int8(c))
	}
	switch c {
	case codeInt8:
		r.pos++
		return r.signedBig(1, fixNegInt-1)
	case codeInt16:
		r.pos++
		return r.signedBig(2, math.MinInt8-1)
	case codeInt32:
		r.pos++
		return r.signedBig(4, math.MinInt16-1)
	case codeInt64:
		r.pos++
		return r.signedBig(8, math.MinInt32-1)
	}
	n := r.Uint()
	if n > math.MaxInt64 {
		r.Fail(errors.New("integer beyond 64 bits"))
		return 0
	}
	return int64(n)
}

// Float takes a finite number in the form that AppendFloat gives it.
func (r *Reader) Float() float64 {
	if r.pos == len(r.data) {
		r.Fail(errShort)
		return 0
	}
	var f float64
	switch r.data[r.pos] {
	case codeFloat32:
		r.pos++
		f = float64(math.Float32frombits(uint32(r.big(4, 0))))
	case codeFloat64:
		r.pos++
		if f = math.Float64frombits(r.big(8, 0)); r.err == nil && float64(float32(f)) == f {
			r.Fail(errForm)
		}
	default:
		n := r.Int()
		if n < -exactInt || n > exactInt {
			r.Fail(errors.New("number beyond 2^53 as an integer"))
			return 0
		}
		return float64(n)
	}
	switch {
	case r.err != nil:
		return 0
	case math.IsNaN(f) || math.IsInf(f, 0):
		r.Fail(errors.New("number is not finite"))
		return 0
	case math.Abs(f) <= exactInt && float64(int64(f)) == f:
		r.Fail(errForm)
		return 0
	}
	return f
}

// Time takes a timestamp in the form that AppendTime gives it: seconds since
// 1970, and nanoseconds below 10^9.
func (r *Reader) Time() (sec int64, nsec uint32) {
	size := 0
	switch c := r.Byte(); c {
	case codeFixext4:
		size = 4
	case codeFixext8:
		size = 8
	case codeExt8:
		size = 12
		if n := r.Byte(); n != 12 {
			r.Fail(fmt.Errorf("extension of %d bytes", n))
		}
	default:
		r.wrong("a time", c)
	}
	if typ := r.Byte(); typ != extTime {
		r.Fail(fmt.Errorf("unknown extension type %d", int8(typ)))
	}
	switch size {
	case 4:
		sec = int64(r.big(4, 0))
	case 8:
		u := r.big(8, 0)
		sec, nsec = int64(u&(1<<34-1)), uint32(u>>34)
	case 12:
		nsec = uint32(r.big(4, 0))
		sec = int64(r.big(8, 0))
	}
	if r.err == nil && (nsec >= 1e9 || timeSize(sec, nsec) != size) {
		r.Fail(errors.New("timestamp is not in its only form"))
	}
	if r.err != nil {
		return 0, 0
	}
	return sec, nsec
}

// String takes a text, which need not be UTF-8.
func (r *Reader) String() string {
	n := 0
	switch c := r.Byte(); {
	case c&0xe0 == fixStr:
		n = int(c & 0x1f)
	case c == codeStr8:
		n = int(r.big(1, 32))
	case c == codeStr16:
		n = int(r.big(2, math.MaxUint8+1))
	case c == codeStr32:
		n = int(min(r.big(4, math.MaxUint16+1), math.MaxInt32))
	default:
		r.wrong("text", c)
	}
	b := r.take(n)
	if r.text != "" && len(b) > 0 {
		return r.text[r.pos-n : r.pos]
	}
	return string(b)
}

// Bin takes bytes, as a part of the reader's own slice.
func (r *Reader) Bin() []byte {
	n := 0
	switch c := r.Byte(); c {
	case codeBin8:
		n = int(r.big(1, 0))
	case codeBin16:
		n = int(r.big(2, math.MaxUint8+1))
	case codeBin32:
		n = int(min(r.big(4, math.MaxUint16+1), math.MaxInt32))
	default:
		r.wrong("bytes", c)
	}
	b := r.take(n)
	if r.err != nil {
		return nil
	}
	return b
}

// Array takes the header of an array whose elements take at least width bytes
// each, 1 or more, and returns how many they are. The bytes that are left can
// hold them, so a caller may allocate room for as many.
func (r *Reader) Array(width int) (n int) {
	switch c := r.Byte(); {
	case c&0xf0 == fixArray:
		n = int(c & 0x0f)
	case c == codeArray16:
		n = int(r.big(2, 16))
	case c == codeArray32:
		n = int(min(r.big(4, math.MaxUint16+1), math.MaxInt32))
	default:
		r.wrong("an array", c)
	}
	if n > r.Len()/width {
		r.Fail(fmt.Errorf("array of %d in %d bytes: %w", n, r.Len(), errShort))
		return 0
	}
	return n
}

// Fields takes the header of an array that is a structure of one of the given
// numbers of fields, and returns that number; what names it in a failure.
func (r *Reader) Fields(what string, numbers ...int) int {
	n := r.Array(1)
	if slices.Contains(numbers, n) {
		return n
	}
	r.Fail(fmt.Errorf("%s of %d fields", what, n))
	return 0
}
