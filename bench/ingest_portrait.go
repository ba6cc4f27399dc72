package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// The memory that both stores get for what they read. Portrait divides it
// between blocks and decoded states, about as its defaults do; raw Pebble has
// all of it for blocks. Memtables come on top, the same on both sides.
type memory struct{ blocks, states int64 }

// bounded is less than the stores hold.
var bounded = memory{blocks: 52 << 20, states: 12 << 20}

const memTableBytes = 32 << 20

// portraitSide is Portrait with the customers of the workload.
type portraitSide struct {
	db    *portrait.DB
	seq   int
	tally []uint32 // events by customer, by the harness's own count
}

func openPortrait(dir string, size memory, noSync bool) (*portrait.DB, error) {
	return openAt(dir, size, noSync, func() time.Time { return clock })
}

func openAt(dir string, size memory, noSync bool, clock func() time.Time) (*portrait.DB, error) {
	return portrait.Open(dir, &portrait.Options{
		CacheBytes: size.blocks, StateCacheBytes: size.states, MemTableBytes: memTableBytes,
		NoSync: noSync, Clock: clock,
	})
}

// loadPortrait makes the store: the customers with one event each.
func loadPortrait(ctx context.Context, dir string, customers int) (err error) {
	db, err := openPortrait(dir, bounded, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	model, err := shopModel()
	if err != nil {
		return err
	}
	if _, err := db.Apply(ctx, model); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(3, 0))
	var events []profile.Event
	for i := range customers {
		events = append(events, firstEvent(uint32(i), rng))
		if len(events) < 10_000 && i < customers-1 {
			continue
		}
		if err := takeIn(ctx, db, events); err != nil {
			return err
		}
		clear(events)
		events = events[:0]
	}
	settle(func() bool { return db.Metrics().Store.CompactionsRunning == 0 })
	return nil
}

func takeIn(ctx context.Context, db *portrait.DB, events []profile.Event) error {
	res, err := db.Ingest(ctx, events...)
	if err == nil && res.Accepted != len(events) {
		err = fmt.Errorf("portrait: %d of %d events accepted: %+v", res.Accepted, len(events), res)
	}
	return err
}

func newPortraitSide(dir string, customers int) (*portraitSide, error) {
	db, err := openPortrait(dir, bounded, false)
	if err != nil {
		return nil, err
	}
	return &portraitSide{db: db, tally: slices.Repeat([]uint32{1}, customers)}, nil
}

func (p *portraitSide) run(ctx context.Context, touches []touch, batch int, m *meter) error {
	events := make([]profile.Event, len(touches))
	for i, t := range touches {
		events[i] = t.event(p.seq)
		p.seq++
		p.tally[t.customer]++
	}
	m.start()
	for b := range slices.Chunk(events, batch) {
		if err := takeIn(ctx, p.db, b); err != nil {
			return err
		}
	}
	m.stop(len(touches))
	return nil
}

func (p *portraitSide) settle() time.Duration {
	return settle(func() bool { return p.db.Metrics().Store.CompactionsRunning == 0 })
}

// check compares what the store answers with the harness's own count: the
// events of some customers, and the members of the tags that count.
func (p *portraitSide) check(ctx context.Context, some []uint32) error {
	for _, i := range some {
		got, err := p.db.Profile(ctx, profile.Identifier{Namespace: "user_id", Value: customerID(i)})
		if err != nil {
			return err
		}
		if uint64(got.Events) != uint64(p.tally[i]) {
			return fmt.Errorf("portrait: customer %d has %d events, want %d", i, got.Events, p.tally[i])
		}
	}
	for k := range kinds {
		var want uint64
		for i, n := range p.tally {
			if n >= 3 && kindOf(uint32(i)) == k {
				want++
			}
		}
		got, err := p.db.Count(ctx, segment.MustParse(fmt.Sprintf("tag(%q)", regular(k))))
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("portrait: tag %q has %d members, want %d", regular(k), got, want)
		}
	}
	return nil
}

func (p *portraitSide) close() error { return p.db.Close() }
