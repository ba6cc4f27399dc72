package segment

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
)

// bitmap is one immutable shard of a bitmap field; the zero bitmap is empty. A
// small shard lies in one slab, with toggles in another, so that a commit which
// flips one bit copies the latter; a very small one has no toggles, and is
// written anew. A large shard has blocks.
type bitmap struct {
	card    int32
	bytes   int32  // of memory
	mask    uint16 // the blocks that have members
	full    uint16 // those that have all
	blocks  *[shard.Blocks]*block
	slab    slab
	toggles slab
}

const (
	// bitmapBytes and largeBytes are what a shard takes besides its values: one that
	// lies in a slab, and one that has blocks.
	bitmapBytes = 80
	largeBytes  = bitmapBytes + 8*shard.Blocks
	// rewriteMax is how long a slab may be that is written anew by every commit that
	// changes it.
	rewriteMax = 256
	// slabTogglesMax is the most toggles of a slab.
	slabTogglesMax = 62
)

// view returns one block of the shard.
func (m *bitmap) view(i int) view {
	switch {
	case m.mask>>i&1 == 0:
		return view{}
	case m.blocks != nil:
		return m.blocks[i].view()
	}
	v := m.slab.view(i)
	if m.toggles.has(i) {
		values, card := m.toggles.list(i)
		if v.state == viewEmpty {
			v.state, v.fixed, v.array = viewArray, true, values
		} else {
			v.toggles = values
		}
		v.card = card
	}
	return v
}

// first returns the offset of the first member, where that is seen at once, or else that
// of its block.
func (m *bitmap) first() uint32 {
	if m.mask == 0 {
		return 0
	}
	i := bits.TrailingZeros16(m.mask)
	from := uint32(i * blockSpan)
	if m.blocks == nil && m.toggles == nil {
		if values, _ := m.slab.list(i); len(values) > 0 {
			from += uint32(values[0])
		}
	}
	return from
}

// last returns the offset of the last member, likewise.
func (m *bitmap) last() uint32 {
	if m.mask == 0 {
		return shard.Span - 1
	}
	i := bits.Len16(m.mask) - 1
	to := uint32(i*blockSpan + blockSpan - 1)
	if m.blocks == nil && m.toggles == nil {
		if values, _ := m.slab.list(i); len(values) > 0 {
			to -= blockSpan - 1 - uint32(values[len(values)-1])
		}
	}
	return to
}

// contains reports whether the offset's bit is set.
func (m *bitmap) contains(offset uint32) bool {
	v := m.view(int(offset / blockSpan))
	return v.contains(uint16(offset))
}

// with returns the shard changed by flips, which ascend by offset, one each.
func (m *bitmap) with(flips []shard.Flip) bitmap {
	if m.blocks == nil {
		if d, ok := m.toggle(flips); ok {
			return d
		}
		if d, ok := m.rewrite(flips); ok {
			return d
		}
	}
	return m.change(flips)
}

// blockOfFlips returns the block that the first of flips is in, and how many of
// them are.
func blockOfFlips(flips []shard.Flip) (i, n int) {
	i = int(flips[0].Offset() / blockSpan)
	for n = 1; n < len(flips) && int(flips[n].Offset()/blockSpan) == i; n++ {
	}
	return i, n
}

// blocksOf returns the mask of the blocks that flips are in.
func blocksOf(flips []shard.Flip) (mask uint16) {
	for _, f := range flips {
		mask |= 1 << (f.Offset() / blockSpan)
	}
	return mask
}

// changed appends the values that flips do change in a view.
func (v *view) changed(dst []uint16, flips []shard.Flip) []uint16 {
	for _, f := range flips {
		if x := uint16(f.Offset()); v.contains(x) != f.On() {
			dst = append(dst, x)
		}
	}
	return dst
}

