package segment

import (
	"context"
	"math/bits"

	"github.com/portraitdb/portrait/internal/shard"
)

// unionScratch sorts the shards and blocks of many bitmaps by their numbers: lists
// of places in a slice, by shard and by block. 0 ends a list.
type unionScratch struct {
	heads  []int32 // by shard: the last of its slots
	slots  []unionSlot
	blocks [shard.Blocks]int32 // by block: the last of its parts
	parts  []unionPart
	small  []unionSmall         // of many shards those that are one slab
	sums   [shard.Blocks]*words // of the words of a block and what is laid over them
	laid   uint16               // the blocks of which there is such a sum
	set    [shard.Blocks]int    // how many members have been laid since they were counted
}

// unionSlot is one shard of one bitmap.
type unionSlot struct {
	field *field
	at    int32 // the entry of the field
	next  int32
}

// unionPart is one block of one bitmap.
type unionPart struct {
	bitmap *bitmap
	next   int32
}

// unionSmall is a shard that is one slab.
type unionSmall struct {
	bitmap *bitmap
	mask   uint16 // of its blocks
}

// unionMax is how many shards of bitmaps the scratch may hold that waits to be
// used again: 24 and 16 bytes each.
const unionMax = 1 << 15

// countUnion counts what is in any of many bitmaps.
func (l *light) countUnion(leaves []*node) (n uint64, err error) {
	x := l.scratch()
	u := &x.union
	u.slots = append(u.slots[:0], unionSlot{})
	for _, leaf := range leaves {
		var f *field
		if f, err = l.find(leaf.field); err != nil {
			break
		}
		u.add(f)
	}
	for s, head := range u.heads {
		if head == 0 {
			continue
		}
		u.heads[s] = 0
		if err == nil {
			var m uint64
			m, err = l.uniteShard(u, head)
			n += m
		}
	}
	u.forget()
	x.giveBack()
	if err != nil {
		return 0, err
	}
	return n, nil
}

// add sorts the shards of a field.
func (u *unionScratch) add(f *field) {
	for len(u.heads) < f.shards() {
		u.heads = append(u.heads, 0)
	}
	for i := range f.entries {
		head := &u.heads[f.key(i)>>shard.Blocks]
		u.slots = append(u.slots, unionSlot{f, int32(i), *head})
		*head = int32(len(u.slots) - 1)
	}
}

// forget lets go of all that is not scratch.
func (u *unionScratch) forget() {
	clear(u.slots)
	clear(u.parts)
	clear(u.small)
	u.laid = 0
	if cap(u.slots)+cap(u.parts)+cap(u.small) > unionMax {
		*u = unionScratch{sums: u.sums}
	}
}

// uniteShard counts what is in any of the slots on a list.
func (l *light) uniteShard(u *unionScratch, head int32) (n uint64, err error) {
	if l.ctx.Err() != nil {
		return 0, context.Cause(l.ctx)
	}
	clear(u.parts)
	clear(u.small)
	u.parts, u.small = append(u.parts[:0], unionPart{}), u.small[:0]
	u.blocks, u.laid = [shard.Blocks]int32{}, 0
	full, many := uint16(0), u.many(head)
	var (
		batch [unionBatch]*content
		masks [unionBatch]uint16 // of slabs
	)
	for head != 0 && full != anywhere {
		n := 0
		for ; head != 0 && n < unionBatch; head = u.slots[head].next {
			if batch[n], err = l.load(u.slots[head].field, int(u.slots[head].at)); err != nil {
				return 0, err
			}
			n++
		}
		for k, c := range batch[:n] {
			full |= c.bits.full
			masks[k] = c.bits.slab.mask()
		}
		for k, c := range batch[:n] {
			if many && c.bits.blocks == nil && c.bits.toggles == nil {
				u.small = append(u.small, unionSmall{&c.bits, masks[k]})
				continue
			}
			for mask := c.bits.mask &^ full; mask != 0; mask &= mask - 1 {
				i := bits.TrailingZeros16(mask)
				u.parts = append(u.parts, unionPart{&c.bits, u.blocks[i]})
				u.blocks[i] = int32(len(u.parts) - 1)
			}
		}
	}
	if len(u.small) > 0 {
		full = l.laySmall(u, full)
	}
	for i, first := range u.blocks {
		switch {
		case full>>i&1 == 1:
			n += blockSpan
		case first != 0:
			n += uint64(l.uniteBlock(u, first, i))
		case u.laid>>i&1 == 1:
			n += uint64(popcount(u.sums[i]))
		}
	}
	return n, nil
}

// unionBatch is how many shards are fetched from memory at once, so that none waits
// for another.
const unionBatch = 16

// manySlots is from how many small shards on each is laid into a sum of its block at
// once, rather than compared with the others first.
const manySlots = 64

// many reports whether a list is of that many.
func (u *unionScratch) many(head int32) bool {
	n := 0
	for ; head != 0 && n < manySlots; n++ {
		head = u.slots[head].next
	}
	return n == manySlots
}

// laySmall lays the shards that are one slab over the words of their blocks, which are united
// before, since they may come to everything. It returns which blocks do, beside those of full.
func (l *light) laySmall(u *unionScratch, full uint16) uint16 {
	wanted := uint16(0)
	for i := range u.small {
		wanted |= u.small[i].mask
	}
	for mask := wanted &^ full; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros16(mask)
		if l.layWords(u, i) == blockSpan {
			full |= 1 << i
		}
	}
	for i := range u.small {
		full |= u.lay(u.small[i].bitmap, u.small[i].mask&^full)
	}
	return full
}

