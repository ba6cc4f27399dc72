package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// busyName is the contender that asks while events are taken in.
const busyName = "under_ingest"

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
			"with_reader": "ingest, while another goroutine asks without a pause what the name says",
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
	feeding := newFeedingCase()
	for _, q := range mixedQuestions {
		if !cfg.only.MatchString(q.name) {
			continue
		}
		cfg.logf("%s", q.name)
		c, err := s.mix(ctx, cfg, q.name, q.every, func(ctx context.Context) error { return q.ask(s, ctx) }, feeding)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		report.Cases = append(report.Cases, c)
		report.Summary["p99_under_ingest_times_alone,_"+q.name] = c.Extra["p99_times_alone"][busyName]
	}
	if len(report.Cases) > 0 {
		report.Cases = append(report.Cases, feeding.report(len(s.known)))
	}
	return report, nil
}

// mix gives a question its turns: the reader alone, the reader while events are taken
// in, and, so that ingest has something to be compared with, ingest alone.
func (s *mixedStore) mix(ctx context.Context, cfg config, name string, every time.Duration, ask func(context.Context) error, feeding *feedingCase) (Case, error) {
	if err := s.compare(ctx); err != nil {
		return Case{}, err
	}
	turn := time.Duration(cfg.seconds * float64(time.Second))
	samples, all := map[string][]sample{}, map[string]laps{}
	var times laps // of each turn: its p99 under ingest by that of the turn alone
	for range cfg.rounds {
		var p99 [2]float64
		for i, who := range []string{subject, busyName} {
			s.rest()
			var ingest *ingestion
			if who == busyName {
				ingest = s.beginIngest(ctx)
			}
			took, got, err := askFor(ctx, turn, every, ask)
			if ingest != nil {
				fed, failure := ingest.end()
				err = errors.Join(err, failure)
				feeding.take("with_reader/"+name, fed)
			}
			if err != nil {
				return Case{}, err
			}
			samples[who], all[who] = append(samples[who], got), append(all[who], took...)
			p99[i] = took.quantile(0.99)
		}
		times = append(times, p99[1]/p99[0])
		s.rest()
		ingest := s.beginIngest(ctx)
		time.Sleep(turn)
		fed, err := ingest.end()
		if err != nil {
			return Case{}, err
		}
		feeding.take(subject, fed)
	}
	c := newCase(name, len(s.known), samples)
	for who, l := range all {
		c.tell("p50_ns", who, l.quantile(0.5))
		c.tell("p99_ns", who, l.quantile(0.99))
		c.tell("p99.9_ns", who, l.quantile(0.999))
		c.tell("slowest_ns", who, l.quantile(1))
	}
	for _, p := range []string{"p50", "p99"} {
		c.tell(p+"_times_alone", busyName, c.Extra[p+"_ns"][busyName]/c.Extra[p+"_ns"][subject])
	}
	c.tell("p99_times_alone_least_turn", busyName, times.quantile(0))
	c.tell("p99_times_alone_most_turn", busyName, times.quantile(1))
	return c, s.compare(ctx)
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

// feedingCase gathers how fast events went in, with readers and without.
type feedingCase struct{ samples map[string][]sample }

func newFeedingCase() *feedingCase { return &feedingCase{map[string][]sample{}} }

func (f *feedingCase) take(who string, fed sample) { f.samples[who] = append(f.samples[who], fed) }

func (f *feedingCase) report(customers int) Case {
	c := newCase("ingest", customers, f.samples)
	for who, ns := range c.NsPerOp {
		c.tell("events_per_second", who, 1e9/ns)
	}
	return c
}
