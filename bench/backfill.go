package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/cockroachdb/pebble/v2"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// fillCase is a kind of tag that is added when everybody is there already; those of an
// amount of %d and more have it. Its rule reads what the profiles keep, or else what
// only the event log tells.
type fillCase struct{ name, rule string }

// fillStore is what a store of many people is like, and the tags that are added to it.
type fillStore struct {
	times  int  // as many people as there are profiles
	events int  // of each
	logged bool // they are kept, and read
	cases  []fillCase
}

var fillStores = []fillStore{
	{times: 5, events: 1, cases: []fillCase{
		{"backfill/lasting", `sum("Product Viewed", "amount") >= %d`},
		{"backfill/window", `sum("Product Viewed", "amount", last("30d")) >= %d`},
	}},
	{times: 1, events: 5, logged: true, cases: []fillCase{
		{"backfill/log", `count("Product Viewed", where(amount >= %d)) >= 1`},
	}},
}

// fills is a store of many people, to which tags are added one after the other, and
// whose records are read as plain Pebble in between.
type fills struct {
	fillStore
	dir    string
	people int

	db    *portrait.DB // open in a turn of its own
	raw   *pebble.DB   // likewise
	added int          // tags so far
	read  int          // bytes that the last scan read
}

// backfill measures what filling one new tag costs.
func backfill(ctx context.Context, cfg config, dir string, report *Report) error {
	for _, s := range fillStores {
		f := &fills{fillStore: s, dir: filepath.Join(dir, "backfill"), people: s.times * cfg.profiles}
		if err := f.runAll(ctx, cfg, report); err != nil {
			return err
		}
	}
	return nil
}

