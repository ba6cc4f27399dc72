package portrait

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// Follow returns the profiles that the members of a set lead to in the view, each as
// Resolve says: those that live as they are, and of an ID that has gone by a merge the
// profile that took it in, which may be that of other members too. An ID that leads to
// nobody drops out, such as one of another store. So sets of two epochs, and sets that were saved as bytes, can be compared and combined as of one. The result
// has the epoch and the universe of the view. A set of another partition is an error, a
// nil set is empty. Only IDs that have gone are looked up on disk, as many as Scanned of a
// [segment.Budget] at most.
func (v *View) Follow(ctx context.Context, set *segment.Set) (*segment.Set, error) {
	return inside(v, func() (*segment.Set, error) { return v.follow(ctx, set) })
}

func (v *View) follow(ctx context.Context, set *segment.Set) (*segment.Set, error) {
	if err := ownPartition(set); err != nil {
		return nil, err
	}
	if set == nil {
		set = &segment.Set{}
	}
	src := v.source()
	live, err := v.query(segment.Bits(universe).And(segment.Fixed(set))).Set(ctx, src)
	if err != nil {
		return nil, err
	}
	gone := set.Sub(live)
	if err := segment.MeterOf(ctx).Look(int64(gone.Count())); err != nil {
		return nil, err
	}
	var ordinals []uint32
	for m, err := range v.members(ctx, gone, nil) {
		if err != nil {
			return nil, err
		}
		ordinals = append(ordinals, m.ordinal)
	}
	if len(ordinals) == 0 {
		return live, nil
	}
	return live.Or(segment.NewSet(src, ordinals)), nil
}

// ownPartition returns an error for a set of another partition than the store's.
func ownPartition(set *segment.Set) error {
	if p := set.Partition(); p != 0 && set.Count() > 0 {
		return fmt.Errorf("portrait: the set is of partition %d, the store is partition 0", p)
	}
	return nil
}

// members settles which profiles the members of a set are by now, and to explain somebody
// whether they are among them.
func (s *settler) members(e *syntax.Members) syntax.Expr {
	set, ok := e.Set.(*segment.Set)
	if !ok || s.err != nil {
		return e
	}
	now, err := s.view.follow(s.ctx, set)
	if err != nil {
		s.err = err
		return e
	}
	settled := &syntax.Members{Set: now, Pos: e.Pos}
	if s.explain != nil {
		is := now.Contains(profile.MakeID(0, s.explain.ordinal))
		settled.Known = &is
	}
	return settled
}
