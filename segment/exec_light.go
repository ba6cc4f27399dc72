package segment

import (
	"context"
	"math/bits"

	"github.com/portraitdb/portrait/internal/shard"
)

// Sparse and clustered bitmaps have so little in a block, and so many blocks in
// which they have nothing, that what the executor does per block and operand would
// outweigh it. The counts of what is made of bitmaps alone are therefore taken
// here, from the shards and blocks that all operands have.

// lightMax is the most operands of a conjunction that is counted here.
const lightMax = 8

// light returns the root of the program if it can be counted here: a bitmap, a
// disjunction of bitmaps, an exclusive one of two, or a conjunction of a few.
func (p *program) light() *node {
	r := p.roots[0]
	operands := len(r.kids) + len(r.minus)
	for i := range operands {
		if r.operand(i).op != opBits {
			return nil
		}
	}
	switch {
	case r.op == opBits, r.op == opOr, r.op == opXor && operands == 2, r.op == opAnd && operands <= lightMax:
		return r
	}
	return nil
}

// light is one count on the way.
type light struct {
	ctx    context.Context
	root   *Root
	loader Loader
	x      *exec // scratch; nil: none has been needed yet
}

// countLight counts a light program.
func (q *Query) countLight(ctx context.Context, src *Source) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	var (
		l = light{ctx: ctx, root: src.Root, loader: src.Loader}
		r = q.single
		n uint64
		f [lightMax]*field
	)
	operands := len(r.kids) + len(r.minus)
	switch {
	case r.op == opBits:
		a, err := l.find(r)
		if err != nil {
			return 0, err
		}
		return l.members(a)
	case operands > lightMax || r.op == opOr && operands > 2:
		return l.countUnion(r.kids)
	}
	for i := range operands {
		var err error
		if f[i], err = l.find(r.operand(i)); err != nil {
			return 0, err
		}
	}
	var err error
	if operands == 2 {
		n, err = l.countPair(r, f[0], f[1])
	} else {
		n, err = l.meet(f[:operands], len(r.kids))
	}
	if l.x != nil {
		l.x.giveBack()
	}
	return n, err
}

// nowhere is the field that does not exist.
var nowhere = &field{}

// find returns the field of a leaf.
func (l *light) find(leaf *node) (*field, error) {
	f := l.root.dir.find(leaf.field)
	switch {
	case f == nil:
		return nowhere, nil
	case f.kind != Bitmap:
		return nil, kindError(f.id, f.kind)
	}
	return f, nil
}

// load returns the content of the field's i-th slot.
func (l *light) load(f *field, i int) (*content, error) {
	if s := f.slots[i]; s.used.Load() {
		if c := s.data.Load(); c != nil && uint16(f.key(i)) != anywhere {
			return c, nil
		}
	}
	if err := l.ctx.Err(); err != nil {
		return nil, err
	}
	return f.load(i, l.root, l.loader)
}

// members returns how many members a field has. They are counted once.
func (l *light) members(f *field) (uint64, error) {
	if n := f.members.Load(); n > 0 {
		return n - 1, nil
	}
	n := uint64(0)
	for i := range f.slots {
		c, err := l.load(f, i)
		if err != nil {
			return 0, err
		}
		n += uint64(c.bits.card)
	}
	if len(f.slots) > 0 {
		f.members.Store(n + 1)
	}
	return n, nil
}

// countPair counts an operation on two fields. All follows from what they have in
// common.
func (l *light) countPair(r *node, a, b *field) (uint64, error) {
	both, err := l.meetTwo(a, b)
	if err != nil || r.op == opAnd && len(r.minus) == 0 {
		return both, err
	}
	n, err := l.members(a)
	if err != nil || r.op == opAnd {
		return n - both, err
	}
	m, err := l.members(b)
	if r.op == opXor {
		both *= 2
	}
	return n + m - both, err
}

// meetTwo counts what two fields have in common.
func (l *light) meetTwo(a, b *field) (n uint64, err error) {
	for i, j := 0, 0; i < len(a.keys) && j < len(b.keys); {
		p, q := a.key(i), b.key(j)
		switch s, t := p>>shard.Blocks, q>>shard.Blocks; {
		case s < t:
			i = a.seek(i, t)
			continue
		case s > t:
			j = b.seek(j, s)
			continue
		}
		if p&q&anywhere != 0 {
			c, err := l.load(a, i)
			if err != nil {
				return 0, err
			}
			d, err := l.load(b, j)
			if err != nil {
				return 0, err
			}
			if n += l.countBlocks(&c.bits, &d.bits); i&15 == 15 {
				if err := l.ctx.Err(); err != nil {
					return 0, err
				}
			}
		}
		i, j = i+1, j+1
	}
	return n, nil
}

// countBlocks counts what two shards have in common.
func (l *light) countBlocks(a, b *bitmap) (n uint64) {
	var p, q piece
	for mask := a.mask & b.mask; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros16(mask)
		p.of(a, i)
		q.of(b, i)
		n += uint64(l.countTwo(&p, &q))
	}
	return n
}

// meet counts what is in all of the first pos of fields and in none of the others.
func (l *light) meet(fields []*field, pos int) (n uint64, err error) {
	lead := fields[0]
	for _, f := range fields[1:pos] {
		if len(f.keys) < len(lead.keys) {
			lead = f
		}
	}
	var maps [lightMax]*bitmap
	for i := range lead.keys {
		key := lead.key(i)
		mask := uint16(key)
		for _, f := range fields[:pos] {
			if at, ok := f.find(key >> shard.Blocks); ok {
				mask &= uint16(f.key(at))
			} else {
				mask = 0
			}
		}
		if mask == 0 {
			continue
		}
		for j, f := range fields {
			maps[j] = &noContent.bits
			at, ok := f.find(key >> shard.Blocks)
			if !ok || j >= pos && uint16(f.key(at))&mask == 0 {
				continue
			}
			c, err := l.load(f, at)
			if err != nil {
				return 0, err
			}
			if maps[j] = &c.bits; j < pos {
				mask &= c.bits.mask
			}
		}
		if n += l.countAnd(maps[:len(fields)], pos, mask); i&15 == 15 {
			if err := l.ctx.Err(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// countAnd counts what is, in the blocks of mask, in all of the first pos of maps
// and in none of the others.
func (l *light) countAnd(maps []*bitmap, pos int, mask uint16) (n uint64) {
	var pieces [lightMax]piece
	for ; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros16(mask)
		for j, m := range maps {
			pieces[j].of(m, i)
		}
		n += uint64(l.scratch().countPieces(pieces[:len(maps)], pos))
	}
	return n
}

// scratch returns an exec whose scratch alone is used.
func (l *light) scratch() *exec {
	if l.x == nil {
		l.x = l.root.index.takeExec()
	}
	return l.x
}

// giveBack ends a use of scratch alone.
func (x *exec) giveBack() {
	if x.top, x.atop = 0, 0; len(x.ptrs)+x.high > 0 && !x.forget() {
		return
	}
	if !x.pool.spare.CompareAndSwap(nil, x) {
		x.pool.execs.Put(x)
	}
}
