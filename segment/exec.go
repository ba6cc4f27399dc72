package segment

import (
	"context"
	"errors"
	"math"
	"sync/atomic"

	"github.com/portraitdb/portrait/internal/shard"
)

// exec runs one program on one goroutine, shard by shard and block by block. It
// reads operands where they lie; what it computes lies in scratch blocks that
// stay in the caches of the processor and are used again by the next query.
type exec struct {
	pool   *Index // where to go after use; nil: nowhere
	p      *program
	src    Source
	done   <-chan struct{} // of the context
	meter  *Meter          // nil: no budget
	err    error
	left   int   // operands until the context is asked again
	read   int64 // bytes that the meter does not know of yet
	shards int   // how many to visit

	fields []*field // by leaf
	sets   []*Set   // by leaf, for opFixed and opScan

	shard    int
	entered  uint64     // another one for every shard
	may      []uint16   // by node: the blocks of this shard where it may have members
	roots    uint16     // of all roots, the blocks where any may have members
	contents []*content // by leaf, of this shard; nil: not yet asked for

	block int    // within the shard
	stamp uint64 // another one for every block
	none  view   // the empty one
	wide  map[*node]*several
	memory
}

// errStopped stands for the error of the context.
var errStopped = errors.New("segment: stopped")

// newExec returns an exec of the source's index.
func newExec(ctx context.Context, p *program, src Source, m *Meter) *exec {
	x := src.Root.index.takeExec()
	x.done, x.meter = ctx.Done(), m
	x.begin(p, src)
	return x
}

// takeExec returns an exec that runs nothing yet.
func (ix *Index) takeExec() *exec {
	x := ix.spare.Swap(nil)
	if x == nil {
		x, _ = ix.execs.Get().(*exec)
	}
	if x == nil {
		x = &exec{pool: ix}
	}
	return x
}