// setCard keeps whether a block has members, and all of them.
func (m *bitmap) setCard(i, card int) {
	m.mask, m.full = m.mask&^(1<<i), m.full&^(1<<i)
	if card > 0 {
		m.mask |= 1 << i
	}
	if card == blockSpan {
		m.full |= 1 << i
	}
}

// toggle returns the shard with flips among its toggles; ok is false where there
// would be too many of them for a slab as long as this.
func (m *bitmap) toggle(flips []shard.Flip) (d bitmap, ok bool) {
	most := min(len(m.slab)/16, slabTogglesMax)
	if len(m.slab) <= rewriteMax || len(flips)+m.toggles.length() > most {
		return d, false
	}
	if len(flips) == 1 {
		return m.toggleOne(flips[0])
	}
	var (
		fresh [slabTogglesMax]uint16
		b     = newSlabBuilder(m.toggles.mask()|blocksOf(flips), m.toggles.length()+len(flips))
	)
	d = *m
	for i := range shard.Blocks {
		n := 0
		if len(flips) > 0 && int(flips[0].Offset()/blockSpan) == i {
			_, n = blockOfFlips(flips)
		}
		if n == 0 && !m.toggles.has(i) {
			continue
		}
		v := m.view(i)
		var old []uint16
		if m.toggles.has(i) {
			old, _ = m.toggles.list(i)
		}
		changed := v.changed(fresh[:0], flips[:n])
		card := v.card
		for _, f := range flips[:n] {
			if x := uint16(f.Offset()); v.contains(x) != f.On() {
				card += 2*int(f&1) - 1
			}
		}
		flips = flips[n:]
		if card == 0 {
			return d, false // the slab may lose the block
		}
		d.card += int32(card - v.card)
		d.setCard(i, card)
		b.begin(i)
		begin := len(b.values)
		if b.values = toggled(b.values, old, changed); len(b.values) == begin {
			b.cancel(i)
		} else {
			b.end(card)
		}
	}
	d.toggles = b.slab()
	d.bytes = int32(bitmapBytes + 2*cap(d.slab) + 2*cap(d.toggles))
	return d, true
}

// toggleOne is toggle of one flip.
func (m *bitmap) toggleOne(f shard.Flip) (d bitmap, ok bool) {
	i, x := int(f.Offset()/blockSpan), uint16(f.Offset())
	v := m.view(i)
	if v.contains(x) == f.On() {
		return *m, true
	}
	by := 2*int(f&1) - 1
	if v.card+by == 0 {
		return d, false // the slab may lose the block
	}
	d = *m
	d.card += int32(by)
	d.setCard(i, v.card+by)
	d.toggles = m.toggles.toggle(i, x, v.card+by)
	d.bytes = int32(bitmapBytes + 2*cap(d.slab) + 2*cap(d.toggles))
	return d, true
}

// rewrite returns the shard with flips and without toggles, in a new slab; ok is
// false where it is too large for one.
func (m *bitmap) rewrite(flips []shard.Flip) (d bitmap, ok bool) {
	if len(m.slab)+len(flips) > slabMax {
		return d, false
	}
	var (
		fresh [slabTogglesMax]uint16
		b     = newSlabBuilder(m.mask|blocksOf(flips), m.slab.length()+m.toggles.length()+len(flips))
	)
	for i := range shard.Blocks {
		n := 0
		if len(flips) > 0 && int(flips[0].Offset()/blockSpan) == i {
			_, n = blockOfFlips(flips)
		}
		if n == 0 && m.mask>>i&1 == 0 {
			continue
		}
		v := m.slab.view(i)
		var old []uint16
		if m.toggles.has(i) {
			old, _ = m.toggles.list(i)
		}
		toggles := old
		if n > 0 {
			now := m.view(i)
			changed := now.changed(fresh[:0], flips[:n])
			if toggles = changed; len(old) > 0 {
				toggles = toggled(nil, old, changed)
			}
			flips = flips[n:]
		}
		if !b.add(i, &v, toggles) {
			return d, false
		}
	}
	return b.bitmap()
}

