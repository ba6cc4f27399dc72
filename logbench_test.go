package portrait_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// BenchmarkIngestLogged takes in orders of known customers, 1,000 to a call, with and
// without a log, over days that pass, so that the log is swept on the way.
func BenchmarkIngestLogged(b *testing.B) {
	const customers, batch = 50_000, 1000
	for _, retain := range []time.Duration{0, 30 * day} {
		b.Run(fmt.Sprintf("retain=%s", retain), func(b *testing.B) {
			c := clockAt(epoch0)
			db, err := portrait.Open(b.TempDir(), &portrait.Options{Clock: c.now, NoSync: true})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			applyModel(b, db, withLog(b, portrait.LogPolicy{Retain: retain}))
			r := rng(1, 2)
			seq := 0
			events := func() []profile.Event {
				list := make([]profile.Event, batch)
				for i := range list {
					who := r.IntN(customers)
					if seq < customers {
						who = seq
					}
					seq++
					list[i] = profile.Event{
						MessageID: fmt.Sprint(seq), Name: "Order Completed", Time: epoch0.Add(time.Duration(seq) * 30 * time.Second),
						Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", who))},
						Properties: map[string]profile.Value{
							"revenue": profile.Number(float64(seq % 1000)), "order_id": profile.Number(float64(seq % 50)),
							"channel": profile.String("小程序"), "sku": profile.String(fmt.Sprint("SKU-", seq%997)),
						},
					}
				}
				c.set(list[batch-1].Time)
				return list
			}
			for seq < 2*customers {
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
