package segment

import (
	"context"
	"math/bits"
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
)

// Sparse and clustered bitmaps have so little in a block that what the executor
// does per block and operand would outweigh it. The counts of a few bitmaps are
// therefore taken here where all that is in a block is arrays and runs.

// lightMax is the most operands of a conjunction that is counted here.
const lightMax = 8

// piece is one block of a bitmap: a block, or values of a packed shard.
type piece struct {
	array []uint16 // the values, or runs; nil: words, or full
	block *block   // nil where packed
	card  int
}

func (m *bitmap) piece(i int) piece {
	if m.blocks == nil {
		values := m.lows[m.starts[i]:m.starts[i+1]]
		return piece{array: values, card: len(values)}
	}
	if b := m.blocks[i]; b != nil {
		return piece{b.array, b, int(b.card)}
	}
	return piece{}
}

func (p *piece) isArray() bool {
	return p.block == nil || p.block.kind == blockArray && p.block.toggled == 0
}
func (p *piece) isRuns() bool {
	return p.block != nil && p.block.kind == blockRuns && p.block.toggled == 0
}
func (p *piece) isWords() bool {
	return p.block != nil && p.block.kind == blockWords && p.block.toggled == 0
}

// light returns the operation of the program if it can be counted here: one on a
// few bitmaps, of which other than a conjunction has two.
func (p *program) light() *node {
	r := p.roots[0]
	operands := len(r.kids) + len(r.minus)
	if operands < 2 || operands > lightMax || operands > 2 && r.op != opAnd {
		return nil
	}
	for i := range operands {
		if r.operand(i).op != opBits {
			return nil
		}
	}
	if r.op == opAnd || r.op == opOr || r.op == opXor {
		return r
	}
	return nil
}

// countLight counts a light operation.
func (q *Query) countLight(ctx context.Context, src Source) (uint64, error) {
	var (
		r        = q.single
		operands = len(r.kids) + len(r.minus)
		fields   [lightMax]*field
		maps     [lightMax]*bitmap
		all, n   uint64
		x        *exec
		shards   int
		err      error
	)
	for i := range operands {
		f := src.Root.dir.find(r.operand(i).field)
		if f != nil && f.kind != Bitmap {
			return 0, kindError(f.id, f.kind)
		}
		if fields[i] = f; f != nil && (i == 0 || r.op != opAnd) {
			shards = max(shards, len(f.slots))
		}
	}
	for s := range shards {
		if err == nil && s&15 == 15 {
			err = ctx.Err()
		}
		for i := range operands {
			if maps[i] = nil; err != nil {
				continue
			}
			slot := fields[i].slot(s)
			if slot == nil {
				if i == 0 && r.op == opAnd {
					break
				}
				continue
			}
			c := slot.data.Load()
			if c == nil || !slot.used.Load() {
				if err = ctx.Err(); err != nil {
					continue
				}
				if c, err = slot.load(ShardKey{fields[i].id, uint32(s)}, src.Loader, &src.Root.index.cache); err != nil {
					continue
				}
			}
			maps[i] = c.bits
		}
		if err != nil {
			break
		}
		if maps[0] == nil && r.op == opAnd {
			continue
		}
		pos := 2 // of two operands all follows from what they have in common
		if operands > 2 {
			pos = len(r.kids)
		}
		all += maps[0].size()
		if r.op != opAnd {
			all += maps[1].size()
		}
		if maps[0] == nil || pos > 1 && maps[1] == nil {
			continue
		}
		if operands == 2 && maps[0].blocks == nil && maps[1].blocks == nil {
			n += countPacked(maps[0], maps[1])
			continue
		}
		if x == nil {
			x = src.Root.index.takeExec()
		}
		n += x.countAnd(maps[:operands], pos)
	}
	if x != nil {
		x.giveBack()
	}
	if err != nil {
		return 0, err
	}
	switch {
	case r.op == opOr || operands == 2 && len(r.minus) == 1:
		n = all - n
	case r.op == opXor:
		n = all - 2*n
	}
	return n, nil
}

// giveBack ends a use of scratch alone.
func (x *exec) giveBack() {
	clear(x.views)
	clear(x.ptrs)
	x.views, x.ptrs, x.top, x.atop = x.views[:0], x.ptrs[:0], 0, 0
	if !x.pool.spare.CompareAndSwap(nil, x) {
		x.pool.execs.Put(x)
	}
}

