package segment

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// Group is the members of a set that have one value of a tag or enumeration, or
// one value of each of two.
type Group struct {
	Values []profile.Value // as many as the set was grouped by
	Count  uint64          // members, whether or not they have a value in the column
	// Summary is of those who have one; all zero where Groups was asked to count.
	Summary Summary
}

// Groups divides the answer by the values of one operand, or by those of two, and
// summarises a column over each part, in one pass. It returns the parts that have
// members, ascending by their values. Without a measure it counts alone.
//
// Who has no value of an operand is in no group; where it is set-valued a member
// is in a group for each of its values. See Query.Summary for the errors; to group
// by none or by more than two is another.
func (q *Query) Groups(ctx context.Context, src Source, m *Measure, by ...Values) ([]Group, error) {
	if len(by) < 1 || len(by) > 2 {
		return nil, errors.New("segment: groups are by one operand or by two")
	}
	g := grouping{by: make([][]groupValue, len(by)), parts: make(map[groupKey]*part)}
	for i, vs := range by {
		for v, f := range vs.All() {
			l, err := src.lane(f, Bitmap)
			if err != nil {
				return nil, err
			}
			g.by[i] = append(g.by[i], groupValue{v, l})
		}
		slices.SortFunc(g.by[i], func(a, b groupValue) int { return a.value.Compare(b.value) })
	}
	w, err := g.walk(ctx, q, src, m)
	if err != nil {
		return nil, err
	}
	defer w.close()
	shardNo := -1
	for w.next() {
		if shardNo != w.shard {
			shardNo = w.shard
			g.enter(shardNo)
		}
		g.block(&w)
	}
	if w.err(ctx) != nil {
		return nil, w.err(ctx)
	}
	return g.groups(), nil
}

// grouping is Groups at work.
type grouping struct {
	kind  profile.Kind
	by    [][]groupValue
	parts map[groupKey]*part
	some  [2][]int // the values that anyone has in this shard
}

type groupValue struct {
	value profile.Value
	lane  lane
}

// groupKey is the places of the values in by; the second is 0 where there is one
// operand.
type groupKey [2]int

type part struct {
	count uint64
	tally tally
}

func (g *grouping) walk(ctx context.Context, q *Query, src Source, m *Measure) (walk, error) {
	w, err := q.walkEvery(ctx, src)
	if err != nil || m == nil {
		return w, err
	}
	g.kind = m.Kind
	if err = m.check(); err == nil {
		w.column, err = src.lane(m.Field, Column)
	}
	if err != nil {
		w.close()
		return walk{}, err
	}
	return w, nil
}

func (g *grouping) enter(shardNo int) {
	for i, values := range g.by {
		g.some[i] = g.some[i][:0]
		for j := range values {
			if values[j].lane.enter(shardNo) {
				g.some[i] = append(g.some[i], j)
			}
		}
	}
}

// block adds the members of the block to the groups.
func (g *grouping) block(w *walk) {
	top := w.x.top
	dst := w.x.words()
	for _, j := range g.some[0] {
		if !w.x.live() {
			return
		}
		n := g.meet(w, dst, w.mask, &g.by[0][j].lane)
		switch {
		case n == 0:
		case len(g.by) == 1:
			g.add(groupKey{j, 0}, w.chunks, dst, n)
		default:
			g.second(w, j, dst)
		}
	}
	w.x.top = top
}

// second divides the members of a group, those of mask, by the second operand.
func (g *grouping) second(w *walk, j int, mask *words) {
	top := w.x.top
	dst := w.x.words()
	for _, k := range g.some[1] {
		if !w.x.live() {
			return
		}
		if n := g.meet(w, dst, mask, &g.by[1][k].lane); n > 0 {
			g.add(groupKey{j, k}, w.chunks, dst, n)
		}
	}
	w.x.top = top
}

// meet writes to dst those of mask that a bitmap has in this block, and returns
// how many they are.
func (g *grouping) meet(w *walk, dst, mask *words, l *lane) int {
	v := l.load(w.x).bits.view(w.block())
	if v.card == 0 {
		return 0
	}
	if w.x.meter != nil {
		w.x.read += v.size()
	}
	top := w.x.top
	ops := append(w.x.ptrs[:0], mask, w.x.bits(v))
	n := andWords(dst, ops, 2)
	w.x.ptrs, w.x.top = ops[:0], top
	return n
}

func (g *grouping) add(key groupKey, chunks *[blockChunks]*shard.Chunk, mask *words, n int) {
	p := g.parts[key]
	if p == nil {
		p = &part{}
		g.parts[key] = p
	}
	p.count += uint64(n)
	if chunks != nil {
		p.tally.block(chunks, mask, g.kind)
	}
}

func (g *grouping) groups() []Group {
	keys := make([]groupKey, 0, len(g.parts))
	for k := range g.parts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b groupKey) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	out := make([]Group, len(keys))
	for i, k := range keys {
		p := g.parts[k]
		out[i] = Group{Values: make([]profile.Value, len(g.by)), Count: p.count, Summary: p.tally.summary(g.kind)}
		for j := range g.by {
			out[i].Values[j] = g.by[j][k[j]].value
		}
	}
	return out
}
