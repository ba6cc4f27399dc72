package portrait_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// BenchmarkIngest takes in orders of known customers, 1,000 to a call.
func BenchmarkIngest(b *testing.B) {
	const customers, batch = 50_000, 1000
	for _, ids := range []int{1, 2} {
		b.Run(fmt.Sprintf("identifiers=%d", ids), func(b *testing.B) {
			db, err := portrait.Open(b.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			apply(b, db, testModel)
			r := rng(1, 2)
			seq := 0
			events := func() []profile.Event {
				list := make([]profile.Event, batch)
				for i := range list {
					c := r.IntN(customers)
					if seq < customers {
						c = seq
					}
					seq++
					list[i] = profile.Event{
						MessageID: fmt.Sprint(seq), Name: "Order Completed", Time: epoch0.Add(time.Duration(seq) * time.Second),
						Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", c)), id("anonymous_id", fmt.Sprint("a", c))}[:ids],
						Properties:  map[string]profile.Value{"revenue": profile.Number(float64(seq % 1000)), "order_id": profile.Number(float64(seq % 50))},
					}
				}
				return list
			}
			for seq < customers {
				if _, err := db.Ingest(b.Context(), events()...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				list := events()
				b.StartTimer()
				if _, err := db.Ingest(b.Context(), list...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "events/s")
		})
	}
}
