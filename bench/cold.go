package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/segment"
)

// coldCases say how the store was left that is opened.
var coldCases = []struct {
	name   string
	killed bool
}{
	{"open/after-close", false},
	{"open/after-kill", true},
}

// coldStore is a store that is opened again and again, and what it must answer.
type coldStore struct {
	dir      string
	profiles int
	visits   []uint8 // of each person, by the harness's own count
	rounds   int     // of visits taken in by processes that were killed
}

// coldSuite measures how long it takes from Open to the first answer.
func coldSuite(ctx context.Context, cfg config) (report *Report, err error) {
	dir, err := os.MkdirTemp(cfg.dir, "portrait-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	report = &Report{
		Suite: "cold", Machine: thisMachine(), Summary: map[string]float64{},
		Setting: map[string]string{
			"tags":   fmt.Sprintf("%d, of which an event touches %d", coldTags, coldRulesOfKind+coldLevels),
			"an op":  "Open, and the count of a segment of four tags",
			"killed": "a process takes events of a hundredth of all people in, in synced calls of 1,000, and is killed (SIGKILL) once it has told that all are acknowledged",
			"cache":  "the files are in the system's page cache; the store's own caches are empty",
		},
	}
	s := &coldStore{dir: filepath.Join(dir, "store"), profiles: cfg.profiles, visits: make([]uint8, cfg.profiles)}
	loaded := false
	for _, c := range coldCases {
		if !cfg.only.MatchString(c.name) {
			continue
		}
		if !loaded {
			cfg.logf("loading %d people", cfg.profiles)
			if err := s.load(ctx); err != nil {
				return nil, err
			}
			loaded = true
		}
		cfg.logf("%s", c.name)
		out, err := s.measure(ctx, cfg, c.name, c.killed)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		report.Cases = append(report.Cases, out)
		report.Summary[filepath.Base(c.name)+"_seconds"] = out.NsPerOp[subject] / 1e9
	}
	return report, nil
}

// opening is how long the parts of one opening took.
type opening struct {
	sample
	open, first, all, close time.Duration
}

// measure opens the store so many times, each time left anew.
func (s *coldStore) measure(ctx context.Context, cfg config, name string, killed bool) (Case, error) {
	var all []opening
	for range cfg.rounds {
		if killed {
			if err := s.crash(ctx); err != nil {
				return Case{}, err
			}
		}
		o, err := s.reopen(ctx)
		if err != nil {
			return Case{}, err
		}
		all = append(all, o)
	}
	samples := make([]sample, len(all))
	for i, o := range all {
		samples[i] = o.sample
	}
	out := newCase(name, s.profiles, map[string][]sample{subject: samples})
	for part, of := range map[string]func(o opening) time.Duration{
		"open_seconds":         func(o opening) time.Duration { return o.open },
		"first_answer_seconds": func(o opening) time.Duration { return o.first },
		"all_tags_seconds":     func(o opening) time.Duration { return o.all },
		"close_seconds":        func(o opening) time.Duration { return o.close },
	} {
		seconds := make([]float64, len(all))
		for i, o := range all {
			seconds[i] = of(o).Seconds()
		}
		out.tell(part, subject, median(seconds))
	}
	return out, nil
}

// reopen opens the store, asks, and closes it.
func (s *coldStore) reopen(ctx context.Context) (o opening, err error) {
	heapBytes() // collects what went before
	var m meter
	m.start()
	began := time.Now()
	db, err := openCold(s.dir)
	if err != nil {
		return o, err
	}
	defer func() {
		closing := time.Now()
		err = errors.Join(err, db.Close())
		o.close = time.Since(closing)
	}()
	o.open = time.Since(began)
	asked := time.Now()
	n, err := db.Count(ctx, coldSegment)
	if err != nil {
		return o, err
	}
	o.first = time.Since(asked)
	m.stop(1)
	o.sample = m.sample
	if want := s.members(); n != want {
		return o, fmt.Errorf("the segment has %d members, want %d", n, want)
	}
	return o, s.countTags(ctx, db, &o)
}

// countTags counts every tag, which loads all bitmaps.
func (s *coldStore) countTags(ctx context.Context, db *portrait.DB, o *opening) error {
	view, err := db.View(ctx)
	if err != nil {
		return err
	}
	defer view.Close()
	var es []segment.Expr
	for _, name := range coldTagNames() {
		es = append(es, segment.Tag(name))
	}
	began := time.Now()
	counts, err := view.Counts(ctx, es...)
	if err != nil {
		return err
	}
	o.all = time.Since(began)
	// The first tag of a kind is of everybody who does it.
	for kind := range coldKinds {
		want := uint64((s.profiles - kind + coldKinds - 1) / coldKinds)
		if got := counts[kind*coldRulesOfKind]; got != want {
			return fmt.Errorf("%d people did %s, want %d", got, coldKind(kind), want)
		}
	}
	return nil
}
