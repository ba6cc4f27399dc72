package portrait_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

var everybody = segment.MustParse("true")

func errorIs(err, target error) bool { return errors.Is(err, target) }

// TestMergeExact_undone merges people by a Link and by an event that names both, and
// takes both back: the Digest is that of a store that never merged.
func TestMergeExact_undone(t *testing.T) {
	opts := &portrait.Options{Clock: fixed(now)}
	r := seed(t)
	steps := history(r, 60, 0)
	plain := open(t, t.TempDir(), opts)
	apply(t, plain, testModel)
	play(t, plain, steps, 1)

	db := open(t, t.TempDir(), opts)
	apply(t, db, testModel)
	play(t, db, steps, 1)
	var pairs [][2]profile.Identifier
	for range 12 {
		pairs = append(pairs, [2]profile.Identifier{
			id("anonymous_id", fmt.Sprint("a-", r.IntN(14))), id("user_id", fmt.Sprint("u-", r.IntN(7))),
		})
	}
	// Histories may have seen a pair together: there the store that never merged
	// is one that was told so before.
	for _, p := range pairs {
		unlink(t, plain, p)
	}
	merged := 0
	for i, p := range pairs {
		before := digest(t, db, now)
		if err := db.Link(t.Context(), p[0], p[1], portrait.Decision{At: epoch0, ID: "link"}); err != nil {
			t.Fatal(err)
		}
		if digest(t, db, now) != before {
			merged++
		}
		if i%4 == 3 { // an event that names both ends
			e := profile.Event{MessageID: fmt.Sprint("both", i), Type: profile.Identify, Time: epoch0, Identifiers: p[:]}
			for _, s := range []*portrait.DB{db, plain} {
				if err := ingest(e)(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	want := digest(t, plain, now)
	if merged == 0 {
		t.Error("no Link changed anything: the test shows nothing")
	}
	for _, p := range pairs {
		unlink(t, db, p)
	}
	if got := digest(t, db, now); got != want {
		t.Errorf("digest after merging and unlinking %s, never merged %s", got, want)
	}
}

func unlink(t *testing.T, db *portrait.DB, p [2]profile.Identifier) {
	t.Helper()
	if err := db.Unlink(t.Context(), p[0], p[1], portrait.Decision{At: epoch0.AddDate(0, 0, 1), ID: "unlink"}); err != nil {
		t.Fatal(err)
	}
}
