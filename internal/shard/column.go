package shard

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Numbered is a chunk with its place in the shard.
type Numbered struct {
	Index uint16 // offset / ChunkSpan
	*Chunk
}

// sparseMax is the most slots that a durable chunk lists one by one; above it
// stands a bitmap of all 256.
const sparseMax = 31

// AppendColumnBase appends the durable form of a whole shard of a column. The
// chunks ascend by index. The bytes are canonical where every chunk is fresh
// from PackChunk.
func AppendColumnBase(dst []byte, chunks []Numbered) []byte {
	dst = append(dst, version, byte(ColumnBase))
	dst = binary.AppendUvarint(dst, uint64(len(chunks)))
	next := uint16(0)
	for _, c := range chunks {
		dst = binary.AppendUvarint(dst, uint64(c.Index-next))
		next = c.Index + 1
		dst = append(dst, byte(c.N-1))
		dst = c.appendSlots(dst)
		dst = append(dst, byte(c.Scale+1)<<4|c.Width)
		dst = binary.AppendVarint(dst, c.Base)
		dst = binary.AppendUvarint(dst, c.Mult)
		dst = append(dst, c.Data...)
	}
	return dst
}

func (c *Chunk) appendSlots(dst []byte) []byte {
	switch {
	case c.N == ChunkSpan:
		return dst
	case c.N > sparseMax:
		for _, x := range c.Exists {
			dst = binary.LittleEndian.AppendUint64(dst, x)
		}
		return dst
	}
	for w, x := range c.Exists {
		for ; x != 0; x &= x - 1 {
			dst = append(dst, byte(w<<6|bits.TrailingZeros64(x)))
		}
	}
	return dst
}

// DecodeColumnBase appends the chunks of a column base to dst. Their Data is
// memory of v.
func DecodeColumnBase(dst []Numbered, v []byte) ([]Numbered, error) {
	b, err := body(v, ColumnBase)
	if err != nil {
		return dst, err
	}
	r := &reader{b: b}
	n := r.uvarint()
	if r.bad || n > Chunks || n > uint64(len(r.b))/5 { // a chunk takes 5 bytes at least
		return dst, malformed("column states %d chunks in %d bytes", n, len(r.b))
	}
	next := uint64(0)
	for range n {
		gap := r.uvarint()
		if r.bad || gap >= Chunks || next+gap >= Chunks {
			return dst, malformed("column: chunk after %d is out of range", next)
		}
		c, err := readChunk(r)
		if err != nil {
			return dst, err
		}
		dst = append(dst, Numbered{Index: uint16(next + gap), Chunk: c})
		next += gap + 1
	}
	if len(r.b) != 0 {
		return dst, malformed("%d bytes after the column", len(r.b))
	}
	return dst, nil
}

func readChunk(r *reader) (*Chunk, error) {
	c := &Chunk{N: int(r.byte()) + 1}
	if !c.readSlots(r) {
		return nil, malformed("column: slots do not match their number")
	}
	pack := r.byte()
	c.Scale, c.Width = int8(pack>>4)-1, pack&15
	c.Base, c.Mult = r.varint(), r.uvarint()
	if r.bad || c.Scale > maxScale || c.Mult == 0 {
		return nil, malformed("column: bad packing")
	}
	switch c.Width {
	case 0, 1, 2, 4, 8:
	default:
		return nil, malformed("column: width %d", c.Width)
	}
	data := r.take(c.N * int(c.Width))
	if r.bad {
		return nil, malformed("column: truncated values")
	}
	c.Data = slices.Clip(data)
	lo, hi := ^uint64(0), uint64(0)
	for i := range c.N {
		x := c.packed(i)
		lo, hi = min(lo, x), max(hi, x)
	}
	if !c.bound(lo, hi) {
		return nil, malformed("column: values overflow")
	}
	return c, nil
}

// bound sets Min and Max from the least and greatest packed integers, and
// reports whether every value between is in range.
func (c *Chunk) bound(lo, hi uint64) bool {
	over, span := bits.Mul64(c.Mult, hi)
	top := c.Base + int64(span)
	if over != 0 || uint64(top)-uint64(c.Base) != span || top < c.Base {
		return false
	}
	c.Min, c.Max = c.Base+int64(c.Mult*lo), top
	if c.Scale == linear {
		return true
	}
	if c.Base < -maxDecimal || top > maxDecimal {
		return false
	}
	c.Min, c.Max = decimal(c.Min, c.Scale), decimal(c.Max, c.Scale)
	return true
}

func (c *Chunk) readSlots(r *reader) bool {
	switch {
	case c.N == ChunkSpan:
		c.Exists = [ChunkSpan / 64]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
		return !r.bad
	case c.N > sparseMax:
		b := r.take(ChunkSpan / 8)
		if r.bad {
			return false
		}
		n := 0
		for i := range c.Exists {
			c.Exists[i] = binary.LittleEndian.Uint64(b[8*i:])
			n += bits.OnesCount64(c.Exists[i])
		}
		return n == c.N
	}
	b := r.take(c.N)
	for i, slot := range b {
		if i > 0 && slot <= b[i-1] {
			return false
		}
		c.Exists[slot>>6] |= 1 << (slot & 63)
	}
	return !r.bad
}
