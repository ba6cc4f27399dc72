package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// everything is more than the stores of the identity suite hold.
var everything = memory{blocks: 3 << 30, states: 1 << 30}

// rawGet is the contender that the identity suite measures by: one Get of a
// record, on raw Pebble.
const rawGet = "raw_get"

// resolveCase is one way of asking whose an identifier is.
type resolveCase struct {
	read        bool // DB.Profile, instead of DB.Ingest
	identifiers int  // 1; or 2 for events of two and of three
	batch       int
}

func (c resolveCase) name(cached string) string {
	if c.read {
		return "resolve/" + cached + "/profile"
	}
	ids := "1"
	if c.identifiers > 1 {
		ids = "2-3"
	}
	return "resolve/" + cached + "/ingest/ids=" + ids + "/batch=" + strconv.Itoa(c.batch)
}

var resolveCases = []resolveCase{
	{read: true, identifiers: 1, batch: 1},
	{identifiers: 1, batch: 1}, {identifiers: 1, batch: 1_000},
	{identifiers: 2, batch: 1}, {identifiers: 2, batch: 1_000},
}

// run measures the cases with caches of a size.
func (r *register) run(ctx context.Context, cfg config, cached string, size memory, report *Report) (err error) {
	opened := false
	for i, c := range resolveCases {
		if !cfg.only.MatchString(c.name(cached)) {
			continue
		}
		if !opened {
			cfg.logf("resolve/%s: opening both stores and reading them once", cached)
			if err := r.open(ctx, size); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, r.close()) }()
			opened = true
		}
		cfg.logf("%s", c.name(cached))
		done, err := r.measure(ctx, cfg, c, cached, uint64(i)<<32)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name(cached), err)
		}
		report.Cases = append(report.Cases, done)
	}
	return nil
}

// racer does so many visits a turn, which it draws by a seed.
func (r *register) racer(name string, c resolveCase, n int, seed uint64, ready func([]visit) func(from, to int) error) racer {
	return racer{name, c.batch, func(round int) (int, func(from, to int) error) {
		return n, ready(visits(n, r.people, c.identifiers, seed+uint64(round)))
	}}
}

// measure lets Portrait and raw Pebble meet as many visits.
func (r *register) measure(ctx context.Context, cfg config, c resolveCase, cached string, seed uint64) (Case, error) {
	n, err := r.pace(ctx, cfg, c, seed)
	if err != nil {
		return Case{}, err
	}
	// Each contender has visits of its own, or one would find in the cache of raw
	// Pebble what the one before it has read.
	racers := []racer{
		r.racer(subject, c, n, seed, func(list []visit) func(from, to int) error { return r.portrait(ctx, c, list) }),
		r.racer(rawGet, c, n, seed+1<<24, r.get),
	}
	if c.read {
		racers = append(racers, r.racer("raw_6_gets", c, n, seed+2<<24, r.getSix))
	} else {
		racers = append(racers, r.racer("raw_get_set", c, n, seed+2<<24, r.getSet))
	}
	f, err := race(ctx, cfg.rounds, c.name(cached), racers)
	if err != nil {
		return Case{}, err
	}
	ours, raws := visits(100, r.people, c.identifiers, seed), visits(100, r.people, c.identifiers, seed+2<<24)
	if err := r.check(ctx, ours, raws); err != nil {
		return Case{}, err
	}
	out := newCase(c.name(cached), r.people, f.samples)
	out.Extra = f.quantiles(rawGet)
	return out, nil
}

// pace warms up with visits that do not count, and returns how many Portrait does
// in a turn.
func (r *register) pace(ctx context.Context, cfg config, c resolveCase, seed uint64) (int, error) {
	turn := time.Duration(cfg.seconds * float64(time.Second))
	n, began := 0, time.Now()
	for n == 0 || time.Since(began) < turn {
		do := r.portrait(ctx, c, visits(c.batch, r.people, c.identifiers, seed+1<<28+uint64(n)))
		if err := do(0, c.batch); err != nil {
			return 0, err
		}
		n += c.batch
	}
	return c.batch * max(1, int(float64(n)*float64(turn)/float64(time.Since(began)))/c.batch), nil
}

// check compares what the stores answer with the harness's own count, each about
// visits that it has had.
func (r *register) check(ctx context.Context, ours, raws []visit) error {
	numbers := make([]uint32, len(raws))
	for i, v := range raws {
		numbers[i] = nodeNumber(v.person, v.strongest())
	}
	for _, v := range ours {
		p, err := r.db.Profile(ctx, identifier(v.person, v.strongest()))
		if err != nil {
			return err
		}
		if len(p.Identifiers) != len(namespaces) || uint64(p.Events) != uint64(1+r.tally[v.person]) {
			return fmt.Errorf("portrait: person %d has %d identifiers and %d events, want %d and %d",
				v.person, len(p.Identifiers), p.Events, len(namespaces), 1+r.tally[v.person])
		}
	}
	return r.raw.check(ctx, numbers)
}
