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
	"github.com/portraitdb/portrait/tags"
)

// FlipsBefore yields who will enter or leave a segment after the view's instant and
// before t, if nothing else happens, in the order of time and then of ID: every
// change, so that a profile may come several times. It works all of them out before it
// yields the first, and of more than 16,777,216 none: that is an error, and an earlier t the
// way out. Memory is 16 bytes for each, twice while their list grows. Where the expression asks for tags alone, and for what time does
// not change, it reads the profiles that something is due of, otherwise all. An error
// comes at most once, last, with the zero Flip.
func (v *View) FlipsBefore(ctx context.Context, e segment.Expr, t time.Time) iter.Seq2[segment.Flip, error] {
	return func(yield func(segment.Flip, error) bool) {
		flips, err := inside(v, func() ([]flip, error) { return v.flips(ctx, e, profile.InstantOf(t), maxFlips) })
		if err != nil {
			yield(segment.Flip{}, err)
			return
		}
		for _, f := range flips {
			if !yield(segment.Flip{At: f.at.Time(), Profile: profile.MakeID(0, f.ordinal), Enters: f.enters}, nil) {
				return
			}
		}
	}
}

// maxFlips is how many flips one call of FlipsBefore may tell of.
const maxFlips = 1 << 24

// flip is a segment.Flip, in less memory.
type flip struct {
	at      profile.Instant
	ordinal uint32
	enters  bool
}

func (v *View) flips(ctx context.Context, e segment.Expr, to profile.Instant, most int) ([]flip, error) {
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
	var flips []flip
	for m, err := range people {
		if err == nil {
			err = v.epoch.enlist(m, lists)
		}
		if err != nil {
			return nil, err
		}
		if flips, err = appendFlips(ctx, flips, program, m, v.at, to, most); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(flips, func(a, b flip) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.ordinal, b.ordinal))
	})
	return flips, nil
}

// appendFlips appends those of one profile, after now and before to, unless that makes more
// than most. A rule may change every minute, or be evaluated so often, for millennia.
func appendFlips(ctx context.Context, flips []flip, program *tags.Program, m *member, now, to profile.Instant, most int) ([]flip, error) {
	const turn = 256 // evaluations between two looks at ctx
	state := m.state()
	was, at := program.Eval(state, now)
	for n := 1; at < to; n++ {
		if n%turn == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		is, next := program.Eval(state, at)
		if is != was {
			if len(flips) == most {
				return nil, fmt.Errorf("portrait: more than %d changes before %s: ask for those before an earlier time", most, to.Time().Format(time.RFC3339))
			}
			flips = append(flips, flip{at: at, ordinal: m.ordinal, enters: is})
		}
		was, at = is, next
	}
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
