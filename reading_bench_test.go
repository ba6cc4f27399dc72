package portrait_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// BenchmarkCharacterise holds an audience against everybody by 1,200 tags: in one pass,
// and tag by tag.
func BenchmarkCharacterise(b *testing.B) {
	const people, labels = 20_000, 1200
	db, err := portrait.Open(b.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var text strings.Builder
	text.WriteString("traits: {n: {type: number, index: true}}\ntags:\n")
	for i := range labels {
		fmt.Fprintf(&text, "  t%d: {rule: 'sample(\"%d\", 0.%02d)'}\n", i, i, 1+i%50)
	}
	apply(b, db, text.String())
	for from := 0; from < people; from += 1000 {
		events := make([]profile.Event, 1000)
		for i := range events {
			events[i] = profile.Event{
				Type: profile.Identify, Time: epoch0, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint(from+i))},
				Traits: map[string]profile.Value{"n": profile.Number(float64(from + i))},
			}
		}
		if _, err := db.Ingest(b.Context(), events...); err != nil {
			b.Fatal(err)
		}
	}
	v, err := db.View(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	audience := segment.MustParse("n < 2000")
	b.Run("tags=1200/pass=one", func(b *testing.B) {
		for b.Loop() {
			if c, err := insight.Characterise(b.Context(), v, insight.Characterisation{Audience: audience}); err != nil || len(c.Rows) != labels {
				b.Fatal(err)
			}
		}
	})
	b.Run("tags=1200/pass=each", func(b *testing.B) {
		for b.Loop() {
			for i := range labels {
				tag := segment.Tag(fmt.Sprint("t", i))
				for _, e := range []segment.Expr{tag, segment.And(audience, tag)} {
					if _, err := v.Count(b.Context(), e); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
	})
}
