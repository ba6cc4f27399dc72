package segment

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/portraitdb/portrait/internal/shard"
)

// exec runs one query on one goroutine, shard by shard and block by block. It
// reads operands where they lie; what it computes lies in scratch blocks that
// stay in the first-level cache and are used again by the next query.
type exec struct {
	pool   *Index // where to go after use; nil: nowhere
	q      *Query
	src    Source
	err    error
	shards int // how many to visit

	fields []*field // by leaf
	sets   []*Set   // by leaf, for opFixed and opScan

	shard    int
	block    int        // within the shard
	contents []*content // by leaf, of this shard; nil: not yet asked for

	scratch []*words // those below top are in use
	top     int
	arrays  []*[arrayScratch]uint16
	atop    int
	views   []view   // stacks of operands
	ptrs    []*words // that andWords and orWords take
}

// arrayScratch holds an array with its toggles.
const arrayScratch = 4096

// contextEvery is how many blocks may pass before the context is asked again.
const contextEvery = 4

func (ix *Index) newExec(q *Query, src Source) *exec {
	x := ix.spare.Swap(nil)
	if x == nil {
		x, _ = ix.execs.Get().(*exec)
	}
	if x == nil {
		x = &exec{pool: ix}
	}
	x.begin(q, src)
	return x
}

func (x *exec) begin(q *Query, src Source) {
	x.q, x.src = q, src
	for _, n := range q.leaves {
		var (
			f *field
			s *Set
		)
		switch n.op {
		case opFixed:
			s = n.set
		case opScan:
			s = n.scan.set
		default:
			f = src.Root.dir.find(n.field)
			if want := kindOf(n.op); f != nil && f.kind != want {
				x.err = kindError(n.field, f.kind)
				f = nil
			}
		}
		x.fields, x.sets, x.contents = append(x.fields, f), append(x.sets, s), append(x.contents, nil)
		if f != nil {
			x.shards = max(x.shards, len(f.slots))
		}
		if s != nil {
			x.shards = max(x.shards, s.shards())
		}
	}
	if x.err != nil {
		x.shards = 0
	}
}

func kindOf(op nodeOp) FieldKind {
	if op == opBits {
		return Bitmap
	}
	return Column
}

// release makes the exec forget the query and gives it back.
func (x *exec) release() {
	clear(x.fields)
	clear(x.sets)
	clear(x.contents)
	clear(x.views[:cap(x.views)])
	clear(x.ptrs[:cap(x.ptrs)])
	x.fields, x.sets, x.contents = x.fields[:0], x.sets[:0], x.contents[:0]
	x.views, x.ptrs = x.views[:0], x.ptrs[:0]
	x.q, x.src, x.err, x.shards, x.top, x.atop = nil, Source{}, nil, 0, 0, 0
	if x.pool != nil && !x.pool.spare.CompareAndSwap(nil, x) {
		x.pool.execs.Put(x)
	}
}

// fail remembers the first error; whatever is computed after it is not used.
func (x *exec) fail(err error) {
	if x.err == nil {
		x.err = err
	}
}

// blocksOf enters a shard and returns how many of its blocks to visit: none
// where the answer is surely empty there, or after a failure.
func (x *exec) blocksOf(ctx context.Context, s int) int {
	if x.err != nil {
		return 0
	}
	if err := ctx.Err(); err != nil {
		x.fail(err)
		return 0
	}
	x.shard = s
	clear(x.contents)
	if !x.possible(x.q.root) {
		return 0
	}
	return shard.Blocks
}

// possible reports whether a node may have members in this shard, by what is
// known without loading.
func (x *exec) possible(n *node) bool {
	switch n.op {
	case opEmpty:
		return false
	case opBits, opRange, opHas:
		return x.fields[n.leaf].slot(x.shard) != nil
	case opFixed, opScan:
		return x.sets[n.leaf].touches(x.shard)
	case opAnd:
		for _, k := range n.kids {
			if !x.possible(k) {
				return false
			}
		}
		return true
	}
	return slices.ContainsFunc(n.kids, x.possible)
}

