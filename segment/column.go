package segment

import (
	"math/bits"

	"github.com/portraitdb/portrait/internal/shard"
)

// SortableNumber maps a number to the integer that a column keeps for it, so
// that the order of the integers is the order of the numbers. Negative zero is
// zero; NaN, which no store keeps, sorts beyond infinity.
func SortableNumber(f float64) int64 { return shard.Sortable(f) }

// Number returns the number that a column keeps as that integer: the inverse of
// SortableNumber.
func Number(v int64) float64 { return shard.Number(v) }

// Span is an interval of column values, both ends included; empty where Lo is
// greater than Hi.
type Span struct{ Lo, Hi int64 }

// holds reports whether v lies in one of spans, which ascend and are apart.
func holds(spans []Span, v int64) bool {
	spans = reaching(spans, v)
	return len(spans) > 0 && spans[0].Lo <= v
}

// reaching returns those of spans, which ascend and are apart, that do not end
// before v.
func reaching(spans []Span, v int64) []Span {
	lo, hi := 0, len(spans)
	for lo < hi {
		if mid := (lo + hi) / 2; spans[mid].Hi < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return spans[lo:]
}

// near returns those of spans, which ascend and are apart, that meet the
// interval from lo to hi.
func near(spans []Span, lo, hi int64) []Span {
	spans = reaching(spans, lo)
	after := reaching(spans, hi)
	if len(after) > 0 && after[0].Lo <= hi {
		after = after[1:]
	}
	return spans[:len(spans)-len(after)]
}

const (
	chunkSpan   = shard.ChunkSpan
	blockChunks = blockSpan / chunkSpan
	pageChunks  = 16
	columnBytes = 16 + shard.Blocks*8
	blockBytes  = 16 + blockChunks/pageChunks*8
	pageBytes   = pageChunks*8 + 16
	chunkBytes  = 112
)

// column is one immutable shard of a column field, never empty.
type column struct {
	bytes  int
	blocks [shard.Blocks]*columnBlock
}

// columnBlock is 2^16 consecutive ordinals of a column: a commit copies this
// directory, and the pages and chunks that it touches.
type columnBlock struct {
	card  int
	pages [blockChunks / pageChunks]*chunkPage // nil where no one has a value
}

// chunk returns the i-th chunk; nil where no one has a value.
func (b *columnBlock) chunk(i int) *shard.Chunk {
	if p := b.pages[uint(i)/pageChunks]; p != nil {
		return p.chunk(int(uint(i) % pageChunks))
	}
	return nil
}

// mask returns the blocks where anyone has a value.
func (m *column) mask() uint16 {
	mask := uint16(0)
	for i, b := range m.blocks {
		if b != nil {
			mask |= 1 << i
		}
	}
	return mask
}

func (m *column) block(i int) *columnBlock {
	if m == nil {
		return nil
	}
	return m.blocks[i]
}

// at returns the value of an offset.
func (m *column) at(offset uint32) (int64, bool) {
	return m.block(int(offset / blockSpan)).at(uint16(offset))
}

func (b *columnBlock) at(x uint16) (int64, bool) {
	if b == nil {
		return 0, false
	}
	c := b.chunk(int(x / chunkSpan))
	if c == nil {
		return 0, false
	}
	return c.At(uint8(x))
}

// with returns the shard changed by cells, which ascend by offset, one each; nil
// where nothing is left.
func (m *column) with(cells []shard.Cell) *column {
	d := &column{bytes: columnBytes}
	if m != nil {
		*d = *m
	}
	for len(cells) > 0 {
		i := cells[0].Offset / blockSpan
		n := 1
		for n < len(cells) && cells[n].Offset/blockSpan == i {
			n++
		}
		var grown int
		if d.blocks[i], grown = d.blocks[i].with(cells[:n]); grown != 0 {
			d.bytes += grown
		}
		cells = cells[n:]
	}
	return d.orNil()
}

func (m *column) orNil() *column {
	for _, b := range m.blocks {
		if b != nil {
			return m
		}
	}
	return nil
}

// with returns the block changed by cells and by how many bytes it has grown.
func (b *columnBlock) with(cells []shard.Cell) (d *columnBlock, grown int) {
	d = &columnBlock{}
	if b != nil {
		*d = *b
	} else {
		grown = blockBytes
	}
	copied := -1 // the page that has been copied last: they ascend as well
	for len(cells) > 0 {
		i := int(cells[0].Offset % blockSpan / chunkSpan)
		n := 1
		for n < len(cells) && int(cells[n].Offset%blockSpan/chunkSpan) == i {
			n++
		}
		if page := i / pageChunks; page != copied {
			grown += d.copyPage(page)
			copied = page
		}
		page, place := d.pages[i/pageChunks], i%pageChunks
		if n > 1 || !page.replace(place, cells[0]) {
			old := page.chunk(place)
			if old != nil {
				grown -= chunkBytes + len(old.Data)
				d.card -= old.N
			}
			c := old.With(cells[:n])
			if c != nil {
				grown += chunkBytes + len(c.Data)
				d.card += c.N
			}
			page.put(place, c)
		}
		cells = cells[n:]
	}
	if d.card > 0 {
		return d, grown
	}
	for _, p := range d.pages {
		if p != nil {
			grown -= pageBytes
		}
	}
	return nil, grown - blockBytes
}

// copyPage gives the block a page of its own, and returns how many bytes it has
// grown.
func (b *columnBlock) copyPage(i int) int {
	old := b.pages[i]
	if old == nil {
		b.pages[i] = new(chunkPage)
		return pageBytes
	}
	b.pages[i] = old.clone()
	return 0
}

// loadColumn decodes the durable base of a shard; nil where it is empty. It
// keeps v.
func loadColumn(v []byte) (*column, error) {
	if len(v) == 0 {
		return nil, nil
	}
	chunks, err := shard.DecodeColumnBase(nil, v)
	if err != nil {
		return nil, err
	}
	d := &column{bytes: columnBytes}
	for _, c := range chunks {
		i := c.Index / blockChunks
		if d.blocks[i] == nil {
			d.blocks[i] = &columnBlock{}
			d.bytes += blockBytes
		}
		at := int(c.Index % blockChunks)
		if d.blocks[i].pages[at/pageChunks] == nil {
			d.bytes += d.blocks[i].copyPage(at / pageChunks)
		}
		d.blocks[i].pages[at/pageChunks].put(at%pageChunks, c.Chunk)
		d.blocks[i].card += c.N
		d.bytes += chunkBytes + len(c.Data)
	}
	return d.orNil(), nil
}

// exists writes over w which values of the block exist.
func (b *columnBlock) exists(w *words) {
	clear(w[:])
	for i := range blockChunks {
		c := b.chunk(i)
		if c != nil {
			*(*[4]uint64)(w[4*i:]) = c.Exists
		}
	}
}

// scan writes over w which values of the block lie in the spans of n, and returns how
// many. Where mask is not nil only its bits are looked at; it may be w.
func (b *columnBlock) scan(w, mask *words, n *node) int {
	if len(n.spans) == 1 {
		return b.scanSpan(w, mask, n.spans[0])
	}
	var room [pageChunks]*shard.Chunk
	card, chunks := 0, &room
	within := allSlots
	for i := range blockChunks {
		if i%pageChunks == 0 {
			chunks = b.pages[i/pageChunks].all(&room)
		}
		c := chunks[i%pageChunks]
		if mask != nil {
			within = [4]uint64(mask[4*i : 4*i+4])
		}
		out := (*[4]uint64)(w[4*i:])
		*out = [4]uint64{}
		if c == nil || within[0]|within[1]|within[2]|within[3] == 0 {
			continue
		}
		if met := near(n.spans, c.Min, c.Max); len(met) > spansMax {
			searchChunk(out, c, &within, n)
		} else {
			for _, s := range met {
				lo, hi := shard.CutAt(s.Lo), shard.CutAfter(s.Hi)
				scanChunk(out, c, &lo, &hi)
			}
		}
		card += keepBits(out, &within)
	}
	return card
}

// scanSpan is scan for one span: where it begins and ends among the decimals of
// a scale is found out once a block.
func (b *columnBlock) scanSpan(w, mask *words, s Span) int {
	var room [pageChunks]*shard.Chunk
	card, chunks := 0, &room
	lo, hi := shard.CutAt(s.Lo), shard.CutAfter(s.Hi)
	within := allSlots
	for i := range blockChunks {
		if i%pageChunks == 0 {
			chunks = b.pages[i/pageChunks].all(&room)
		}
		c := chunks[i%pageChunks]
		if mask != nil {
			within = [4]uint64(mask[4*i : 4*i+4])
		}
		out := (*[4]uint64)(w[4*i:])
		*out = [4]uint64{}
		if c == nil || within[0]|within[1]|within[2]|within[3] == 0 {
			continue
		}
		scanChunk(out, c, &lo, &hi)
		card += keepBits(out, &within)
	}
	return card
}

// keepBits clears what is not in mask, and returns how many bits are left.
func keepBits(out, mask *[4]uint64) int {
	card := 0
	for j := range out {
		out[j] &= mask[j]
		card += bits.OnesCount64(out[j])
	}
	return card
}

var allSlots = [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// spansMax is the most spans that a chunk is scanned for one by one; among more
// each value is searched for.
const spansMax = 8

// searchChunk adds to out the slots of c, among those of mask, whose values lie
// in one of the spans of n.
func searchChunk(out *[4]uint64, c *shard.Chunk, mask *[4]uint64, n *node) {
	found := c.Exists
	if n.index != nil {
		// Scans leave what is near the spans.
		found = [4]uint64{}
		for _, s := range n.index.crowds {
			if s.Lo <= c.Max && s.Hi >= c.Min {
				lo, hi := shard.CutAt(s.Lo), shard.CutAfter(s.Hi)
				scanChunk(&found, c, &lo, &hi)
			}
		}
	}
	card := keepBits(&found, mask)
	if card == 0 {
		return
	}
	var values [chunkSpan]int64
	if card > unpackMin {
		c.Unpack(&values)
	}
	for j, x := range found {
		for ; x != 0; x &= x - 1 {
			slot := j<<6 | bits.TrailingZeros64(x)
			if card <= unpackMin {
				values[slot], _ = c.At(uint8(slot))
			}
			if n.holds(values[slot]) {
				out[j] |= x & -x
			}
		}
	}
}

// unpackMin is how many values of a chunk are taken one by one; where more are wanted,
// all are unpacked.
const unpackMin = 64

// scanChunk adds to out the slots of c whose values lie from one cut to the
// other.
func scanChunk(out *[4]uint64, c *shard.Chunk, lo, hi *shard.Cut) {
	var packed [4]uint64
	switch scanCuts(&packed, c, lo, hi) {
	case scannedNone:
		return
	case scannedAll:
		for j := range out {
			out[j] |= c.Exists[j]
		}
		return
	}
	if c.N == chunkSpan {
		for j := range out {
			out[j] |= packed[j]
		}
		return
	}
	spread(out, &packed, &c.Exists)
}

// scanned says which packed integers of a chunk a scan has found.
type scanned uint8

const (
	scannedNone scanned = iota
	scannedSome
	scannedAll
)

// scanCuts sets the bits of out that belong to the packed integers of c whose
// values lie from one cut to the other; where those are none or all it says so
// and leaves out as it is.
func scanCuts(out *[4]uint64, c *shard.Chunk, lo, hi *shard.Cut) scanned {
	from, all := c.Below(lo)
	if all {
		return scannedNone
	}
	to, all := c.Below(hi)
	switch {
	case all && from == 0:
		return scannedAll
	case all:
		to = ^uint64(0)>>(64-8*uint(c.Width)) + 1 // 0 for 2^64
	case to <= from:
		return scannedNone
	}
	scanPacked(out, c.Data, c.Width, from, to-1-from)
	return scannedSome
}
