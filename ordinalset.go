package portrait

import (
	"iter"
	"math/bits"
)

// ordinalSet is a set of ordinals: bits, by 2^16 of them.
type ordinalSet map[uint32]*[1 << 10]uint64

// add puts an ordinal in; false if it was.
func (s ordinalSet) add(ordinal uint32) bool {
	block := s[ordinal>>16]
	if block == nil {
		block = new([1 << 10]uint64)
		s[ordinal>>16] = block
	}
	word, bit := &block[ordinal>>6&(1<<10-1)], uint64(1)<<(ordinal&63)
	fresh := *word&bit == 0
	*word |= bit
	return fresh
}

// remove takes an ordinal out.
func (s ordinalSet) remove(ordinal uint32) {
	if block := s[ordinal>>16]; block != nil {
		block[ordinal>>6&(1<<10-1)] &^= 1 << (ordinal & 63)
	}
}

// has reports whether an ordinal is in.
func (s ordinalSet) has(ordinal uint32) bool {
	block := s[ordinal>>16]
	return block != nil && block[ordinal>>6&(1<<10-1)]>>(ordinal&63)&1 == 1
}

// from yields the ordinals from one on, ascending.
func (s ordinalSet) from(first uint32) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, high := range sortedKeys(s) {
			if high < first>>16 {
				continue
			}
			at, mask := uint32(0), ^uint64(0)
			if high == first>>16 {
				at, mask = first>>6&(1<<10-1), mask<<(first&63)
			}
			for i, w := range s[high][at:] {
				for w &= mask; w != 0; w &= w - 1 {
					if !yield(high<<16 | (at+uint32(i))<<6 | uint32(bits.TrailingZeros64(w))) {
						return
					}
				}
				mask = ^uint64(0)
			}
		}
	}
}
