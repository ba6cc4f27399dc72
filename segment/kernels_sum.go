package segment

import (
	"encoding/binary"
	"math/bits"
)

// The kernels of this file take some of up to 256 packed integers: those whose
// bits are set in mask, of which there are none beyond the data. Integers of width
// 0, of which there is no data, are all 0.

// sumPackedGo returns the sum of the integers: hi * 2^32 + lo.
func sumPackedGo(data []byte, width uint8, mask *[4]uint64) (hi, lo uint64) {
	if width == 0 {
		return 0, 0
	}
	for j, x := range mask {
		for ; x != 0; x &= x - 1 {
			v := packedAt(data, width, j<<6|bits.TrailingZeros64(x))
			hi += v >> 32
			lo += v & (1<<32 - 1)
		}
	}
	return hi, lo
}

// extremesGo returns the least and the greatest of the integers, of which there
// is one at least.
func extremesGo(data []byte, width uint8, mask *[4]uint64) (least, greatest uint64) {
	if width == 0 {
		return 0, 0
	}
	least = ^uint64(0)
	for j, x := range mask {
		for ; x != 0; x &= x - 1 {
			v := packedAt(data, width, j<<6|bits.TrailingZeros64(x))
			least, greatest = min(least, v), max(greatest, v)
		}
	}
	return least, greatest
}

// packedAt returns the i-th integer.
func packedAt(data []byte, width uint8, i int) uint64 {
	switch width {
	case 0:
		return 0
	case 1:
		return uint64(data[i])
	case 2:
		return uint64(binary.LittleEndian.Uint16(data[2*i:]))
	case 4:
		return uint64(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return binary.LittleEndian.Uint64(data[8*i:])
}

// narrow writes to out, of the bits that are set in exists, those that are set
// in mask as well, side by side: the mask of slots as one of packed integers.
func narrow(out, mask, exists *[4]uint64) {
	*out = [4]uint64{}
	at := 0
	for j, e := range exists {
		if e == 0 {
			continue
		}
		x := extract(mask[j], e)
		out[at>>6] |= x << (at & 63)
		if at&63 != 0 && at>>6 < 3 {
			out[at>>6+1] |= x >> (64 - at&63)
		}
		at += bits.OnesCount64(e)
	}
}

// extractGo returns the bits of x at those set in mask, side by side.
func extractGo(x, mask uint64) uint64 {
	if mask == ^uint64(0) {
		return x
	}
	out := uint64(0)
	for i := 0; mask != 0; i, mask = i+1, mask&(mask-1) {
		out |= x >> bits.TrailingZeros64(mask) & 1 << i
	}
	return out
}
