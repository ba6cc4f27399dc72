package portrait_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// forgetfulModel keeps events, of which no more than two identifiers count.
const forgetfulModel = `
identity:
  max_identifiers: 2
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: email, priority: 2, kind: contact, trait: email}
    - {name: device_id, priority: 3, kind: device}
traits:
  city: {index: true}
log: {retain: 3650d}
`

// forgetful opens a store of forgetfulModel.
func forgetful(t *testing.T, clock func() time.Time) *portrait.DB {
	t.Helper()
	db := open(t, t.TempDir(), &portrait.Options{Clock: clock, NoSync: true})
	apply(t, db, forgetfulModel)
	return db
}

// takenIn takes one event in, of epoch0 where it has no time, and of that name as its
// message ID.
func takenIn(t *testing.T, db *portrait.DB, message string, e profile.Event) portrait.Result {
	t.Helper()
	e.Source, e.MessageID = "web", message // without one where it is empty
	if e.Time.IsZero() {
		e.Time = epoch0
	}
	res, err := db.Ingest(t.Context(), e)
	if err != nil || res.Accepted != 1 {
		t.Fatalf("%s: %+v, %v", message, res, err)
	}
	return res
}

// keptOf returns the kept events of somebody as text.
func keptOf(t *testing.T, db *portrait.DB, who profile.Identifier) string {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var text strings.Builder
	for e, err := range v.Timeline(t.Context(), who, time.Time{}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "%+v\n", e)
	}
	return text.String()
}

// purged purges a store.
func purged(t *testing.T, db *portrait.DB) {
	t.Helper()
	if _, err := db.Privacy().Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
}

var (
	mei = []profile.Identifier{id("user_id", "mei"), id("email", "mei@example.cn")}
	bo  = []profile.Identifier{id("user_id", "bo")}
	// gift is an event of his that names her, beside no evidence that joins them.
	gift = profile.Event{Name: "Gift Sent", Identifiers: bo, Properties: map[string]profile.Value{"to": profile.String("mei@example.cn")}}
)

// TestSuppress_erased suppresses an identifier of somebody erased once more: a Purge
// still looks for it.
func TestSuppress_erased(t *testing.T) {
	db := forgetful(t, fixed(now))
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: mei})
	takenIn(t, db, "2", gift)
	if _, err := db.Privacy().Erase(t.Context(), mei[0]); err != nil {
		t.Fatal(err)
	}
	if err := db.Privacy().Suppress(t.Context(), mei...); err != nil {
		t.Fatal(err)
	}
	purged(t, db)
	if got := keptOf(t, db, bo[0]); strings.Contains(got, "mei") {
		t.Errorf("he is still said to have done\n%s", got)
	}
}

// TestSuppress_beyond_the_most names somebody suppressed behind as many identifiers as
// count: the event is kept without her.
func TestSuppress_beyond_the_most(t *testing.T) {
	db := forgetful(t, fixed(now))
	if err := db.Privacy().Suppress(t.Context(), id("device_id", "kiosk"), mei[1]); err != nil {
		t.Fatal(err)
	}
	named := []profile.Identifier{bo[0], id("email", "bo@example.cn"), id("device_id", "kiosk")}
	if res := takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: named}); res.Dropped != 1 {
		t.Errorf("%+v", res)
	}
	told := profile.Event{Type: profile.Identify, Identifiers: named[:2], Traits: map[string]profile.Value{"email": profile.String("Mei@example.cn")}}
	if res := takenIn(t, db, "2", told); res.Dropped != 1 {
		t.Errorf("%+v", res)
	}
	if got := keptOf(t, db, bo[0]); strings.Contains(got, "kiosk") || strings.Contains(strings.ToLower(got), "mei@") || strings.Count(got, "bo@") != 2 {
		t.Errorf("he is said to have done\n%s", got)
	}
}

// TestSuppress_without_message_IDs takes in events that differ by who is suppressed alone:
// each counts, and none is kept in the place of another.
func TestSuppress_without_message_IDs(t *testing.T) {
	db := forgetful(t, fixed(now))
	kiosks := []profile.Identifier{id("device_id", "a"), id("device_id", "b")}
	if err := db.Privacy().Suppress(t.Context(), kiosks...); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, kiosk := range kiosks {
			e := profile.Event{Source: "web", Name: "Order Completed", Time: epoch0, Identifiers: []profile.Identifier{bo[0], kiosk}}
			if _, err := db.Ingest(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	p, err := db.Profile(t.Context(), bo[0])
	if err != nil || len(p.Counters) != 1 || p.Counters[0].Count != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	if got := keptOf(t, db, bo[0]); got != "" {
		t.Errorf("he is said to have done\n%s", got)
	}
}
