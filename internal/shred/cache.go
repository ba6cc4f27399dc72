package shred

import "sync/atomic"

// A cache remembers the seeds of subtrees of two heights, some of those that keys were
// made of last: a key is four steps below the one that is near, and that is four below
// the one that is far. Numbers are given out densely, so that a million of them are near and
// eight million far.
const (
	nearHeight, nearSlots = 4, 1 << 16
	farHeight, farSlots   = 8, 1 << 15
)

// cache takes some 6 MiB when it is full, and nothing before it is used. The zero value is
// empty.
type cache struct{ near, far atomic.Pointer[[]slot] }

type slot = atomic.Pointer[remembered]

type remembered struct {
	group uint64 // number / 2^height
	key   key
}

// slots returns those of a height.
func (c *cache) slots(height uint8) []slot {
	of, size := &c.near, nearSlots
	if height == farHeight {
		of, size = &c.far, farSlots
	}
	slots := of.Load()
	for slots == nil {
		made := make([]slot, size)
		of.CompareAndSwap(nil, &made)
		slots = of.Load()
	}
	return *slots
}

// get returns the seed of the subtree of a height that a number lies in.
func (c *cache) get(number uint64, height uint8) (s seed, ok bool) {
	slots, group := c.slots(height), number>>height
	r := slots[group%uint64(len(slots))].Load()
	if r == nil || r.group != group {
		return s, false
	}
	return seed{from: group << height, height: height, key: r.key}, true
}

func (c *cache) put(s seed) {
	slots, group := c.slots(s.height), s.from>>s.height
	slots[group%uint64(len(slots))].Store(&remembered{group, s.key})
}
