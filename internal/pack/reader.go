package pack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrMalformed is wrapped by every error of a Reader.
var ErrMalformed = errors.New("malformed record")

// Reader reads msgpack values from a byte slice. The first error sticks: later
// reads return zeros, so that callers check Err once. The bytes that Bin returns
// are part of the input.
type Reader struct {
	data []byte
	off  int
	err  error
}

// NewReader returns a reader of data.
func NewReader(data []byte) *Reader { return &Reader{data: data} }

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Len returns how many bytes are left.
func (r *Reader) Len() int { return len(r.data) - r.off }

// Rest returns the bytes that are left, and takes them.
func (r *Reader) Rest() []byte {
	b := r.data[r.off:]
	r.off = len(r.data)
	return b
}

// Close returns the first error, or one when bytes are left over.
func (r *Reader) Close() error {
	if r.err == nil && r.Len() > 0 {
		r.fail("%d bytes too many", r.Len())
	}
	return r.err
}

func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: at byte %d: %s", ErrMalformed, r.off, fmt.Sprintf(format, args...))
	}
	r.off = len(r.data)
}

func (r *Reader) take(n int) []byte {
	if n < 0 || r.Len() < n {
		r.fail("wants %d bytes, has %d", n, r.Len())
		return nil
	}
	b := r.data[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}

// Byte takes one raw byte.
func (r *Reader) Byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *Reader) big(n int) uint64 {
	var full [8]byte
	copy(full[8-n:], r.take(n))
	return binary.BigEndian.Uint64(full[:])
}

// Uint takes an unsigned integer.
func (r *Reader) Uint() uint64 {
	switch c := r.Byte(); {
	case c < 0x80:
		return uint64(c)
	case c >= 0xcc && c <= 0xcf:
		return r.big(1 << (c - 0xcc))
	default:
		r.fail("want an unsigned integer, have type %#x", c)
	}
	return 0
}

// Uint32 takes an unsigned integer that must fit in 32 bits.
func (r *Reader) Uint32() uint32 {
	n := r.Uint()
	if n > math.MaxUint32 {
		r.fail("%d does not fit in 32 bits", n)
		return 0
	}
	return uint32(n)
}

// Int takes an integer.
func (r *Reader) Int() int64 {
	switch c := r.Byte(); {
	case c < 0x80:
		return int64(c)
	case c >= 0xe0:
		return int64(int8(c))
	case c >= 0xcc && c <= 0xcf:
		if n := r.big(1 << (c - 0xcc)); n <= math.MaxInt64 {
			return int64(n)
		}
		r.fail("integer out of range")
	case c >= 0xd0 && c <= 0xd3:
		size := 1 << (c - 0xd0)
		shift := 64 - 8*size
		return int64(r.big(size)<<shift) >> shift
	default:
		r.fail("want an integer, have type %#x", c)
	}
	return 0
}

// String takes a text.
func (r *Reader) String() string { return string(r.StringBytes()) }

// StringBytes takes a text as a part of the input.
func (r *Reader) StringBytes() []byte {
	switch c := r.Byte(); {
	case c&0xe0 == 0xa0:
		return r.take(int(c & 0x1f))
	case c >= 0xd9 && c <= 0xdb:
		return r.take(int(r.big(1 << (c - 0xd9))))
	default:
		r.fail("want a text, have type %#x", c)
	}
	return nil
}

// Bin takes bytes as a part of the input.
func (r *Reader) Bin() []byte {
	c := r.Byte()
	if c < 0xc4 || c > 0xc6 {
		r.fail("want bytes, have type %#x", c)
		return nil
	}
	return r.take(int(r.big(1 << (c - 0xc4))))
}

// Array takes the header of an array and returns its length, which is at most
// the number of bytes left.
func (r *Reader) Array() int {
	var n uint64
	switch c := r.Byte(); {
	case c&0xf0 == 0x90:
		n = uint64(c & 0x0f)
	case c == 0xdc:
		n = r.big(2)
	case c == 0xdd:
		n = r.big(4)
	default:
		r.fail("want an array, have type %#x", c)
		return 0
	}
	if n > uint64(r.Len()) {
		r.fail("array of %d elements in %d bytes", n, r.Len())
		return 0
	}
	return int(n)
}

// ArrayOf takes the header of an array that must have n elements.
func (r *Reader) ArrayOf(n int) {
	if have := r.Array(); r.err == nil && have != n {
		r.fail("want %d elements, have %d", n, have)
	}
}

// Bool takes true or false.
func (r *Reader) Bool() bool {
	c := r.Byte()
	if c != 0xc2 && c != 0xc3 {
		r.fail("want a boolean, have type %#x", c)
	}
	return c == 0xc3
}
