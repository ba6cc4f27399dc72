package segment

import (
	"context"
	"math/bits"

	"github.com/portraitdb/portrait/internal/shard"
)

// countPair counts an operation on two fields, the i-th of one page and the j-th of
// another. All follows from what they have in common, which is nothing where their bounds
// are apart.
func (p *lightPlan) countPair(ctx context.Context, src *Source, of *page, i int, in *page, j int, apart bool) (both uint64, err error) {
	a, b := of.fields[i], in.fields[j]
	if a == nil || b == nil || a.kind|b.kind != Bitmap {
		if a, b, err = src.Root.pair(p); err != nil {
			return 0, err
		}
	}
	ok := apart
	switch {
	case apart:
	case a.known && b.known:
		both, ok = overlap(a.outline(), b.outline(), of.bounds[i], in.bounds[j]), true
	case a.known:
		both, ok = b.countOutline(a.outline(), of.bounds[i])
	case b.known:
		both, ok = a.countOutline(b.outline(), in.bounds[j])
	default:
		ok = a.shape&b.shape == 0
	}
	if !ok {
		if both, err = a.countBoth(ctx, src, b); err != nil {
			return 0, err
		}
	}
	if p.how == lightPair {
		return both, nil
	}
	return p.derive(ctx, src, a, b, both)
}

// common reports whether two keys are of one shard, and of blocks in common.
func common(x, y uint32) bool { return (x^y)>>shard.Blocks == 0 && x&y&anywhere != 0 }

// meet returns the first entries, from the i-th of a and the j-th of b on, whose keys
// have blocks in common; ok is false where there are none.
func (f *field) meet(b *field, i, j int) (int, int, bool) {
	for i < len(f.entries) && j < len(b.entries) {
		x, y := f.key(i), b.key(j)
		switch s, t := x>>shard.Blocks, y>>shard.Blocks; {
		case s < t:
			i = f.seek(i, t)
		case s > t:
			j = b.seek(j, s)
		case x&y&anywhere != 0:
			return i, j, true
		default:
			i, j = i+1, j+1
		}
	}
	return 0, 0, false
}

// countBoth counts what two fields have in common.
func (f *field) countBoth(ctx context.Context, src *Source, b *field) (n uint64, err error) {
	i, j, ok := 0, 0, false
	if len(f.entries) == 1 && len(b.entries) == 1 {
		ok = common(f.key(0), b.key(0))
	} else {
		i, j, ok = f.meet(b, 0, 0)
	}
	if !ok {
		return 0, nil
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	var l light
	l.ctx, l.root, l.loader = ctx, src.Root, src.Loader
	for ; ok; i, j, ok = f.meet(b, i+1, j+1) {
		c, d := f.loaded(i), b.loaded(j)
		if c == nil || d == nil || i&15 == 15 {
			if c, d, err = l.loadTwo(f, b, i, j); err != nil {
				return 0, err
			}
		}
		n += l.countBlocks(&c.bits, &d.bits)
	}
	if l.x != nil {
		l.x.giveBack()
	}
	return n, nil
}

// loaded returns the content of the i-th entry where it lies in memory, is known to have
// been used, and there is no more to learn of the field.
func (f *field) loaded(i int) *content {
	if s := f.entries[i].slot; f.whole && s.is(slotUsed) {
		return s.data.Load()
	}
	return nil
}

// loadTwo returns the contents of two entries.
func (l *light) loadTwo(a, b *field, i, j int) (c, d *content, err error) {
	if err = context.Cause(l.ctx); err == nil {
		c, err = a.load(i, l.root, l.loader)
	}
	if err == nil {
		d, err = b.load(j, l.root, l.loader)
	}
	return c, d, err
}

// pair returns the two fields.
func (r *Root) pair(p *lightPlan) (a, b *field, err error) {
	if a, err = r.bitmap(p.fields[0]); err == nil {
		b, err = r.bitmap(p.fields[1])
	}
	return a, b, err
}

// unknown is one less than what stands in place of members that have not been counted.
const unknown = ^uint64(0)

// derive returns the count of an operation on two fields from what they have in
// common.
func (p *lightPlan) derive(ctx context.Context, src *Source, a, b *field, both uint64) (uint64, error) {
	n, m := a.members.Load()-1, b.members.Load()-1
	if n == unknown || m == unknown && p.how != lightSub {
		var l light
		l.ctx, l.root, l.loader = ctx, src.Root, src.Loader
		var err error
		if n, err = l.members(a); err != nil {
			return 0, err
		}
		if p.how != lightSub {
			if m, err = l.members(b); err != nil {
				return 0, err
			}
		}
	}
	switch p.how {
	case lightSub:
		return n - both, nil
	case lightOr:
		return n + m - both, nil
	}
	return n + m - 2*both, nil
}

// countBlocks counts what two shards have in common.
func (l *light) countBlocks(a, b *bitmap) (n uint64) {
	mask := a.mask & b.mask
	if a.blocks != nil || b.blocks != nil || a.toggles != nil || b.toggles != nil {
		var p, q piece
		for ; mask != 0; mask &= mask - 1 {
			i := bits.TrailingZeros16(mask)
			p.of(a, i)
			q.of(b, i)
			n += uint64(l.countTwo(&p, &q))
		}
		return n
	}
	if x, y := a.slab, b.slab; len(x) > 4 && len(y) > 4 && (a.mask|b.mask)&^mask == 0 && mask&(mask-1) == 0 && mask != 0 {
		return uint64(l.countLists(x[4:], y[4:], int(a.card), int(b.card)))
	}
	for ; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros16(mask)
		x, c := a.slab.list(i)
		y, d := b.slab.list(i)
		if len(x) > 0 && len(y) > 0 && (x[0] > y[len(y)-1] || y[0] > x[len(x)-1]) {
			continue
		}
		if len(x) == c && len(y) == d && c+d <= mergeMax {
			n += uint64(meet(x, y))
			continue
		}
		n += uint64(l.countLists(x, y, c, d))
	}
	return n
}

// countLists counts what two lists of a slab, of sets of c and d members, have in common.
func (l *light) countLists(x, y []uint16, c, d int) int {
	switch {
	case len(x) == c && len(y) == d:
		if c > d {
			x, y = y, x
		}
		return l.countArrays(x, y)
	case len(x) == 0:
		return d
	case len(y) == 0:
		return c
	case len(x) == c:
		return countInRuns(x, y)
	case len(y) == d:
		return countInRuns(y, x)
	}
	return countRuns(x, y)
}
