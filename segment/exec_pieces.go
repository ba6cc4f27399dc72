package segment

import (
	"math/bits"
	"slices"
)

// piece is one block of a bitmap, as little of it as counting needs.
type piece struct {
	state   viewState
	toggled bool
	card    int32
	array   []uint16
	words   *words
	bitmap  *bitmap // that it is the block of
	block   int
}

// of makes it a block of the bitmap.
func (p *piece) of(m *bitmap, i int) {
	p.bitmap, p.block, p.toggled = m, i, false
	switch {
	case m.mask>>i&1 == 0:
		p.state, p.card = viewEmpty, 0
	case m.blocks != nil:
		b := m.blocks[i]
		p.state, p.card, p.array, p.words, p.toggled = stateOf[b.kind], b.card, b.array, b.words, len(b.toggles) > 0
	case m.toggles.has(i):
		v := m.view(i)
		p.state, p.card, p.array, p.toggled = v.state, int32(v.card), v.array, len(v.toggles) > 0
	default:
		list, card := m.slab.list(i)
		p.state, p.card, p.array = viewRuns, int32(card), list
		switch len(list) {
		case card:
			p.state = viewArray
		case 0:
			p.state = viewFull
		}
	}
}

func (p *piece) view() view    { return p.bitmap.view(p.block) }
func (p *piece) isArray() bool { return p.state == viewArray && !p.toggled }
func (p *piece) isRuns() bool  { return p.state == viewRuns && !p.toggled }
func (p *piece) isWords() bool { return p.state == viewWords && !p.toggled }

// countTwo counts what two pieces, neither of which is empty, have in common.
func (l *light) countTwo(p, q *piece) int {
	switch {
	case p.card == blockSpan:
		return int(q.card)
	case q.card == blockSpan:
		return int(p.card)
	case q.isArray() && (!p.isArray() || len(q.array) < len(p.array)):
		p, q = q, p
	}
	switch {
	case p.isArray() && q.isArray():
		return l.countArrays(p.array, q.array)
	case p.isArray() && q.isRuns():
		return countInRuns(p.array, q.array)
	case p.isArray() && q.isWords():
		return hits(p.array, q.words)
	case p.isRuns() && q.isRuns():
		return countRuns(p.array, q.array)
	case p.isRuns() && q.isWords() && len(p.array) <= rangesMax:
		return countRanges(q.words, p.array)
	case q.isRuns() && p.isWords() && len(q.array) <= rangesMax:
		return countRanges(p.words, q.array)
	}
	pieces := [2]piece{*p, *q}
	return l.scratch().countPieces(pieces[:], 2)
}

// countPieces counts what is in the first pos of pieces, none of which is empty,
// and in none of the others. It may change their order.
func (x *exec) countPieces(pieces []piece, pos int) int {
	x.top, x.atop = 0, 0
	if slices.ContainsFunc(pieces[:pos], func(p piece) bool { return p.card > mergeMax }) {
		slices.SortFunc(pieces[:pos], func(a, b piece) int { return int(a.card - b.card) })
	}
	first := slices.IndexFunc(pieces[:pos], func(p piece) bool { return p.isArray() })
	if first < 0 {
		return x.countHeavy(pieces, pos)
	}
	f := filtering{dst: x.values(), values: pieces[first].array, left: len(pieces) - 1, count: true}
	for i := range pieces {
		if i != first && f.open() {
			x.keepPiece(&f, &pieces[i], i >= pos)
		}
	}
	if f.counted {
		return f.card
	}
	return len(f.values)
}

// keepPiece keeps the values that are in p, or with minus those that are not.
func (x *exec) keepPiece(f *filtering, p *piece, minus bool) {
	if p.isArray() && len(f.values)+len(p.array) <= mergeMax {
		f.left--
		f.values = keepMerged(f.dst[:0], f.values, p.array, minus)
		return
	}
	v := p.view()
	x.keep(f, &v, minus)
}

// mergeMax is how many values are merged one by one; more are looked up in
// scratch.
const mergeMax = 64

func keepMerged(dst, values, other []uint16, minus bool) []uint16 {
	i := 0
	for _, value := range values {
		for i < len(other) && other[i] < value {
			i++
		}
		if (i < len(other) && other[i] == value) != minus {
			dst = append(dst, value)
		}
	}
	return dst
}