// runAll makes the store, if it is needed, and runs its cases.
func (f *fills) runAll(ctx context.Context, cfg config, report *Report) (err error) {
	defer func() { err = errors.Join(err, f.release(), os.RemoveAll(f.dir)) }()
	loaded := false
	for _, c := range f.cases {
		if !cfg.only.MatchString(c.name) {
			continue
		}
		if !loaded {
			cfg.logf("backfill: loading %d people", f.people)
			if err := f.load(ctx); err != nil {
				return err
			}
			loaded = true
		}
		if err := f.run(ctx, cfg, c, report); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// load makes the store. The computed trait keeps what tags about a month need.
func (f *fills) load(ctx context.Context) error {
	text := `
events:
  Product Viewed: {numbers: [amount]}
traits:
  name: {}
  city: {}
  level: {}
  birthday: {type: time}
  month: {compute: 'sum("Product Viewed", "amount", last("30d"))'}
`
	if f.logged {
		text += "log: {retain: 90d}\n"
	}
	model, err := portrait.ParseModel([]byte(text))
	if err != nil {
		return err
	}
	if err := f.open(); err != nil {
		return err
	}
	if err := begin(ctx, f.db, model, evening()); err != nil {
		return err
	}
	for from := 0; from < f.people*f.events; from += 10_000 {
		events := make([]profile.Event, min(10_000, f.people*f.events-from))
		for i := range events {
			events[i] = f.event(from + i)
		}
		if err := takeIn(ctx, f.db, events); err != nil {
			return err
		}
	}
	settle(func() bool { return f.db.Metrics().Store.CompactionsRunning == 0 })
	return f.release()
}

// event is one event of the store. Everybody's first come before anybody's second, so
// that the events of one person are scattered; the second was a day before the first,
// and amounts to one less.
func (f *fills) event(i int) profile.Event {
	person, nth := uint32(i%f.people), i/f.people
	e := sighting(person)
	if nth > 0 {
		e.MessageID += "-" + strconv.Itoa(nth)
		e.Time = e.Time.AddDate(0, 0, -nth)
		e.Traits = nil
	}
	e.Properties = map[string]profile.Value{"amount": profile.Number(float64(max(0, amountOf(person)-nth)))}
	return e
}

// amountOf is what a person's first event amounts to, one of so many amounts.
func amountOf(person uint32) int { return int(person % amounts) }

const amounts = 100

// spending counts the people of at least an amount.
func spending(people, least int) uint64 {
	return uint64(people/amounts*(amounts-least) + max(0, people%amounts-least))
}

func (f *fills) open() (err error) {
	f.db, err = openAt(filepath.Join(f.dir, "portrait"), usual, true, evening)
	return err
}

// openRaw opens the same directory as plain Pebble, for reading alone.
func (f *fills) openRaw() (err error) {
	opts := rawOptions()
	// Nothing that is merged is read: the operator need only have the name.
	opts.Merger = &pebble.Merger{Name: "portrait.shard.v1", Merge: pebble.DefaultMerger.Merge}
	opts.ReadOnly = true
	f.raw, err = openRawAs(filepath.Join(f.dir, "portrait"), usual, opts)
	return err
}

// release closes what is open.
func (f *fills) release() error {
	var faults []error
	if f.db != nil {
		faults = append(faults, f.db.Close())
	}
	if f.raw != nil {
		faults = append(faults, f.raw.Close())
	}
	f.db, f.raw = nil, nil
	return errors.Join(faults...)
}

func (f *fills) run(ctx context.Context, cfg config, c fillCase, report *Report) error {
	var peaks []float64
	rounds := min(cfg.rounds, 3)
	cfg.logf("%s: %d tags", c.name, rounds)
	finish, err := race(ctx, rounds, c.name, []racer{
		{subject, f.people, func(round int) (int, func(from, to int) error) {
			err := errors.Join(f.release(), f.open())
			resetPeak()
			return f.people, func(int, int) error {
				if err != nil {
					return err
				}
				g := newGauge()
				err := f.fill(ctx, c, 10*(round+1))
				inUse, _ := g.peaks()
				peaks = append(peaks, float64(inUse)/(1<<20))
				return err
			}
		}},
		{"raw_scan", f.people, func(int) (int, func(from, to int) error) {
			err := errors.Join(f.release(), f.openRaw())
			return f.people, func(int, int) error {
				if err != nil {
					return err
				}
				return f.scan(ctx)
			}
		}},
	})
	if err != nil {
		return err
	}
	out := newCase(c.name, f.people, finish.samples)
	out.tell("heap_in_use_mib_peak", subject, median(peaks))
	out.tellCPU(finish.samples)
	out.tellRate()
	kept := "nodes"
	if f.logged {
		kept = "the event log"
	}
	report.Setting[c.name] = fmt.Sprintf("%d people, %d MiB of keys and values of %s", f.people, f.read>>20, kept)
	report.Cases = append(report.Cases, out)
	return f.release()
}

// fill adds one more tag, those of at least an amount.
func (f *fills) fill(ctx context.Context, c fillCase, least int) error {
	f.added++
	name := "tag " + strconv.Itoa(f.added)
	more, err := portrait.ParseModel(fmt.Appendf(nil, "tags:\n  %s: {rule: '%s'}\n", name, fmt.Sprintf(c.rule, least)))
	if err != nil {
		return err
	}
	if err := f.db.DefineTag(ctx, more.Tags[0]); err != nil {
		return err
	}
	want := spending(f.people, least)
	got, err := f.db.Count(ctx, tagExpr(name))
	if err == nil && got != want {
		err = fmt.Errorf("tag %q has %d members, want %d", name, got, want)
	}
	return err
}

// scan reads the key and the value of every node, or of every event of the log, and does
// nothing else.
func (f *fills) scan(ctx context.Context) error {
	prefix, want := []byte{keys.Node}, f.people
	if f.logged {
		prefix, want = []byte{keys.Event}, f.people*f.events
	}
	it, err := f.raw.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: prefix, UpperBound: keys.End(prefix)})
	if err != nil {
		return err
	}
	n := 0
	f.read = 0
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return errors.Join(err, it.Close())
		}
		f.read += len(it.Key()) + len(value)
		n++
	}
	if err := it.Close(); err != nil {
		return err
	}
	if n != want {
		return fmt.Errorf("raw Pebble: %d records, want %d", n, want)
	}
	return nil
}
