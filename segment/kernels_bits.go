package segment

import "math/bits"

// The slots of a chunk as four words, and what is done with them.

// first returns the place of the first bit that is set, -1 where there is none.
func first(mask *[4]uint64) int {
	for j, x := range mask {
		if x != 0 {
			return j<<6 | bits.TrailingZeros64(x)
		}
	}
	return -1
}

// takeOut clears the bits of part that are set in mask, and returns how many
// there were.
func takeOut(mask, part *[4]uint64) int {
	n := 0
	for j := range mask {
		n += bits.OnesCount64(mask[j] & part[j])
		mask[j] &^= part[j]
	}
	return n
}

// list writes to out the places of the bits that are set, ascending, and returns
// how many there are.
func list(out *[chunkSpan]uint8, mask *[4]uint64) int {
	n := 0
	for j, x := range mask {
		for ; x != 0; x &= x - 1 {
			out[n] = uint8(j<<6 | bits.TrailingZeros64(x))
			n++
		}
	}
	return n
}

// place returns the place of the bit that is set after n others. There must be
// one.
func place(mask *[4]uint64, n int) int {
	for j, x := range mask {
		here := bits.OnesCount64(x)
		if n < here {
			return j<<6 | bits.TrailingZeros64(deposit(1<<n, x))
		}
		n -= here
	}
	return -1
}
