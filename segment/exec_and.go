package segment

import "slices"

// and evaluates a conjunction. Where the smallest operand is an array its values
// are filtered by the other operands, one after another; otherwise all operands
// are taken as words and go through one pass.
func (x *exec) and(n *node, count bool) view {
	dst, kept := x.words(), x.values()
	top, atop := x.top, x.atop
	views, ptrs := len(x.views), len(x.ptrs)
	v := x.conjunction(n, dst, kept, count)
	x.top, x.atop = top, atop
	x.views, x.ptrs = x.views[:views], x.ptrs[:ptrs]
	return v
}

func (x *exec) conjunction(n *node, dst *words, kept *[arrayScratch]uint16, count bool) view {
	base, next := len(x.views), 0
	for ; next < len(n.kids) && n.kids[next].rank() == 0; next++ {
		if !x.pushOperand(x.leaf(n.kids[next])) {
			return view{}
		}
	}
	// Composite operands are evaluated for the whole block only where no array
	// has made the candidates few.
	for ; next < len(n.kids) && n.kids[next].rank() < 2 && !x.hasArray(base); next++ {
		if !x.pushOperand(x.eval(n.kids[next], false)) {
			return view{}
		}
	}
	slices.SortFunc(x.views[base:], func(a, b view) int { return a.card - b.card })
	if x.hasArray(base) {
		return x.filterArray(n, base, next, kept)
	}
	return x.fuse(n, base, next, dst, count)
}

// pushOperand adds a conjunct; one that is full adds nothing. It reports whether
// the conjunction can still have members.
func (x *exec) pushOperand(v view) bool {
	if v.card == 0 {
		return false
	}
	if v.card < blockSpan {
		x.views = append(x.views, v)
	}
	return true
}

// hasArray reports whether an operand from base on is an array.
func (x *exec) hasArray(base int) bool {
	for i := base; i < len(x.views); i++ {
		if x.views[i].state == viewArray {
			return true
		}
	}
	return false
}

// filterArray is the conjunction from an array on. The operands pushed so far
// ascend by cardinality; kids from next on are still to be evaluated.
func (x *exec) filterArray(n *node, base, next int, kept *[arrayScratch]uint16) view {
	first := base
	for x.views[first].state != viewArray {
		first++
	}
	values := x.settle(x.views[first]).array
	for i := base; i < len(x.views) && len(values) > 0; i++ {
		if i != first {
			values = x.keep(kept, values, x.views[i], false)
		}
	}
	for _, m := range n.minus {
		if m.rank() == 0 && len(values) > 0 {
			values = x.keep(kept, values, x.leaf(m), true)
		}
	}
	for _, k := range n.kids[next:] {
		if len(values) > 0 {
			values = x.keepNode(kept, values, k, false)
		}
	}
	for _, m := range n.minus {
		if m.rank() > 0 && len(values) > 0 {
			values = x.keepNode(kept, values, m, true)
		}
	}
	if len(values) > 0 && &values[0] != &kept[0] {
		values = kept[:copy(kept[:], values)] // what it lies in is about to be freed
	}
	return arrayView(values)
}

// probeMax is the most values that are looked up in a column one by one rather
// than by a scan of the chunks that they lie in.
const probeMax = 512

// keepNode keeps the values that are in a node, or with minus those that are
// not.
func (x *exec) keepNode(dst *[arrayScratch]uint16, values []uint16, n *node, minus bool) []uint16 {
	if n.op != opRange || len(values) > probeMax {
		top, atop := x.top, x.atop
		values = x.keep(dst, values, x.eval(n, false), minus)
		x.top, x.atop = top, atop
		return values
	}
	b := x.content(n).column.block(x.block)
	out := dst[:0]
	for _, value := range values {
		v, ok := b.at(value)
		if (ok && holds(n.spans, v)) != minus {
			out = append(out, value)
		}
	}
	return out
}

// keep writes to dst the values that are in v, or with minus those that are not.
// Values may be memory of dst.
func (x *exec) keep(dst *[arrayScratch]uint16, values []uint16, v view, minus bool) []uint16 {
	if v.card == 0 || v.card == blockSpan {
		if (v.card == 0) == minus {
			return values
		}
		return nil
	}
	flip := uint64(0)
	if minus {
		flip = 1
	}
	top, atop := x.top, x.atop
	defer func() { x.top, x.atop = top, atop }()
	if v.state == viewRuns && len(v.toggles) == 0 {
		return keepRuns(dst[:0], values, v.array, minus)
	}
	v = x.settle(v)
	if v.state == viewArray {
		if len(values)*searchCost < len(v.array) {
			return keepSearched(dst[:0], values, v.array, minus)
		}
		w := x.words()
		clear(w[:])
		setBits(w, v.array)
		v.words = w
	}
	return dst[:filter(dst[:], values, v.words, flip)]
}

