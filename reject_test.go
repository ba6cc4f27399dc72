package portrait_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// TestNoInputBreaksIt hands in every kind of bad event between two good ones:
// each is refused by itself, with its field and reason, and the good ones go in.
func TestNoInputBreaksIt(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, testModel)
	many := map[string]profile.Value{}
	for i := range 10_000 {
		many[strings.Repeat("p", 1+i%100)+string(rune('a'+i/100%26))+string(rune('a'+i/2600))] = profile.Number(1)
	}
	deep := profile.Number(1)
	for range 1000 {
		deep = profile.List(deep)
	}
	good := func() profile.Event {
		return profile.Event{
			MessageID: "bad", Name: "Order Completed", Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", "u-1")},
		}
	}
	with := func(change func(*profile.Event)) profile.Event {
		e := good()
		change(&e)
		return e
	}
	prop := func(name string, v profile.Value) profile.Event {
		return with(func(e *profile.Event) { e.Properties = map[string]profile.Value{name: v} })
	}
	cases := map[string]struct {
		event         profile.Event
		field, reason string
	}{
		"no identifier":       {with(func(e *profile.Event) { e.Identifiers = nil }), "identifiers", "no_identifier"},
		"unknown type":        {with(func(e *profile.Event) { e.Type = 77 }), "type", "unknown_type"},
		"no name":             {with(func(e *profile.Event) { e.Name = "" }), "event", "missing_name"},
		"year 1":              {with(func(e *profile.Event) { e.Time = time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC) }), "timestamp", "time_out_of_range"},
		"year 9999":           {with(func(e *profile.Event) { e.Time = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }), "timestamp", "time_in_future"},
		"next month":          {with(func(e *profile.Event) { e.Time = now.AddDate(0, 1, 0) }), "timestamp", "time_in_future"},
		"NaN":                 {prop("revenue", profile.Number(math.NaN())), "properties.revenue", "not_finite"},
		"infinity":            {prop("other", profile.Number(math.Inf(-1))), "properties.other", "not_finite"},
		"2 MiB":               {prop("text", profile.String(strings.Repeat("x", 2<<20))), "properties.text", "too_long"},
		"invalid UTF-8":       {prop("text", profile.String("\xff\xfe")), "properties.text", "invalid_utf8"},
		"10,000 properties":   {with(func(e *profile.Event) { e.Properties = many }), "properties", "too_many_properties"},
		"depth 1,000":         {prop("deep", deep), "properties.deep", "too_deep"},
		"blocked":             {with(func(e *profile.Event) { e.Identifiers[0].Value = "null" }), "identifiers", "blocked_identifier"},
		"not a number":        {prop("revenue", profile.String("12")), "properties.revenue", "not_a_number"},
		"beyond a sum's span": {prop("revenue", profile.Number(1e19)), "properties.revenue", "out_of_range"},
		"wrong trait":         {with(func(e *profile.Event) { e.Traits = map[string]profile.Value{"age": profile.String("x")} }), "traits.age", "trait_type"},
	}
	n := 0
	for name, c := range cases {
		before, after := good(), good()
		before.MessageID, after.MessageID = name+"<", name+">"
		c.event.MessageID = name
		res, err := db.Ingest(t.Context(), before, c.event, after)
		n += 2
		if err != nil || res.Accepted != 2 || len(res.Rejected) != 1 {
			t.Errorf("%s: %+v, %v", name, res, err)
			continue
		}
		if r := res.Rejected[0]; r.Index != 1 || !strings.HasPrefix(r.Field, c.field) || r.Reason != c.reason {
			t.Errorf("%s: refused as %+v, want field %s and reason %s", name, r, c.field, c.reason)
		}
	}
	if got := db.Metrics().Accepted; got != uint64(n) {
		t.Errorf("%d events accepted, want %d", got, n)
	}
}

// TestIdempotent sends events again: alone, in other batches, at once, after
// reopening, with other received times, and with other content.
func TestIdempotent(t *testing.T) {
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now)}
	db := open(t, dir, opts)
	apply(t, db, testModel)
	events := make([]profile.Event, 50)
	for i := range events {
		events[i] = killEvent(i)
		if i%5 == 0 {
			events[i].MessageID = "" // its content is its ID
			events[i].Properties["i"] = profile.Number(float64(i))
		}
		if i%7 == 0 {
			events[i].Time = time.Time{}
			events[i].Received = epoch0
		}
	}
	take := func(want portrait.Result, events ...profile.Event) {
		t.Helper()
		got, err := db.Ingest(t.Context(), events...)
		if err != nil || got.Accepted != want.Accepted || got.Duplicate != want.Duplicate || len(got.Rejected) != len(want.Rejected) {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
		for i := range want.Rejected {
			if got.Rejected[i].Index != want.Rejected[i].Index || got.Rejected[i].Reason != want.Rejected[i].Reason {
				t.Fatalf("refused as %+v, want %+v", got.Rejected[i], want.Rejected[i])
			}
		}
	}
	take(portrait.Result{Accepted: 50}, events...)
	before := digest(t, db, now)
	take(portrait.Result{Duplicate: 50}, events...)
	checkAndClose(t, db)
	db = open(t, dir, opts)
	for i := range events {
		events[i].Received = now.Add(-time.Hour) // received again, later
		take(portrait.Result{Duplicate: 1}, events[i])
	}
	changed := events[1]
	changed.Properties = map[string]profile.Value{"revenue": profile.Number(999)}
	take(portrait.Result{Rejected: []portrait.Rejection{{Index: 0, Reason: profile.ReasonReused}}}, changed)
	first, second := killEvent(1000), killEvent(1000)
	second.Properties = map[string]profile.Value{"revenue": profile.Number(2)}
	take(portrait.Result{Duplicate: 2, Rejected: []portrait.Rejection{{Index: 1, Reason: profile.ReasonReused}}}, events[3], changed, events[4])
	if after := digest(t, db, now); after != before {
		t.Error("events sent again changed something")
	}
	take(portrait.Result{Accepted: 1, Duplicate: 1, Rejected: []portrait.Rejection{{Index: 2, Reason: profile.ReasonReused}}}, first, first, second)
}
