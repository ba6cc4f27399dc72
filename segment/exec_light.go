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

// lightPlan is how a program is counted here. It is small, because there may be little
// more to do than to find it.
type lightPlan struct {
	how    lightOp
	kids   uint8      // how many of the program's fields are not to be subtracted
	n      uint8      // how many fields there are
	fields [2]FieldID // the first of them
}

type lightOp uint8

const (
	notLight  lightOp = iota
	lightOne          // a bitmap
	lightPair         // what two have in common
	lightSub          // one less another
	lightOr           // either of two
	lightXor          // one of two alone
	lightAnd          // a conjunction of more
	lightAny          // a disjunction of more: of all leaves
)

// light returns how the program can be counted here, if it can, and lays down the fields
// of a conjunction.
func (p *program) light() lightPlan {
	r := p.roots[0]
	plan := lightPlan{}
	operands := len(r.kids) + len(r.minus)
	for i := range operands {
		n := r.operand(i)
		if n.op != opBits {
			return plan
		}
		if i < lightMax {
			p.fields[i] = n.field
		}
	}
	switch {
	case r.op == opBits:
		plan.how, p.fields[0], operands = lightOne, r.field, 1
	case r.op == opAnd && operands == 2 && len(r.minus) == 0:
		plan.how = lightPair
	case r.op == opAnd && operands == 2:
		plan.how = lightSub
	case r.op == opOr && operands == 2:
		plan.how = lightOr
	case r.op == opXor && operands == 2:
		plan.how = lightXor
	case r.op == opAnd && operands <= lightMax:
		plan.how = lightAnd
	case r.op == opOr:
		plan.how = lightAny
	}
	plan.kids, plan.n = uint8(min(len(r.kids), lightMax)), uint8(min(operands, lightMax))
	plan.fields = [2]FieldID(p.fields[:])
	return plan
}

// light is one count on the way.
type light struct {
	ctx    context.Context
	root   *Root
	loader Loader
	x      *exec // scratch; nil: none has been needed yet
}

// countLight counts a light program.
func (q *Query) countLight(ctx context.Context, src *Source) (n uint64, err error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	// Field by field, for what is written and at once read in wider pieces is waited for.
	var l light
	l.ctx, l.root, l.loader = ctx, src.Root, src.Loader
	switch p := &q.light; p.how {
	case lightOne:
		f, err := l.find(p.fields[0])
		if err != nil {
			return 0, err
		}
		return l.members(f)
	case lightAny:
		return l.countUnion(q.leaves)
	default:
		n, err = l.countMeet(q.program.fields[:p.n], int(p.kids))
	}
	if l.x != nil {
		l.x.giveBack()
	}
	return n, err
}

// nowhere is the field that does not exist.
var nowhere = &field{}

// find returns a bitmap field.
func (l *light) find(id FieldID) (*field, error) { return l.root.bitmap(id) }

func (r *Root) bitmap(id FieldID) (*field, error) {
	f := r.dir.find(id)
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
	if c := f.loaded(i); c != nil {
		return c, nil
	}
	if l.ctx.Err() != nil {
		return nil, context.Cause(l.ctx)
	}
	return f.load(i, l.root, l.loader)
}

// members returns how many members a field has. They are counted once.
func (l *light) members(f *field) (uint64, error) {
	if n := f.members.Load(); n > 0 {
		return n - 1, nil
	}
	n := uint64(0)
	for i := range f.entries {
		c, err := l.load(f, i)
		if err != nil {
			return 0, err
		}
		n += uint64(c.bits.card)
	}
	if len(f.entries) > 0 {
		f.members.Store(n + 1)
	}
	return n, nil
}

// countMeet counts what is in all of the first pos fields and in none of the others.
func (l *light) countMeet(ids []FieldID, pos int) (uint64, error) {
	var fields [lightMax]*field
	for i, id := range ids {
		f, err := l.find(id)
		if err != nil {
			return 0, err
		}
		fields[i] = f
	}
	return l.meet(fields[:len(ids)], pos)
}

// meet counts what is in all of the first pos of fields and in none of the others.
func (l *light) meet(fields []*field, pos int) (n uint64, err error) {
	lead := fields[0]
	for _, f := range fields[1:pos] {
		if len(f.entries) < len(lead.entries) {
			lead = f
		}
	}
	var maps [lightMax]*bitmap
	for i := range lead.entries {
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
			if l.ctx.Err() != nil {
				return 0, context.Cause(l.ctx)
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
