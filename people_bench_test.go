package portrait_test

import (
	"fmt"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// BenchmarkView_Profiles reads the profiles of a set, of two identifiers each.
func BenchmarkView_Profiles(b *testing.B) {
	const people = 20_000
	db, err := portrait.Open(b.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	apply(b, db, testModel)
	var events []profile.Event
	for i := range people {
		events = append(events, profile.Event{
			Type: profile.Identify, MessageID: fmt.Sprint(i), Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i)), id("device_id", fmt.Sprint("d", i))},
			Traits:      map[string]profile.Value{"city": profile.String("上海")},
		})
	}
	if _, err := db.Ingest(b.Context(), events...); err != nil {
		b.Fatal(err)
	}
	v, err := db.View(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	set, err := v.Segment(b.Context(), segment.MustParse("true"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range v.Profiles(b.Context(), set) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != people {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/people, "ns/profile")
}
