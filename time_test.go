package portrait_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// TestExactInTime asks for a timed tag just before, at and after its instants,
// with a clock that nobody tells the store about.
func TestExactInTime(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	clock := epoch0
	db := open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }})
	apply(t, db, testModel)
	ordered := time.Date(2026, 1, 1, 20, 0, 0, 0, shanghai)
	clock = ordered
	err = ingest(profile.Event{
		MessageID: "1", Name: "Order Completed", Time: ordered,
		Identifiers: []profile.Identifier{id("user_id", "u-1")},
	})(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	// last_order < ago("30d"): ago is the start of the day 29 days before today,
	// so the tag holds from the start of the 30th day after the order's.
	flip := time.Date(2026, 1, 31, 0, 0, 0, 0, shanghai)
	for _, c := range []struct {
		at   time.Time
		want uint64
	}{
		{ordered, 0},
		{flip.Add(-time.Nanosecond), 0},
		{flip, 1},
		{flip.Add(time.Nanosecond), 1},
		{flip.AddDate(1, 0, 0), 1},
	} {
		clock = c.at
		for _, text := range []string{`tag("沉睡")`, `last_order < ago("30d")`, `last_time("Order Completed") < ago("30d")`} {
			got, err := db.Count(t.Context(), segment.MustParse(text))
			if err != nil || got != c.want {
				t.Errorf("at %s: %s counts %d, %v; want %d", c.at, text, got, err, c.want)
			}
		}
		if err := db.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestExactInTime_many fires more deadlines at one instant than one batch holds,
// with a crash of the process in between played by a clock that stands still.
func TestExactInTime_many(t *testing.T) {
	clock := now
	dir := t.TempDir()
	opts := &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true}
	db := open(t, dir, opts)
	apply(t, db, testModel)
	const people = 10_000
	events := make([]profile.Event, people)
	for i := range events {
		events[i] = profile.Event{
			MessageID: word(rng(1, uint64(i)), 1<<30), Name: "Order Completed", Time: now,
			Identifiers: []profile.Identifier{id("user_id", word(rng(2, uint64(i)), 1<<40))},
		}
	}
	res, err := db.Ingest(t.Context(), events...)
	if err != nil || res.Accepted < people*9/10 {
		t.Fatalf("%+v %v", res, err)
	}
	asleep := segment.MustParse(`tag("沉睡")`)
	count := func() uint64 {
		t.Helper()
		n, err := db.Count(t.Context(), asleep)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	view, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer view.Close()
	if n := count(); n != 0 {
		t.Errorf("%d asleep at once", n)
	}
	clock = now.AddDate(0, 0, 40)
	everyone, err := db.Count(t.Context(), everybody)
	if err != nil {
		t.Fatal(err)
	}
	if n := count(); n != everyone {
		t.Errorf("%d asleep, want %d", n, everyone)
	}
	if n, err := view.Count(t.Context(), asleep); n != 0 || err != nil {
		t.Errorf("the old view counts %d, %v", n, err)
	}
	// The clock goes back: answers do not.
	clock = now
	if n := count(); n != everyone {
		t.Errorf("%d asleep after the clock went back, want %d", n, everyone)
	}
}

func TestAdvance_beyond_the_clock(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, testModel)
	err := ingest(profile.Event{
		MessageID: "1", Type: profile.Identify, Time: now,
		Identifiers: []profile.Identifier{id("user_id", "u-1")},
		Traits:      map[string]profile.Value{"registered": profile.Time(now)},
	})(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	old := segment.MustParse(`tag("老客")`)
	flip := now.AddDate(0, 0, 45).Add(time.Microsecond)
	for i, at := range []time.Time{flip.Add(-time.Microsecond), flip} {
		if err := db.Advance(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		if n, err := db.Count(t.Context(), old); n != uint64(i) || err != nil {
			t.Errorf("at %s: %d, %v; want %d", at, n, err, i)
		}
	}
	if err := db.Advance(t.Context(), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("the year 1 was accepted")
	}
}

// A rule of so many dates that the search for its next change is given up, and
// whose bound is nearer when asked later, still changes in time.
func TestExactInTime_dozens_of_dates(t *testing.T) {
	const n = 80
	var parts []string
	for day := 6; day < 6+n; day++ { // true for five days, and for half of that day
		parts = append(parts, fmt.Sprintf(`(d > now() - "5d" or d < now() - "%dh" and d > now() - "%dh")`, 24*day, 24*day+12))
	}
	rule := fmt.Sprintf(`at_least(%d, %s, d < now() - "400d") or e < now() - "100d"`, n+1, strings.Join(parts, ", "))
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(epoch0)})
	apply(t, db, "traits:\n  d: {type: time}\n  e: {type: time}\ntags:\n  x: {rule: '"+rule+"'}\n")
	tell := func(trait string) step {
		return ingest(profile.Event{
			Type: profile.Identify, Time: epoch0, Identifiers: []profile.Identifier{id("user_id", "1")},
			Traits: map[string]profile.Value{trait: profile.Time(epoch0)},
		})
	}
	advance := func(days int) step {
		return func(ctx context.Context, db *portrait.DB) error {
			return db.Advance(ctx, epoch0.AddDate(0, 0, days).Add(time.Hour))
		}
	}
	play(t, db, []step{advance(0), tell("d"), advance(5), tell("e"), advance(99)}, 1)
	for _, want := range []uint64{0, 1} {
		if got, err := db.Count(t.Context(), segment.MustParse(`tag("x")`)); got != want || err != nil {
			t.Errorf("%d have the tag, %v; want %d", got, err, want)
		}
		play(t, db, []step{advance(100)}, 1)
	}
}
