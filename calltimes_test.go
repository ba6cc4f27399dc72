package portrait_test

import (
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/segment"
)

// TestMetrics_calls: every call that has ended is in the distribution of its kind, in
// seconds; a question finds the index in memory or does not; and the goroutines of a DB are
// counted until they end.
func TestMetrics_calls(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir, nil)
	apply(t, db, testModel)
	for i := range 3 {
		take(t, db, killEvent(i))
	}
	checkAndClose(t, db)
	began := time.Now()
	db = open(t, dir, nil)
	all := segment.MustParse(`tag("买家")`)
	for range 4 {
		if _, err := db.Count(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	m := db.Metrics()
	if m.IndexReads == 0 || m.IndexMisses != 1 || m.IndexHits != 3 {
		t.Errorf("%d shards were read, %d misses, %d hits", m.IndexReads, m.IndexMisses, m.IndexHits)
	}
	v := viewOf(t, db)
	for _, ask := range []func() error{
		func() error { _, err := v.Count(t.Context(), all); return err },
		func() error { _, err := v.Segment(t.Context(), all); return err },
		func() error { _, err := v.Profile(t.Context(), id("anonymous_id", "a1")); return err },
		func() error { _, err := db.Profile(t.Context(), id("anonymous_id", "a1")); return err },
		func() error { _, err := db.Profile(t.Context(), id("anonymous_id", "nobody")); return err },
		func() error { _, err := v.Digest(t.Context(), now); return err },
		func() error { _, err := db.Ingest(t.Context(), killEvent(4)); return err },
	} {
		_ = ask() // an answer that is an error took its time too
	}
	v.Close()
	m = db.Metrics()
	most := time.Since(began).Seconds()
	for name, want := range map[string]uint64{"ingest": 1, "count": 5, "segment": 1, "profile": 3, "other": 1} {
		d := m.CallTimes[name]
		if d.Count() != want || d.Sum <= 0 || d.Sum > most || d.Quantile(1) <= 0 || len(d.Counts) != len(d.Bounds)+1 {
			t.Errorf("%s: %d calls, %v s", name, d.Count(), d.Sum)
		}
	}
	if len(m.CallTimes) != 5 {
		t.Errorf("kinds: %v", m.CallTimes)
	}
	if m.Goroutines != 2 { // the timer and the filler
		t.Errorf("%d goroutines run", m.Goroutines)
	}
	own := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	if n := own.Metrics().Goroutines; n != 1 {
		t.Errorf("%d goroutines run under a clock of the host's", n)
	}
}
