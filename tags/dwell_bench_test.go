package tags_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// BenchmarkDwell is the home of a person who was seen on 90 days, each in a few of so
// many cells, and until when it is that.
func BenchmarkDwell(b *testing.B) {
	for _, cells := range []int{2, 20, 200} {
		for _, text := range []string{`dwell("*", "at")`, `confidence(dwell("*", "at"))`} {
			b.Run(fmt.Sprintf("cells=%d/of=%.5s", cells, text), func(b *testing.B) {
				s := shop(b, "Asia/Shanghai")
				rule := compile(b, s, `exists(`+text+`)`)
				x, err := tags.ParseFormula(text)
				if err != nil {
					b.Fatal(err)
				}
				v, err := tags.CompileValue(x.Tree(), s)
				if err != nil {
					b.Fatal(err)
				}
				now := at(b, "2026-05-10T04:00:00Z")
				var events []profile.Event
				for day := range 90 {
					for i := range max(cells/20, 2) * 2 {
						cell := (day*7 + i*(1+day%3)) % cells
						if i%2 == 0 {
							cell = 0
						}
						events = append(events, profile.Event{
							Name: "Located", Time: now.Time().AddDate(0, 0, -day).Add(-time.Duration(i) * 30 * time.Minute),
							Properties: map[string]profile.Value{"at": profile.Point(31+float64(cell)/500, 121)},
						})
					}
				}
				st := fold(b, s, events...)
				b.ReportAllocs()
				for b.Loop() {
					if _, ok, until := v.Eval(st, now); !ok || until == profile.Never {
						b.Fatal(rule.Explain(st, now))
					}
				}
			})
		}
	}
}
