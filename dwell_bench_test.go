package portrait_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// BenchmarkDwell is a sighting of somebody who was seen for 90 days, in so many cells:
// under a model that looks for home and work, with two tags, and under one that counts.
func BenchmarkDwell(b *testing.B) {
	const people = 100
	for _, cells := range []int{10, 200} {
		for _, m := range []struct{ name, text string }{
			{"count", "zone: Asia/Shanghai\ntraits:\n  seen: {compute: 'count(\"Located\", last(\"90d\"))', index: true}\ntags:\n  often: {rule: 'days(\"Located\", last(\"90d\")) >= 60'}\n"},
			{"dwell", dwellModel},
		} {
			b.Run(fmt.Sprintf("cells=%d/model=%s", cells, m.name), func(b *testing.B) {
				clock := now
				db := open(b, b.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true})
				apply(b, db, m.text)
				n := 0
				sighting := func(person int, at time.Time) profile.Event {
					n++
					cell := n * 7 % cells
					if n%2 == 0 {
						cell = 0
					}
					return profile.Event{
						Name: "Located", MessageID: fmt.Sprint(n), Time: at, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", person))},
						Properties: map[string]profile.Value{"at": profile.Point(31+float64(cell)/200, 121.4737)},
					}
				}
				for day := range 90 {
					var batch []profile.Event
					for person := range people {
						for hour := range 8 {
							batch = append(batch, sighting(person, now.AddDate(0, 0, -day).Add(-time.Duration(3*hour)*time.Hour)))
						}
					}
					take(b, db, batch...)
				}
				b.ResetTimer()
				for b.Loop() {
					clock = clock.Add(time.Minute)
					var batch []profile.Event
					for person := range people {
						batch = append(batch, sighting(person, clock))
					}
					take(b, db, batch...)
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*people), "us/event")
			})
		}
	}
}
