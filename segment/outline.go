package segment

import (
	"math"
	"math/bits"

	"github.com/portraitdb/portrait/internal/shard"
)

// outline is all members of a field that come to one or two runs of ordinals, as those
// of rare values do. The first run begins, and the second ends, where the bounds of the
// field do. Where there is but one, the second begins behind its own end.
type outline struct {
	head, tail uint32 // the last of the first run, and the first of the second
}

// outlineShards is the most shards that a field with an outline has.
const outlineShards = 2

// outline returns the outline of a field that has one.
func (f *field) outline() outline { return outline{uint32(f.shape), uint32(f.shape >> 32)} }

// settle returns the bounds of a field that nobody else has seen yet, which may be nil,
// and keeps its shape.
func (f *field) settle() bounds {
	if f == nil || f.kind != Bitmap {
		return f.bounds()
	}
	var o outliner
	if !o.all(f) {
		f.shape = f.print()
		return f.bounds()
	}
	first, last := o.runs[0], o.runs[o.n-1]
	f.known = true
	if f.shape = uint64(last.to+1)<<32 | uint64(last.to); o.n > 1 {
		f.shape = uint64(last.from)<<32 | uint64(first.to)
	}
	return bounds{first.from, ^last.to}
}

// printMax is the most shards that a print is made of.
const printMax = 64

// print returns in which blocks, by their number modulo 64, there may be members: two
// fields whose prints have nothing in common do not either.
func (f *field) print() uint64 {
	if len(f.entries) > printMax {
		return math.MaxUint64
	}
	p := uint64(0)
	for i := range f.entries {
		key := f.key(i)
		p |= uint64(uint16(key)) << (key >> shard.Blocks * shard.Blocks % 64)
	}
	return p
}

// outliner collects ascending runs.
type outliner struct {
	runs [2]struct{ from, to uint32 }
	n    int
}

// all adds the shards of a field; it reports false where that has no outline.
func (o *outliner) all(f *field) bool {
	if len(f.entries) == 0 || len(f.entries) > outlineShards {
		return false
	}
	for i := range f.entries {
		c := f.entries[i].slot.data.Load()
		if c == nil || !o.add(f.key(i)>>shard.Blocks*shard.Span, &c.bits) {
			return false
		}
	}
	return o.n > 0 && o.runs[o.n-1].to < math.MaxUint32
}

// add adds a shard, whose first ordinal is from; it reports false where there are too
// many runs, or to find them takes long.
func (o *outliner) add(from uint32, m *bitmap) bool {
	if m.blocks != nil || m.toggles != nil {
		return false
	}
	for mask := m.mask; mask != 0; mask &= mask - 1 {
		i := bits.TrailingZeros16(mask)
		at := from + uint32(i*blockSpan)
		switch list, card := m.slab.list(i); {
		case len(list) == 0:
			list = everyRun
			fallthrough
		case len(list) != card:
			for r := 0; r < len(list); r += 2 {
				if !o.run(at+uint32(list[r]), at+uint32(list[r+1])) {
					return false
				}
			}
		default:
			for _, x := range list {
				if !o.run(at+uint32(x), at+uint32(x)) {
					return false
				}
			}
		}
	}
	return true
}

// run adds a run, which may go on where the one before ends.
func (o *outliner) run(from, to uint32) bool {
	switch {
	case o.n > 0 && o.runs[o.n-1].to+1 == from:
		o.runs[o.n-1].to = to
		return true
	case o.n == len(o.runs):
		return false
	}
	o.runs[o.n].from, o.runs[o.n].to = from, to
	o.n++
	return true
}

// overlap counts what the outlines of two fields have in common, each within its bounds.
func overlap(a, b outline, in, by bounds) uint64 {
	from, head, tail, to := int64(in.first), int64(a.head), int64(a.tail), int64(^in.notLast)
	first, end, begin, last := int64(by.first), int64(b.head), int64(b.tail), int64(^by.notLast)
	return uint64(max(0, min(head, end)-max(from, first)+1) + max(0, min(head, last)-max(from, begin)+1) +
		max(0, min(to, end)-max(tail, first)+1) + max(0, min(to, last)-max(tail, begin)+1))
}

// countOutline counts what a field that has none itself has of the outline of another within its bounds,
// where either run of that lies in a block, and what the field has there in memory; ok is
// false elsewhere.
func (f *field) countOutline(o outline, within bounds) (n uint64, ok bool) {
	n, ok = f.countRun(within.first, o.head)
	if last := ^within.notLast; ok && o.tail <= last {
		var m uint64
		m, ok = f.countRun(o.tail, last)
		n += m
	}
	return n, ok
}

// countRun counts what the field has from one ordinal to another; ok is false where that
// is not at hand.
func (f *field) countRun(first, last uint32) (n uint64, ok bool) {
	if first/blockSpan != last/blockSpan {
		return 0, false
	}
	if f.shape>>(first/blockSpan%64)&1 == 0 {
		return 0, true
	}
	i, ok := f.find(first / shard.Span)
	block := int(first / blockSpan % shard.Blocks)
	if !ok || f.key(i)>>block&1 == 0 {
		return 0, true
	}
	c := f.loaded(i)
	if c == nil || c.bits.blocks != nil || c.bits.toggles != nil {
		return 0, false
	}
	list, card := c.bits.slab.list(block)
	from, to := uint16(first), uint16(last)
	switch len(list) {
	case 0:
		return uint64(to-from) + 1, true
	case card:
		list = list[before(list, from):]
		if from < to {
			n = uint64(before(list, to))
		}
		if n < uint64(len(list)) && list[n] == to {
			n++
		}
		return n, true
	}
	for ; len(list) > 0 && list[0] <= to; list = list[2:] {
		if list[1] >= from {
			n += uint64(min(list[1], to)-max(list[0], from)) + 1
		}
	}
	return n, true
}
