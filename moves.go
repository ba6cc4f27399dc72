package portrait

import (
	"context"
	"slices"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// moves evaluates what another catalog means otherwise over everybody.
func (v *View) moves(ctx context.Context, next *catalog) ([]segment.Move, error) {
	cur := v.epoch.cat
	var changes []*labelMoves
	for _, now := range next.tags {
		old := cur.label(now.segment, now.def.Name)
		if old == nil || !cur.sameRule(next, old, now) {
			changes = append(changes, &labelMoves{label: now, old: old, now: now, values: map[string]*moving{}})
		}
	}
	for _, old := range cur.tags {
		if next.label(old.segment, old.def.Name) == nil {
			changes = append(changes, &labelMoves{label: old, old: old, values: map[string]*moving{}})
		}
	}
	if len(changes) == 0 {
		return nil, nil
	}
	for m, err := range v.members(ctx, nil, slices.Concat(cur.lists, next.lists)) {
		if err != nil {
			return nil, err
		}
		st := m.state()
		as, err := v.stateUnder(next, m, st)
		if err != nil {
			return nil, err
		}
		if st, err = v.stateUnder(cur, m, st); err != nil {
			return nil, err
		}
		for _, c := range changes {
			c.take(m.ordinal, c.old.valuesOf(st, v.at), c.now.valuesOf(as, v.at))
		}
	}
	var list []segment.Move
	for _, c := range changes {
		list = append(list, c.all.move(v, c.label, ""))
		for _, value := range sortedKeys(c.values) {
			list = append(list, c.values[value].move(v, c.label, value))
		}
	}
	return list, nil
}

// labelMoves gathers who gains and loses one tag, and each of its values.
type labelMoves struct {
	label, old, now *tag // either of the last two may be nil
	all             moving
	values          map[string]*moving
}

// moving is who gains and who loses.
type moving struct {
	entered, left []uint32
	stayed        uint64
}

// valuesOf returns the values that somebody has of a tag, as text; has is false for
// those who have not the tag.
func (t *tag) valuesOf(st *profile.State, at profile.Instant) (v tagValues) {
	if t == nil {
		return v
	}
	if v.has, _ = t.program.Eval(st, at); !v.has || t.values == nil {
		return v
	}
	value, _, _ := t.value(st, at)
	for _, e := range elements(value) {
		v.values = append(v.values, e.String())
	}
	return v
}

type tagValues struct {
	has    bool
	values []string
}

// take notes what somebody has before and after.
func (c *labelMoves) take(ordinal uint32, old, now tagValues) {
	c.all.take(ordinal, old.has, now.has)
	for _, value := range old.values {
		c.value(value).take(ordinal, true, slices.Contains(now.values, value))
	}
	for _, value := range now.values {
		if !slices.Contains(old.values, value) {
			c.value(value).take(ordinal, false, true)
		}
	}
}

func (c *labelMoves) value(value string) *moving {
	m := c.values[value]
	if m == nil {
		m = &moving{}
		c.values[value] = m
	}
	return m
}

func (m *moving) take(ordinal uint32, had, will bool) {
	switch {
	case had && will:
		m.stayed++
	case had:
		m.left = append(m.left, ordinal)
	case will:
		m.entered = append(m.entered, ordinal)
	}
}

func (m *moving) move(v *View, t *tag, value string) segment.Move {
	return segment.Move{
		Name: t.def.Name, Segment: t.segment, Value: value, Stayed: m.stayed,
		Entered: segment.NewSet(v.source(), m.entered), Left: segment.NewSet(v.source(), m.left),
	}
}

// stateUnder returns the state of a profile as it is under a catalog once every node is
// up to date: with what the log has for the folds that are new in it.
func (v *View) stateUnder(next *catalog, m *member, st *profile.State) (*profile.State, error) {
	as := st
	for _, n := range m.nodes {
		u := next.behind(n.gen, v.at)
		if u == nil {
			continue
		}
		more, err := u.state(v.epoch.snap, n.token)
		if err != nil {
			return nil, err
		}
		as = as.Combine(more)
	}
	return as, nil
}
