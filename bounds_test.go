package portrait_test

import (
	"fmt"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// A person who sends more event names than are kept loses the counts of the
// undeclared ones, visibly; those that the model or a rule names stay.
func TestBounds_event_names(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, `
events: {Order Completed: {}}
tags:
  clicked: {rule: 'count("Clicked") >= 1'}
  buyer: {rule: 'count("Order Completed") >= 1'}
  never: {rule: 'count("Never") = 0'}
`)
	event := func(name string) profile.Event {
		return profile.Event{MessageID: name, Name: name, Time: epoch0, Identifiers: []profile.Identifier{id("user_id", "u-1")}}
	}
	count := func(tag string, want uint64) {
		t.Helper()
		n, err := db.Count(t.Context(), segment.MustParse(fmt.Sprintf("tag(%q)", tag)))
		if err != nil || n != want {
			t.Errorf("tag %s: %d, %v; want %d", tag, n, err, want)
		}
	}
	for _, name := range []string{"Clicked", "Order Completed"} {
		if err := ingest(event(name))(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	count("clicked", 1)
	count("never", 1)
	for i := range 1001 {
		if err := ingest(event(fmt.Sprint("n", i)))(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	count("clicked", 1) // a rule reads it, so it is declared
	count("buyer", 1)
	count("never", 0) // not known any more
	n, err := db.Count(t.Context(), segment.MustParse(`count("n1") >= 0`))
	if err != nil || n != 0 {
		t.Errorf("count of a name that was given up: %d, %v", n, err)
	}
}
