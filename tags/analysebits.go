package tags

import (
	"iter"
	"math/bits"
)

// numbers is a set of small numbers.
type numbers []uint64

func (s *numbers) add(n int) {
	for len(*s) <= n/64 {
		*s = append(*s, 0)
	}
	(*s)[n/64] |= 1 << (n % 64)
}

func (s numbers) has(n int) bool { return n/64 < len(s) && s[n/64]>>(n%64)&1 == 1 }

func (s numbers) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// each yields the numbers, ascending.
func (s numbers) each() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, w := range s {
			for ; w != 0; w &= w - 1 {
				if !yield(64*i + bits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}

// keep leaves in s what o has too.
func (s *numbers) keep(o numbers) {
	*s = (*s)[:min(len(*s), len(o))]
	for i := range *s {
		(*s)[i] &= o[i]
	}
}

// drop takes out of s what o has.
func (s numbers) drop(o numbers) {
	for i := range min(len(s), len(o)) {
		s[i] &^= o[i]
	}
}
