package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"time"
)

// side is one contender of the ingest suite. Run takes the touches in, batch by
// batch, and measures all but what prepares its input.
type side interface {
	run(ctx context.Context, touches []touch, batch int, m *meter) error
	settle() time.Duration
	check(ctx context.Context, some []uint32) error
}

// ingestCase is a pattern in batches of one size.
type ingestCase struct {
	pattern
	batch int
}

func (c ingestCase) name() string { return c.pattern.name + "/batch=" + strconv.Itoa(c.batch) }

func ingestCases() []ingestCase {
	var out []ingestCase
	for _, p := range []pattern{uniform, sessions} {
		for _, batch := range []int{1, 100, 1_000, 10_000} {
			out = append(out, ingestCase{p, batch})
		}
	}
	return append(out, ingestCase{hot, 1_000})
}

// stores are both stores with the same customers.
type stores struct {
	portrait *portraitSide
	raw      *rawSide
	record   float64 // mean bytes of a customer's record
}

// ingest measures what taking events in costs.
func ingest(ctx context.Context, cfg config) (report *Report, err error) {
	dir, err := os.MkdirTemp(cfg.dir, "portrait-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := openStores(ctx, cfg, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.portrait.close(), s.raw.close()) }()
	report = &Report{
		Suite: "ingest", Machine: thisMachine(),
		Setting: map[string]string{
			"record":    fmt.Sprintf("%.0f bytes, mean of the stored nodes", s.record),
			"memory":    fmt.Sprintf("%d MiB for reads and %d MiB a memtable, on both sides", (bounded.blocks+bounded.states)>>20, memTableBytes>>20),
			"tags":      fmt.Sprintf("%d, of which an event touches %d", len(kinds)*len(tagRules), len(tagRules)),
			"data":      fmt.Sprintf("%.0f MiB of records", s.record*float64(cfg.profiles)/(1<<20)),
			"durable":   "one sync a batch",
			"goroutine": "one",
		},
	}
	for i, c := range ingestCases() {
		if !cfg.only.MatchString(c.name()) {
			continue
		}
		done, err := s.measure(ctx, cfg, c, uint64(i)<<32)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name(), err)
		}
		report.Cases = append(report.Cases, done)
	}
	return report, nil
}

func openStores(ctx context.Context, cfg config, dir string) (s stores, err error) {
	ours, raw := filepath.Join(dir, "portrait"), filepath.Join(dir, "raw")
	cfg.logf("loading %d customers", cfg.profiles)
	began := time.Now()
	if err := loadPortrait(ctx, ours, cfg.profiles); err != nil {
		return s, err
	}
	cfg.logf("loaded in %.1f s; copying their records to raw Pebble", time.Since(began).Seconds())
	if s.record, err = loadRaw(ours, raw, cfg.profiles, cfg.profiles); err != nil {
		return s, err
	}
	if s.portrait, err = newPortraitSide(ours, cfg.profiles); err != nil {
		return s, err
	}
	if s.raw, err = newRawSide(raw, bounded, cfg.profiles); err != nil {
		return s, errors.Join(err, s.portrait.close())
	}
	return s, nil
}

// entrant is a side under the name that it has in a case.
type entrant struct {
	name string
	side side
	mode func() // puts the side in the mode of the name
}

func (s *stores) entrants(c ingestCase) []entrant {
	out := []entrant{
		{subject, s.portrait, func() {}},
		{"raw_pebble", s.raw, func() { s.raw.coalesce = false }},
	}
	if c.session > 1 && c.batch >= c.session {
		out = append(out, entrant{"raw_pebble_one_set", s.raw, func() { s.raw.coalesce = true }})
	}
	return out
}

// measure gives each side its turns on the same touches, and compares what they
// have counted before it looks at times.
func (s *stores) measure(ctx context.Context, cfg config, c ingestCase, seed uint64) (Case, error) {
	cfg.logf("%s", c.name())
	entrants := s.entrants(c)
	turn := time.Duration(cfg.seconds * float64(time.Second))
	events, err := s.warm(ctx, c, turn, seed)
	if err != nil {
		return Case{}, err
	}
	samples := map[string][]sample{}
	settled, cpu := map[string]float64{}, map[string]float64{}
	for round := range cfg.rounds {
		for _, e := range entrants {
			e.mode()
			runtime.GC()
			// The same seed for all: they get the same touches.
			in := newStream(c.pattern, cfg.profiles, seed+1+uint64(round))
			var m meter
			var failure error
			pprof.Do(ctx, pprof.Labels("contender", e.name, "case", c.name()), func(ctx context.Context) {
				failure = feed(ctx, e.side, in, events, c.batch, &m)
			})
			if failure != nil {
				return Case{}, failure
			}
			samples[e.name] = append(samples[e.name], m.sample)
			before := cpuTime()
			m.elapsed += e.side.settle()
			m.cpu += cpuTime() - before
			settled[e.name] += m.nsPerOp() / float64(cfg.rounds)
			cpu[e.name] += float64(m.cpu.Nanoseconds()) / float64(m.ops*cfg.rounds)
		}
	}
	some := sampleCustomers(c.pattern, cfg.profiles, seed)
	if err := errors.Join(s.portrait.check(ctx, some), s.raw.check(ctx, some)); err != nil {
		return Case{}, err
	}
	out := newCase(c.name(), cfg.profiles, samples)
	out.Extra = map[string]map[string]float64{"settled_ns_per_op": settled, "settled_cpu_ns_per_op": cpu}
	return out, nil
}

// chunk is about how many events are made before they are taken in.
const chunk = 20_000

// feed takes so many events of a stream in.
func feed(ctx context.Context, to side, from *stream, events, batch int, m *meter) error {
	for events > 0 {
		n := min(events, max(batch, chunk/batch*batch))
		if err := to.run(ctx, from.take(n), batch, m); err != nil {
			return err
		}
		events -= n
	}
	return nil
}

// warm takes some events in on both sides that do not count, and returns how
// many whole batches of events Portrait can take in within a turn.
func (s *stores) warm(ctx context.Context, c ingestCase, turn time.Duration, seed uint64) (events int, err error) {
	in := newStream(c.pattern, len(s.raw.tally), seed)
	var m meter
	s.raw.coalesce = false
	for m.elapsed < turn/2 {
		touches := in.take(c.batch)
		var other meter
		if err := errors.Join(s.portrait.run(ctx, touches, c.batch, &m), s.raw.run(ctx, touches, c.batch, &other)); err != nil {
			return 0, err
		}
	}
	s.portrait.settle()
	s.raw.settle()
	batches := float64(turn.Nanoseconds()) / m.nsPerOp() / float64(c.batch)
	return c.batch * max(1, int(batches+0.5)), nil
}

// sampleCustomers draws customers whose records are compared.
func sampleCustomers(p pattern, customers int, seed uint64) []uint32 {
	in := newStream(pattern{session: 1, among: p.among}, customers, seed+1)
	rng := rand.New(rand.NewPCG(5, seed))
	var some []uint32
	for _, t := range in.take(100) {
		some = append(some, t.customer, uint32(rng.IntN(customers)))
	}
	return some
}

// settle waits until a store has nothing to do in the background, and returns
// how long that took.
func settle(idle func() bool) time.Duration {
	const calm, patience = 5, time.Minute
	began := time.Now()
	last := began
	for n := 0; n < calm && time.Since(began) < patience; {
		if idle() {
			n++
		} else {
			n, last = 0, time.Now()
		}
		time.Sleep(time.Millisecond)
	}
	return last.Sub(began)
}
