package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// maxNodes is how many identifiers a profile may hold under identity.Default.
const maxNodes = 200

// chainCase is a long chain of merges: a and b are one, b and c are one, and so
// on, each by an event that names both, or by a decision.
type chainCase struct {
	name  string
	step  func(ctx context.Context, db *portrait.DB, pairs [][2]profile.Identifier, first int, back bool) (refused int, err error)
	known bool // each identifier has an event of its own before it is merged
	back  bool // the later happened first
	share int  // one in so many of the suite's merges; what is slow does fewer
}

var chainCases = []chainCase{
	{name: "chain/events", step: mergeByEvents, share: 1},
	{name: "chain/events-backwards", step: mergeByEvents, back: true, share: 100},
	{name: "chain/links", step: mergeByLinks, known: true, share: 10},
}

// chains measures what a merge costs in a chain beside one of two identifiers
// that nobody has seen, and whether the chain is cut at the cap.
func chains(ctx context.Context, cfg config, dir string, report *Report) error {
	for _, c := range chainCases {
		if !cfg.only.MatchString(c.name) {
			continue
		}
		if err := c.run(ctx, cfg, dir, report); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func (c *chainCase) run(ctx context.Context, cfg config, dir string, report *Report) (err error) {
	db, done, err := scratch(ctx, dir, plainModel())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	batch := 100
	rounds := max(300, cfg.profiles/10/c.share) / batch
	merges := rounds * batch
	cfg.logf("%s: %d merges", c.name, merges)
	link := func(i int) profile.Identifier {
		return profile.Identifier{Namespace: "email", Value: "chain-" + strconv.Itoa(i) + "@example.cn"}
	}
	lone := func(i int) profile.Identifier {
		return profile.Identifier{Namespace: "email", Value: "lone-" + strconv.Itoa(i) + "@example.cn"}
	}
	refused, aside := 0, 0
	var failure error
	turn := func(pair func(i int) [2]profile.Identifier, count *int) func(round int) (int, func(from, to int) error) {
		return func(round int) (int, func(from, to int) error) {
			pairs := make([][2]profile.Identifier, batch)
			for i := range pairs {
				pairs[i] = pair(round*batch + i)
			}
			if c.known {
				failure = errors.Join(failure, introduce(ctx, db, pairs))
			}
			return batch, func(from, to int) error {
				n, err := c.step(ctx, db, pairs[from:to], round*batch+from, c.back)
				*count += n
				return err
			}
		}
	}
	f, err := race(ctx, rounds, c.name, []racer{
		{subject, batch, turn(func(i int) [2]profile.Identifier { return [2]profile.Identifier{link(i), link(i + 1)} }, &refused)},
		{"unrelated", batch, turn(func(i int) [2]profile.Identifier { return [2]profile.Identifier{lone(2 * i), lone(2*i + 1)} }, &aside)},
	})
	if err := errors.Join(err, failure); err != nil {
		return err
	}
	out := newCase(c.name, merges, f.samples)
	if out.Extra, err = c.check(ctx, db, merges, refused); err != nil {
		return err
	}
	turns := gather(f.samples[subject], sample.nsPerOp)
	tenth := max(1, len(turns)/10)
	out.Extra["last_tenth_times_the_first"] = map[string]float64{subject: median(turns[len(turns)-tenth:]) / median(turns[:tenth])}
	if aside > 0 {
		return fmt.Errorf("%d merges of strangers were refused", aside)
	}
	report.Cases = append(report.Cases, out)
	return nil
}

// check looks how the chain was cut, and whether the store said so each time.
func (c *chainCase) check(ctx context.Context, db *portrait.DB, merges, refused int) (map[string]map[string]float64, error) {
	v, err := db.View(ctx)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	recorded := 0
	for r, err := range v.Refusals(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if r.Rule != "max_nodes" {
			return nil, fmt.Errorf("a merge was refused by %q", r.Rule)
		}
		recorded++
	}
	h, err := v.IdentityHealth(ctx)
	if err != nil {
		return nil, err
	}
	largest := 0
	for size := range h.PerProfile {
		largest = max(largest, size)
	}
	apart := uint64(0)
	for _, a := range h.Apart {
		apart += a.Count
	}
	if want := min(maxNodes, merges+1); largest > want || merges >= maxNodes && apart == 0 {
		return nil, fmt.Errorf("a chain of %d has parts of %d and %d cuts", merges, largest, apart)
	}
	if recorded != refused {
		return nil, fmt.Errorf("%d refusals returned, %d on record", refused, recorded)
	}
	one := func(n int) map[string]float64 { return map[string]float64{subject: float64(n)} }
	return map[string]map[string]float64{
		"merges": one(merges), "refused_max_nodes": one(refused), "largest_profile": one(largest), "cuts": one(int(apart)),
	}, nil
}

// introduce takes an event of each identifier in, on its own.
func introduce(ctx context.Context, db *portrait.DB, pairs [][2]profile.Identifier) error {
	var events []profile.Event
	for _, p := range pairs {
		for side, id := range p {
			events = append(events, profile.Event{
				MessageID: strconv.Itoa(side) + id.Value, Name: "Signed Up", Identifiers: []profile.Identifier{id}, Time: opened,
			})
		}
	}
	return takeIn(ctx, db, events)
}

// mergeByEvents takes one event a pair in, all in one commit.
func mergeByEvents(ctx context.Context, db *portrait.DB, pairs [][2]profile.Identifier, first int, back bool) (int, error) {
	events := make([]profile.Event, len(pairs))
	for i, p := range pairs {
		at := first + i
		if back {
			at = -at
		}
		events[i] = profile.Event{Name: "Signed Up", Identifiers: p[:], Time: later.Add(time.Duration(at) * time.Millisecond)}
	}
	res, err := db.Ingest(ctx, events...)
	if err == nil && res.Accepted != len(events) {
		err = fmt.Errorf("%d of %d events accepted", res.Accepted, len(events))
	}
	return res.Refused, err
}

// mergeByLinks links each pair, in a commit of its own.
func mergeByLinks(ctx context.Context, db *portrait.DB, pairs [][2]profile.Identifier, first int, _ bool) (refused int, err error) {
	for i, p := range pairs {
		effect, err := db.Link(ctx, p[0], p[1], portrait.Decision{At: later.Add(time.Duration(first+i) * time.Millisecond)})
		if err != nil {
			return refused, err
		}
		refused += len(effect.Refused)
	}
	return refused, nil
}

// scratch opens a store of its own for a case; done closes and removes it.
func scratch(ctx context.Context, dir string, model portrait.Model) (db *portrait.DB, done func() error, err error) {
	dir, err = os.MkdirTemp(dir, "case-")
	if err != nil {
		return nil, nil, err
	}
	if db, err = openPortrait(dir, bounded, true); err != nil {
		return nil, nil, err
	}
	done = func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }
	if _, err := db.Apply(ctx, model); err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return db, done, nil
}