// size returns how many members the shard has.
func (m *bitmap) size() uint64 {
	if m == nil {
		return 0
	}
	return uint64(m.card)
}

// countAnd counts what is in all of the first pos of maps and in none of the
// others.
func (x *exec) countAnd(maps []*bitmap, pos int) (n uint64) {
	for _, m := range maps[:pos] {
		if m == nil {
			return 0
		}
	}
	var pieces [lightMax]piece
	for i := range shard.Blocks {
		empty := false
		for j, m := range maps {
			if m == nil {
				pieces[j] = piece{}
			} else {
				pieces[j] = m.piece(i)
			}
			if empty = pieces[j].card == 0 && j < pos; empty {
				break
			}
		}
		if !empty {
			n += uint64(x.countPieces(pieces[:len(maps)], pos))
		}
	}
	return n
}

// countPacked counts what two packed shards have in common.
func countPacked(a, b *bitmap) uint64 {
	n := 0
	for i := range shard.Blocks {
		p, q := a.lows[a.starts[i]:a.starts[i+1]], b.lows[b.starts[i]:b.starts[i+1]]
		if len(p) > 0 && len(q) > 0 {
			n += countMerged(p, q)
		}
	}
	return uint64(n)
}

// countPieces counts what is in the first pos of pieces, none of which is empty,
// and in none of the others.
func (x *exec) countPieces(pieces []piece, pos int) int {
	if len(pieces) == 2 && pos == 2 {
		if n, ok := x.countTwo(&pieces[0], &pieces[1]); ok {
			return n
		}
	}
	x.top, x.atop = 0, 0
	if slices.ContainsFunc(pieces[:pos], func(p piece) bool { return p.card > mergeMax }) {
		slices.SortFunc(pieces[:pos], func(a, b piece) int { return a.card - b.card })
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
			x.views = append(x.views, pieces[i].block.view())
		}
	}
	some := len(x.views)
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

func (p *piece) view() view {
	if p.block == nil {
		return arrayView(p.array)
	}
	return p.block.view()
}

// countTwo counts what two pieces have in common; ok is false where there are
// toggles.
func (x *exec) countTwo(p, q *piece) (n int, ok bool) {
	switch {
	case p.card == blockSpan:
		return q.card, true
	case q.card == blockSpan:
		return p.card, true
	case q.isArray() && (!p.isArray() || len(q.array) < len(p.array)):
		p, q = q, p
	}
	switch {
	case p.isArray() && q.isArray():
		return x.countArrays(p.array, q.array), true
	case p.isArray() && q.isRuns():
		return countInRuns(p.array, q.array), true
	case p.isArray() && q.isWords():
		return hits(p.array, q.block.words), true
	case p.isRuns() && q.isRuns():
		return countRuns(p.array, q.array), true
	case p.isRuns() && q.isWords() && len(p.array) <= rangesMax:
		return countRanges(q.block.words, p.array), true
	case q.isRuns() && p.isWords() && len(q.array) <= rangesMax:
		return countRanges(p.block.words, q.array), true
	}
	return 0, false
}

// rangesMax is the most bounds of runs whose bits are counted one by one: a pass
// over the whole block is faster than many of them.
const rangesMax = 32

// countArrays counts the common values of two arrays, the first the shorter.
func (x *exec) countArrays(a, b []uint16) int {
	switch {
	case len(a)+len(b) <= mergeMax:
		return countMerged(a, b)
	case len(a)*searchCost < len(b):
		n := 0
		for _, value := range a {
			at, found := slices.BinarySearch(b, value)
			if b = b[at:]; found {
				n++
			}
		}
		return n
	}
	if x.blank == nil {
		x.blank = new(words)
	}
	setBits(x.blank, a)
	n := hits(b, x.blank)
	clearBits(x.blank, a)
	return n
}

func countMerged(a, b []uint16) int {
	n, j := 0, 0
	for _, value := range a {
		for j < len(b) && b[j] < value {
			j++
		}
		if j == len(b) {
			return n
		}
		if b[j] == value {
			n++
		}
	}
	return n
}

// countInRuns counts the values that lie in runs.
func countInRuns(values, runs []uint16) int {
	n := 0
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
