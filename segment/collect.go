package segment

import (
	"context"
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
)

// NewSet returns the set of the ordinals, which may come in any order and
// repeat, with the partition, epoch and instant of src. It is meant for answers
// that no query computes, such as Catalog.Scan: its complement is empty.
func NewSet(src Source, ordinals []uint32) *Set {
	s := &Set{partition: src.Partition, epoch: src.Epoch, asOf: src.AsOf}
	if !slices.IsSorted(ordinals) {
		ordinals = slices.Clone(ordinals)
		slices.Sort(ordinals)
	}
	var w words
	for len(ordinals) > 0 {
		key := ordinals[0] >> 16
		clear(w[:])
		n := 0
		for ; n < len(ordinals) && ordinals[n]>>16 == key; n++ {
			x := ordinals[n] % blockSpan
			w[x>>6] |= 1 << (x & 63)
		}
		s.add(int(key), newBlock(&w))
		ordinals = ordinals[n:]
	}
	return s
}

// unlimited is the limit of a whole answer.
const unlimited = ^uint64(0)

// collect builds the answer, or the first limit members of it.
func (q *Query) collect(ctx context.Context, src Source, limit uint64) (*Set, error) {
	m := src.meter()
	if err := q.ready(ctx, src, m); err != nil {
		return nil, err
	}
	universe, err := src.Root.universe(ctx, src, q.universe)
	if err != nil {
		return nil, err
	}
	x := newExec(ctx, q.program, src, m)
	defer x.release()
	s := x.newSet()
	s.universe = universe
	if limit == unlimited && min(src.Workers, x.shards) > 1 {
		if err := x.collectParallel(ctx, []*Set{s}, func(x *exec, i int, part []*Set) { x.collectShard(part[0], i, limit) }); err != nil {
			return nil, err
		}
		return s, nil
	}
	for i := range x.shards {
		x.collectShard(s, i, limit)
		if s.count >= limit {
			break
		}
	}
	if err := x.failure(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// collectParallel adds the whole answer of each root to its set, as collect does for
// one shard. Several goroutines take shards, each with an exec of its own; their parts
// are joined in the order of the shards.
func (x *exec) collectParallel(ctx context.Context, sets []*Set, collect func(x *exec, shardNo int, part []*Set)) error {
	p, src, m := x.p, x.src, x.meter
	parts := make([][]*Set, x.shards)
	err := parallel(min(src.Workers, x.shards), func(next func() int) error {
		x := newExec(ctx, p, src, m)
		defer x.release()
		for i := next(); i < x.shards && x.err == nil; i = next() {
			part := make([]*Set, len(sets))
			for j := range part {
				part[j] = &Set{}
			}
			collect(x, i, part)
			parts[i] = part
		}
		return x.failure(ctx)
	})
	if err != nil {
		return err
	}
	for j, s := range sets {
		s.join(parts, j)
	}
	return nil
}

// join appends the j-th set of each part; the keys of the parts ascend.
func (s *Set) join(parts [][]*Set, j int) {
	n := 0
	for _, part := range parts {
		n += len(part[j].keys)
	}
	s.keys, s.blocks = slices.Grow(s.keys, n), slices.Grow(s.blocks, n)
	for _, part := range parts {
		s.keys, s.blocks = append(s.keys, part[j].keys...), append(s.blocks, part[j].blocks...)
		s.count += part[j].count
	}
}

func (x *exec) newSet() *Set {
	return &Set{partition: x.src.Partition, epoch: x.src.Epoch, asOf: x.src.AsOf}
}

// universe returns the field that All stands for as a set. It shares the blocks
// of the index, and is kept for the next query on this version.
func (r *Root) universe(ctx context.Context, src Source, f FieldID) (*Set, error) {
	if u := r.all.Load(); u != nil && u.field == f {
		return u.set, nil
	}
	q := NewQuery(Bits(f), f)
	x := newExec(ctx, q.program, src, nil)
	defer x.release()
	s := x.newSet()
	for i := range x.shards {
		x.collectShard(s, i, unlimited)
	}
	if err := x.failure(ctx); err != nil {
		return nil, err
	}
	r.all.Store(&universe{f, s})
	return s, nil
}

type universe struct {
	field FieldID
	set   *Set
}

// build collects the whole answer of a query that only reads sets.
func (x *exec) build() *Set {
	s := x.newSet()
	for i := range x.shards {
		x.collectShard(s, i, unlimited)
	}
	return s
}

// collectShard adds one shard of the answer to s, up to limit members in all.
func (x *exec) collectShard(s *Set, shardNo int, limit uint64) {
	for i := range x.enterShard(shardNo) {
		v := x.at(i, false)
		switch {
		case x.err != nil:
			return
		case v.card == 0:
			continue
		}
		scratch := x.words()
		if left := limit - s.count; uint64(v.card) > left {
			s.add(shardNo*shard.Blocks+i, firstOf(v, int(left), scratch))
			return
		}
		s.add(shardNo*shard.Blocks+i, v.toBlock(scratch))
	}
}

// firstOf returns the n least values of a view as a block.
func firstOf(v view, n int, scratch *words) *block {
	v.fill(scratch)
	for i, x := range scratch {
		kept := uint64(0)
		for ; x != 0 && n > 0; x &= x - 1 {
			kept |= x & -x
			n--
		}
		scratch[i] = kept
	}
	return newBlock(scratch)
}
