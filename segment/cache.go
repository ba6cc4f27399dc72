package segment

import (
	"sync"
	"sync/atomic"
)

// cache counts the decoded shards and keeps them within a budget. What it evicts
// is durable: a slot is published only after the commit that made it.
type cache struct {
	budget int64         // bytes; 0: no limit
	reads  atomic.Uint64 // shards that were read through a Loader

	mu    sync.Mutex // guards all below, and the ring field of every slot
	bytes int64
	ring  []*slot // all slots that hold decoded content
	hand  int
}

// publish makes d the slot's content and returns it, or that of another loader
// which was faster.
func (c *cache) publish(s *slot, d *content) *content {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first := s.data.Load(); first != nil {
		return first
	}
	s.data.Store(d)
	s.pending.Store(nil)
	s.use()
	c.add(s, d)
	c.evict()
	return d
}

// replace counts the new slots of a commit in place of the old ones.
func (c *cache) replace(old, fresh []*slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range old {
		if s != nil {
			s.flags.Or(slotOld)
			c.remove(s)
		}
	}
	for _, s := range fresh {
		if s == nil {
			continue
		}
		if d := s.data.Load(); d != nil {
			s.use()
			c.add(s, d)
		}
	}
	c.sweep()
	c.evict()
}

// add counts a slot; c.mu is held.
func (c *cache) add(s *slot, d *content) {
	s.ring = int32(len(c.ring))
	c.ring = append(c.ring, s)
	c.bytes += int64(d.bytes())
}

// remove stops counting a slot, which keeps its content; c.mu is held.
func (c *cache) remove(s *slot) {
	if s.ring < 0 {
		return
	}
	last := c.ring[len(c.ring)-1]
	c.ring[s.ring], last.ring = last, s.ring
	c.ring[len(c.ring)-1] = nil
	c.ring = c.ring[:len(c.ring)-1]
	s.ring = -1
	c.bytes -= int64(s.data.Load().bytes())
}

// next moves the hand on and returns the slot under it; c.mu is held.
func (c *cache) next() *slot {
	if c.hand >= len(c.ring) {
		c.hand = 0
	}
	s := c.ring[c.hand]
	c.hand++
	return s
}

// drop evicts a slot that is counted; c.mu is held.
func (c *cache) drop(s *slot) {
	c.remove(s)
	s.data.Store(nil)
}

// evict drops slots that were not used of late until the budget is kept; c.mu
// is held.
func (c *cache) evict() {
	for c.budget > 0 && c.bytes > c.budget && len(c.ring) > 0 {
		if s := c.next(); !s.disuse() || s.is(slotOld) {
			c.drop(s)
		}
	}
}

// sweep looks at a few slots for old versions that an old view has loaded and
// no one uses any more; c.mu is held.
func (c *cache) sweep() {
	for range min(4, len(c.ring)) {
		if s := c.next(); s.is(slotOld) && !s.disuse() {
			c.drop(s)
		}
	}
}

func (c *cache) size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
