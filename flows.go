package portrait

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// Flows yields how many entered and left a tag, a value of a tag or a tracked segment, as
// the feed tells of it, commit by commit from an instant up to the view: so that from how
// many there are now it follows how many there were. What it is of is named as in
// segment.Tag("vip"); of a tag with values one has to be named, for of those alone the
// feed tells.
//
// A Purge takes the values of tags that nobody has any more out of what the feed calls
// them: of those nothing is told from before it, should somebody have one again.
//
// The error comes at most once, last: that of ctx, ErrTrimmed where what was at the
// instant is no longer kept (see Options.FeedRetention), and what is wrong with the name.
// The sequence may be ranged over again.
func (v *View) Flows(ctx context.Context, of segment.Expr, from time.Time) iter.Seq2[segment.Flow, error] {
	return func(yield func(segment.Flow, error) bool) {
		if err := v.enter(); err != nil {
			yield(segment.Flow{}, err)
			return
		}
		defer v.leave()
		name, err := v.flowing(of)
		if err == nil {
			err = v.kept(from)
		}
		if err != nil {
			yield(segment.Flow{}, err)
			return
		}
		v.flows(ctx, name, profile.InstantOf(from), yield)
	}
}

// flowing returns what the feed calls that which an expression names.
func (v *View) flowing(of segment.Expr) (feedName, error) {
	if err := v.allowed(of); err != nil {
		return feedName{}, err
	}
	ref, ok := of.Tree().(*syntax.TagRef)
	if !ok {
		return feedName{}, fmt.Errorf("portrait: the feed tells of tags and tracked segments, and %q names none", of)
	}
	t := v.epoch.cat.tag(ref.Name)
	switch {
	case t == nil && v.epoch.cat.query(ref.Name) != nil:
		return feedName{}, fmt.Errorf("portrait: tag %q is a query tag, of which the feed does not tell", ref.Name)
	case t == nil:
		return feedName{}, fmt.Errorf("portrait: neither a tag nor a tracked segment is called %q", ref.Name)
	case ref.Value == "" && t.values != nil:
		return feedName{}, fmt.Errorf("portrait: tag %q has values: name one, for of those alone the feed tells", ref.Name)
	case ref.Value != "" && t.values == nil:
		return feedName{}, fmt.Errorf("portrait: tag %q has no values", ref.Name)
	}
	return feedName{segment: t.segment, name: ref.Name, value: ref.Value}, nil
}

// kept returns an error where the feed does not reach back to an instant.
func (v *View) kept(from time.Time) error {
	m := &v.epoch.meta
	if m.feedFrom == 0 {
		return nil // It was never trimmed.
	}
	oldest, err := feedInstant(v.epoch.snap, m.feedFrom)
	if err != nil {
		return err
	}
	if oldest = min(oldest, v.at); profile.InstantOf(from) < oldest {
		return fmt.Errorf("%w: the feed is kept from %s on", ErrTrimmed, oldest)
	}
	return nil
}

func (v *View) flows(ctx context.Context, of feedName, from profile.Instant, yield func(segment.Flow, error) bool) {
	e := v.epoch
	first, err := firstSince(e.snap, e.meta.feedFrom, e.number+1, from)
	if err != nil {
		yield(segment.Flow{}, err)
		return
	}
	next := feedPlace{epoch: first}
	var flow segment.Flow
	tell := func() bool { return flow.Entered+flow.Left == 0 || yield(flow, nil) }
	for {
		parts, err := e.feed(ctx, &next)
		if err != nil {
			yield(segment.Flow{}, err)
			return
		}
		if len(parts) == 0 {
			tell()
			return
		}
		for i := range parts {
			p := &parts[i]
			if p.place.epoch != flow.Epoch {
				if !tell() {
					return
				}
				flow = segment.Flow{Epoch: p.place.epoch, At: p.at.Time()}
			}
			for k := range p.groups {
				if p.names[k] != of {
					continue
				}
				entered, err := v.tellable(p.groups[k].entered)
				if err != nil {
					yield(segment.Flow{}, err)
					return
				}
				left, err := v.tellable(p.groups[k].left)
				if err != nil {
					yield(segment.Flow{}, err)
					return
				}
				flow.Entered += entered
				flow.Left += left
			}
		}
	}
}
