package segment

import (
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
)

// packedMax is the most bits of a shard that is one packed list.
const packedMax = 512

// bitmap is one immutable shard of a bitmap field, never empty. A shard with few
// bits is one list of values, block after block; any other has blocks.
type bitmap struct {
	card   int
	bytes  int
	blocks *[shard.Blocks]*block // nil where packed
	starts [shard.Blocks + 1]uint16
	lows   []uint16
}

// view returns one block of the shard, which may be nil.
func (m *bitmap) view(i int) view {
	switch {
	case m == nil:
		return view{}
	case m.blocks != nil:
		return m.blocks[i].view()
	}
	return arrayView(m.lows[m.starts[i]:m.starts[i+1]])
}

// contains reports whether the offset's bit is set.
func (m *bitmap) contains(offset uint32) bool {
	switch i, x := offset/blockSpan, uint16(offset); {
	case m == nil:
		return false
	case m.blocks != nil:
		return m.blocks[i].contains(x)
	default:
		_, ok := slices.BinarySearch(m.lows[m.starts[i]:m.starts[i+1]], x)
		return ok
	}
}

// with returns the shard changed by flips, which ascend by offset, one each; nil
// where nothing is left, m itself where nothing changed.
func (m *bitmap) with(flips []shard.Flip) *bitmap {
	if m == nil {
		m = &bitmap{}
	}
	if m.blocks == nil && m.card+len(flips) <= packedMax {
		return m.repack(flips)
	}
	d := &bitmap{card: m.card, bytes: m.bytes, blocks: new([shard.Blocks]*block)}
	if m.blocks != nil {
		*d.blocks = *m.blocks
	} else {
		d.bytes = bitmapBytes
		for i := range d.blocks {
			if values := m.lows[m.starts[i]:m.starts[i+1]]; len(values) > 0 {
				d.blocks[i] = arrayBlock(slices.Clone(values))
				d.bytes += d.blocks[i].size()
			}
		}
	}
	changed := false
	for len(flips) > 0 {
		i := flips[0].Offset() / blockSpan
		n := 1
		for n < len(flips) && flips[n].Offset()/blockSpan == i {
			n++
		}
		old := d.blocks[i]
		b := old.with(flips[:n])
		flips = flips[n:]
		if b == old {
			continue
		}
		changed = true
		d.blocks[i] = b
		if old != nil {
			d.card -= int(old.card)
			d.bytes -= old.size()
		}
		if b != nil {
			d.card += int(b.card)
			d.bytes += b.size()
		}
	}
	switch {
	case !changed:
		return m.orNil()
	case d.card == 0:
		return nil
	}
	return d
}

const bitmapBytes = 96 + shard.Blocks*8

func (m *bitmap) orNil() *bitmap {
	if m.card == 0 {
		return nil
	}
	return m
}

// repack returns a packed shard changed by flips.
func (m *bitmap) repack(flips []shard.Flip) *bitmap {
	d := &bitmap{lows: make([]uint16, 0, m.card+len(flips))}
	for i := range shard.Blocks {
		old := m.lows[m.starts[i]:m.starts[i+1]]
		for len(flips) > 0 && int(flips[0].Offset()/blockSpan) == i {
			x := uint16(flips[0].Offset())
			at, found := slices.BinarySearch(old, x)
			d.lows = append(d.lows, old[:at]...)
			if flips[0].On() {
				d.lows = append(d.lows, x)
			}
			if found {
				at++
			}
			old, flips = old[at:], flips[1:]
		}
		d.lows = append(d.lows, old...)
		d.starts[i+1] = uint16(len(d.lows))
	}
	d.card = len(d.lows)
	d.bytes = 96 + 2*cap(d.lows)
	return d.orNil()
}

// loadBitmap decodes the durable base of a shard; nil where it is empty.
func loadBitmap(v []byte) (*bitmap, error) {
	if len(v) == 0 {
		return nil, nil
	}
	cs, err := shard.DecodeBitBase(nil, v)
	if err != nil {
		return nil, err
	}
	d := &bitmap{bytes: bitmapBytes, blocks: new([shard.Blocks]*block)}
	var w words
	for _, c := range cs {
		c.Fill(&w)
		b := newBlock(&w)
		d.blocks[c.Key] = b
		d.card += c.Card
		d.bytes += b.size()
	}
	if d.card <= packedMax {
		return d.pack(&w).orNil(), nil
	}
	return d, nil
}

// pack returns a small shard of blocks as one list.
func (m *bitmap) pack(scratch *words) *bitmap {
	d := &bitmap{card: m.card, bytes: 96 + 2*m.card, lows: make([]uint16, 0, m.card)}
	for i, b := range m.blocks {
		if b != nil {
			b.view().fill(scratch)
			d.lows = appendValues(d.lows, scratch)
		}
		d.starts[i+1] = uint16(len(d.lows))
	}
	return d
}

// setBits sets the bits of values.
func setBits(w *words, values []uint16) {
	for _, x := range values {
		w[x>>6] |= 1 << (x & 63)
	}
}

// clearBits clears the bits of values.
func clearBits(w *words, values []uint16) {
	for _, x := range values {
		w[x>>6] &^= 1 << (x & 63)
	}
}

// popcount returns how many bits are set.
func popcount(w *words) int {
	ops := [1]*words{w}
	return orWords(nil, ops[:])
}
