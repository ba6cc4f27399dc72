package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/segment"
)

// result is what -json prints.
type result struct {
	Events   tally             `json:"events"`
	Profiles uint64            `json:"profiles"`
	Merges   uint64            `json:"merges"`
	Tags     map[string]uint64 `json:"tags"`
	Segments map[string]uint64 `json:"segments"`
	// RFM and Growth are of the Online Retail file alone.
	RFM     []rfmRow           `json:"rfm,omitempty"`
	Growth  []lifecycle.Growth `json:"growth,omitempty"`
	Digest  string             `json:"digest"`
	Check   checked            `json:"check"`
	Seconds float64            `json:"seconds"`
}

type checked struct {
	Differences int `json:"differences"`
}

// visit takes the dataset in and asks every question, telling out on the way.
func visit(ctx context.Context, db *portrait.DB, d *dataset, f flags, out, stderr io.Writer) (*result, error) {
	start := time.Now()
	say := newReport(out, d)
	say.title()
	r := &result{Tags: map[string]uint64{}, Segments: map[string]uint64{}}
	progress := newBar(stderr, d.size)
	var err error
	r.Events, err = load(ctx, db, d, f.batch, progress.set)
	progress.end()
	if err != nil {
		return nil, err
	}
	say.events(&r.Events, time.Since(start))

	// One view: all answers below are of one commit and one instant.
	view, err := db.View(ctx)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	r.Merges = db.Metrics().Merges
	if err := r.ask(ctx, view, d); err != nil {
		return nil, err
	}
	say.people(r, view.AsOf())
	say.tags(r)
	say.segments(r)
	if d.months {
		if err := r.lifecycle(ctx, view, d); err != nil {
			return nil, err
		}
		say.lifecycle(r)
	}
	if err := say.sample(ctx, view); err != nil {
		return nil, err
	}
	if f.pages != "" {
		if err := writePages(ctx, view, d, words[f.language], f.pages); err != nil {
			return nil, err
		}
	}
	if err := r.check(ctx, db, view, say); err != nil {
		return nil, err
	}
	r.Seconds = time.Since(start).Seconds()
	say.end(r)
	return r, say.err()
}

// ask counts everybody, the tags and the segments.
func (r *result) ask(ctx context.Context, view *portrait.View, d *dataset) (err error) {
	if r.Profiles, err = count(ctx, view, "true"); err != nil {
		return err
	}
	for _, t := range d.model.Tags {
		if r.Tags[t.Name], err = view.Count(ctx, segment.Tag(t.Name)); err != nil {
			return err
		}
	}
	for _, q := range d.segments {
		if r.Segments[q.name], err = count(ctx, view, q.expr); err != nil {
			return err
		}
	}
	return nil
}

func count(ctx context.Context, view *portrait.View, expr string) (uint64, error) {
	e, err := segment.Parse(expr)
	if err != nil {
		return 0, err
	}
	n, err := view.Count(ctx, e)
	return n, e.Locate(err)
}

// check recomputes everything in another way and fingerprints the whole.
func (r *result) check(ctx context.Context, db *portrait.DB, view *portrait.View, say *report) error {
	start := time.Now()
	say.head("Check: everything recomputed in another way")
	err := db.Check(ctx)
	found, differs := errors.AsType[*portrait.CheckError](err)
	if err != nil && !differs {
		return err
	}
	if differs {
		r.Check.Differences = found.Total
	}
	say.check(r, found, time.Since(start))
	digest, err := view.Digest(ctx, view.AsOf())
	r.Digest = digest.String()
	return err
}

// bar shows progress where somebody can see it.
type bar struct{ bar *progressbar.ProgressBar }

// newBar begins a bar on w, if w is a terminal.
func newBar(w io.Writer, size int64) bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return bar{}
	}
	return bar{progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("Taking events in"),
		progressbar.OptionSetWidth(40),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionShowElapsedTimeOnFinish(),
	)}
}

// set moves the bar. What a terminal does with it is of no consequence.
func (b bar) set(done int64) {
	if b.bar != nil {
		_ = b.bar.Set64(done)
	}
}

func (b bar) end() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}

// seconds writes how long something took.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
