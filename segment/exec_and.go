package segment

import "slices"

// and evaluates a conjunction. Where the smallest operand is an array its values
// are filtered by the other operands, one after another; otherwise all operands
// are taken as words and go through one pass.
func (x *exec) and(n *node, dst *words, count bool) view {
	kept := x.values()
	top, atop := x.top, x.atop
	views, ptrs := len(x.views), len(x.ptrs)
	v := x.conjunction(n, dst, kept, count)
	x.top, x.atop = top, atop
	x.views, x.ptrs = x.views[:views], x.ptrs[:ptrs]
	return v
}

// groupMax is how many operands that take scratch are held at once.
const groupMax = 16

func (x *exec) conjunction(n *node, dst *words, kept *[arrayScratch]uint16, count bool) view {
	base, next, foreseen := len(x.views), 0, x.ahead.n
	for ; next < len(n.kids) && n.kids[next].rank() <= rankKept; next++ {
		v := x.fetch(n.kids[next])
		if v.card == 0 || !x.live() {
			return view{}
		}
		if v.card < blockSpan {
			x.views = append(x.views, *v)
		}
	}
	// Composite operands are evaluated for the whole block only where no array
	// has made the candidates few.
	array := x.hasArray(base)
	for last := next + groupMax; next < min(len(n.kids), last) && n.kids[next].rank() < rankRange && !array; next++ {
		v := x.eval(n.kids[next], false)
		if v.card == 0 || !x.live() {
			return view{}
		}
		if v.card < blockSpan {
			x.views = append(x.views, v)
		}
		array = x.hasArray(base)
	}
	if array {
		x.ahead.n = foreseen // of the others not all is read
		return x.filterArray(n, base, next, kept, count)
	}
	if next == len(n.kids) && len(n.minus) <= groupMax && x.foldRuns(base) {
		if v, ok := x.subtractRuns(n, base); ok {
			if v.state == viewRuns && !v.fixed { // what it lies in is about to be freed
				v.array = kept[:copy(kept[:], v.array)]
			}
			return v
		}
	}
	return x.fuse(n, base, next, dst, count)
}

// subtractRuns subtracts from the runs that are the only operand on the stack; ok
// is false where not all there is to subtract is runs, and few.
func (x *exec) subtractRuns(n *node, base int) (v view, ok bool) {
	v = x.views[base]
	a, b := x.values(), x.values()
	for _, m := range n.minus {
		if m.rank() > rankKept || v.card == 0 {
			return v, v.card == 0
		}
		w := x.fetch(m)
		switch {
		case w.card == 0:
			continue
		case w.card == blockSpan:
			return view{}, true
		case v.card == blockSpan || !w.isRuns() || len(v.array)+len(w.array) > runsFold:
			return view{}, false
		}
		v = runsView(cutRuns(a[:0], v.array, w.array))
		a, b = b, a
	}
	return v, true
}

// nothing is a conjunction without operands other than those on the stack.
var nothing = &node{op: opAnd}

