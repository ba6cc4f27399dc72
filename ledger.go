package portrait

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// StageMoves yields the moves between stages after one instant and up to another, in
// the order of commits, and within one in no particular order: what the feed told of
// the stages, which the ledger keeps for ever. The zero time from is the beginning, and
// a zero to is the end.
//
// The ledger is what the store observed. It has everybody who was there enter a stage
// when the stages were first declared, and a late event moves on the day on which it
// came. [lifecycle.Order.Outside] picks the moves out that no customer should make.
//
// Moves are read as they are asked for. An error comes at most once, last, with a zero
// Move. The sequence may be ranged over again.
func (v *View) StageMoves(ctx context.Context, from, to time.Time) iter.Seq2[lifecycle.Move, error] {
	return func(yield func(lifecycle.Move, error) bool) {
		if err := v.enter(); err != nil {
			yield(lifecycle.Move{}, err)
			return
		}
		defer v.leave()
		if err := v.staged(); err != nil {
			yield(lifecycle.Move{}, err)
			return
		}
		for m, err := range v.ledger().since(ctx, profile.InstantOf(from)) {
			if err == nil && !to.IsZero() && m.At.After(to) {
				return
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// StagePath returns the stages that a profile has been in, with when it entered and
// left each, the first first. It is the path of just that ID: where the profile merged
// into another or came of a split, that of the other ID is another. It is ErrNotFound
// for an ID that was given to nobody, and empty for one that was in no stage.
func (v *View) StagePath(ctx context.Context, id profile.ID) (lifecycle.Path, error) {
	return inside(v, func() (lifecycle.Path, error) {
		if err := v.staged(); err != nil {
			return nil, err
		}
		if ok, err := v.shown(id); err != nil {
			return nil, err
		} else if !ok || id.Partition() != 0 || id.Ordinal() >= v.epoch.meta.nextOrdinal {
			return nil, fmt.Errorf("%w: profile %s", ErrNotFound, id)
		}
		return v.ledger().path(ctx, id.Ordinal())
	})
}

// StageFlow returns where everybody in a stage at one date was at another, later one.
// It is exact for any two dates: from how many are in each stage now it goes back over
// the moves since the first, and costs as much as these, with some bytes for each
// profile that moved. A date after AsOf is as good as AsOf.
//
// The dates are those of the ledger: see [View.StageMoves].
func (v *View) StageFlow(ctx context.Context, from, to time.Time) (*lifecycle.Flow, error) {
	return inside(v, func() (*lifecycle.Flow, error) {
		if err := v.staged(); err != nil {
			return nil, err
		}
		fields, err := v.epoch.cat.stageFields()
		if err != nil {
			return nil, err
		}
		sizes := make([]lifecycle.Size, len(fields))
		for i, f := range fields {
			n, err := v.stageSize(ctx, f)
			if err != nil {
				return nil, err
			}
			sizes[i] = lifecycle.Size{Stage: f.name, Count: n}
		}
		return lifecycle.FlowOf(from, to, sizes, v.ledger().since(ctx, profile.InstantOf(from)))
	})
}

// StageTimes returns how long profiles stayed in a stage: those who left it after one
// date and up to another, and, until the second date, those who were in it then. A date
// after AsOf is as good as AsOf: how long a stay will last nobody has seen. It
// reads the whole ledger, and keeps 8 bytes for each stay that it returns.
func (v *View) StageTimes(ctx context.Context, stage string, from, to time.Time) (*lifecycle.Times, error) {
	return inside(v, func() (*lifecycle.Times, error) {
		if err := v.staged(); err != nil {
			return nil, err
		}
		if seen := v.seen(); to.After(seen) {
			to = seen
		}
		return lifecycle.TimesIn(stage, from, to, v.ledger().paths(ctx))
	})
}

// seen returns the instant up to which the view knows of moves. Its last commit may be
// later than the clock when the view was asked for.
func (v *View) seen() time.Time { return max(v.at, v.epoch.meta.feedAt).Time() }

// Stuck returns who has been in a stage for longer than a length of time, without a
// break, as the store observed it: who is there and did not come since. It costs as
// much as the moves since then. A stage that the model does not have is an error.
func (v *View) Stuck(ctx context.Context, stage string, longer time.Duration) (*segment.Set, error) {
	return inside(v, func() (*segment.Set, error) { return v.stuck(ctx, stage, longer) })
}

func (v *View) stuck(ctx context.Context, stage string, longer time.Duration) (*segment.Set, error) {
	if err := v.staged(); err != nil {
		return nil, err
	}
	fields, err := v.epoch.cat.stageFields()
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		if f.name != stage {
			continue
		}
		here, err := v.stageMembers(ctx, f)
		if err != nil {
			return nil, err
		}
		var came []uint32
		// Who entered just so long ago has not been there for longer.
		last := profile.InstantOf(v.at.Time().Add(-longer)) - 1
		for m, err := range v.ledger().since(ctx, last) {
			if err != nil {
				return nil, err
			}
			if m.To == stage {
				came = append(came, m.Profile.Ordinal())
			}
		}
		return here.Sub(segment.NewSet(v.source(), came)), nil
	}
	return nil, fmt.Errorf("portrait: the model has no stage %q", stage)
}