// bitmap returns what has been collected as a shard.
func (b *slabBuilder) bitmap() (d bitmap, ok bool) {
	if len(b.values) > slabMax {
		return d, false
	}
	d = bitmap{card: int32(b.card), mask: b.mask, full: b.full, slab: b.slab()}
	d.bytes = int32(bitmapBytes + 2*cap(d.slab))
	return d, true
}

// change returns the shard with flips as one that has blocks, or as a slab where
// it has become that small.
func (m *bitmap) change(flips []shard.Flip) bitmap {
	d := bitmap{card: m.card, bytes: m.bytes, mask: m.mask, full: m.full, blocks: new([shard.Blocks]*block)}
	folded := m.blocks == nil
	if folded {
		d.bytes = largeBytes
		for i := range d.blocks {
			v := m.view(i)
			d.blocks[i] = v.own()
			d.bytes += int32(d.blocks[i].size())
		}
	} else {
		*d.blocks = *m.blocks
	}
	for len(flips) > 0 {
		i, n := blockOfFlips(flips)
		old := d.blocks[i]
		b := old.with(flips[:n])
		flips = flips[n:]
		if b == old {
			continue
		}
		folded = folded || b == nil || old == nil || len(b.array) != len(old.array) || b.kind != old.kind
		d.put(i, b)
	}
	if folded {
		if s, ok := d.compact(slabMax * 3 / 4); ok {
			return s
		}
	}
	return d
}

// put replaces a block of a large shard that is being made.
func (m *bitmap) put(i int, b *block) {
	if old := m.blocks[i]; old != nil {
		m.card -= old.card
		m.bytes -= int32(old.size())
	}
	m.blocks[i] = b
	if m.setCard(i, 0); b != nil {
		m.setCard(i, int(b.card))
		m.card += b.card
		m.bytes += int32(b.size())
	}
}

// compact returns a large shard as a slab; ok is false where that would hold more
// than so many values.
func (m *bitmap) compact(most int) (d bitmap, ok bool) {
	n := 0
	for _, b := range m.blocks {
		if b == nil {
			continue
		}
		if n += len(b.array) + len(b.toggles); b.kind == blockWords || n > most {
			return d, false
		}
	}
	b := newSlabBuilder(m.mask, n)
	for i, old := range m.blocks {
		if old == nil {
			continue
		}
		v := old.view()
		if !b.add(i, &v, v.toggles) {
			return d, false
		}
	}
	return b.bitmap()
}

// own returns the view as a block that shares no memory with it.
func (v *view) own() *block {
	switch {
	case v.state == viewEmpty:
		return nil
	case v.state == viewFull && len(v.toggles) == 0:
		return fullBlock
	}
	b := v.share()
	b.array, b.toggles = slices.Clone(b.array), slices.Clone(b.toggles)
	return b
}

// loadBitmap decodes the durable base of a shard.
func loadBitmap(v []byte) (bitmap, error) {
	if len(v) == 0 {
		return bitmap{}, nil
	}
	cs, err := shard.DecodeBitBase(nil, v)
	if err != nil {
		return bitmap{}, err
	}
	var w words
	d := bitmap{bytes: largeBytes, blocks: new([shard.Blocks]*block)}
	for _, c := range cs {
		d.put(int(c.Key), loadBlock(&c, &w))
	}
	if s, ok := d.compact(slabMax); ok {
		return s, nil
	}
	return d, nil
}

// loadBlock decodes a container. What is stored as an array is best held as one,
// but for a large one.
func loadBlock(c *shard.Container, scratch *words) *block {
	if c.Kind == shard.Array && c.Card <= arrayMax {
		values := make([]uint16, c.Card)
		for i := range values {
			values[i] = binary.LittleEndian.Uint16(c.Data[2*i:])
		}
		return arrayBlock(values)
	}
	c.Fill(scratch)
	return newBlock(scratch)
}
