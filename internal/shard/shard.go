// Package shard holds the durable forms of one shard: 2^20 consecutive ordinals
// of a bitmap or of a column of integers.
//
// Every value starts with a version byte and a form byte. A base states the
// whole content of the shard; a delta states what changed, offset by offset,
// the last writer winning. Folding is associative and idempotent, so a store
// may merge values in any grouping and apply one twice:
//
//	bit base     the offsets set, in the portable roaring format
//	bit delta    offsets set and offsets cleared
//	column base  chunks of 256 offsets: which exist, and their packed values
//	column delta offsets with new values, and offsets deleted
//
// The bytes of a base or delta written here are canonical: one content has one
// encoding. Every decoder checks all that it reads, never panics, and allocates
// no more than a small multiple of its input.
package shard

import (
	"errors"
	"fmt"
)

const (
	// Span is the number of ordinals in a shard.
	Span = 1 << 20
	// Bits is the number of low bits of an ordinal that are its offset.
	Bits = 20
	// BlockSpan is the number of ordinals in a block.
	BlockSpan = 1 << 16
	// Blocks is the number of blocks in a shard.
	Blocks = Span / BlockSpan
	// ChunkSpan is the number of ordinals in a chunk of a column.
	ChunkSpan = 256
	// Chunks is the number of chunks in a shard.
	Chunks = Span / ChunkSpan
)

// Form is what a durable value holds.
type Form byte

// The forms.
const (
	BitBase     Form = 1
	BitDelta    Form = 2
	ColumnBase  Form = 3
	ColumnDelta Form = 4
)

const (
	version   = 1
	headerLen = 2
)

// ErrMalformed is wrapped by every error of a decoder.
var ErrMalformed = errors.New("malformed shard")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}

// FormOf returns the form that the value's header states.
func FormOf(v []byte) (Form, error) {
	if len(v) < headerLen {
		return 0, malformed("%d bytes, want a header of %d", len(v), headerLen)
	}
	if v[0] != version {
		return 0, malformed("version %d, want %d", v[0], version)
	}
	f := Form(v[1])
	if f < BitBase || f > ColumnDelta {
		return 0, malformed("form %d is unknown", v[1])
	}
	return f, nil
}

// body returns what follows the header of a value of the wanted form.
func body(v []byte, want Form) ([]byte, error) {
	f, err := FormOf(v)
	if err != nil {
		return nil, err
	}
	if f != want {
		return nil, malformed("form %d, want %d", f, want)
	}
	return v[headerLen:], nil
}

// reader takes varints off the front of a value.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.bad = true
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

// uvarint reads an unsigned varint in its shortest form.
func (r *reader) uvarint() uint64 {
	var x uint64
	for i, c := range r.b {
		if i == 9 && c > 1 || i > 9 {
			break
		}
		x |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				break
			}
			r.b = r.b[i+1:]
			return x
		}
	}
	r.bad = true
	r.b = nil
	return 0
}

func (r *reader) varint() int64 {
	x := r.uvarint()
	return int64(x>>1) ^ -int64(x&1)
}
