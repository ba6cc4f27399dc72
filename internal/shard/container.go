package shard

import (
	"encoding/binary"
	"math/bits"
)

// Fill writes the container's bits over w.
func (c Container) Fill(w *Words) {
	if c.Kind == Bitmaps {
		for i := range w {
			w[i] = binary.LittleEndian.Uint64(c.Data[8*i:])
		}
		return
	}
	clear(w[:])
	if c.Kind == Array {
		for d := c.Data; len(d) >= 2; d = d[2:] {
			x := binary.LittleEndian.Uint16(d)
			w[x>>6] |= 1 << (x & 63)
		}
		return
	}
	for d := c.Data; len(d) >= 4; d = d[4:] {
		start := int(binary.LittleEndian.Uint16(d))
		w.SetRange(start, start+int(binary.LittleEndian.Uint16(d[2:]))+1)
	}
}

// SetRange sets the bits from <= i < to.
func (w *Words) SetRange(from, to int) {
	if from >= to {
		return
	}
	first, last := from>>6, (to-1)>>6
	head, tail := ^uint64(0)<<(from&63), ^uint64(0)>>(63-(to-1)&63)
	if first == last {
		w[first] |= head & tail
		return
	}
	w[first] |= head
	for i := first + 1; i < last; i++ {
		w[i] = ^uint64(0)
	}
	w[last] |= tail
}

// Measure returns how many bits are set and how many runs they form.
func (w *Words) Measure() (card, runs int) {
	carry := uint64(0)
	for _, x := range w {
		card += bits.OnesCount64(x)
		runs += bits.OnesCount64(x &^ (x<<1 | carry))
		carry = x >> 63
	}
	return card, runs
}

// Pack appends the block's smallest encoding to buf and returns the container
// that holds it. An empty block gives a container of cardinality 0.
func Pack(key uint16, w *Words, buf []byte) (Container, []byte) {
	card, runs := w.Measure()
	c := Container{Key: key, Card: card}
	start := len(buf)
	switch {
	case 2+4*runs < min(2*card, wordsLen):
		c.Kind = Runs
		buf = w.appendRuns(buf)
	case card <= arrayMax:
		c.Kind = Array
		for i, x := range w {
			for ; x != 0; x &= x - 1 {
				buf = binary.LittleEndian.AppendUint16(buf, uint16(i<<6|bits.TrailingZeros64(x)))
			}
		}
	default:
		c.Kind = Bitmaps
		for _, x := range w {
			buf = binary.LittleEndian.AppendUint64(buf, x)
		}
	}
	c.Data = buf[start:len(buf):len(buf)]
	return c, buf
}

func (w *Words) appendRuns(buf []byte) []byte {
	for start := w.next(0, 0); start < BlockSpan; {
		end := w.next(start, ^uint64(0))
		buf = binary.LittleEndian.AppendUint16(buf, uint16(start))
		buf = binary.LittleEndian.AppendUint16(buf, uint16(end-start-1))
		start = w.next(end, 0)
	}
	return buf
}

// next returns the first position from i on that is set (flip 0) or clear (flip
// all ones), or BlockSpan.
func (w *Words) next(i int, flip uint64) int {
	if i >= BlockSpan {
		return BlockSpan
	}
	x := (w[i>>6] ^ flip) >> (i & 63)
	if x != 0 {
		return i + bits.TrailingZeros64(x)
	}
	for j := i>>6 + 1; j < len(w); j++ {
		if x := w[j] ^ flip; x != 0 {
			return j<<6 | bits.TrailingZeros64(x)
		}
	}
	return BlockSpan
}

// AppendBitBase appends the durable form of a whole shard of bits. The
// containers ascend by key, all below Blocks, and none is empty.
func AppendBitBase(dst []byte, cs []Container) []byte {
	return AppendPortable(append(dst, version, byte(BitBase)), cs)
}

// DecodeBitBase appends the containers of a bit base to dst. Their Data is
// memory of v.
func DecodeBitBase(dst []Container, v []byte) ([]Container, error) {
	b, err := body(v, BitBase)
	if err != nil {
		return dst, err
	}
	n := len(dst)
	dst, err = ParsePortable(dst, b)
	if err != nil {
		return dst, err
	}
	if len(dst) > n && dst[len(dst)-1].Key >= Blocks {
		return dst, malformed("block %d, want less than %d", dst[len(dst)-1].Key, Blocks)
	}
	return dst, nil
}
