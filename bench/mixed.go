package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// busyName is the contender that asks while events are taken in; loopsName, the control,
// the one that asks while every processor computes something of no concern to Portrait.
const (
	busyName  = "under_ingest"
	loopsName = "beside_loops"
)

// mixedQuestions are what the reader asks, one question after the other, or one every so
// often; then an answer's time counts from when its question was due, so that those which
// a slow one holds up are slow too.
var mixedQuestions = []struct {
	name  string
	ask   func(s *mixedStore, ctx context.Context) error
	every time.Duration
}{
	{"count/4-tags", (*mixedStore).count, 0},
	{"count/4-tags/due-each-ms", (*mixedStore).count, time.Millisecond},
	{"counts/100-segments", (*mixedStore).counts, 0},
	{"profile", (*mixedStore).profile, 0},
}

// mixedSuite asks questions of a store alone, and while another goroutine takes events
// in as fast as it can.
func mixedSuite(ctx context.Context, cfg config) (report *Report, err error) {
	dir, err := os.MkdirTemp(cfg.dir, "portrait-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	report = &Report{
		Suite: "mixed", Machine: thisMachine(), Summary: map[string]float64{},
		plots: []string{"p99_ns", "p50_ns"},
		Setting: map[string]string{
			"portrait":    "one goroutine asks, nothing else happens; or, in ingest, one goroutine takes events in, nobody asks",
			busyName:      fmt.Sprintf("the same, while another goroutine takes events in without a pause, %d a call, every commit synced", mixedBatch),
			loopsName:     fmt.Sprintf("alone, while %d goroutines compute without a pause, and use nothing of Portrait", runtime.GOMAXPROCS(0)),
			"with_reader": "ingest, while another goroutine asks what the name says",
			"tags":        fmt.Sprint(len(kinds)*len(tagRules), " over four kinds of events; an event touches five"),
			"memory":      fmt.Sprintf("%d MiB for reads, what Portrait takes where nothing is said", (usual.blocks+usual.states)>>20),
		},
	}
	cfg.logf("loading %d customers", cfg.profiles)
	s, err := newMixedStore(ctx, filepath.Join(dir, "store"), cfg.profiles)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	for _, q := range mixedQuestions {
		if !cfg.only.MatchString(q.name) {
			continue
		}
		cfg.logf("%s", q.name)
		asked, fed, err := s.mix(ctx, cfg, q.name, q.every, func(ctx context.Context) error { return q.ask(s, ctx) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		report.Cases = append(report.Cases, asked, fed)
		report.Summary["p99_under_ingest_times_alone,_"+q.name] = asked.Extra["p99_times_alone"][busyName]
	}
	return report, nil
}

// mix gives a question its turns: the reader alone, the reader beside loops, the reader
// while events are taken in, and ingest alone. The first case it returns is of the answers, the second of the
// events.
func (s *mixedStore) mix(ctx context.Context, cfg config, name string, every time.Duration, ask func(context.Context) error) (asked, fed Case, err error) {
	if err := s.compare(ctx); err != nil {
		return Case{}, Case{}, err
	}
	turn := time.Duration(cfg.seconds * float64(time.Second))
	answers, events, all := map[string][]sample{}, map[string][]sample{}, map[string]laps{}
	var times laps // of each turn: its p99 under ingest by that of the turn alone
	for range cfg.rounds {
		s.rest()
		alone, got, err := askFor(ctx, turn, every, ask)
		if err != nil {
			return Case{}, Case{}, err
		}
		answers[subject] = append(answers[subject], got)

		s.rest()
		stop := beginLoops(runtime.GOMAXPROCS(0))
		looped, got, err := askFor(ctx, turn, every, ask)
		stop()
		if err != nil {
			return Case{}, Case{}, err
		}
		answers[loopsName] = append(answers[loopsName], got)

		s.rest()
		ingest := s.beginIngest(ctx)
		busy, got, err := askFor(ctx, turn, every, ask)
		taken, failure := ingest.end()
		if err := errors.Join(err, failure); err != nil {
			return Case{}, Case{}, err
		}
		answers[busyName], events["with_reader"] = append(answers[busyName], got), append(events["with_reader"], taken)

		s.rest()
		ingest = s.beginIngest(ctx)
		time.Sleep(turn)
		if taken, err = ingest.end(); err != nil {
			return Case{}, Case{}, err
		}
		events[subject] = append(events[subject], taken)
		for who, l := range map[string]laps{subject: alone, loopsName: looped, busyName: busy} {
			all[who] = append(all[who], l...)
		}
		times = append(times, busy.quantile(0.99)/alone.quantile(0.99))
	}
	asked, fed = newCase(name, len(s.known), answers), newCase("ingest/"+name, len(s.known), events)
	asked.tellWaits(all, times)
	for who, ns := range fed.NsPerOp {
		fed.tell("events_per_second", who, 1e9/ns)
	}
	return asked, fed, s.compare(ctx)
}

// beginLoops starts goroutines that compute until the function it returns is called,
// which waits for them.
func beginLoops(n int) (stop func()) {
	var (
		quit atomic.Bool
		wg   sync.WaitGroup
	)
	for range n {
		wg.Go(func() {
			for x := uint64(1); !quit.Load(); {
				for range 1000 {
					x = x*6364136223846793005 + 1442695040888963407
				}
				loopSink.Store(x)
			}
		})
	}
	return func() { quit.Store(true); wg.Wait() }
}

// loopSink keeps the compiler from leaving the loops out.
var loopSink atomic.Uint64

// tellWaits reports how long the answers took, and how many times as long as alone.
func (c *Case) tellWaits(all map[string]laps, times laps) {
	for who, l := range all {
		c.tell("p50_ns", who, l.quantile(0.5))
		c.tell("p99_ns", who, l.quantile(0.99))
		c.tell("p99.9_ns", who, l.quantile(0.999))
		c.tell("slowest_ns", who, l.quantile(1))
	}
	for _, p := range []string{"p50", "p99"} {
		for _, who := range []string{busyName, loopsName} {
			c.tell(p+"_times_alone", who, c.Extra[p+"_ns"][who]/c.Extra[p+"_ns"][subject])
		}
	}
	c.tell("p99_times_alone_least_turn", busyName, times.quantile(0))
	c.tell("p99_times_alone_most_turn", busyName, times.quantile(1))
}

// askFor asks one question after the other for a while, or one every so often.
func askFor(ctx context.Context, turn, every time.Duration, ask func(context.Context) error) (laps, sample, error) {
	took := make(laps, 0, 1<<20)
	var m meter
	m.start()
	began := time.Now()
	for due, now := began, began; now.Sub(began) < turn; {
		if err := ask(ctx); err != nil {
			return nil, m.sample, err
		}
		now = time.Now()
		took = append(took, float64(now.Sub(due).Nanoseconds()))
		if every == 0 {
			due = now
			continue
		}
		due = due.Add(every)
		time.Sleep(time.Until(due))
	}
	m.stop(len(took))
	if every > 0 {
		m.elapsed = time.Duration(took.mean() * float64(len(took)))
	}
	return took, m.sample, nil
}