func (x *exec) begin(p *program, src Source) {
	x.p, x.src = p, src
	for _, n := range p.leaves {
		var (
			f *field
			s *Set
		)
		switch n.op {
		case opFixed:
			s = n.set
		case opScan:
			if n.scan.done.Load() { // always, but for Plan
				s = n.scan.set
			}
		default:
			f = src.Root.dir.find(n.field)
			if want := kindOf(n.op); f != nil && f.kind != want {
				x.fail(kindError(n.field, f.kind))
				f = nil
			}
		}
		x.fields, x.sets, x.contents = append(x.fields, f), append(x.sets, s), append(x.contents, nil)
		if f != nil {
			x.shards = max(x.shards, f.shards())
		}
		if s != nil {
			x.shards = max(x.shards, s.shards())
		}
	}
	for range p.nodes {
		x.may = append(x.may, 0)
	}
	x.fit(p)
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

// release makes the exec forget the program and gives it back.
func (x *exec) release() {
	clear(x.fields)
	clear(x.sets)
	clear(x.contents)
	clear(x.wide)
	x.fields, x.sets, x.contents, x.may = x.fields[:0], x.sets[:0], x.contents[:0], x.may[:0]
	x.p, x.src, x.err, x.shards, x.done, x.meter, x.left, x.read = nil, Source{}, nil, 0, nil, nil, 0, 0
	if !x.forget() {
		return // it has grown so large that the collector had better take it
	}
	if x.pool != nil && !x.pool.spare.CompareAndSwap(nil, x) {
		x.pool.execs.Put(x)
	}
}

// fail remembers the first error; whatever is computed after it is not used.
func (x *exec) fail(err error) {
	if x.err == nil || x.err == errStopped {
		x.err = err
	}
}

// failure returns what went wrong.
func (x *exec) failure(ctx context.Context) error {
	if x.read > 0 && x.err == nil {
		x.ask() // so that the budget knows of all
	}
	if x.err == errStopped {
		return context.Cause(ctx)
	}
	return x.err
}

// liveEvery is how many operands may be taken before the context is asked again:
// some ten microseconds of work.
const liveEvery = 32

// live reports whether to go on. It is asked for every operand, because there
// may be thousands in a block.
func (x *exec) live() bool {
	if x.left--; x.left >= 0 {
		return x.err == nil
	}
	return x.ask()
}

// ask looks at the context and the budget.
func (x *exec) ask() bool {
	x.left = liveEvery
	select {
	case <-x.done:
		x.fail(errStopped)
	default:
	}
	if x.meter != nil && x.read > 0 {
		if err := x.meter.read(x.read); err != nil {
			x.fail(err)
		}
		x.read = 0
	}
	return x.err == nil
}

// enterShard goes to a shard and returns how many of its blocks to visit: none
// where no root has members there, by what is known without loading, or after a
// failure.
func (x *exec) enterShard(s int) int {
	x.roots = 0
	if !x.ask() {
		return 0
	}
	x.shard = s
	clear(x.contents)
	for i, n := range x.p.nodes {
		x.may[i] = x.possible(n)
	}
	x.entered++
	for _, r := range x.p.roots {
		x.roots |= x.may[r.id]
	}
	if x.roots == 0 {
		return 0
	}
	return shard.Blocks
}

// vain reports whether no root may have members in a block of the shard, so that there is
// nothing to go there for.
func (x *exec) vain(i int) bool { return x.roots>>i&1 == 0 }

// possible returns the blocks of this shard in which a node may have members, by what
// is known without loading. Its operands have been asked.
func (x *exec) possible(n *node) uint16 {
	switch n.op {
	case opEmpty:
		return 0
	case opBits, opRange, opHas, opLot:
		return x.fields[n.leaf].mask(x.shard)
	case opFixed, opScan:
		if s := x.sets[n.leaf]; s != nil {
			return s.mask(x.shard)
		}
		return x.fields[n.leaf].mask(x.shard) // of a scan that Plan does not run
	case opAnd:
		mask := uint16(anywhere)
		for _, k := range n.kids {
			mask &= x.may[k.id]
		}
		return mask
	}
	mask, some := uint16(0), 0
	for _, k := range n.kids {
		if may := x.may[k.id]; may != 0 {
			mask |= may
			some++
		}
	}
	if n.op == opAtLeast && some < n.k {
		return 0
	}
	return mask
}

// here reports whether a node may have members in this block.
func (x *exec) here(n *node) bool { return x.may[n.id]>>x.block&1 == 1 }

// countShard counts the answer in one shard.
func (x *exec) countShard(s int) uint64 {
	var n uint64
	alone := x.meter == nil && x.p.isMeet()
	for i := range x.enterShard(s) {
		if alone {
			if x.may[x.p.roots[0].id]>>i&1 == 0 {
				continue
			}
			if card, ok := x.countDense(x.p.roots[0], i); ok {
				n += uint64(card)
				continue
			}
			if card, ok := x.countFew(x.p.roots[0], i); ok {
				n += uint64(card)
				continue
			}
		}
		n += uint64(x.at(i, true).card)
	}
	if x.err != nil {
		return 0
	}
	return n
}

// at evaluates the first root in one block of the shard. With count alone true
// only the view's cardinality is of use.
func (x *exec) at(i int, count bool) view {
	if x.may[x.p.roots[0].id]>>i&1 == 0 {
		return view{}
	}
	if !x.enter(i) {
		return view{}
	}
	return x.eval(x.p.roots[0], count)
}

// enter goes to a block of the shard. It reports false after a failure.
func (x *exec) enter(i int) bool {
	if !x.ask() {
		return false
	}
	x.block = i
	if x.meter != nil {
		if err := x.meter.block(x.key()); err != nil {
			x.fail(err)
			return false
		}
	}
	x.stamp++
	x.ahead.ask()
	x.top, x.atop, x.formed = 0, 0, 0
	for _, n := range x.p.steps {
		if x.here(n) {
			x.recall(n)
		}
	}
	return x.err == nil
}

// eval evaluates a node in this block. The view's memory is immutable, or kept
// for this block, or scratch that was taken since the call.
func (x *exec) eval(n *node, count bool) view {
	switch {
	case n.op == opBits || n.op == opFixed || n.op == opScan:
		return *x.leaf(n)
	case !x.here(n):
		return view{}
	case n.slot != 0:
		return *x.recall(n)
	}
	return x.compute(n, nil, count)
}

// fetch returns the result of a node that is read where it lies or is kept: it
// stays there for this block.
func (x *exec) fetch(n *node) *view {
	switch {
	case n.slot == 0:
		return x.leaf(n)
	case !x.here(n):
		return &x.none
	}
	return x.recall(n)
}

// compute evaluates a node anew. Where dst is not nil and the result is words
// that no block holds, they are likely to be in dst.
func (x *exec) compute(n *node, dst *words, count bool) view {
	if dst == nil {
		dst = x.words()
	}
	switch n.op {
	case opRange:
		return x.scanRange(n, dst, nil)
	case opLot:
		return x.drawLots(n, dst)
	case opHas:
		return x.hasValue(n, dst)
	case opAnd:
		return x.and(n, dst, count)
	case opOr:
		return x.or(n, dst, count)
	case opXor:
		return x.xor(n, dst)
	case opAtLeast:
		return x.atLeast(n, dst, count)
	}
	return view{}
}

// leaf returns this block of a bitmap or set.
func (x *exec) leaf(n *node) *view {
	f := &x.form[n.leaf]
	if f.seen != x.stamp {
		f.seen = x.stamp
		if n.op == opBits {
			m := &x.content(n).bits
			f.view = m.view(x.block)
			x.ahead.foresee(m, x.block+1)
		} else {
			f.view = x.sets[n.leaf].view(x.key())
		}
		if n.reads > 1 {
			f.view.leaf = int32(n.leaf) + 1
		}
		if x.meter != nil {
			x.read += f.view.size()
		}
	}
	return &f.view
}

// several is the kids of a wide disjunction that may have members in a shard.
type several struct {
	entered uint64
	kids    []*node
}

// wideMin is from how many operands on the empty ones are sorted out once a
// shard.
const wideMin = 32

// likely returns the kids of a disjunction that may have members in this shard.
func (x *exec) likely(n *node) []*node {
	if len(n.kids) < wideMin {
		return n.kids
	}
	if x.wide == nil {
		x.wide = map[*node]*several{}
	}
	w := x.wide[n]
	if w == nil {
		w = &several{}
		x.wide[n] = w
	}
	if w.entered != x.entered {
		w.entered, w.kids = x.entered, w.kids[:0]
		for _, k := range n.kids {
			if x.may[k.id] != 0 {
				w.kids = append(w.kids, k)
			}
		}
	}
	return w.kids
}

// vacant reports whether a bitmap is surely empty in this block, at little cost.
func (x *exec) vacant(n *node) bool {
	if n.op != opBits {
		return false
	}
	c := x.contents[n.leaf]
	return c != nil && c.bits.mask>>x.block&1 == 0
}

// content returns this shard of a leaf's field, loading it on first use.
func (x *exec) content(n *node) *content {
	if c := x.contents[n.leaf]; c != nil {
		return c
	}
	c := noContent
	if f := x.fields[n.leaf]; f != nil && x.err == nil {
		if i, ok := f.find(uint32(x.shard)); ok {
			var err error
			if c, err = f.load(i, x.src.Root, x.src.Loader); err != nil {
				x.fail(err)
				c = noContent
			}
			x.left = 0 // loading may have taken long
		}
	}
	x.contents[n.leaf] = c
	return c
}

var noContent = &content{}

// scanRange writes to w which profiles of this block have a value in the leaf's
// spans; with a mask, those within the mask.
func (x *exec) scanRange(n *node, w, mask *words) view {
	b := x.content(n).column.block(x.block)
	if b == nil {
		return view{}
	}
	if x.meter != nil {
		x.read += b.size()
	}
	return wordsView(w, b.scan(w, mask, n))
}

func (x *exec) hasValue(n *node, w *words) view {
	b := x.content(n).column.block(x.block)
	if b == nil {
		return view{}
	}
	if x.meter != nil {
		x.read += blockSpan / 8
	}
	b.exists(w)
	return wordsView(w, b.card)
}

// countParallel counts shards on several goroutines.
func (q *Query) countParallel(ctx context.Context, src Source, m *Meter, workers int) (uint64, error) {
	var total atomic.Uint64
	err := parallel(workers, func(next func() int) error {
		x := newExec(ctx, q.program, src, m)
		defer x.release()
		for s := next(); s < x.shards && x.err == nil; s = next() {
			total.Add(x.countShard(s))
		}
		return x.failure(ctx)
	})
	if err != nil {
		return 0, err
	}
	return total.Load(), nil
}

// parallel runs work on several goroutines, each of which takes the next number,
// from 0 on, until it has enough, and returns one of their errors. Once one of them has
// failed the next number is math.MaxInt, which is enough for all.
func parallel(workers int, work func(next func() int) error) error {
	var at atomic.Int64
	var failed atomic.Bool
	next := func() int {
		if failed.Load() {
			return math.MaxInt
		}
		return int(at.Add(1)) - 1
	}
	results := make(chan error, workers)
	for range workers {
		go func() {
			err := work(next)
			if err != nil {
				failed.Store(true)
			}
			results <- err
		}()
	}
	var err error
	for range workers {
		if e := <-results; err == nil {
			err = e
		}
	}
	return err
}

// key returns the number of the present block among those of all shards.
func (x *exec) key() int { return blockKey(x.shard, x.block) }
