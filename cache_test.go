package portrait_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// The states of people are kept within StateCacheBytes, about, whether they are
// new, known, or come again in events that were taken in before.
func TestStateCache_bounded(t *testing.T) {
	const bound = 1 << 20
	var events []profile.Event
	for i := range 6000 {
		events = append(events, profile.Event{
			Type: profile.Identify, MessageID: fmt.Sprint("p", i), Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))},
			Traits:      map[string]profile.Value{"note": profile.String(strings.Repeat("x", 1000))},
		})
	}
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now), NoSync: true, StateCacheBytes: bound}
	for _, round := range []struct {
		name  string
		batch int
	}{{"new, small batches", 100}, {"duplicates", 1000}} {
		db := open(t, dir, opts)
		for i := 0; i < len(events); i += round.batch {
			if _, err := db.Ingest(t.Context(), events[i:i+round.batch]...); err != nil {
				t.Fatal(err)
			}
		}
		n, bytes := portrait.CachedNodes(db)
		if bytes > bound || n == 0 {
			t.Errorf("%s: %d nodes, records of %d bytes are kept, more than %d", round.name, n, bytes, bound)
		}
		checkAndClose(t, db)
	}
	db := open(t, t.TempDir(), opts)
	if _, err := db.Ingest(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	if n, bytes := portrait.CachedNodes(db); bytes > bound || n == 0 {
		t.Errorf("one large batch: %d nodes, records of %d bytes are kept, more than %d", n, bytes, bound)
	}
}
