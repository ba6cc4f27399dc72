package shred

import (
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"sort"
)

// Height is the number of levels of the tree: numbers are less than Numbers.
const Height = 48

// Numbers is how many numbers there are.
const Numbers = 1 << Height

// key is a seed, or at the height 0 the key of a number.
type key [sha256.Size]byte

// seed is the root of a subtree: that of the 2^height numbers from one on.
type seed struct {
	from   uint64
	height uint8
	key    key
}

// end returns the first number that is not in the subtree.
func (s *seed) end() uint64 { return s.from + 1<<s.height }

// child returns a half of the subtree.
func (s *seed) child(right bool) seed {
	c := seed{from: s.from, height: s.height - 1, key: descend(s.key, right)}
	if right {
		c.from += 1 << c.height
	}
	return c
}

// descend is the pseudorandom generator: one half of what it makes of a seed.
func descend(k key, right bool) key {
	var in [len(k) + 1]byte
	copy(in[:], k[:])
	if right {
		in[len(k)] = 1
	}
	return sha256.Sum256(in[:])
}

// walk goes down to the subtree of a height that a number lies in.
func (s seed) walk(number uint64, height uint8) seed {
	for s.height > height {
		s.height--
		s.key = descend(s.key, number>>s.height&1 == 1)
	}
	s.from = number >> height << height
	return s
}

// Tree holds the keys of all numbers but for those forgotten. It is immutable, and may be
// used from any goroutine.
type Tree struct {
	seeds []seed // ascending, of subtrees that share no number
	known cache
}

// New returns a tree of random keys, none forgotten.
func New() *Tree {
	root := seed{height: Height}
	rand.Read(root.key[:])
	return &Tree{seeds: []seed{root}}
}

// Seeds returns how many seeds the tree keeps.
func (t *Tree) Seeds() int { return len(t.seeds) }

// Has reports whether a number has its key.
func (t *Tree) Has(number uint64) bool { return t.above(number) != nil }

// above returns the seed that a number is below; nil if none.
func (t *Tree) above(number uint64) *seed {
	i := sort.Search(len(t.seeds), func(i int) bool { return t.seeds[i].from > number }) - 1
	if i < 0 || number >= t.seeds[i].end() {
		return nil
	}
	return &t.seeds[i]
}

// key returns the key of a number; ok is false for one forgotten, or none.
func (t *Tree) key(number uint64) (k key, ok bool) {
	if number >= Numbers {
		return k, false
	}
	low, ok := t.known.get(number, nearHeight)
	if ok {
		return low.walk(number, 0).key, true
	}
	if low, ok = t.known.get(number, farHeight); !ok {
		s := t.above(number)
		if s == nil {
			return k, false
		}
		if low = *s; low.height > farHeight {
			low = low.walk(number, farHeight)
			t.known.put(low)
		}
	}
	if low.height > nearHeight {
		low = low.walk(number, nearHeight)
		t.known.put(low)
	}
	return low.walk(number, 0).key, true
}

// Without returns the tree that has forgotten some numbers too. The tree that it is made
// of still has them.
func (t *Tree) Without(numbers ...uint64) *Tree {
	numbers = slices.Compact(slices.Sorted(slices.Values(numbers)))
	seeds := make([]seed, 0, len(t.seeds)+len(numbers)*8)
	rest := numbers
	for i := range t.seeds {
		s := &t.seeds[i]
		for len(rest) > 0 && rest[0] < s.from {
			rest = rest[1:] // it is forgotten
		}
		in, _ := slices.BinarySearch(rest, s.end())
		seeds = s.without(seeds, rest[:in])
		rest = rest[in:]
	}
	return &Tree{seeds: seeds}
}

// without appends the least subtrees that hold a subtree but for some of its numbers.
func (s *seed) without(seeds []seed, numbers []uint64) []seed {
	switch {
	case len(numbers) == 0:
		return append(seeds, *s)
	case s.height == 0:
		return seeds
	}
	left, right := s.child(false), s.child(true)
	half, _ := slices.BinarySearch(numbers, right.from)
	return right.without(left.without(seeds, numbers[:half]), numbers[half:])
}
