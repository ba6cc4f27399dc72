package segment

import (
	"context"
	"errors"
	"slices"
	"sync"

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
	values := make([][]groupValue, len(by))
	g := grouping{}
	for i, vs := range by {
		for v, f := range vs.All() {
			l, err := src.lane(f, Bitmap)
			if err != nil {
				return nil, err
			}
			values[i] = append(values[i], groupValue{v, l})
		}
		slices.SortFunc(values[i], func(a, b groupValue) int { return a.value.Compare(b.value) })
		g.by = append(g.by, divisor{lanes: make([]lane, len(values[i]))})
		for j, v := range values[i] {
			g.by[i].lanes[j] = v.lane
		}
	}
	w, err := q.walkGroups(ctx, src, m)
	if err != nil {
		return nil, err
	}
	defer w.close()
	g.begin(m)
	if w.workers() > 1 {
		err = g.share(ctx, w)
	} else {
		g.walk(&w)
		err = w.err(ctx)
	}
	if err != nil {
		return nil, err
	}
	return g.groups(values), nil
}

// groupValue is a value of an operand and its bitmap.
type groupValue struct {
	value profile.Value
	lane  lane
}

// walkGroups starts a walk through every block that has members; with a measure it
// reads the column as well.
func (q *Query) walkGroups(ctx context.Context, src Source, m *Measure) (walk, error) {
	w, err := q.walkEvery(ctx, src)
	if err != nil || m == nil {
		return w, err
	}
	if err = m.check(); err == nil {
		w.column, err = src.lane(m.Field, Column)
	}
	if err != nil {
		w.close()
		return walk{}, err
	}
	return w, nil
}

// grouping is Groups at work, on one goroutine.
type grouping struct {
	kind  profile.Kind
	by    []divisor
	parts *parts      // numbered by the first value and, within it, by the second
	keys  *columnKeys // of the block; nil where only counts are asked for
	codes *blockCodes // of the second operand; nil until it is needed
	rows  *[rowsMax]uint16

	lists  []rowList // in rows
	listed int       // how much of rows they take
}

// rowsMax is how many ordinals of a block a list has room for: all, and what filter
// writes beyond the last.
const rowsMax = blockSpan + 16

// divisor is an operand that a set is divided by.
type divisor struct {
	lanes   []lane    // of the values, in their order
	some    []int     // the values that anyone may have in this shard
	bits    []*bitmap // of these; empty before the first block of the shard
	met     []value   // those that anyone has in this block
	touched uint16    // see touch
}

// value is what the bitmap of a value has in a block.
type value struct {
	at   int // among the values
	view view
}

// begin makes room. The operands are known.
func (g *grouping) begin(m *Measure) {
	n := len(g.by[0].lanes)
	if len(g.by) == 2 {
		n *= len(g.by[1].lanes)
	}
	g.parts, g.rows = newParts(n), new([rowsMax]uint16)
	if m != nil {
		g.kind, g.keys = m.Kind, &columnKeys{kind: m.Kind}
	}
}

func (g *grouping) walk(w *walk) {
	shardNo := -1
	for w.next() {
		if shardNo != w.shard {
			shardNo = w.shard
			for i := range g.by {
				g.by[i].enter(shardNo)
			}
		}
		g.block(w)
	}
}

// share is walk on several goroutines.
func (g *grouping) share(ctx context.Context, w walk) error {
	var mu sync.Mutex // guards g.parts
	return w.share(ctx, func(w *walk) {
		mine := grouping{kind: g.kind, rows: new([rowsMax]uint16), parts: newParts(g.parts.n)}
		for _, d := range g.by {
			mine.by = append(mine.by, divisor{lanes: slices.Clone(d.lanes)})
		}
		if g.keys != nil {
			mine.keys = &columnKeys{kind: g.kind}
		}
		mine.walk(w)
		mu.Lock()
		defer mu.Unlock()
		g.parts.join(mine.parts, g.kind)
	})
}

func (d *divisor) enter(shardNo int) {
	d.some, d.bits = d.some[:0], d.bits[:0]
	for i := range d.lanes {
		if d.lanes[i].enter(shardNo) {
			d.some = append(d.some, i)
		}
	}
}

// meet looks up what the bitmaps have in the present block. It reports false after
// a failure.
func (d *divisor) meet(w *walk) bool {
	for len(d.bits) < len(d.some) {
		if !w.x.live() {
			return false
		}
		d.bits = append(d.bits, &d.lanes[d.some[len(d.bits)]].load(w.x).bits)
	}
	d.met = d.met[:0]
	block := w.block()
	for i, m := range d.bits {
		if v := m.view(block); v.card > 0 {
			d.met = append(d.met, value{d.some[i], v})
		}
	}
	if w.x.meter != nil {
		for i := range d.met {
			w.x.read += d.met[i].view.size()
		}
	}
	d.touch()
	return w.x.err == nil
}

// touch reads a little of each array, so that the processor fetches many at a time.
func (d *divisor) touch() {
	sum := uint16(0)
	for i := range d.met {
		if a := d.met[i].view.array; len(a) > 0 {
			sum += a[0] + a[len(a)/2] + a[len(a)-1]
		}
	}
	d.touched = sum
}

// groups returns the parts that have members.
func (g *grouping) groups(values [][]groupValue) []Group {
	var out []Group
	for i, p := range g.parts.all() {
		group := Group{Values: make([]profile.Value, len(values)), Count: p.count}
		if g.keys != nil {
			group.Summary = p.summary(g.kind, g.parts.place)
		}
		for j := len(values) - 1; j >= 0; j-- {
			group.Values[j] = values[j][i%len(values[j])].value
			i /= len(values[j])
		}
		out = append(out, group)
	}
	return out
}
