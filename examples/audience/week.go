package main

import (
	"context"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/segment"
)

// week keeps snapshots of some groups, lets a week go by, and tells who entered, who left
// and who stayed. In the week people buy and go out, windows of 30 days move on, and of the
// tablets that belonged to nobody half are signed in on: two profiles become one.
func (t *tour) week(ctx context.Context) error {
	groups := []group{
		{"active", `tag("近月活跃")`},
		{"worth winning back", `tag("值得挽留")`},
		campaign,
	}
	before := make([]*segment.Set, len(groups))
	for i, g := range groups {
		var err error
		if before[i], err = t.view.Segment(ctx, segment.MustParse(g.text)); err != nil {
			return err
		}
	}
	cursor := t.view.Cursor()
	t.view.Close() // sets outlive their view

	t.clock.Store(&later)
	if err := t.ingest(ctx, today, later); err != nil {
		return err
	}
	if err := t.db.Advance(ctx, later); err != nil { // what time alone changes
		return err
	}
	var err error
	if t.view, err = t.db.View(ctx); err != nil {
		return err
	}
	s := t.report.sheet("A week later: snapshots compared", "group", "before", "joined another", "left", "stayed", "entered", "now")
	s.line("Before is commit %d, as of %s; now is commit %d, as of %s.",
		before[0].Epoch(), before[0].AsOf().Time().In(zone).Format(time.DateTime), t.view.Epoch(), t.view.AsOf().In(zone).Format(time.DateTime))
	for i, g := range groups {
		now, err := t.view.Segment(ctx, segment.MustParse(g.text))
		if err != nil {
			return err
		}
		// The IDs of profiles that were taken in by others lead to these.
		followed, err := t.view.Follow(ctx, before[i])
		if err != nil {
			return err
		}
		c, err := segment.Compare(followed, now)
		if err != nil {
			return err
		}
		s.row(g.name, before[i].Count(), before[i].Count()-followed.Count(), c.Left.Count(), c.Stayed.Count(), c.Entered.Count(), now.Count())
	}
	return t.fed(ctx, cursor, before[1])
}

// fed brings a snapshot of a tracked segment up to date by the feed alone.
func (t *tour) fed(ctx context.Context, since portrait.Cursor, set *segment.Set) error {
	members := map[uint64]bool{}
	for id := range set.Members() {
		members[uint64(id)] = true
	}
	for change, err := range t.view.Changes(ctx, since, portrait.WatchFilter{Segments: []string{"值得挽留"}}) {
		if err != nil {
			return err
		}
		if change.Kind == "entered" {
			members[uint64(change.Profile)] = true
		} else {
			delete(members, uint64(change.Profile))
		}
	}
	t.report.sheet("The same by the feed").row("worth winning back: the snapshot, and every change since", uint64(len(members)), "View.Changes")
	return nil
}