// layWords takes the parts that are words off the list of a block, makes their union its
// sum, and returns how many members that has.
func (l *light) layWords(u *unionScratch, i int) (card int) {
	x := l.scratch()
	x.ptrs = x.ptrs[:0]
	var (
		p    piece
		rest int32
		sum  = u.sum(i)
	)
	for at, next := u.blocks[i], int32(0); at != 0; at = next {
		next = u.parts[at].next
		if p.of(u.parts[at].bitmap, i); !p.isWords() || card == blockSpan {
			u.parts[at].next, rest = rest, at
			continue
		}
		if x.ptrs = append(x.ptrs, p.words); len(x.ptrs) == uniteRound {
			card = orWords(sum, x.ptrs)
			x.ptrs = append(x.ptrs[:0], sum)
		}
	}
	u.blocks[i] = rest
	if len(x.ptrs) > 0 && card < blockSpan {
		card = orWords(sum, x.ptrs)
	}
	if card == 0 {
		u.laid &^= 1 << i // It is made when there is something to lay.
	}
	return card
}

// sum returns the sum of a block, empty where there is none yet.
func (u *unionScratch) sum(i int) *words {
	if u.laid>>i&1 == 0 {
		u.laid |= 1 << i
		if u.sums[i] == nil {
			u.sums[i] = new(words)
		}
		clear(u.sums[i][:])
		u.set[i] = 0
	}
	return u.sums[i]
}

// lay sets the bits of a shard that is one slab, in the sums of the blocks of a mask, and
// returns which of these are full then. Whether one is is asked each time that as many
// members have been laid as it has room for.
func (u *unionScratch) lay(m *bitmap, mask uint16) (full uint16) {
	for ; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros16(mask)
		sum := u.sum(i)
		list, card := m.slab.list(i)
		v := view{state: viewRuns, array: list}
		if len(list) == card {
			v.state = viewArray
		}
		v.lay(sum)
		if u.set[i] += card; u.set[i] >= blockSpan {
			if u.set[i] = 0; popcount(sum) == blockSpan {
				full |= 1 << i
			}
		}
	}
	return full
}

// uniteBlock counts what is in a block of any of the parts on a list: words first,
// for they may come to everything.
func (l *light) uniteBlock(u *unionScratch, first int32, i int) int {
	var p piece
	p.of(u.parts[first].bitmap, i)
	x, laid := l.x, u.laid>>i&1 == 1
	if u.parts[first].next == 0 && !laid {
		return int(p.card)
	}
	if n, ok := x.uniteFewRuns(u, first, i); ok && !laid {
		return n
	}
	x.top, x.ptrs = 0, x.ptrs[:0]
	if laid {
		x.ptrs = append(x.ptrs, u.sums[i])
	}
	sum, card := x.words(), 0
	for at := first; at != 0; at = u.parts[at].next {
		switch p.of(u.parts[at].bitmap, i); {
		case p.isWords():
			x.ptrs = append(x.ptrs, p.words)
			x.ahead.foresee(p.bitmap, i+1)
		case p.toggled:
			d := x.words()
			p.view().fill(d)
			x.ptrs = append(x.ptrs, d)
		}
		if len(x.ptrs) == uniteRound {
			if card = orWords(sum, x.ptrs); card == blockSpan {
				return blockSpan
			}
			x.ptrs, x.top = append(x.ptrs[:0], sum), 1
		}
	}
	if len(x.ptrs) == 0 {
		clear(sum[:])
	} else {
		card = orWords(sum, x.ptrs)
	}
	x.ahead.ask()
	return u.uniteLists(first, i, sum, card)
}

// uniteLists counts the union of words, which it may change, and of the parts on a list
// that are arrays and runs. The last array need not be laid into the words.
func (u *unionScratch) uniteLists(first int32, i int, sum *words, card int) int {
	var (
		p    piece
		last []uint16
		set  = 0 // how many members have been laid since they were counted
	)
	for at := first; at != 0; at = u.parts[at].next {
		p.of(u.parts[at].bitmap, i)
		if p.toggled || p.state == viewWords {
			continue
		}
		setBits(sum, last)
		set += len(last)
		if last = p.array; p.state != viewArray {
			v := view{state: p.state, array: p.array}
			v.lay(sum)
			set, last = set+int(p.card), nil
		}
		if set >= blockSpan {
			if card, set = popcount(sum), 0; card == blockSpan {
				return blockSpan
			}
		}
	}
	if set > 0 {
		card = popcount(sum)
	}
	return card + len(last) - hits(last, sum)
}

// uniteFewRuns counts the union of parts that are all runs, and few.
func (x *exec) uniteFewRuns(u *unionScratch, first int32, i int) (n int, ok bool) {
	var p piece
	parts, bounds := 0, 0
	for at := first; at != 0; at = u.parts[at].next {
		p.of(u.parts[at].bitmap, i)
		parts, bounds = parts+1, bounds+len(p.array)
		if !p.isRuns() || parts*bounds > runsJoined {
			return 0, false
		}
	}
	x.atop = 0
	var (
		a, b = x.values(), x.values()
		runs []uint16
	)
	for at := first; at != 0; at = u.parts[at].next {
		p.of(u.parts[at].bitmap, i)
		runs = joinRuns(a[:0], runs, p.array)
		a, b = b, a
	}
	return runsView(runs).card, true
}

// runsJoined is how many bounds are joined one by one, at most.
const runsJoined = 512

// uniteRound is how many operands are united before it is asked whether they are
// everything.
const uniteRound = 8
