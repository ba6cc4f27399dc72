package segment

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// columnKeys are the values of a block, each at its ordinal, so that those of any
// group can be picked out. Decimals are there as integers of a common place.
type columnKeys struct {
	kind  profile.Kind
	ready bool // the present block has been read
	some  int  // members who have a value
	// plain says that the keys are the values themselves, not all of which add up as
	// integers; otherwise they are integers k with value k/10^place, or times.
	plain bool
	have  words // which members have a value
	keys  [blockSpan]int64
}

// read reads the values of the members under mask. Place is that of the integers so
// far; it returns that of these, which is not less.
func (b *columnKeys) read(from *columnBlock, mask *words, place int) int {
	b.ready, b.some, b.plain = true, 0, false
	clear(b.have[:])
	if from == nil {
		return place
	}
	greatest := place
	for i := range blockChunks {
		c := from.chunk(i)
		if c == nil {
			continue
		}
		n := pick((*[4]uint64)(b.have[4*i:]), mask, i, c)
		if n == 0 {
			continue
		}
		b.some += n
		if b.kind == profile.KindTime {
			continue
		}
		scale, decimal := c.Decimal()
		b.plain = b.plain || !decimal
		greatest = max(greatest, scale)
	}
	if b.plain = b.plain || !b.fits(from, greatest); b.plain {
		greatest = place
	}
	for i := range blockChunks {
		c := from.chunk(i)
		sel := (*[4]uint64)(b.have[4*i:])
		if sel[0]|sel[1]|sel[2]|sel[3] != 0 {
			b.chunk((*[chunkSpan]int64)(b.keys[i*chunkSpan:]), c, sel, greatest)
		}
	}
	return greatest
}

// fits reports whether all values of the members are integers at the place that a
// float64 holds exactly. They are decimals.
func (b *columnKeys) fits(from *columnBlock, place int) bool {
	if b.kind == profile.KindTime {
		return true
	}
	for i := range blockChunks {
		c := from.chunk(i)
		if b.have[4*i]|b.have[4*i+1]|b.have[4*i+2]|b.have[4*i+3] == 0 {
			continue
		}
		if most := max(math.Abs(Number(c.Min)), math.Abs(Number(c.Max))); !(most*powers[place] < 1<<53) {
			return false
		}
	}
	return true
}

var powers = [...]float64{1, 10, 100, 1000, 10_000}

// valueOf returns the value of an integer of a place: the inverse of what read does.
func valueOf(k int64, kind profile.Kind, place int) int64 {
	if kind == profile.KindTime {
		return k
	}
	return SortableNumber(float64(k) / powers[place])
}

// chunk writes the keys of the slots in sel.
func (b *columnKeys) chunk(keys *[chunkSpan]int64, c *shard.Chunk, sel *[4]uint64, place int) {
	scale, decimal := c.Decimal()
	if decimal && (b.plain || b.kind == profile.KindTime) {
		spreadKeys(keys, c, sel, c.Value)
		return
	}
	base, mult := c.Base, c.Mult
	for ; decimal && scale < place; scale++ {
		base *= 10
		mult *= 10
	}
	if c.N < chunkSpan {
		spreadKeys(keys, c, sel, func(x uint64) int64 { return base + int64(mult*x) })
		return
	}
	fillKeys(keys, c, sel, base, mult)
}

// spreadKeys writes what the packed integers of the slots in sel stand for.
func spreadKeys(keys *[chunkSpan]int64, c *shard.Chunk, sel *[4]uint64, value func(x uint64) int64) {
	packed := packedMask(c, sel)
	var at, of [chunkSpan]uint8
	n := list(&at, &packed)
	list(&of, sel)
	for i := range n {
		keys[of[i]] = value(packedAt(c.Data, c.Width, int(at[i])))
	}
}

// fillKeys writes base and mult times the integer, for the slots in sel of a chunk
// where every slot has a value.
func fillKeys(keys *[chunkSpan]int64, c *shard.Chunk, sel *[4]uint64, base int64, mult uint64) {
	for j, x := range sel {
		out := (*[64]int64)(keys[64*j:])
		switch c.Width {
		case 1:
			data := c.Data[64*j:][:64]
			for ; x != 0; x &= x - 1 {
				i := bits.TrailingZeros64(x) & 63
				out[i] = base + int64(mult*uint64(data[i]))
			}
		case 2:
			data := c.Data[128*j:][:128]
			for ; x != 0; x &= x - 1 {
				i := bits.TrailingZeros64(x) & 63
				out[i] = base + int64(mult*uint64(binary.LittleEndian.Uint16(data[2*i:])))
			}
		case 4:
			data := c.Data[256*j:][:256]
			for ; x != 0; x &= x - 1 {
				i := bits.TrailingZeros64(x) & 63
				out[i] = base + int64(mult*uint64(binary.LittleEndian.Uint32(data[4*i:])))
			}
		default:
			for ; x != 0; x &= x - 1 {
				i := bits.TrailingZeros64(x) & 63
				out[i] = base + int64(mult*packedAt(c.Data, c.Width, 64*j+i))
			}
		}
	}
}
