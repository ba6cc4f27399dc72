package portrait_test

import (
	"testing"
	"time"

	"github.com/portraitdb/portrait"
)

// Time passes by somebody who was erased: what was due of them leads nowhere.
func TestErase_then_time_passes(t *testing.T) {
	clock := now
	db := open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }})
	apply(t, db, timerModel)
	take(t, db, wasSeen("a", clock), wasSeen("b", clock))
	if _, err := db.Privacy().Erase(t.Context(), wasSeen("a", clock).Identifiers...); err != nil {
		t.Fatal(err)
	}
	clock = clock.AddDate(0, 0, 20)
	for range 2 {
		if err := db.Advance(t.Context(), clock); err != nil {
			t.Fatal(err)
		}
	}
	checkAndClose(t, db)
}
