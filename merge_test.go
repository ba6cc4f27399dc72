package portrait_test

import (
	"context"
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
		if _, err := db.Link(t.Context(), p[0], p[1], portrait.Decision{At: epoch0, ID: "link"}); err != nil {
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
	if _, err := db.Unlink(t.Context(), p[0], p[1], portrait.Decision{At: epoch0.AddDate(0, 0, 1), ID: "unlink"}); err != nil {
		t.Fatal(err)
	}
}

// Merges and splits count profiles that are gone and new, not identifiers that go
// from one profile to another.
func TestMetrics_merges_and_splits(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, "identity:\n  namespaces:\n    - {name: user_id, priority: 1, unique: true}\n    - {name: device_id, priority: 2}\n")
	a, b, device := id("user_id", "a"), id("user_id", "b"), id("device_id", "d")
	see := func(day int, ids ...profile.Identifier) step {
		return ingest(profile.Event{Type: profile.Page, Time: epoch0.AddDate(0, 0, day), Identifiers: ids})
	}
	for i, s := range []struct {
		step                   step
		people, merges, splits uint64
	}{
		{see(0, b), 1, 0, 0},
		{see(10, a, device), 2, 0, 0},
		{see(11, device), 2, 0, 0},
		{see(5, b, device), 2, 0, 0}, // the device goes over to b
		{func(ctx context.Context, db *portrait.DB) error {
			return only(db.Unlink(ctx, b, device, portrait.Decision{At: epoch0}))
		}, 2, 0, 0}, // and back
		{func(ctx context.Context, db *portrait.DB) error {
			return only(db.Unlink(ctx, a, device, portrait.Decision{At: epoch0}))
		}, 3, 0, 1},
		{func(ctx context.Context, db *portrait.DB) error {
			return only(db.Link(ctx, b, device, portrait.Decision{At: epoch0.AddDate(0, 0, 1)}))
		}, 2, 1, 1},
	} {
		if err := s.step(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		m := db.Metrics()
		people, err := db.Count(t.Context(), everybody)
		if people != s.people || m.Merges != s.merges || m.Splits != s.splits || err != nil {
			t.Errorf("step %d: %d people, %d merges, %d splits, %v; want %d, %d, %d", i, people, m.Merges, m.Splits, err, s.people, s.merges, s.splits)
		}
	}
}
