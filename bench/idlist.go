package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// idlistCases say what else happens while a list is uploaded.
var idlistCases = []struct {
	name    string
	writing bool // events are taken in, a hundred a call, one call after the other
}{
	{"upload/alone", false},
	{"upload/writing", true},
}

// idlistSuite measures the upload of a list of MD5s of phone numbers.
func idlistSuite(ctx context.Context, cfg config) (report *Report, err error) {
	dir, err := os.MkdirTemp(cfg.dir, "portrait-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	lines := cfg.lines
	if lines == 0 {
		lines = 5 * cfg.profiles
	}
	report = &Report{
		Suite: "idlist", Machine: thisMachine(), Summary: map[string]float64{},
		plots: []string{"peak_mib"},
		Setting: map[string]string{
			"list":     fmt.Sprintf("%d lines, MD5s of phone numbers: half of them of people, many more than once where there are more lines than people; one in fifty no MD5", lines),
			"an op":    "one line",
			"peak_mib": "the most resident memory of the process, beyond that of before the turn",
			"raw_read": "reads the file once, in blocks of 1 MiB",
			"duckdb":   "a table of the MD5s is there; reads the file, drops duplicates and joins",
		},
	}
	s := &idlistStore{dir: filepath.Join(dir, "store"), path: filepath.Join(dir, "list"), people: cfg.profiles, lines: lines}
	cfg.logf("writing a list of %d lines", lines)
	if err := s.writeList(); err != nil {
		return nil, err
	}
	cfg.logf("loading %d people", s.people)
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	cfg.logf("loaded in %.1f s", s.loading.Seconds())
	report.Setting["store"] = fmt.Sprintf("%d people with a phone number, every fourth with a user ID too; loaded in %.0f s", s.people, s.loading.Seconds())
	for _, c := range idlistCases {
		if !cfg.only.MatchString(c.name) {
			continue
		}
		out, err := s.measure(ctx, cfg, c.name, c.writing)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		report.Cases = append(report.Cases, out)
	}
	return report, nil
}

// matching is what a list has in common with the people, as each contender finds it.
type matching struct{ lines, matched, unknown, duplicate, invalid int64 }

// idlistStore is a store of people, and a list of what may be their phone numbers.
type idlistStore struct {
	dir, path string
	people    int
	lines     int
	want      matching
	loading   time.Duration

	db     *portrait.DB
	events int              // that were taken in while lists were uploaded
	peaks  map[string]int64 // by contender, of the last turn
	quiet  laps             // calls of Ingest, with nothing beside
	busy   laps
}

// measure gives the contenders their turns.
func (s *idlistStore) measure(ctx context.Context, cfg config, name string, writing bool) (out Case, err error) {
	if s.db, err = openPortrait(s.dir, memory{blocks: 256 << 20, states: 64 << 20}, false); err != nil {
		return Case{}, err
	}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	s.peaks, s.quiet, s.busy = map[string]int64{}, nil, nil
	racers := []racer{
		{subject, s.lines, s.turn(subject, func() error { return s.upload(ctx, writing) })},
	}
	if !writing {
		racers = append(racers, racer{"raw_read", s.lines, s.turn("raw_read", s.read)})
		duck, err := newListJoin(ctx, s)
		switch {
		case errors.Is(err, errAbsent):
			cfg.logf("%v", err)
		case err != nil:
			return Case{}, err
		default:
			defer func() { err = errors.Join(err, duck.close()) }()
			racers = append(racers, racer{"duckdb", s.lines, s.turn("duckdb", func() error { return s.compare("DuckDB", duck.join) })})
		}
	}
	cfg.logf("%s", name)
	if writing {
		if err := s.takeInFor(ctx, time.Duration(cfg.seconds*float64(time.Second)), &s.quiet); err != nil {
			return Case{}, err
		}
	}
	f, err := race(ctx, cfg.rounds, name, racers)
	if err != nil {
		return Case{}, err
	}
	out = newCase(name, s.people, f.samples)
	out.tellCPU(f.samples)
	for who, ns := range out.NsPerOp {
		out.tell("lines_per_second", who, 1e9/ns)
		out.tell("peak_mib", who, float64(s.peaks[who])/(1<<20))
	}
	for when, l := range map[string]laps{"before": s.quiet, "meanwhile": s.busy} {
		if len(l) > 0 {
			out.tell("ingest_p50_ms_"+when, subject, l.quantile(0.5)/1e6)
			out.tell("ingest_p99_ms_"+when, subject, l.quantile(0.99)/1e6)
			out.tell("ingest_most_ms_"+when, subject, l.quantile(1)/1e6)
		}
	}
	return out, nil
}

// turn makes a turn of all lines, and notes how much memory it takes.
func (s *idlistStore) turn(who string, do func() error) func(int) (int, func(from, to int) error) {
	return func(int) (int, func(from, to int) error) {
		return s.lines, func(int, int) error {
			resetPeak()
			before := residentBytes()
			err := do()
			s.peaks[who] = max(s.peaks[who], peakBytes()-before)
			return err
		}
	}
}

// upload uploads the list, in the place of the one before.
func (s *idlistStore) upload(ctx context.Context, writing bool) error {
	ctx, stop := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if !writing {
			return
		}
		var done atomic.Bool
		context.AfterFunc(ctx, func() { done.Store(true) })
		for !done.Load() {
			if err := s.takeInOnce(context.WithoutCancel(ctx), &s.busy); err != nil {
				stop(err)
			}
		}
	}()
	err := s.compare("Portrait", func() (matching, error) {
		f, err := os.Open(s.path)
		if err != nil {
			return matching{}, err
		}
		defer f.Close()
		got, err := s.db.Lists().Upload(ctx, "list", f, segment.Upload{Namespace: "phone", Kind: "md5", MaxLines: int64(s.lines)})
		if err == nil && int64(got.Profiles) != got.Matched {
			err = fmt.Errorf("portrait: %d profiles of %d identifiers", got.Profiles, got.Matched)
		}
		return matching{got.Lines, got.Matched, got.Unknown, got.Duplicate, got.Invalid}, err
	})
	stop(nil)
	<-ended
	return err
}

// takeInFor takes events in for some time.
func (s *idlistStore) takeInFor(ctx context.Context, d time.Duration, took *laps) error {
	for began := time.Now(); time.Since(began) < d || len(*took) < 10; {
		if err := s.takeInOnce(ctx, took); err != nil {
			return err
		}
	}
	return nil
}

// takeInOnce takes in a hundred events of people who are there, and notes how long that
// took.
func (s *idlistStore) takeInOnce(ctx context.Context, took *laps) error {
	events := make([]profile.Event, 100)
	for i := range events {
		events[i] = s.event(s.events*7919%s.people, "m-"+strconv.Itoa(s.events))
		s.events++
	}
	began := time.Now()
	err := takeIn(ctx, s.db, events)
	*took = append(*took, float64(time.Since(began).Nanoseconds()))
	return err
}

// compare holds what a contender has found against what the list was made of.
func (s *idlistStore) compare(who string, find func() (matching, error)) error {
	got, err := find()
	if err == nil && got != s.want {
		err = fmt.Errorf("%s: %+v, want %+v", who, got, s.want)
	}
	return err
}

// read reads the list and does nothing with it.
func (s *idlistStore) read() error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	for {
		if _, err := f.Read(buf); err != nil {
			if err == io.EOF {
				err = nil
			}
			return err
		}
	}
}
