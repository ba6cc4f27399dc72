package pack

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var (
	errShort = errors.New("cut short")
	errForm  = errors.New("not the shortest form")
)

// Reader reads values from a byte slice, in the form that the writers give them
// only. It never reads beyond the slice, and holds every length against what is
// left of it before anything is allocated. The first failure sticks: every later
// read returns a zero value, so that a caller asks Err once, after many reads,
// and before it believes what they returned. A Reader is not for several
// goroutines.
type Reader struct {
	data []byte
	text string // data as a string, for texts to share; "" copies each
	pos  int
	err  error
}

// NewReader returns a reader of data, whose String copies each text. It keeps
// data, which must not change meanwhile.
func NewReader(data []byte) Reader { return Reader{data: data} }

// NewSharingReader returns a reader of data, which makes one copy of all of it:
// every String is a part of that copy, and a text that is kept keeps it whole.
func NewSharingReader(data []byte) Reader { return Reader{data: data, text: string(data)} }

// Err returns the first failure, with its place, or nil.
func (r *Reader) Err() error { return r.err }

// Len returns how many bytes are left; none after a failure.
func (r *Reader) Len() int { return len(r.data) - r.pos }

// Fail records a failure that the caller found, unless there was one before.
// Nothing can be read after it.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = fmt.Errorf("at byte %d: %w", r.pos, err)
		r.data = r.data[:r.pos]
	}
}

// Close returns the first failure; bytes that are left over are one.
func (r *Reader) Close() error {
	if n := r.Len(); n > 0 {
		r.Fail(fmt.Errorf("%d bytes too many", n))
	}
	return r.err
}

// Rest takes the bytes that are left, as a part of the reader's own slice.
func (r *Reader) Rest() []byte {
	b := r.data[r.pos:]
	r.pos = len(r.data)
	return b
}

// Byte takes one byte as it is, which need not be msgpack.
func (r *Reader) Byte() byte {
	if r.pos == len(r.data) {
		r.Fail(errShort)
		return 0
	}
	r.pos++
	return r.data[r.pos-1]
}

// Next returns the type of the next value, and takes nothing. It is TypeNumber
// at the end and before a code that is not in use, so that reading a number
// reports both.
func (r *Reader) Next() Type {
	if r.pos == len(r.data) {
		return TypeNumber
	}
	switch c := r.data[r.pos]; {
	case c&0xf0 == fixArray, c == codeArray16, c == codeArray32:
		return TypeArray
	case c&0xe0 == fixStr, c >= codeStr8 && c <= codeStr32:
		return TypeString
	case c == codeNil:
		return TypeNil
	case c == codeFalse, c == codeTrue:
		return TypeBool
	case c >= codeBin8 && c <= codeBin32:
		return TypeBin
	case c == codeFixext4, c == codeFixext8, c == codeExt8:
		return TypeTime
	}
	return TypeNumber
}

// take returns the next n bytes, or nil when there are not as many.
func (r *Reader) take(n int) []byte {
	if n > r.Len() {
		r.Fail(errShort)
		return nil
	}
	r.pos += n
	return r.data[r.pos-n : r.pos : r.pos]
}

// big returns the next n bytes, of 1, 2, 4 or 8, as a big-endian number. Below
// least a shorter form would have done, which is refused.
func (r *Reader) big(n int, least uint64) (u uint64) {
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
		r.Fail(errForm)
		return 0
	}
	return u
}

// signedBig is big for a negative number, refused above most.
func (r *Reader) signedBig(n int, most int64) int64 {
	shift := 64 - 8*n
	i := int64(r.big(n, 0)<<shift) >> shift
	if i > most {
		r.Fail(errForm)
		return 0
	}
	return i
}

// wrong fails at a code that is not what was wanted.
func (r *Reader) wrong(want string, code byte) {
	r.Fail(fmt.Errorf("want %s, got code %#x", want, code))
}
