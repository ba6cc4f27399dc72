package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/crowd"
	"github.com/portraitdb/portrait/profile"
)

// late measures what an event costs that ties identifiers together, when events
// arrive in any order beside in the order of time. What comes out is compared.
func late(ctx context.Context, cfg config, dir string, report *Report) (err error) {
	const name = "late/random-order"
	if !cfg.only.MatchString(name) {
		return nil
	}
	edges := max(500, cfg.profiles*84/1_000)
	events, err := tying(edges)
	if err != nil {
		return err
	}
	cfg.logf("%s: %d events with %d edges", name, len(events), edges)
	shuffled := make([]profile.Event, len(events))
	for to, from := range rand.New(rand.NewPCG(7, 0)).Perm(len(events)) {
		shuffled[to] = events[from]
	}
	const rounds = 5
	turn := func(db *portrait.DB, list []profile.Event) func(round int) (int, func(from, to int) error) {
		return func(round int) (int, func(from, to int) error) {
			part := list[round*len(list)/rounds : (round+1)*len(list)/rounds]
			return len(part), func(from, to int) error { return takeIn(ctx, db, part[from:to]) }
		}
	}
	var stores [2]*portrait.DB
	for i := range stores {
		db, done, err := scratch(ctx, dir, plainModel())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, done()) }()
		stores[i] = db
	}
	f, err := race(ctx, rounds, name, []racer{
		{subject, 1, turn(stores[0], shuffled)}, {"in_order", 1, turn(stores[1], events)},
	})
	if err != nil {
		return err
	}
	var digests [2]portrait.Digest
	for i, db := range stores {
		if digests[i], err = digestOf(ctx, db); err != nil {
			return err
		}
	}
	if digests[0] != digests[1] {
		return fmt.Errorf("%s: other people came out than in order", name)
	}
	out := newCase(name, len(events), f.samples)
	out.Extra = f.quantiles("in_order")
	for who, list := range map[string][]profile.Event{subject: shuffled, "in_order": events} {
		sizes, _, err := regions(list)
		if err != nil {
			return err
		}
		for _, q := range []float64{0.5, 0.99, 1} {
			key := fmt.Sprintf("region_nodes_p%g", 100*q)
			if out.Extra[key] == nil {
				out.Extra[key] = map[string]float64{}
			}
			out.Extra[key][who] = sizes.quantile(q)
		}
	}
	report.Cases = append(report.Cases, out)
	return nil
}

// tying returns events of a crowd that each name two identifiers or more, in the
// order of time, with so many pairs of a strongest and a weaker identifier.
func tying(edges int) ([]profile.Event, error) {
	rules, err := identity.New(identity.Default())
	if err != nil {
		return nil, err
	}
	stream := crowd.Stream(crowd.Make(1, 100+edges/4), crowd.Options{Seed: 1, Start: opened.AddDate(0, -5, 0)})
	pairs := map[[2]profile.Identifier]bool{}
	var out []profile.Event
	for i := range stream {
		ids, _ := rules.Select(crowd.Named(&stream[i].Event))
		if len(ids) < 2 || stream[i].Is("again") {
			continue
		}
		for _, weaker := range ids[1:] {
			pairs[[2]profile.Identifier{ids[0], weaker}] = true
		}
		if out = append(out, stream[i].Event); len(pairs) >= edges {
			break
		}
	}
	if len(pairs) < edges {
		return nil, fmt.Errorf("late: a crowd with %d pairs of identifiers, want %d", len(pairs), edges)
	}
	slices.SortStableFunc(out, func(a, b profile.Event) int { return a.Time.Compare(b.Time) })
	return out, nil
}

// digestOf is what a store is worth comparing by, at the instant clock.
func digestOf(ctx context.Context, db *portrait.DB) (portrait.Digest, error) {
	view, err := db.View(ctx)
	if err != nil {
		return portrait.Digest{}, err
	}
	defer view.Close()
	return view.Digest(ctx, clock)
}
