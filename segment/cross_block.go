package segment

// crossing is a Cross at work, on one goroutine.
type crossing struct {
	*Cross
	x      *exec
	counts []uint64
	kept   []operand // by root, of this block
	held   []*words  // by root: for those that no block holds as words
	level  []words   // by place in the order: what is left of the cells above
	rows   [][arrayScratch]uint16
	listed *[rowsMax]uint16
}

// operand is a query of a dimension in one block.
type operand struct {
	card  int
	words *words // unless it is empty or full
}

// crossListed is up to how many members are listed where so many cells or more are below:
// looking that many up in each takes less than reading all words.
const (
	crossListed = 160
	crossBelow  = 16
)

func (c *Cross) crossing(x *exec) *crossing {
	kept := len(c.roots) - len(c.outer)
	return &crossing{
		Cross: c, x: x, counts: make([]uint64, c.cells), kept: make([]operand, kept), held: make([]*words, kept),
		level: make([]words, len(c.order)), rows: make([][arrayScratch]uint16, len(c.order)), listed: new([rowsMax]uint16),
	}
}

// shard adds the members of each cell in one shard.
func (t *crossing) shard(s int) {
	x := t.x
	for i := range x.enterShard(s) {
		if all := x.p.roots[t.outer[len(t.outer)-1]]; x.meter == nil && x.may[all.id]>>i&1 == 0 {
			continue // a meter counts every block
		}
		if !x.enter(i) {
			return
		}
		for r := range t.kept {
			if !x.live() {
				return
			}
			t.keep(r)
		}
		for i, r := range t.outer {
			if !x.live() {
				return
			}
			x.top, x.atop = 0, 0
			v := x.eval(x.p.roots[r], len(t.order) == 0)
			if len(t.order) > 0 && v.card > 0 && v.card < blockSpan {
				v = x.settle(v)
			}
			at := 0
			if len(t.outer) > 1 {
				at = i * t.stride[t.long]
			}
			t.divide(0, at, v)
		}
	}
}

// keep evaluates a query of a dimension that all cells read. What is kept for a while by
// the exec itself is copied, since it may be overwritten in this block.
func (t *crossing) keep(r int) {
	x := t.x
	x.top, x.atop = 0, 0
	v := x.eval(x.p.roots[r], false)
	t.kept[r] = operand{card: v.card}
	switch {
	case v.card == 0 || v.card == blockSpan:
	case v.fixed && v.state == viewWords && len(v.toggles) == 0:
		t.kept[r].words = v.words
	default:
		if t.held[r] == nil {
			t.held[r] = new(words)
		}
		v.fill(t.held[r])
		t.kept[r].words = t.held[r]
	}
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
	}
	ops := [2]*words{v.words, o.words}
	return wordsView(&t.level[d], andWords(&t.level[d], ops[:], 2))
}
