package portrait

import (
	"context"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// moves evaluates what another catalog means otherwise over everybody.
func (v *View) moves(ctx context.Context, next *catalog) ([]segment.Move, error) {
	type change struct {
		old, now      *tag
		entered, left []uint32
		stayed        uint64
	}
	cur := v.epoch.cat
	var changes []*change
	for _, now := range next.tags {
		old := cur.label(now.segment, now.def.Name)
		if old == nil || !cur.sameRule(next, old, now) {
			changes = append(changes, &change{old: old, now: now})
		}
	}
	for _, old := range cur.tags {
		if next.label(old.segment, old.def.Name) == nil {
			changes = append(changes, &change{old: old})
		}
	}
	if len(changes) == 0 {
		return nil, nil
	}
	has := func(t *tag, st *profile.State) bool {
		if t == nil {
			return false
		}
		ok, _ := t.program.Eval(st, v.at)
		return ok
	}
	for m, err := range v.members(ctx, nil) {
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
			switch had, will := has(c.old, st), has(c.now, as); {
			case had && will:
				c.stayed++
			case had:
				c.left = append(c.left, m.ordinal)
			case will:
				c.entered = append(c.entered, m.ordinal)
			}
		}
	}
	list := make([]segment.Move, len(changes))
	for i, c := range changes {
		t := c.now
		if t == nil {
			t = c.old
		}
		list[i] = segment.Move{
			Name: t.def.Name, Segment: t.segment, Stayed: c.stayed,
			Entered: segment.NewSet(v.source(), c.entered), Left: segment.NewSet(v.source(), c.left),
		}
	}
	return list, nil
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
