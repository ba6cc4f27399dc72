package portrait_test

import (
	"fmt"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// BenchmarkFeed takes in events each of which makes a customer leave one tag and enter
// another, 1,000 to a call, and reads what the feed has of that.
func BenchmarkFeed(b *testing.B) {
	const customers, batch = 50_000, 1000
	fill := func(b *testing.B) (*portrait.DB, func() []profile.Event) {
		b.Helper()
		db, err := portrait.Open(b.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		apply(b, db, watchModel)
		r, seq := rng(1, 2), 0
		return db, func() []profile.Event {
			list := make([]profile.Event, batch)
			for i := range list {
				c := r.IntN(customers)
				if seq < customers {
					c = seq
				}
				seq++
				list[i] = points(seq, fmt.Sprint("u", c), []float64{50, 500}[seq/customers%2])
			}
			return list
		}
	}
	b.Run("op=ingest", func(b *testing.B) {
		db, events := fill(b)
		for range customers / batch {
			take(b, db, events()...)
		}
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			list := events()
			b.StartTimer()
			take(b, db, list...)
		}
		b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("op=read", func(b *testing.B) {
		db, events := fill(b)
		for range 200 {
			take(b, db, events()...)
		}
		v := viewOf(b, db)
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			for _, err := range v.Changes(b.Context(), portrait.Cursor{}) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "changes/s")
	})
}
