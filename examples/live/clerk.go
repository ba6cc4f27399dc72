package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

//go:embed model.yaml
var modelFile []byte

// opening is when a new shop opens, if nobody says otherwise.
var opening = time.Date(2026, time.November, 6, 0, 0, 0, 0, time.FixedZone("", 8*60*60))

// clerk hands what happens in the shop to a store and reads from its feed who comes and
// goes. It is for one goroutine.
type clerk struct {
	db     *portrait.DB
	model  portrait.Model
	zone   *time.Location
	shop   *shop
	clock  *clock
	cursor portrait.Cursor
	events int  // taken in
	fresh  bool // the store is new
	// grain is the time within which events share a commit.
	grain time.Duration
	// tell is told of the changes that pass a filter.
	tell   func(happening)
	filter []portrait.WatchFilter
}

// clock is the time of the shop. It may be read from any goroutine.
type clock struct{ micros atomic.Int64 }

func (c *clock) now() time.Time  { return time.UnixMicro(c.micros.Load()) }
func (c *clock) set(t time.Time) { c.micros.Store(t.UnixMicro()) }

// happening is one change of the feed, with what is known about it.
type happening struct {
	portrait.Change
	who   string         // whom the profile is known as now
	gone  bool           // it is part of another by now
	event *profile.Event // of theirs in the commit; nil: none
}

// hire opens a store and a shop for it: where the store was before, or new.
func hire(ctx context.Context, dir string, seed uint64, people int) (_ *clerk, err error) {
	model, err := portrait.ParseModel(modelFile)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(model.Zone)
	if err != nil {
		return nil, err
	}
	c := &clerk{model: model, zone: zone, clock: &clock{}, tell: func(happening) {}}
	c.clock.set(opening)
	// The shop is a game: it does without waiting for the disk.
	c.db, err = portrait.Open(dir, &portrait.Options{Clock: c.clock.now, NoSync: true})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.db.Close())
		}
	}()
	if err := c.begin(ctx, dir); err != nil {
		return nil, err
	}
	c.shop = newShop(seed, people, c.clock.now(), zone)
	view, err := c.db.View(ctx)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	c.cursor = view.Cursor()
	return c, nil
}

// begin makes a new store the shop's, or goes on where the shop was. The store of
// anything else is left alone: another model would drop its tags.
func (c *clerk) begin(ctx context.Context, dir string) error {
	m := c.db.Metrics()
	if c.fresh = m.Epoch == 0 || m.Accepted == 0 && len(c.db.Model().Tags) == 0; c.fresh {
		_, err := c.db.Apply(ctx, c.model)
		return err
	}
	plan, err := c.db.Apply(ctx, c.model, portrait.DryRun)
	if err != nil || len(plan.Changes) > 0 {
		return fmt.Errorf("%s has a store with another model: name a directory that is new, or that this program made", dir)
	}
	if at := m.Instant.Time(); at.After(opening) {
		c.clock.set(at)
	}
	return nil
}

// warmUp lets the shop go on for some days, until the morning of the last, and tells of
// nothing: what was there before anybody looked.
func (c *clerk) warmUp(ctx context.Context, days int) error {
	const morning = 9 * time.Hour
	c.grain = 20 * time.Minute
	err := c.run(ctx, c.clock.now().Add(time.Duration(days)*24*time.Hour+morning), noEnd)
	c.events = 0
	return err
}

// run lets the shop go on until a time, or until so many events were taken in.
func (c *clerk) run(ctx context.Context, until time.Time, most int) error {
	for c.events < most {
		batch := c.batch(until, most-c.events)
		to := until
		if len(batch) > 0 {
			to = batch[len(batch)-1].Time
		}
		if err := c.advance(ctx, to, len(batch) > 0); err != nil {
			return err
		}
		if len(batch) == 0 {
			return nil
		}
		if err := c.ingest(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// batch takes the next events, all within the grain of the first.
func (c *clerk) batch(until time.Time, most int) []profile.Event {
	var batch []profile.Event
	for len(batch) < most {
		e, ok := c.shop.next(until)
		if !ok {
			break
		}
		batch = append(batch, e)
		if end := batch[0].Time.Add(c.grain); end.Before(until) {
			until = end
		}
	}
	return batch
}

// advance moves the clock on, and the store with it wherever time alone changes
// something. Up to a grain of a second it stops there: so the feed tells the very
// instant. Where events come next the store stands at their time when they do, or they
// would be of its future.
func (c *clerk) advance(ctx context.Context, to time.Time, events bool) error {
	for {
		due := c.db.Metrics().NextDue
		if due > profile.InstantOf(to) && !events {
			c.clock.set(to)
			return nil
		}
		stop := to
		if c.grain <= time.Second && due < profile.InstantOf(to) {
			if stop = due.Time(); stop.Before(c.clock.now()) {
				stop = c.clock.now()
			}
		}
		c.clock.set(stop)
		if err := c.db.Advance(ctx, stop); err != nil {
			return err
		}
		if err := c.read(ctx, nil); err != nil {
			return err
		}
		if !stop.Before(to) {
			return nil
		}
	}
}

func (c *clerk) ingest(ctx context.Context, batch []profile.Event) error {
	res, err := c.db.Ingest(ctx, batch...)
	if err != nil {
		return err
	}
	if len(res.Rejected) > 0 {
		r := res.Rejected[0]
		return fmt.Errorf("the shop made a bad event: %s: %s", r.Field, r.Reason)
	}
	c.events += res.Accepted
	return c.read(ctx, batch)
}

// read tells what changed since it was last asked.
func (c *clerk) read(ctx context.Context, batch []profile.Event) error {
	view, err := c.db.View(ctx)
	if err != nil {
		return err
	}
	defer view.Close()
	for ch, err := range view.Changes(ctx, c.cursor, c.filter...) {
		if err != nil {
			return err
		}
		h := happening{Change: ch}
		p, err := view.Resolve(ctx, ch.Profile)
		switch {
		case err == nil:
			h.who, h.event, h.gone = nameOf(p), eventOf(p, batch), p.ID != ch.Profile
		case !errors.Is(err, portrait.ErrNotFound):
			return err
		}
		c.tell(h)
	}
	c.cursor = view.Cursor()
	return nil
}

// nameOf returns what a profile is called: the name that was told, or a cookie.
func nameOf(p *profile.Profile) string {
	for _, t := range p.Traits {
		if t.Name == "name" {
			return t.Value.String()
		}
	}
	for _, id := range p.Identifiers {
		if rest, ok := strings.CutPrefix(id.Value, "c"); ok {
			return "访客" + rest
		}
	}
	return p.ID.String()
}

// eventOf returns the latest event of a batch that is of a profile.
func eventOf(p *profile.Profile, batch []profile.Event) *profile.Event {
	for i := len(batch) - 1; i >= 0; i-- {
		for _, id := range batch[i].Identifiers {
			if slices.Contains(p.Identifiers, id) {
				return &batch[i]
			}
		}
	}
	return nil
}
