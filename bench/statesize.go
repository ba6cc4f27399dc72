package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// Ten traits in five windows each are the 50 of a profile; %[1]q is the window.
var (
	windowTraits = []string{
		`count("Order Completed", last(%[1]q))`,
		`sum("Order Completed", "amount", last(%[1]q))`,
		`avg("Order Completed", "amount", last(%[1]q))`,
		`min("Order Completed", "amount", last(%[1]q))`,
		`max("Order Completed", "amount", last(%[1]q))`,
		`days("Order Completed", last(%[1]q))`,
		`last_time("Order Completed", last(%[1]q))`,
		`count("Order Completed", where(amount >= 100), last(%[1]q))`,
		`sum("Order Completed", "amount", where(amount >= 100), last(%[1]q))`,
		`most_frequent("Order Completed", "sku", last(%[1]q))`,
	}
	traitWindows = []string{"7d", "30d", "90d", "180d", "365d"}
)

// windowModel declares the first so many window traits.
func windowModel(traits int) (portrait.Model, error) {
	var b strings.Builder
	b.WriteString("traits:\n")
	n := 0
	for _, window := range traitWindows {
		for _, trait := range windowTraits {
			if n == traits {
				break
			}
			fmt.Fprintf(&b, "  trait %d: {compute: '%s'}\n", n, fmt.Sprintf(trait, window))
			n++
		}
	}
	if traits == 0 {
		b.WriteString("  none: {}\n")
	}
	return portrait.ParseModel([]byte(b.String()))
}

// stateSizes measures how long the record of a profile with 50 window traits is,
// for customers who were seen for a year or two.
func stateSizes(ctx context.Context, cfg config, dir string, report *Report) error {
	for _, source := range []struct {
		name string
		read func() ([]purchase, error)
	}{
		{"state/online-retail", func() ([]purchase, error) {
			return readRetail(cmp.Or(os.Getenv("PORTRAIT_DATA"), filepath.Join("..", "..", "shared", "data")))
		}},
		{"state/generated", func() ([]purchase, error) { return makePurchases(max(200, cfg.profiles/50)), nil }},
	} {
		if source.name == "state/online-retail" && cfg.smoke || !cfg.only.MatchString(source.name) {
			continue
		}
		list, err := source.read()
		if errors.Is(err, fs.ErrNotExist) {
			cfg.logf("%s: left out, its data is not there", source.name)
			continue
		}
		if err != nil {
			return err
		}
		cfg.logf("%s: %d orders", source.name, len(list))
		if err := stateSize(ctx, source.name, list, filepath.Join(dir, "state"), report); err != nil {
			return fmt.Errorf("%s: %w", source.name, err)
		}
	}
	return nil
}

// till is a store that orders go into, with the clock beside them, so that what
// leaves a window leaves the record, as in a store that lives.
type till struct {
	name   string // of the contender
	traits int
	dir    string
	db     *portrait.DB
	now    atomic.Int64 // microseconds
}

func (t *till) open(ctx context.Context) (err error) {
	model, err := windowModel(t.traits)
	if err != nil {
		return err
	}
	if t.db, err = openAt(t.dir, usual, true, func() time.Time { return time.UnixMicro(t.now.Load()) }); err != nil {
		return err
	}
	_, err = t.db.Apply(ctx, model)
	return err
}

func (t *till) close() error {
	if t.db == nil {
		return nil
	}
	return t.db.Close()
}

// racer takes one of so many parts of the orders in a turn, in order.
func (t *till) racer(ctx context.Context, list []purchase, rounds int) racer {
	return racer{t.name, 100, func(round int) (int, func(from, to int) error) {
		part := list[round*len(list)/rounds : (round+1)*len(list)/rounds]
		events := make([]profile.Event, len(part))
		for i := range part {
			events[i] = part[i].event()
		}
		return len(part), func(from, to int) error {
			t.now.Store(part[to-1].at.UnixMicro())
			if err := t.db.Advance(ctx, part[to-1].at); err != nil {
				return err
			}
			return takeIn(ctx, t.db, events[from:to])
		}
	}}
}

// stateSize puts the same orders into a store with all traits and one without, and
// looks at how long the records have become.
func stateSize(ctx context.Context, name string, list []purchase, dir string, report *Report) (err error) {
	const rounds = 5
	tills := []*till{{name: subject, traits: len(traitWindows) * len(windowTraits)}, {name: "no_traits"}}
	defer func() {
		for _, t := range tills {
			err = errors.Join(err, t.close())
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	var racers []racer
	for _, t := range tills {
		t.dir = filepath.Join(dir, t.name)
		t.now.Store(list[0].at.UnixMicro())
		if err := t.open(ctx); err != nil {
			return err
		}
		racers = append(racers, t.racer(ctx, list, rounds))
	}
	f, err := race(ctx, rounds, name, racers)
	if err != nil {
		return err
	}
	orders := map[string]float64{}
	for i := range list {
		orders[list[i].customer]++
	}
	each := laps(slices.Collect(maps.Values(orders)))
	out := newCase(name, len(orders), f.samples)
	out.tell("orders_p50", subject, each.quantile(0.5))
	out.tell("orders_p99", subject, each.quantile(0.99))
	for _, t := range tills {
		if err := t.close(); err != nil {
			return err
		}
		sizes, err := recordSizes(t.dir)
		if err != nil {
			return err
		}
		if len(sizes) != len(orders) {
			return fmt.Errorf("%s: %d records, want %d", t.name, len(sizes), len(orders))
		}
		for label, v := range map[string]float64{"bytes_p50": sizes.quantile(0.5), "bytes_p99": sizes.quantile(0.99), "bytes_mean": sizes.mean(), "bytes_most": sizes.quantile(1)} {
			out.tell(label, t.name, v)
		}
	}
	report.Cases = append(report.Cases, out)
	return nil
}

// recordSizes returns the length of every node's stored record.
func recordSizes(dir string) (sizes laps, err error) {
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	snap, err := s.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	prefix := []byte{keys.Node}
	for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, float64(len(kv.Value)))
	}
	return sizes, nil
}
