package portrait_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// turnover has some thousand people go back and forth between tags, and returns how many
// changes a reader was told that reads on after each round, and the cursor that it began with.
func turnover(t *testing.T, db *portrait.DB, rounds int) (told int, first portrait.Cursor) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 8))
	var text strings.Builder
	text.WriteString("traits: {n: {type: number}}\ntags:\n")
	for tag := range 16 { // every event turns half of them
		text.WriteString(fmt.Sprintf("  t%d: {rule: 'n in [-1", tag))
		for n := range 16 {
			if r.IntN(2) == 0 {
				text.WriteString(fmt.Sprint(", ", n))
			}
		}
		text.WriteString("]'}\n")
	}
	apply(t, db, text.String())
	v := viewOf(t, db)
	first = v.Cursor()
	v.Close()
	since := first
	for round := range rounds {
		events := make([]profile.Event, 300)
		for i := range events {
			who := r.IntN(5000)
			events[i] = profile.Event{
				MessageID: fmt.Sprint(round, "-", i), Type: profile.Identify, Time: epoch0.Add(time.Duration(round) * time.Minute),
				Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", who))},
				Traits:      map[string]profile.Value{"n": profile.Number(float64(r.IntN(16)))},
			}
		}
		take(t, db, events...)
		v := viewOf(t, db)
		for c, err := range v.Changes(t.Context(), since) {
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			since, told = c.Cursor, told+1
		}
		v.Close()
	}
	return told, first
}

// TestFeedTrimmed_by_size: beyond Options.MaxFeedBytes the oldest changes go, whatever their
// age; who has not read them is told so, who reads on misses nothing, and without a bound
// none goes.
func TestFeedTrimmed_by_size(t *testing.T) {
	const bound, rounds = 16 << 10, 25
	var all int
	for _, most := range []int64{-1, bound} {
		opts := small(vfs.NewMem())
		opts.MaxFeedBytes, opts.FeedRetention, opts.NoSync = most, -1, true
		db, err := portrait.Open("db", opts)
		if err != nil {
			t.Fatal(err)
		}
		told, first := turnover(t, db, rounds)
		v := viewOf(t, db)
		kept, err := collect(v.Changes(t.Context(), portrait.Cursor{}))
		if err != nil {
			t.Fatal(err)
		}
		_, late := collect(v.Changes(t.Context(), first))
		v.Close()
		t.Logf("bound %d: %d changes, %d kept, %d bytes", most, told, len(kept), db.Metrics().FeedBytes)
		switch {
		case most < 0:
			if all = told; len(kept) < all || late != nil || db.Metrics().FeedBytes < 2*bound {
				t.Errorf("without a bound %d of %d changes are kept, in %d bytes: %v", len(kept), all, db.Metrics().FeedBytes, late)
			}
		case told != all:
			t.Errorf("who reads on was told %d changes of %d", told, all)
		case !errors.Is(late, portrait.ErrTrimmed) || len(kept) > all*3/4 || len(kept) < all/20:
			t.Errorf("%d of %d changes are kept, from the first on: %v", len(kept), all, late)
		}
		checkAndClose(t, db)
	}
	if _, err := portrait.Open("db", portrait.WithFS(portrait.Options{MaxFeedBytes: 1}, vfs.NewMem())); err == nil {
		t.Error("a bound of a byte was taken")
	}
}
