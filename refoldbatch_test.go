package portrait_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// The log is read past long stretches of events that a new window leaves out, of one
// person and of several in a row, and nothing behind them is missed.
func TestApply_catches_up_past_what_is_left_out(t *testing.T) {
	const text = "log: {retain: 4000d}\n"
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, text)
	people := []struct{ before, within int }{
		{0, 0}, {300, 0}, {300, 3}, {0, 200}, {63, 1}, {64, 1}, {65, 1}, {1, 1}, {129, 70}, {500, 0}, {500, 0}, {1, 0}, {200, 130},
	}
	var events []profile.Event
	add := func(who, n int, name string, from time.Time) {
		for i := range n {
			events = append(events, profile.Event{
				MessageID: fmt.Sprint(len(events)), Name: name, Time: from.Add(time.Duration(i) * time.Minute),
				Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u-", who))},
			})
		}
	}
	want := map[int]uint64{}
	for round := range 20 { // tokens are scattered
		for i, p := range people {
			who := round*len(people) + i
			add(who, 1, "Seen", now.AddDate(0, -2, 0))
			add(who, p.before, "Clicked", now.AddDate(-1, 0, 0))
			add(who, p.within, "Clicked", now.AddDate(0, 0, -10))
			want[p.within]++
		}
	}
	if res, err := db.Ingest(t.Context(), events...); err != nil || res.Accepted != len(events) {
		t.Fatalf("%+v, %v", res, err)
	}
	apply(t, db, text+"traits:\n  recent: {compute: 'count(\"Clicked\", last(\"30d\"))'}\n")
	for n, of := range want {
		got, err := db.Count(t.Context(), segment.MustParse(fmt.Sprintf("recent = %d", n)))
		if err != nil || got != of {
			t.Errorf("of %d clicks: %d people, %v; want %d", n, got, err, of)
		}
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
