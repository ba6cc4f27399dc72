package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
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

// register is a store of people with five identifiers each, and raw Pebble with
// as many records of the same bytes.
type register struct {
	dir, rawDir string
	people      int
	record      float64 // mean bytes of an identifier's record
	loading     time.Duration

	db    *portrait.DB
	raw   *rawSide
	seq   int
	tally map[uint32]int // events that a person has beside the first
	sink  int
}

// newRegister makes both stores.
func newRegister(ctx context.Context, cfg config, dir string) (*register, error) {
	r := &register{dir: filepath.Join(dir, "people"), rawDir: filepath.Join(dir, "raw"), people: cfg.profiles, tally: map[uint32]int{}}
	cfg.logf("loading %d people with %d identifiers", r.people, r.nodes())
	began := time.Now()
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	r.loading = time.Since(began)
	cfg.logf("loaded in %.1f s; copying their records to raw Pebble", r.loading.Seconds())
	var err error
	r.record, err = loadRaw(r.dir, r.rawDir, r.nodes())
	return r, err
}

func (r *register) nodes() int { return r.people * len(namespaces) }

func (r *register) load(ctx context.Context) (err error) {
	db, err := openPortrait(r.dir, bounded, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.Apply(ctx, plainModel()); err != nil {
		return err
	}
	for from := 0; from < r.people; from += 10_000 {
		events := make([]profile.Event, min(10_000, r.people-from))
		for i := range events {
			events[i] = arrival(uint32(from + i))
		}
		if err := takeIn(ctx, db, events); err != nil {
			return err
		}
	}
	settle(func() bool { return db.Metrics().Store.CompactionsRunning == 0 })
	return nil
}

// open opens both stores with caches of a size, and reads all that there is once.
func (r *register) open(ctx context.Context, size memory) (err error) {
	if r.db, err = openPortrait(r.dir, size, true); err != nil {
		return err
	}
	before := r.raw
	if r.raw, err = newRawSide(r.rawDir, size, r.nodes()); err != nil {
		return errors.Join(err, r.db.Close())
	}
	if r.raw.noSync = true; before != nil {
		r.raw.tally = before.tally
	}
	return r.sweep(ctx)
}

func (r *register) close() error { return errors.Join(r.db.Close(), r.raw.close()) }

// sweep reads everything on both sides, and so warms caches that can hold it.
func (r *register) sweep(ctx context.Context) (err error) {
	v, err := r.db.View(ctx)
	if err != nil {
		return err
	}
	defer v.Close()
	h, err := v.IdentityHealth(ctx)
	if err != nil {
		return err
	}
	if h.Profiles != uint64(r.people) || h.PerProfile[len(namespaces)] != uint64(r.people) {
		return fmt.Errorf("portrait: %d profiles, %d of them of %d identifiers; want %d", h.Profiles, h.PerProfile[len(namespaces)], len(namespaces), r.people)
	}
	for _, err := range v.Profiles(ctx, nil) {
		if err != nil {
			return err
		}
	}
	it, err := r.raw.db.NewIterWithContext(ctx, &pebble.IterOptions{})
	if err != nil {
		return err
	}
	n := 0
	for ok := it.First(); ok; ok = it.Next() {
		n++
	}
	if err := it.Close(); err != nil {
		return err
	}
	if n != r.nodes() {
		return fmt.Errorf("raw Pebble: %d records, want %d", n, r.nodes())
	}
	runtime.GC()
	return nil
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
	if err := r.check(ctx, visits(100, r.people, c.identifiers, seed)); err != nil {
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

// portrait asks for the profiles of visitors, or takes their events in.
func (r *register) portrait(ctx context.Context, c resolveCase, list []visit) func(from, to int) error {
	if c.read {
		ids := make([]profile.Identifier, len(list))
		for i, v := range list {
			ids[i] = identifier(v.person, v.strongest())
		}
		return func(from, to int) error {
			for _, id := range ids[from:to] {
				p, err := r.db.Profile(ctx, id)
				if err != nil {
					return err
				}
				r.sink += len(p.Identifiers)
			}
			return nil
		}
	}
	events := make([]profile.Event, len(list))
	for i, v := range list {
		events[i] = v.event(r.seq)
		r.seq++
		r.tally[v.person]++
	}
	return func(from, to int) error { return takeIn(ctx, r.db, events[from:to]) }
}

// get reads the record of each visit's strongest identifier.
func (r *register) get(list []visit) func(from, to int) error {
	return func(from, to int) error {
		for _, v := range list[from:to] {
			if err := r.getOne(nodeNumber(v.person, v.strongest())); err != nil {
				return err
			}
		}
		return nil
	}
}

// getSix reads as many records a visit as a profile of five identifiers takes:
// theirs and the one that says which they are.
func (r *register) getSix(list []visit) func(from, to int) error {
	return func(from, to int) error {
		for _, v := range list[from:to] {
			for space := range namespaces {
				if err := r.getOne(nodeNumber(v.person, space)); err != nil {
					return err
				}
			}
			if err := r.getOne(nodeNumber((v.person+1)%uint32(r.people), 0)); err != nil {
				return err
			}
		}
		return nil
	}
}

func (r *register) getOne(number uint32) error {
	r.raw.key = appendRawKey(r.raw.key[:0], number)
	value, closer, err := r.raw.db.Get(r.raw.key)
	if err != nil {
		return err
	}
	r.sink += len(value)
	return closer.Close()
}

// getSet reads, changes and writes the record of each visit's strongest
// identifier, with one commit a batch.
func (r *register) getSet(list []visit) func(from, to int) error {
	touches := make([]touch, len(list))
	for i, v := range list {
		touches[i].customer = nodeNumber(v.person, v.strongest())
		r.raw.tally[touches[i].customer]++
	}
	return func(from, to int) error { return r.raw.take(touches[from:to]) }
}

// check compares what the stores answer with the harness's own count.
func (r *register) check(ctx context.Context, some []visit) error {
	numbers := make([]uint32, len(some))
	for i, v := range some {
		numbers[i] = nodeNumber(v.person, v.strongest())
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
