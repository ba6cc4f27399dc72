package segment

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Index is the in-memory copy of every bitmap and column, as a sequence of
// immutable roots. It has one writer: Attach, Begin and all that a Tx does
// belong to one goroutine at a time. Readers take a Root and are never blocked.
type Index struct {
	root  atomic.Pointer[Root]
	cache cache
	spare atomic.Pointer[exec] // the last one used, which no collection takes away
	execs sync.Pool            // of more
}

// New returns an empty index. BudgetBytes bounds the memory of decoded shards;
// 0 is no bound. What is over the budget is evicted, coldest first, and read
// again through the Loader of whoever needs it.
func New(budgetBytes int64) *Index {
	ix := &Index{cache: cache{budget: budgetBytes}}
	ix.root.Store(&Root{index: ix})
	return ix
}

// Root is one immutable version of the index. Roots may be kept and read by any
// number of goroutines; each query pairs one with a Loader on the snapshot of
// the same commit.
type Root struct {
	index *Index
	dir   directory
	all   atomic.Pointer[universe] // the universe as a set, once asked for
}

// Root returns the current version.
func (ix *Index) Root() *Root { return ix.root.Load() }

// LoadedBytes estimates the memory of the decoded shards that are counted
// against the budget.
func (ix *Index) LoadedBytes() int64 { return ix.cache.size() }

// Reads counts the shards that were not in memory when they were asked for, and were read
// through a Loader.
func (ix *Index) Reads() uint64 { return ix.cache.reads.Load() }

// Attach declares a field that is already durable: shards lists those that may
// hold something, ascending. Nothing is loaded. It replaces the current root.
func (ix *Index) Attach(f FieldID, kind FieldKind, shards []uint32) {
	slots := make([]*slot, len(shards))
	for i := range slots {
		slots[i] = newSlot(kind)
	}
	d := (&field{id: f, kind: kind}).withSlots(shards, slots)
	old := ix.Root()
	ix.root.Store(&Root{index: ix, dir: old.dir.with([]edit{{f, d}})})
}

// Kind returns what a field holds; ok is false where there is no such field.
func (r *Root) Kind(f FieldID) (kind FieldKind, ok bool) {
	if d := r.dir.find(f); d != nil {
		return d.kind, true
	}
	return 0, false
}

// Contains reports whether the ordinal's bit in a bitmap field is set. It loads
// the shard where need be.
func (r *Root) Contains(ld Loader, f FieldID, ordinal uint32) (bool, error) {
	c, offset, err := r.content(ld, f, Bitmap, ordinal)
	if err != nil {
		return false, err
	}
	return c.bits.contains(offset), nil
}

// Value returns the ordinal's value in a column field. It loads the shard where
// need be.
func (r *Root) Value(ld Loader, f FieldID, ordinal uint32) (v int64, ok bool, err error) {
	c, offset, err := r.content(ld, f, Column, ordinal)
	if err != nil {
		return 0, false, err
	}
	v, ok = c.column.at(offset)
	return v, ok, nil
}

func (r *Root) content(ld Loader, f FieldID, kind FieldKind, ordinal uint32) (*content, uint32, error) {
	d := r.dir.find(f)
	if d == nil {
		return noContent, 0, nil
	}
	if d.kind != kind {
		return nil, 0, kindError(f, d.kind)
	}
	n, offset := splitOrdinal(ordinal)
	s := d.slot(int(n))
	if s == nil {
		return noContent, offset, nil
	}
	c, err := s.load(ShardKey{f, n}, ld, &r.index.cache)
	return c, offset, err
}

func kindError(f FieldID, kind FieldKind) error {
	if kind == Column {
		return fmt.Errorf("segment: field %d is a column, not a bitmap", f)
	}
	return fmt.Errorf("segment: field %d is a bitmap, not a column", f)
}