// countShard counts the answer in one shard.
func (x *exec) countShard(ctx context.Context, s int) uint64 {
	var n uint64
	for i := range x.blocksOf(ctx, s) {
		if i%contextEvery == 0 && ctx.Err() != nil {
			x.fail(ctx.Err())
		}
		if x.err != nil {
			return 0
		}
		n += uint64(x.at(i, true).card)
	}
	return n
}

// at evaluates the query in one block of the shard. With count alone true only
// the view's cardinality is of use.
func (x *exec) at(i int, count bool) view {
	x.block, x.top, x.atop = i, 0, 0
	return x.eval(x.q.root, count)
}

// eval evaluates a node in this block. The view's memory is either immutable or
// scratch that was taken since the call.
func (x *exec) eval(n *node, count bool) view {
	switch n.op {
	case opBits, opFixed, opScan:
		return x.leaf(n)
	case opRange:
		return x.scanRange(n, nil)
	case opHas:
		return x.hasValue(n)
	case opAnd:
		return x.and(n, count)
	case opOr:
		return x.or(n, count)
	case opXor:
		return x.xor(n)
	case opAtLeast:
		return x.atLeast(n)
	}
	return view{}
}

// leaf returns this block of a bitmap or set.
func (x *exec) leaf(n *node) view {
	if n.op != opBits {
		return x.sets[n.leaf].view(x.shard*shard.Blocks + x.block)
	}
	return x.content(n).bits.view(x.block)
}

// content returns this shard of a leaf's field, loading it on first use.
func (x *exec) content(n *node) *content {
	if c := x.contents[n.leaf]; c != nil {
		return c
	}
	c := noContent
	if s := x.fields[n.leaf].slot(x.shard); s != nil {
		var err error
		c, err = s.load(ShardKey{n.field, uint32(x.shard)}, x.src.Loader, &x.src.Root.index.cache)
		if err != nil {
			x.fail(err)
			c = noContent
		}
	}
	x.contents[n.leaf] = c
	return c
}

var noContent = &content{}

// scanRange returns the profiles of this block whose value lies in the leaf's
// spans; with a mask, those within the mask.
func (x *exec) scanRange(n *node, mask *words) view {
	b := x.content(n).column.block(x.block)
	if b == nil {
		return view{}
	}
	w := x.words()
	return wordsView(w, b.scan(w, mask, n.spans))
}

func (x *exec) hasValue(n *node) view {
	b := x.content(n).column.block(x.block)
	if b == nil {
		return view{}
	}
	w := x.words()
	b.exists(w)
	return wordsView(w, b.card)
}

// words takes a scratch block, of undefined content.
func (x *exec) words() *words {
	if x.top == len(x.scratch) {
		x.scratch = append(x.scratch, new(words))
	}
	x.top++
	return x.scratch[x.top-1]
}

// values takes a scratch array.
func (x *exec) values() *[arrayScratch]uint16 {
	if x.atop == len(x.arrays) {
		x.arrays = append(x.arrays, new([arrayScratch]uint16))
	}
	x.atop++
	return x.arrays[x.atop-1]
}

// countParallel counts shards on several goroutines.
func (q *Query) countParallel(ctx context.Context, src Source, workers int) (uint64, error) {
	type result struct {
		n   uint64
		err error
	}
	var next atomic.Int64
	results := make(chan result, workers)
	for range workers {
		go func() {
			x := src.Root.index.newExec(q, src)
			defer x.release()
			var n uint64
			for s := int(next.Add(1)) - 1; s < x.shards; s = int(next.Add(1)) - 1 {
				n += x.countShard(ctx, s)
			}
			results <- result{n, x.err}
		}()
	}
	var (
		sum uint64
		err error
	)
	for range workers {
		r := <-results
		sum += r.n
		if err == nil {
			err = r.err
		}
	}
	if err != nil {
		return 0, err
	}
	return sum, nil
}
