package portrait_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// An event that brings a change forward is armed for, though the search for the next
// change gives up at the same instant with it and without it.
func TestExactInTime_brought_forward(t *testing.T) {
	// Three hold for hours; of ninety others one holds after the other, a minute each,
	// so that the search gives up among them.
	parts := []string{`count("A", last("300m")) > 0`, `count("B", last("200m")) > 0`, `count("C", last("300m")) > 0`}
	for i := range 90 {
		parts = append(parts, fmt.Sprintf(`count("X%d", last("1m")) > 0`, i))
	}
	rule := fmt.Sprintf(`at_least(3, %s) and not count("Stop", last("1m")) > 0`, strings.Join(parts, ", "))
	for name, c := range map[string]struct{ model, ask string }{
		"a tag":            {"tags: {t: {rule: '%s'}}", `tag("t")`},
		"tiers":            {"tags: {t: {tiers: [{value: v, rule: '%s'}]}}", `tag("t")`},
		"tiers and a rest": {"tags: {t: {tiers: [{value: v, rule: '%s'}], else: w}}", `tag("t", "v")`},
		"an index":         {"traits: {x: {compute: 'if(%s, 1, 0)', index: true}}", `x = 1`},
	} {
		t.Run(name, func(t *testing.T) {
			clock := now
			db := open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true})
			apply(t, db, fmt.Sprintf(c.model, rule))
			move := func(to time.Time) {
				t.Helper()
				if clock = to; db.Advance(t.Context(), to) != nil {
					t.Fatal("the clock does not move")
				}
			}
			at := func(name string, minute int) {
				t.Helper()
				_, err := db.Ingest(t.Context(), profile.Event{
					MessageID: name, Name: name, Time: now.Add(time.Duration(minute) * time.Minute), Identifiers: []profile.Identifier{id("user_id", "u")},
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			move(now)
			for _, name := range []string{"A", "B", "C"} {
				at(name, 0)
			}
			for i := range 90 {
				at(fmt.Sprint("X", i), 2+i)
			}
			move(now.Add(150 * time.Second))
			at("Stop", 100)
			if err := db.Check(t.Context()); err != nil {
				t.Error(err)
			}
			for range 110 {
				clock = clock.Add(time.Minute)
				got, err := db.Count(t.Context(), segment.MustParse(c.ask))
				if err != nil {
					t.Fatal(err)
				}
				if want, err := db.Count(t.Context(), segment.MustParse(rule)); err != nil || got != want {
					t.Fatalf("at %s: %d, want %d, %v", clock, got, want, err)
				}
			}
		})
	}
}