// countHeavy counts pieces none of which, of the first pos, is an array.
func (x *exec) countHeavy(pieces []piece, pos int) int {
	x.ptrs, x.views = x.ptrs[:0], x.views[:0]
	for i := range pieces[:pos] {
		if pieces[i].card < blockSpan {
			x.views = append(x.views, pieces[i].view())
		}
	}
	some := len(x.views)
	x.high = max(x.high, some)
	if some > 0 && x.foldRuns(0) && pos == len(pieces) {
		return x.views[0].card
	}
	for i := range x.views {
		if x.views[i].card == 0 {
			return 0
		}
		x.ptrs = append(x.ptrs, x.expand(&x.views[i]))
	}
	if some = len(x.ptrs); some == 0 {
		some = 1
		w := x.words()
		view{state: viewFull}.fill(w)
		x.ptrs = append(x.ptrs, w)
	}
	for i := range pieces[pos:] {
		p := &pieces[pos+i]
		switch v := p.view(); v.card {
		case 0:
		case blockSpan:
			return 0
		default:
			x.ptrs = append(x.ptrs, x.expand(&v))
		}
	}
	if len(x.ptrs) == 1 && len(x.views) == 0 {
		return blockSpan
	}
	return andWords(nil, x.ptrs, some)
}

// rangesMax is the most bounds of runs whose bits are counted one by one: a pass
// over the whole block is faster than many of them.
const rangesMax = 32

// countArrays counts the common values of two arrays, the first the shorter.
func (l *light) countArrays(a, b []uint16) int {
	switch {
	case len(a)*skewed < len(b):
		return countSearched(a, b)
	case meetsFast() || len(a)+len(b) <= mergeMax:
		return meet(a, b)
	}
	x := l.scratch()
	if x.blank == nil {
		x.blank = new(words)
	}
	setBits(x.blank, a)
	n := hits(b, x.blank)
	clearBits(x.blank, a)
	return n
}

// countSearched counts the values of a that are found in b, by steps that grow.
func countSearched(a, b []uint16) int {
	n := 0
	a = a[before(a, b[0]):]
	for _, value := range a {
		step := 8
		for step < len(b) && b[step] < value {
			b = b[step:]
			step *= 2
		}
		if b = b[before(b[:min(step+1, len(b))], value):]; len(b) == 0 {
			break
		}
		if b[0] == value {
			n++
		}
	}
	return n
}

// skewed is how many times longer an array must be than another for the values of
// that to be searched for in it: fewer it takes less time to look up.
const skewed = 64

// before returns how many of values are less than x: a binary search that does not
// branch on what it finds.
func before(values []uint16, x uint16) int {
	at, n := 0, len(values)
	for n > 1 {
		half := n / 2
		if values[at+half-1] < x {
			at += half
		}
		n -= half
	}
	if n == 1 && values[at] < x {
		at++
	}
	return at
}

// countInRuns counts the values that lie in runs.
func countInRuns(values, runs []uint16) int {
	n := 0
	if len(values)+len(runs) <= mergeMax && len(runs) > 0 {
		for _, value := range values {
			for len(runs) > 2 && runs[1] < value {
				runs = runs[2:]
			}
			if runs[0] <= value && value <= runs[1] {
				n++
			}
		}
		return n
	}
	for i := 0; i < len(runs) && len(values) > 0; i += 2 {
		from, _ := slices.BinarySearch(values, runs[i])
		values = values[from:]
		to, found := slices.BinarySearch(values, runs[i+1])
		if found {
			to++
		}
		values = values[to:]
		n += to
	}
	return n
}

// countRuns counts what lies in runs of both lists.
func countRuns(a, b []uint16) int {
	n := 0
	for len(a) > 0 && len(b) > 0 {
		if from, to := max(a[0], b[0]), min(a[1], b[1]); from <= to {
			n += int(to) - int(from) + 1
		}
		if a[1] < b[1] {
			a = a[2:]
		} else {
			b = b[2:]
		}
	}
	return n
}

// countRanges counts the bits of w in runs.
func countRanges(w *words, runs []uint16) int {
	n := 0
	for i := 0; i < len(runs); i += 2 {
		from, to := runs[i], runs[i+1]
		first, last := ^uint64(0)<<(from&63), ^uint64(0)>>(63-to&63)
		at, end := from>>6, to>>6
		if at == end {
			n += bits.OnesCount64(w[at] & first & last)
			continue
		}
		n += bits.OnesCount64(w[at]&first) + bits.OnesCount64(w[end]&last)
		for _, word := range w[at+1 : end] {
			n += bits.OnesCount64(word)
		}
	}
	return n
}
