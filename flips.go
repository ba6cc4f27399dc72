package portrait

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// FlipsBefore yields who will enter or leave a segment after the view's instant and
// before t, if nothing else happens, in the order of time and then of ID: every
// change, so that a profile may come several times. It works all of them out before it
// yields the first. Where the expression asks for tags alone, and for what time does
// not change, it reads the profiles that something is due of, otherwise all. An error
// comes at most once, last, with the zero Flip.
func (v *View) FlipsBefore(ctx context.Context, e segment.Expr, t time.Time) iter.Seq2[segment.Flip, error] {
	return func(yield func(segment.Flip, error) bool) {
		flips, err := inside(v, func() ([]segment.Flip, error) { return v.flips(ctx, e, profile.InstantOf(t)) })
		if err != nil {
			yield(segment.Flip{}, err)
			return
		}
		for _, f := range flips {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (v *View) flips(ctx context.Context, e segment.Expr, to profile.Instant) ([]segment.Flip, error) {
	program, err := v.program(e)
	if err != nil {
		return nil, err
	}
	if !program.Deps().Timed {
		return nil, nil
	}
	lists := program.Deps().Lists
	for _, name := range lists {
		if findList(v.epoch.lists, name) == nil {
			return nil, v.access.veilError(e, e.Locate(v.epoch.unknownList(name, e.Tree())))
		}
	}
	ctx = segment.Metered(ctx)
	people := v.members(ctx, nil, nil)
	if !syntax.Read(e.Tree()).Timed && !v.epoch.cat.timedTraits(e.Tree()) {
		people = v.due(ctx, to)
	} else if err := v.affordEveryone(ctx); err != nil {
		return nil, err
	}
	var flips []segment.Flip
	for m, err := range people {
		if err == nil {
			err = v.epoch.enlist(m, lists)
		}
		if err != nil {
			return nil, err
		}
		for at, enters := range program.Flips(m.state(), v.at, to) {
			flips = append(flips, segment.Flip{At: at.Time(), Profile: profile.MakeID(0, m.ordinal), Enters: enters})
		}
	}
	slices.SortFunc(flips, func(a, b segment.Flip) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Profile, b.Profile))
	})
	return flips, nil
}

// timedTraits reports whether a condition reads a trait that time changes.
func (c *catalog) timedTraits(e syntax.Expr) bool {
	return slices.ContainsFunc(syntax.Read(e).Traits, func(name string) bool {
		value := c.computed[name]
		return value != nil && value.Deps().Timed || c.traits[name].Retain > 0
	})
}

// due yields the live profiles that have a deadline before an instant: of them alone
// a tag or a tracked segment may change until then.
func (v *View) due(ctx context.Context, before profile.Instant) iter.Seq2[*member, error] {
	return func(yield func(*member, error) bool) {
		seen, meter := map[uint32]bool{}, segment.MeterOf(ctx)
		// What is before the epoch's instant was fired.
		from := keys.AppendDeadline(nil, int64(v.epoch.instant), 0)
		for kv, err := range v.epoch.snap.Scan(from, keys.End([]byte{keys.Deadline})) {
			if err == nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			at, ordinal, ok := keys.ReadDeadline(kv.Key)
			if !ok {
				yield(nil, fmt.Errorf("%w: deadline key of %d bytes", ErrCorrupt, len(kv.Key)))
				return
			}
			if profile.Instant(at) >= before {
				return
			}
			if seen[ordinal] {
				continue
			}
			seen[ordinal] = true
			if err := meter.Look(1); err != nil {
				yield(nil, err)
				return
			}
			m, err := v.byOrdinal(ordinal)
			if err == nil && (m == nil || m.ordinal != ordinal) {
				continue // It is part of another profile now, which has its own.
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}
