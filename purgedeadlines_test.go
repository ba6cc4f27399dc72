package portrait_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// TestPurge_deadlines removes the deadlines of who was erased, and those alone: whoever stays
// changes when time comes.
func TestPurge_deadlines(t *testing.T) {
	fs := vfs.NewMem()
	opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
	db, err := portrait.Open("db", opts)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, "tags:\n  lately: {rule: 'count(\"Opened\", last(\"30d\")) >= 1'}\n  often: {rule: 'count(\"Opened\", last(\"7d\")) >= 2'}\n")
	const people = 8
	user := func(n int) profile.Identifier { return id("user_id", fmt.Sprint("u", n)) }
	for i := range 3 * people {
		takenIn(t, db, fmt.Sprint(i), profile.Event{Name: "Opened", Time: now.Add(-time.Duration(i) * time.Hour), Identifiers: []profile.Identifier{user(i % people)}})
	}
	// Of whom there are deadlines, and how many.
	armed := func() (whose map[uint32]int) {
		t.Helper()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		whose = map[uint32]int{}
		tamper(t, fs, func(s *store.Store, b *store.Batch) {
			for key := range pairs(t, s, keys.Deadline) {
				_, ordinal, _ := keys.ReadDeadline(key)
				whose[ordinal]++
			}
			b.Delete([]byte{keys.Meta, 'x'})
		})
		if db, err = portrait.Open("db", opts); err != nil {
			t.Fatal(err)
		}
		return whose
	}
	before := armed()
	if len(before) != people {
		t.Fatalf("there are deadlines of %d people", len(before))
	}
	erased, err := db.Privacy().Erase(t.Context(), user(1), user(5))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Privacy().Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, gone := range erased.Profiles {
		delete(before, gone.Ordinal())
	}
	if after := armed(); fmt.Sprint(after) != fmt.Sprint(before) || len(after) != people-2 {
		t.Errorf("after a purge there are deadlines %v, want %v", after, before)
	}
	if err := db.Advance(t.Context(), now.Add(60*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)
}
