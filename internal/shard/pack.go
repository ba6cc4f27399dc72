package shard

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// PackChunk returns the chunk of the slots that exist with their values, in its
// narrowest form; nil where none exists.
func PackChunk(exists *[ChunkSpan / 64]uint64, values *[ChunkSpan]int64) *Chunk {
	var vs, ks [ChunkSpan]int64
	n := 0
	for w, x := range exists {
		for ; x != 0; x &= x - 1 {
			vs[n] = values[w<<6|bits.TrailingZeros64(x)]
			n++
		}
	}
	if n == 0 {
		return nil
	}
	c := &Chunk{Exists: *exists, N: n, Min: vs[0], Max: vs[0]}
	for _, v := range vs[1:n] {
		c.Min, c.Max = min(c.Min, v), max(c.Max, v)
	}
	best := fit(vs[:n], linear)
	ints := vs[:n]
	if best.width > 0 {
		// Of two equally narrow forms the decimals are the better: they add up.
		if scale, ok := decimals(vs[:n], ks[:n]); ok {
			if f := fit(ks[:n], scale); f.width <= best.width {
				best, ints = f, ks[:n]
			}
		}
	}
	c.Scale, c.Width, c.Base, c.Mult = best.scale, best.width, best.base, best.mult
	c.Data = make([]byte, 0, n*int(c.Width))
	for _, k := range ints {
		c.Data = appendPacked(c.Data, (uint64(k)-uint64(c.Base))/c.Mult, c.Width)
	}
	return c
}

// packing is one way to pack integers.
type packing struct {
	scale int8
	width uint8
	base  int64
	mult  uint64
}

// fit returns the narrowest packing of ks over their least, by their greatest
// common divisor.
func fit(ks []int64, scale int8) packing {
	lo, hi := ks[0], ks[0]
	for _, k := range ks {
		lo, hi = min(lo, k), max(hi, k)
	}
	p := packing{scale: scale, base: lo, mult: 1}
	span := uint64(hi) - uint64(lo)
	if span == 0 {
		return p
	}
	g := uint64(0)
	for _, k := range ks {
		if g = gcd(g, uint64(k)-uint64(lo)); g == 1 {
			break
		}
	}
	p.mult = g
	p.width = widthOf(span / g)
	return p
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func widthOf(x uint64) uint8 {
	switch n := bits.Len64(x); {
	case n == 0:
		return 0
	case n <= 8:
		return 1
	case n <= 16:
		return 2
	case n <= 32:
		return 4
	}
	return 8
}

// decimals writes vs as integers over the least scale that holds them all.
func decimals(vs, ks []int64) (scale int8, ok bool) {
	for _, v := range vs {
		for {
			if _, ok := decimalOf(v, scale); ok {
				break
			}
			if scale++; scale > maxScale {
				return 0, false
			}
		}
	}
	for i, v := range vs {
		if ks[i], ok = decimalOf(v, scale); !ok {
			return 0, false
		}
	}
	return scale, true
}

func appendPacked(dst []byte, x uint64, width uint8) []byte {
	switch width {
	case 1:
		return append(dst, byte(x))
	case 2:
		return binary.LittleEndian.AppendUint16(dst, uint16(x))
	case 4:
		return binary.LittleEndian.AppendUint32(dst, uint32(x))
	case 8:
		return binary.LittleEndian.AppendUint64(dst, x)
	}
	return dst
}

// With returns the chunk changed by cells, which ascend and lie in this chunk
// (only the low 8 bits of their offsets are read); nil where nothing is left. A
// nil chunk has no values.
func (c *Chunk) With(cells []Cell) *Chunk {
	if c != nil && len(cells) == 1 {
		if d, ok := c.poke(cells[0]); ok {
			return d
		}
	}
	var exists [ChunkSpan / 64]uint64
	var values [ChunkSpan]int64
	if c != nil {
		exists = c.Exists
		c.Unpack(&values)
	}
	for _, cell := range cells {
		slot := uint8(cell.Offset)
		if cell.Deleted {
			exists[slot>>6] &^= 1 << (slot & 63)
		} else {
			exists[slot>>6] |= 1 << (slot & 63)
			values[slot] = cell.Value
		}
	}
	return PackChunk(&exists, &values)
}

// poke changes one slot within the present packing, where that can hold it. The
// bounds only widen.
func (c *Chunk) poke(cell Cell) (*Chunk, bool) {
	slot := uint8(cell.Offset)
	i, ok := c.rank(slot)
	w := int(c.Width)
	d := *c
	if cell.Deleted {
		switch {
		case !ok:
			return c, true
		case c.N == 1:
			return nil, true
		}
		d.N--
		d.Exists[slot>>6] &^= 1 << (slot & 63)
		d.Data = append(append(make([]byte, 0, d.N*w), c.Data[:i*w]...), c.Data[(i+1)*w:]...)
		return &d, true
	}
	x, fits := c.pack(cell.Value)
	if !fits {
		return nil, false
	}
	rest := i
	if ok {
		rest++
	} else {
		d.N++
		d.Exists[slot>>6] |= 1 << (slot & 63)
	}
	d.Min, d.Max = min(c.Min, cell.Value), max(c.Max, cell.Value)
	d.Data = append(make([]byte, 0, d.N*w), c.Data[:i*w]...)
	d.Data = append(appendPacked(d.Data, x, c.Width), c.Data[rest*w:]...)
	return &d, true
}

// Replaces reports whether a cell replaces a value that exists by another that the present
// packing can hold.
func (c *Chunk) Replaces(cell Cell) bool {
	slot := uint8(cell.Offset)
	if cell.Deleted || c.Exists[slot>>6]>>(slot&63)&1 == 0 {
		return false
	}
	_, fits := c.pack(cell.Value)
	return fits
}

// Replace returns the chunk with the values of cells, in their order, in place of those
// that their slots have: cells that it Replaces, of whose offsets only the low 8 bits are
// read. The bounds only widen.
func (c *Chunk) Replace(cells []Cell) *Chunk {
	d := *c
	d.Data = slices.Clone(c.Data)
	for _, cell := range cells {
		i, ok := c.rank(uint8(cell.Offset))
		x, fits := c.pack(cell.Value)
		if !ok || !fits {
			continue
		}
		d.Min, d.Max = min(d.Min, cell.Value), max(d.Max, cell.Value)
		at := i * int(c.Width)
		appendPacked(d.Data[:at], x, c.Width)
	}
	return &d
}

// pack returns the packed integer of v under the present packing.
func (c *Chunk) pack(v int64) (x uint64, ok bool) {
	k := v
	if c.Scale != linear {
		if k, ok = decimalOf(v, c.Scale); !ok {
			return 0, false
		}
	}
	if k < c.Base {
		return 0, false
	}
	d := uint64(k) - uint64(c.Base)
	x = d / c.Mult
	return x, d%c.Mult == 0 && x <= ^uint64(0)>>(64-8*uint(c.Width))
}
