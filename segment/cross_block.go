package segment

import (
	"math/bits"

	"github.com/portraitdb/portrait/internal/shard"
)

// crossing is a Cross at work, on one goroutine.
type crossing struct {
	*Cross
	x      *exec
	counts []uint64
	blocks int       // how many are kept at a time: one, or all of a shard
	all    []operand // by block, and within it by root; last the base, where it is kept
	kept   []operand // those of this block
	held   [][]words // by root, the blocks: for those that no block of the index holds as words
	level  []words   // by place in the order: what is left of the cells above; last, of a bitmap within the base
	rows   [][arrayScratch]uint16
	listed *[rowsMax]uint16
	codes  *codes // nil: the dimensions are not exclusive, or the table is small
}

// operand is a query of a dimension in one block.
type operand struct {
	card  int
	words *words   // unless it is empty or full
	array []uint16 // the same, where it lies as an array
}

// crossListed is up to how many members are listed where so many cells or more are below:
// looking that many up in each takes less than reading all words.
const (
	crossListed = 160
	crossBelow  = 16
)

func (c *Cross) crossing(x *exec) *crossing {
	kept, blocks := len(c.roots)-len(c.outer), 1
	if len(c.bitmaps) > 0 {
		kept, blocks = kept+1, shard.Blocks
	}
	t := &crossing{
		Cross: c, x: x, counts: make([]uint64, c.cells), blocks: blocks, all: make([]operand, blocks*kept), held: make([][]words, kept),
		level: make([]words, len(c.order)+1), rows: make([][arrayScratch]uint16, len(c.order)+2), listed: new([rowsMax]uint16),
	}
	if c.planes > 0 {
		t.codes = &codes{crossing: t, planes: make([]words, c.planes), byCode: make([]uint64, 1<<c.planes)}
	}
	return t
}

// done completes the counts, after the last shard.
func (t *crossing) done() []uint64 {
	if t.codes != nil {
		t.codes.finish()
	}
	return t.counts
}

// shard adds the members of each cell in one shard.
func (t *crossing) shard(s int) {
	x := t.x
	base := x.p.roots[t.outer[len(t.outer)-1]]
	for i := range x.enterShard(s) {
		if x.may[base.id]>>i&1 == 0 {
			continue
		}
		if !x.enter(i) {
			return
		}
		if t.codes != nil && t.codes.count() {
			continue
		}
		if !t.block(i) {
			return
		}
	}
	if t.codes != nil {
		t.codes.flush()
	}
	for _, at := range t.bitmaps {
		if x.may[base.id] == 0 || !x.live() {
			return
		}
		t.bitmap(at, x.may[base.id])
	}
}

// block keeps the queries of one block, and adds the members of the cells that are
// counted block by block. It reports whether to go on.
func (t *crossing) block(i int) bool {
	x := t.x
	t.turn(i)
	for r := range t.kept {
		if !x.live() {
			return false
		}
		t.keep(i, r)
	}
	for _, at := range t.blocked {
		if !x.live() {
			return false
		}
		x.top, x.atop = 0, 0
		v := x.eval(x.p.roots[t.outer[at]], len(t.order) == 0)
		if len(t.order) > 0 {
			v = t.plain(v)
		}
		t.divide(0, t.cell(at), v)
	}
	return true
}

// bitmap adds the members of the cells of a bitmap in the blocks of this shard where the
// base may have members.
func (t *crossing) bitmap(at int, within uint16) {
	x := t.x
	n := x.p.roots[t.outer[at]]
	if within &= x.may[n.id]; within == 0 {
		return
	}
	m, cell := &x.content(n).bits, t.cell(at)
	for mask := m.mask & within; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros16(mask)
		t.turn(i)
		v := m.view(i)
		if x.meter != nil {
			x.read += v.size()
		}
		x.top, x.atop = 0, 0
		if !t.based {
			if len(t.order) > 0 {
				v = t.plain(v)
			}
			t.divide(0, cell, v)
			continue
		}
		switch o := t.kept[len(t.kept)-1]; {
		case o.card == 0:
		case len(t.order) == 0:
			t.counts[cell] += uint64(t.common(t.plain(v), o))
		default:
			t.divide(0, cell, t.meet(len(t.order), t.plain(v), o))
		}
	}
}

