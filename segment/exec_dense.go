package segment

// Conjunctions of bitmaps and of their unions are mostly words in a block where their
// bitmaps are dense. What there is to do beside the kernels, block by block and operand
// by operand, takes a fifth of the time then; and memory, which the kernels wait for,
// idles meanwhile. So here pointers to the blocks go to the kernels straight from the
// shards.

// dense is such a conjunction in a block.
type dense struct {
	ops   [lightMax]*words // what is not to be subtracted comes first
	n     int
	lists [lightMax][]uint16 // arrays to subtract
	few   int
}

// countDense counts the conjunction in a block of this shard; ok is false where it has
// to be left to others: where an operand that is not to be subtracted is an array or
// runs, which are better taken first.
func (x *exec) countDense(r *node, block int) (n int, ok bool) {
	x.block, x.top, x.atop = block, 0, 0
	var d dense
	for _, k := range r.kids {
		w, state := x.denseKid(k)
		switch state {
		case viewEmpty:
			return 0, true
		case viewFull:
		case viewWords:
			d.ops[d.n] = w
			d.n++
		default:
			return x.leaveDense()
		}
	}
	pos := d.n
	if pos == 0 {
		return x.leaveDense()
	}
	for _, m := range r.minus {
		v, ok := x.denseLeaf(m)
		switch {
		case !ok:
			return x.leaveDense()
		case v.state == viewFull:
			return 0, true
		case v.state == viewArray:
			d.lists[d.few] = v.array
			d.few++
		case v.state == viewWords:
			d.ops[d.n] = v.words
			d.n++
		}
	}
	if d.few == 0 {
		x.ahead.ask()
		return andWords(nil, d.ops[:d.n], pos), true
	}
	dst := x.words()
	n = andWords(dst, d.ops[:d.n], pos)
	x.ahead.ask()
	for i, list := range d.lists[:d.few] {
		n -= hits(list, dst)
		if i+1 < d.few {
			clearBits(dst, list)
		}
	}
	return n, true
}

// leaveDense leaves a block to others, who know themselves what they read of the next.
func (x *exec) leaveDense() (n int, ok bool) {
	x.ahead.n = 0
	return 0, false
}

// lies is a bitmap's block as words or as an array, as little of it as counting needs.
type lies struct {
	state viewState
	array []uint16
	words *words
}

// denseLeaf returns a bitmap in this block; ok is false where it is runs.
func (x *exec) denseLeaf(n *node) (l lies, ok bool) {
	m := &x.content(n).bits
	switch at := uint16(1) << x.block; {
	case m.mask&at == 0:
		return lies{}, true
	case m.full&at != 0:
		return lies{state: viewFull}, true
	}
	if m.blocks != nil {
		if b := m.blocks[x.block]; b.kind == blockWords && len(b.toggles) == 0 {
			x.ahead.foresee(m, x.block+1)
			return lies{state: viewWords, words: b.words}, true
		}
	}
	switch v := m.view(x.block); v.state {
	case viewArray:
		if len(v.toggles) > 0 {
			v = x.settle(v)
		}
		return lies{state: viewArray, array: v.array}, true
	case viewWords:
		return lies{state: viewWords, words: x.expand(&v)}, true
	}
	return lies{}, false
}

// denseKid returns an operand that is not to be subtracted; a state that is none of
// words, everything and nothing stands for what is left to others.
func (x *exec) denseKid(n *node) (*words, viewState) {
	if n.op == opBits {
		l, ok := x.denseLeaf(n)
		if !ok {
			l.state = viewRuns
		}
		return l.words, l.state
	}
	var d dense
	for _, k := range n.kids {
		l, ok := x.denseLeaf(k)
		switch {
		case !ok:
			return nil, viewRuns
		case l.state == viewFull:
			return nil, viewFull
		case l.state == viewArray:
			d.lists[d.few] = l.array
			d.few++
		case l.state == viewWords:
			d.ops[d.n] = l.words
			d.n++
		}
	}
	switch {
	case d.n == 0 && d.few == 0:
		return nil, viewEmpty
	case d.n == 0:
		return nil, viewArray
	case d.n == 1 && d.few == 0:
		return d.ops[0], viewWords
	}
	w := x.words()
	orWords(w, d.ops[:d.n])
	for _, list := range d.lists[:d.few] {
		setBits(w, list)
	}
	return w, viewWords
}
