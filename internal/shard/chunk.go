package shard

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Chunk is the content of up to 256 consecutive offsets of a column: which of
// them exist, and their values, packed in the order of their slots. It is
// immutable once built.
//
// The i-th value that exists is derived from k = Base + Mult*x, where x is the
// i-th packed integer: it is k itself where Scale is negative, and otherwise the
// sortable form of the decimal number k/10^Scale.
type Chunk struct {
	Exists [ChunkSpan / 64]uint64
	N      int // how many exist: 1 to 256
	Scale  int8
	Width  uint8 // bytes per packed integer: 0, 1, 2, 4 or 8; 0: all are 0
	Base   int64
	Mult   uint64 // at least 1
	// Min and Max bound the values; they may be wider than the values are.
	Min, Max int64
	Data     []byte
}

const (
	// linear is the Scale of integers that are packed as they are.
	linear   = -1
	maxScale = 4
	// maxDecimal bounds k in decimal form: below it k/10^Scale grows strictly.
	maxDecimal = 1 << 50
)

var pow10 = [maxScale + 1]float64{1, 10, 100, 1000, 10000}

// decimal returns the sortable form of k/10^scale.
func decimal(k int64, scale int8) int64 { return Sortable(float64(k) / pow10[scale]) }

// decimalOf returns the k with decimal(k, scale) == v.
func decimalOf(v int64, scale int8) (k int64, ok bool) {
	f := math.RoundToEven(Number(v) * pow10[scale])
	if !(math.Abs(f) <= maxDecimal) {
		return 0, false
	}
	k = int64(f)
	return k, decimal(k, scale) == v
}

// packed returns the i-th packed integer.
func (c *Chunk) packed(i int) uint64 {
	switch c.Width {
	case 1:
		return uint64(c.Data[i])
	case 2:
		return uint64(binary.LittleEndian.Uint16(c.Data[2*i:]))
	case 4:
		return uint64(binary.LittleEndian.Uint32(c.Data[4*i:]))
	case 8:
		return binary.LittleEndian.Uint64(c.Data[8*i:])
	}
	return 0
}

// Value returns what a packed integer stands for.
func (c *Chunk) Value(x uint64) int64 {
	k := c.Base + int64(c.Mult*x)
	if c.Scale == linear {
		return k
	}
	return decimal(k, c.Scale)
}

// value returns the i-th value that exists.
func (c *Chunk) value(i int) int64 { return c.Value(c.packed(i)) }

// rank returns how many slots before this one exist, and whether it does.
func (c *Chunk) rank(slot uint8) (int, bool) {
	w, bit := slot>>6, uint64(1)<<(slot&63)
	n := bits.OnesCount64(c.Exists[w] & (bit - 1))
	for _, x := range c.Exists[:w] {
		n += bits.OnesCount64(x)
	}
	return n, c.Exists[w]&bit != 0
}

// At returns the value of a slot.
func (c *Chunk) At(slot uint8) (int64, bool) {
	i, ok := c.rank(slot)
	if !ok {
		return 0, false
	}
	return c.value(i), true
}

// Unpack writes the values that exist to their slots of out.
func (c *Chunk) Unpack(out *[ChunkSpan]int64) {
	i := 0
	for w, x := range c.Exists {
		for ; x != 0; x &= x - 1 {
			out[w<<6|bits.TrailingZeros64(x)] = c.value(i)
			i++
		}
	}
}

// ceilDecimal returns the least k with decimal(k, scale) >= v.
func ceilDecimal(v int64, scale int8) int64 {
	f := max(min(Number(v)*pow10[scale], maxDecimal), -maxDecimal)
	k := int64(math.Ceil(f))
	for k > -maxDecimal && decimal(k-1, scale) >= v {
		k--
	}
	for k <= maxDecimal && decimal(k, scale) < v {
		k++
	}
	return k
}