// turn makes a block the one whose operands are taken.
func (t *crossing) turn(i int) {
	n := len(t.all) / t.blocks
	i %= t.blocks
	t.kept = t.all[i*n : (i+1)*n]
}

// cell returns where the cells begin of a place along the longest dimension.
func (t *crossing) cell(at int) int {
	if len(t.outer) == 1 {
		return 0
	}
	return at * t.stride[t.long]
}

// plain returns the view without toggles and without runs.
func (t *crossing) plain(v view) view {
	if v.card == 0 || v.card == blockSpan || v.state != viewRuns && len(v.toggles) == 0 {
		return v
	}
	return t.x.settle(v)
}

// keep evaluates a query that cells read, or the base. What is kept for a while by
// the exec itself is copied, since it may be overwritten before it is last read.
func (t *crossing) keep(i, r int) {
	x, root := t.x, r
	if r == len(t.roots)-len(t.outer) {
		root = t.outer[len(t.outer)-1]
	}
	x.top, x.atop = 0, 0
	v := x.eval(x.p.roots[root], false)
	o := operand{card: v.card}
	switch {
	case v.card == 0 || v.card == blockSpan:
	case v.fixed && v.state == viewWords && len(v.toggles) == 0:
		o.words = v.words
	default:
		if t.held[r] == nil {
			t.held[r] = make([]words, t.blocks)
		}
		o.words = &t.held[r][i%t.blocks]
		v.fill(o.words)
		if v.fixed && v.state == viewArray && len(v.toggles) == 0 {
			o.array = v.array
		}
	}
	t.kept[r] = o
}

// divide adds v, which is an array, words, full or empty and has no toggles, to the cells
// from at on that the dimensions from the d-th in order make.
func (t *crossing) divide(d, at int, v view) {
	if v.card == 0 || !t.x.live() {
		return
	}
	if d == len(t.order) {
		t.counts[at] += uint64(v.card)
		return
	}
	dim := t.order[d]
	if v.state == viewWords && v.card <= crossListed && t.below[d] >= crossBelow {
		v = arrayView(append(t.rows[d][:0], listWords(t.listed, v.words)...))
	}
	last := d == len(t.order)-1
	for i, r := range t.dims[dim] {
		o := t.kept[r]
		cell := at + i*t.stride[dim]
		switch {
		case o.card == 0:
		case last:
			t.counts[cell] += uint64(t.common(v, o))
		default:
			t.divide(d+1, cell, t.meet(d, v, o))
		}
	}
	t.divide(d+1, at+len(t.dims[dim])*t.stride[dim], v)
}

// common counts what a view and an operand that is not empty have in common.
func (t *crossing) common(v view, o operand) int {
	switch {
	case o.card == blockSpan:
		return v.card
	case v.card == blockSpan:
		return o.card
	case v.state == viewArray:
		return hits(v.array, o.words)
	case o.array != nil:
		return hits(o.array, v.words)
	}
	ops := [2]*words{v.words, o.words}
	return andWords(nil, ops[:], 2)
}

// meet returns what they have in common, in the memory of a place in the order.
func (t *crossing) meet(d int, v view, o operand) view {
	switch {
	case o.card == blockSpan:
		return v
	case v.card == blockSpan:
		return wordsView(o.words, o.card)
	case v.state == viewArray:
		dst := &t.rows[d+1]
		return arrayView(dst[:filter(dst[:], v.array, o.words, 0)])
	case o.array != nil:
		dst := &t.rows[d+1]
		return arrayView(dst[:filter(dst[:], o.array, v.words, 0)])
	}
	ops := [2]*words{v.words, o.words}
	return wordsView(&t.level[d], andWords(&t.level[d], ops[:], 2))
}
