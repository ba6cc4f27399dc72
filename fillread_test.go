package portrait_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// A filling that goes on while the clock does tells of those who are in when it reveals
// the tag: not of those who were when they were evaluated, and then again that they left.
func TestDefineTag_tells_of_now(t *testing.T) {
	today := tags.Definition{Name: "今天", Rule: tags.MustParse(`count("Clicked", today()) > 0`)}
	for _, tt := range []struct {
		name    string
		people  int
		commits uint64 // that midnight comes after: of the definition, then of batches
	}{
		{"midnight before the first batch", 5000, 1},
		{"midnight between two batches", 5000, 2},
		{"midnight after the only batch", 100, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := now
			db := open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true})
			// What was kept for another tag was folded already.
			apply(t, db, "traits:\n  clicks: {compute: 'count(\"Clicked\", today())'}\n")
			events := make([]profile.Event, tt.people)
			for i := range events {
				events[i] = profile.Event{
					MessageID: fmt.Sprint(i), Name: "Clicked", Time: now,
					Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u-", i))},
				}
			}
			if _, err := db.Ingest(t.Context(), events...); err != nil {
				t.Fatal(err)
			}
			since, begun := viewOf(t, db).Cursor(), db.Metrics().Epoch
			passed := false
			ctx := &hooked{Context: t.Context(), before: func(int) {
				if !passed && db.Metrics().Epoch == begun+tt.commits {
					passed, clock = true, clock.Add(day)
				}
			}}
			if err := db.DefineTag(ctx, today); err != nil {
				t.Fatal(err)
			}
			if !passed {
				t.Fatal("no midnight has passed")
			}
			if n, err := db.Count(t.Context(), segment.Tag(today.Name)); err != nil || n != 0 {
				t.Errorf("%d, %v; they all clicked the day before", n, err)
			}
			changes, err := collect(viewOf(t, db).Changes(t.Context(), since))
			if err != nil || len(changes) > 0 {
				t.Errorf("%d changes, %v; the first %+v", len(changes), err, changes[0])
			}
		})
	}
}

// A filling reads of a state what its rules read, which must not hide that a person's
// states have too many names together: then none is known that was not declared.
func TestDefineTag_of_too_many_names(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	var events []profile.Event
	for i := range 1200 {
		who := id("user_id", "jane")
		if i >= 600 {
			who = id("email", "jane@example.com")
		}
		events = append(events, profile.Event{
			MessageID: fmt.Sprint(i), Name: fmt.Sprint("Event ", i), Time: epoch0, Identifiers: []profile.Identifier{who},
		})
	}
	ingest := func(events ...profile.Event) {
		t.Helper()
		if res, err := db.Ingest(t.Context(), events...); err != nil || res.Accepted != len(events) {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	ingest(events...)
	define := func(name string) (n uint64) {
		t.Helper()
		def := tags.Definition{Name: name, Rule: tags.MustParse(`count("Event 1") >= 1`)}
		if err := db.DefineTag(context.WithoutCancel(t.Context()), def); err != nil {
			t.Fatal(err)
		}
		n, err := db.Count(t.Context(), segment.Tag(name))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := define("apart"); n != 1 {
		t.Errorf("%d have the event, want one", n)
	}
	ingest(profile.Event{
		MessageID: "login", Name: "Login", Time: epoch0,
		Identifiers: []profile.Identifier{id("user_id", "jane"), id("email", "jane@example.com")},
	})
	if n := define("together"); n != 0 {
		t.Errorf("%d are known to have the event, of a person who has too many", n)
	}
	checkAndClose(t, db)
}
