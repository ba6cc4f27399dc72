package portrait_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// However far off the guess of how many nodes there are, everybody is met once, in the
// order of tokens, and the batches come to be as large as they should.
func TestFill_meets_everybody_once(t *testing.T) {
	const people = 3000
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	events := make([]profile.Event, people)
	for i := range events {
		events[i] = profile.Event{
			Type: profile.Page, MessageID: fmt.Sprint(i), Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u-", i))},
		}
		if i%3 == 0 { // some of several nodes
			events[i].Identifiers = append(events[i].Identifiers, id("email", fmt.Sprintf("p%d@example.com", i)), id("device_id", fmt.Sprint("d-", i)))
		}
	}
	if res, err := db.Ingest(t.Context(), events...); err != nil || res.Accepted != people {
		t.Fatalf("%+v, %v", res, err)
	}
	var want []profile.ID
	for p, err := range allProfiles(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, p.ID)
	}
	if len(want) != people {
		t.Fatalf("%d profiles", len(want))
	}
	for _, tc := range []struct {
		batch         int
		all           uint64
		least, atMost int // batches
	}{
		{batch: 1 << 20, all: people, least: 1, atMost: 1},
		{batch: 320, all: 5000, least: 12, atMost: 25},
		{batch: 320, all: 1, least: 12, atMost: 60},       // all seem to fit into one piece, which is cut
		{batch: 320, all: 1 << 50, least: 12, atMost: 60}, // the first pieces are empty
		{batch: 1, all: people, least: 100, atMost: 1500},
	} {
		met, batches, err := portrait.FillEvery(t.Context(), db, tc.batch, tc.all)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, met); diff != "" {
			t.Errorf("batches of %d, %d guessed: %d met, %d of them distinct:\n%s", tc.batch, tc.all, len(met), distinct(met), diff)
		}
		if batches < tc.least || batches > tc.atMost {
			t.Errorf("batches of %d, %d guessed: %d batches, want %d to %d", tc.batch, tc.all, batches, tc.least, tc.atMost)
		}
	}
}

func distinct(ids []profile.ID) int {
	return len(slices.Compact(slices.Sorted(slices.Values(ids))))
}

// A batch that keeps writers waiting for too long is followed by a smaller one, whatever
// it held.
func TestFill_leaves_writers_their_turn(t *testing.T) {
	const width = 1 << 40
	for _, tc := range []struct {
		took time.Duration
		want uint64
	}{
		{0, width},
		{portrait.FillTurn / 3, width},
		{portrait.FillTurn, width},
		{2 * portrait.FillTurn, width / 2},
		{time.Hour, width / 4},
	} {
		if got := portrait.FillSlowly(width, tc.took); got != tc.want {
			t.Errorf("after %v: %d, want %d", tc.took, got, tc.want)
		}
	}
}