// intersect returns the conjunction of the operands on the stack.
func (x *exec) intersect(base int, dst *words, kept *[arrayScratch]uint16, count bool) view {
	if x.hasArray(base) {
		return x.filterArray(nothing, base, 0, kept, count)
	}
	return x.fuse(nothing, base, 0, dst, count)
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

// filterArray is the conjunction of operands among which is an array. Kids from
// next on are still to be evaluated. With count alone true the last operand is
// only counted.
func (x *exec) filterArray(n *node, base, next int, kept *[arrayScratch]uint16, count bool) view {
	x.high = max(x.high, len(x.views))
	values, first := x.candidates(base)
	left := len(x.views) - base - 1 + len(n.kids) - next + len(n.minus)
	f := filtering{dst: kept, values: values, left: left, count: count}
	for i := base; i < len(x.views) && f.open(); i++ {
		if i != first {
			x.keep(&f, &x.views[i], false)
		}
	}
	at := 0
	for ; at < len(n.minus) && n.minus[at].rank() <= rankKept && f.open() && x.live(); at++ {
		x.keep(&f, x.fetch(n.minus[at]), true)
	}
	for ; next < len(n.kids) && f.open() && x.live(); next++ {
		x.keepNode(&f, n.kids[next], false)
	}
	for ; at < len(n.minus) && f.open() && x.live(); at++ {
		x.keepNode(&f, n.minus[at], true)
	}
	if f.counted {
		return view{state: viewArray, card: f.card}
	}
	if len(f.values) > 0 && &f.values[0] != &kept[0] {
		f.values = kept[:copy(kept[:], f.values)] // what it lies in is about to be freed
	}
	return arrayView(f.values)
}

// candidates puts the operands on the stack in ascending order and returns the
// values of the first array, and where that is.
func (x *exec) candidates(base int) (values []uint16, first int) {
	if len(x.views)-base > 1 {
		slices.SortFunc(x.views[base:], func(a, b view) int { return a.card - b.card })
	}
	first = base
	for x.views[first].state != viewArray {
		first++
	}
	return x.settle(x.views[first]).array, first
}

// filtering is values that operands are about to narrow.
type filtering struct {
	dst     *[arrayScratch]uint16 // where they may be written; values may be memory of it
	values  []uint16
	left    int  // operands
	count   bool // the last operand shall only be counted
	counted bool // it was: card is the result
	card    int
}

// open reports whether any operand may still matter.
func (f *filtering) open() bool { return len(f.values) > 0 && !f.counted }

// probeMax is the most values that are looked up in a column one by one rather
// than by a scan of the chunks that they lie in.
const probeMax = 512

// keepNode keeps the values that are in a node, or with minus those that are
// not.
func (x *exec) keepNode(f *filtering, n *node, minus bool) {
	if f.left == 1 && f.count && n.isUnion() {
		x.countOutside(f, n, minus)
		return
	}
	if n.op != opRange || len(f.values) > probeMax || n.slot != 0 {
		top, atop := x.top, x.atop
		v := x.eval(n, false)
		x.keep(f, &v, minus)
		x.top, x.atop = top, atop
		return
	}
	f.left--
	b := x.content(n).column.block(x.block)
	out := f.dst[:0]
	for _, value := range f.values {
		v, ok := b.at(value)
		if (ok && n.holds(v)) != minus {
			out = append(out, value)
		}
	}
	f.values = out
}

// unionFew is of how many operands a union may be to be taken apart.
const unionFew = 8

// isUnion reports whether a node is the union of a few that are read where they lie or are
// kept, and is not kept itself.
func (n *node) isUnion() bool {
	return n.op == opOr && n.slot == 0 && len(n.kids) <= unionFew && !slices.ContainsFunc(n.kids, func(k *node) bool { return k.rank() > rankKept })
}

// countOutside counts the values that are in a union, or with minus those that are not, by
// leaving out those that are in any operand: the union is not made.
func (x *exec) countOutside(f *filtering, n *node, minus bool) {
	f.left--
	f.counted, f.card = true, 0
	atop := x.atop
	rest := filtering{dst: x.values(), values: f.values, left: len(n.kids)}
	for _, k := range n.kids {
		if !x.live() {
			return
		}
		if x.keep(&rest, x.fetch(k), true); len(rest.values) == 0 {
			break
		}
	}
	x.atop = atop
	if f.card = len(rest.values); !minus {
		f.card = len(f.values) - f.card
	}
}

// keep keeps the values that are in v, or with minus those that are not.
func (x *exec) keep(f *filtering, v *view, minus bool) {
	f.left--
	if v.card == 0 || v.card == blockSpan {
		if (v.card == 0) != minus {
			f.values = nil
		}
		return
	}
	top, atop := x.top, x.atop
	switch {
	case x.isForm(v):
		f.keepBits(x.form[v.leaf-1].words, minus)
	case v.state == viewRuns && len(v.toggles) == 0:
		f.values = keepRuns(f.dst[:0], f.values, v.array, minus)
	case v.state == viewArray && len(f.values)+len(v.array) <= mergeMax:
		f.values = keepMerged(f.dst[:0], f.values, x.settle(*v).array, minus)
	case v.state == viewArray && len(f.values)*searchCost < len(v.array):
		f.values = keepSearched(f.dst[:0], f.values, x.settle(*v).array, minus)
	default:
		f.keepBits(x.expand(v), minus)
	}
	x.top, x.atop = top, atop
}

func (f *filtering) keepBits(w *words, minus bool) {
	if f.left == 0 && f.count {
		f.counted, f.card = true, hits(f.values, w)
		if minus {
			f.card = len(f.values) - f.card
		}
		return
	}
	flip := uint64(0)
	if minus {
		flip = 1
	}
	f.values = f.dst[:filter(f.dst[:], f.values, w, flip)]
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
// them, then the arrays to subtract, then what has to be evaluated within the
// result.
func (x *exec) fuse(n *node, base, next int, dst *words, count bool) view {
	x.high = max(x.high, len(x.views)+len(n.minus))
	f := fusion{dst: dst, ptrs: len(x.ptrs), arrays: len(x.views), top: x.top, atop: x.atop, card: blockSpan}
	for i := base; i < f.arrays; i++ {
		x.ptrs = append(x.ptrs, x.expand(&x.views[i]))
		f.pos++
		x.pause(&f)
	}
	ranges := 0
	for _, m := range n.minus {
		if !x.live() {
			return view{}
		}
		if m.rank() == rankRange {
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
		if v.state == viewArray && !x.asForm(&v) {
			x.views = append(x.views, x.settle(v))
		} else {
			x.ptrs = append(x.ptrs, x.expand(&v))
		}
		x.pause(&f)
	}
	if next == len(n.kids) && ranges == 0 {
		return x.concludeFusion(&f, count)
	}
	x.flush(&f)
	return x.within(n, next, dst, f.card)
}

// fusion is a conjunction of words in the making: operands on the stack of
// pointers, those from pos on to be subtracted, and on the stack of views arrays
// to be subtracted.
type fusion struct {
	dst          *words
	ptrs, arrays int // where the operands lie
	pos          int
	top, atop    int // what scratch is not the operands'
	card         int // of dst, once flushed; as long as there are no operands: of everything
}

// pause flushes the fusion if its operands take much scratch.
func (x *exec) pause(f *fusion) {
	if x.top-f.top >= groupMax || x.atop-f.atop >= groupMax {
		x.flush(f)
	}
}

// flush makes dst the result so far, and the only operand.
func (x *exec) flush(f *fusion) {
	if f.pos == 0 {
		view{state: viewFull}.fill(f.dst)
		x.ptrs = append(x.ptrs, nil)
		copy(x.ptrs[f.ptrs+1:], x.ptrs[f.ptrs:])
		x.ptrs[f.ptrs] = f.dst
	}
	f.card = andWords(f.dst, x.ptrs[f.ptrs:], max(f.pos, 1))
	if arrays := x.views[f.arrays:]; len(arrays) > 0 {
		for _, v := range arrays {
			clearBits(f.dst, v.array)
		}
		f.card = popcount(f.dst)
	}
	x.ptrs = append(x.ptrs[:f.ptrs], f.dst)
	f.pos = 1
	x.views = x.views[:f.arrays]
	x.top, x.atop = f.top, f.atop
}

// concludeFusion returns the result. With count alone true it saves writing what
// is only counted.
func (x *exec) concludeFusion(f *fusion, count bool) view {
	arrays := x.views[f.arrays:]
	switch {
	case !count || f.pos == 0:
		x.flush(f)
		return wordsView(f.dst, f.card)
	case len(arrays) == 0:
		return wordsView(f.dst, andWords(nil, x.ptrs[f.ptrs:], f.pos))
	}
	last := arrays[len(arrays)-1].array
	x.views = x.views[:len(x.views)-1]
	x.flush(f)
	x.ahead.ask()
	return wordsView(f.dst, f.card-hits(last, f.dst))
}

// within narrows dst to the kids from next on and to what is outside of the
// ranges to subtract. Of columns only chunks that still have members are looked
// at.
func (x *exec) within(n *node, next int, dst *words, card int) view {
	top, atop := x.top, x.atop
	for _, k := range n.kids[next:] {
		if card == 0 || !x.live() {
			return view{}
		}
		if k.rank() < rankRange {
			v := x.eval(k, false)
			card = x.narrow(dst, card, v)
			x.top, x.atop = top, atop
			continue
		}
		b := x.content(k).column.block(x.block)
		if b == nil {
			return view{}
		}
		if x.meter != nil {
			x.read += b.size()
		}
		card = b.scan(dst, dst, k)
	}
	for _, m := range n.minus {
		if m.rank() < rankRange || card == 0 || !x.live() {
			continue
		}
		if v := x.scanRange(m, x.words(), dst); v.card == blockSpan {
			card = 0
		} else if v.card > 0 {
			ops := [2]*words{dst, v.words}
			card = andWords(dst, ops[:], 1)
		}
		x.top = top
	}
	return wordsView(dst, card)
}

// narrow makes dst its conjunction with v and returns the cardinality.
func (x *exec) narrow(dst *words, card int, v view) int {
	switch v.card {
	case 0:
		return 0
	case blockSpan:
		return card
	}
	ops := [2]*words{dst, x.expand(&v)}
	return andWords(dst, ops[:], 2)
}

// settle returns the view without toggles and without runs: an array, or words.
// It must not be empty or full.
func (x *exec) settle(v view) view {
	switch {
	case v.state != viewArray:
		return view{state: viewWords, card: v.card, words: x.expand(&v)}
	case len(v.toggles) == 0:
		return v
	}
	out := x.values()
	return arrayView(toggled(out[:0], v.array, v.toggles))
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
