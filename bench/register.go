package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

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
	r.record, err = loadRaw(r.dir, r.rawDir, r.nodes(), r.nodes())
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
	n, err := r.raw.sweep(ctx)
	if err != nil {
		return err
	}
	if n != r.nodes() {
		return fmt.Errorf("raw Pebble: %d records, want %d", n, r.nodes())
	}
	runtime.GC()
	return nil
}
