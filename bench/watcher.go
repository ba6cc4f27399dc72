package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/segment"
)

func tagExpr(name string) segment.Expr { return segment.MustParse(fmt.Sprintf("tag(%q)", name)) }

// watcher asks for the number of a tag's members, a thousand times a second, while
// all of them are about to lose it, and takes down how long each answer took.
type watcher struct {
	count    func() (uint64, error)
	everyone uint64
	quiet    laps // answers before anything happens, in nanoseconds
	busy     laps // and meanwhile
	all      int  // answers of those that counted everybody
	none     int
	failure  error
	stop     chan struct{}
	done     chan struct{}
}

// ask says what to ask from now on.
func (w *watcher) ask(ctx context.Context, db *portrait.DB, tag string, everyone uint64) {
	e := tagExpr(tag)
	w.count, w.everyone = func() (uint64, error) { return db.Count(ctx, e) }, everyone
}

// restLooks is how often it asks before anything happens.
const restLooks = 200

// rest asks while nothing happens.
func (w *watcher) rest() {
	for range restLooks {
		time.Sleep(time.Millisecond)
		if n, took := w.look(); n == w.everyone {
			w.quiet = append(w.quiet, took)
		}
	}
}

// look asks once. An answer that is neither everybody nor nobody is a failure.
func (w *watcher) look() (n uint64, took float64) {
	began := time.Now()
	n, err := w.count()
	took = float64(time.Since(began).Nanoseconds())
	if err == nil && n != 0 && n != w.everyone {
		err = fmt.Errorf("a reader counted %d of %d: half of an Advance", n, w.everyone)
	}
	if w.failure == nil {
		w.failure = err
	}
	return n, took
}

// begin asks in the background until end.
func (w *watcher) begin() {
	w.stop, w.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(w.done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			switch n, took := w.look(); n {
			case 0:
				w.none++
				w.busy = append(w.busy, took)
			case w.everyone:
				w.all++
				w.busy = append(w.busy, took)
			}
			select {
			case <-w.stop:
				return
			case <-tick.C:
			}
		}
	}()
}

// end waits for the last answer.
func (w *watcher) end() error {
	close(w.stop)
	<-w.done
	return w.failure
}

// figures tells what the reader saw, and how long its answers took beside those
// before anything happened.
func (w *watcher) figures() map[string]float64 {
	before := w.quiet.quantile(0.5)
	return map[string]float64{
		"reader_answers_old": float64(w.all), "reader_answers_new": float64(w.none),
		"reader_p50_ns_before":                before,
		"reader_slowest_times_p50_before":     slices.Max(w.busy) / before,
		"reader_slowest_times_slowest_before": slices.Max(w.busy) / slices.Max(w.quiet),
		"reader_p99_times_p50_before":         w.busy.quantile(0.99) / before,
		"reader_p50_times_p50_before":         w.busy.quantile(0.5) / before,
	}
}