// searchCost is how many bits can be set in scratch while one value is searched
// for in an array.
const searchCost = 16

func keepRuns(dst, values, runs []uint16, minus bool) []uint16 {
	for _, value := range values {
		for len(runs) > 2 && runs[1] < value {
			runs = runs[2:]
		}
		if (runs[0] <= value && value <= runs[1]) != minus {
			dst = append(dst, value)
		}
	}
	return dst
}

func keepSearched(dst, values, array []uint16, minus bool) []uint16 {
	for _, value := range values {
		at, found := slices.BinarySearch(array, value)
		array = array[at:]
		if found != minus {
			dst = append(dst, value)
		}
	}
	return dst
}

// fuse is the conjunction of operands that are no arrays: one pass over all of
// them, then the arrays to subtract, then the ranges.
func (x *exec) fuse(n *node, base, next int, dst *words, count bool) view {
	ptrs := len(x.ptrs)
	for i := base; i < len(x.views); i++ {
		x.ptrs = append(x.ptrs, x.settle(x.views[i]).words)
	}
	pos := len(x.ptrs) - ptrs
	minus := len(x.views) // the arrays to subtract are pushed from here on
	ranges := 0
	for _, m := range n.minus {
		if m.op == opRange {
			ranges++
			continue
		}
		v := x.eval(m, false)
		switch v.card {
		case 0:
			continue
		case blockSpan:
			return view{}
		}
		if v = x.settle(v); v.state == viewArray {
			x.views = append(x.views, v)
		} else {
			x.ptrs = append(x.ptrs, v.words)
		}
	}
	arrays := len(x.views) - minus
	last := next == len(n.kids) && ranges == 0 // nothing follows the pass and the arrays
	card := blockSpan
	switch {
	case pos > 0 && count && last && arrays == 0:
		return wordsView(dst, andWords(nil, x.ptrs[ptrs:], pos))
	case pos > 0:
		card = andWords(dst, x.ptrs[ptrs:], pos)
	case len(x.ptrs) > ptrs || arrays > 0 || !last:
		view{state: viewFull}.fill(dst)
		x.ptrs = append(x.ptrs, nil)
		copy(x.ptrs[ptrs+1:], x.ptrs[ptrs:])
		x.ptrs[ptrs] = dst
		card = andWords(dst, x.ptrs[ptrs:], 1)
	}
	if arrays > 0 {
		for _, v := range x.views[minus : len(x.views)-1] {
			clearBits(dst, v.array)
		}
		final := x.views[len(x.views)-1].array
		switch {
		case count && last && arrays == 1:
			return wordsView(dst, card-hits(final, dst))
		case count && last:
			return wordsView(dst, popcount(dst)-hits(final, dst))
		}
		clearBits(dst, final)
		card = popcount(dst)
	}
	if last {
		return wordsView(dst, card)
	}
	return x.withinRanges(n, next, dst, card)
}

// withinRanges narrows dst to the ranges among the kids from next on and outside
// of those to subtract. Only chunks that still have members are looked at.
func (x *exec) withinRanges(n *node, next int, dst *words, card int) view {
	for _, k := range n.kids[next:] {
		b := x.content(k).column.block(x.block)
		if b == nil || card == 0 {
			return view{}
		}
		card = b.scan(dst, dst, k.spans)
	}
	for _, m := range n.minus {
		if m.op != opRange || card == 0 {
			continue
		}
		top := x.top
		if v := x.scanRange(m, dst); v.card == blockSpan {
			card = 0
		} else if v.card > 0 {
			ops := [2]*words{dst, v.words}
			card = andWords(dst, ops[:], 1)
		}
		x.top = top
	}
	return wordsView(dst, card)
}

// settle returns the view without toggles and without runs: an array, or words.
// It must not be empty or full.
func (x *exec) settle(v view) view {
	if len(v.toggles) == 0 && v.state != viewRuns {
		return v
	}
	if v.state == viewArray {
		out := x.values()
		return arrayView(toggled(out[:0], v.array, v.toggles))
	}
	w := x.words()
	v.fill(w)
	return view{state: viewWords, card: v.card, words: w}
}

// toggled appends the values that are in one of the lists alone.
func toggled(dst, values, toggles []uint16) []uint16 {
	for _, t := range toggles {
		at, found := slices.BinarySearch(values, t)
		dst = append(dst, values[:at]...)
		if values = values[at:]; found {
			values = values[1:]
		} else {
			dst = append(dst, t)
		}
	}
	return append(dst, values...)
}
