package portrait_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// TestAudit_purge_broken_off breaks a Purge off while it waits for a view: that it began is on
// record, and not that it ended.
func TestAudit_purge_broken_off(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, testModel)
	her := id("user_id", "mei")
	take(t, db, profile.Event{MessageID: "1", Name: "Order Completed", Time: epoch0, Identifiers: []profile.Identifier{her}})
	erased, err := db.Privacy().Erase(t.Context(), her)
	if err != nil {
		t.Fatal(err)
	}
	purges := func() (all []string) {
		t.Helper()
		for rec, err := range db.Privacy().Audit(t.Context(), erased.Audit.Number+1) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, rec.What+" "+rec.Detail)
		}
		return all
	}
	v := viewOf(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := db.Privacy().Purge(ctx)
		ended <- err
	}()
	for len(purges()) == 0 && len(ended) == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("a Purge that was given up: %v", err)
	}
	if got := purges(); !slices.Equal(got, []string{"purge begun"}) {
		t.Errorf("on record: %q", got)
	}
	v.Close()
	if _, err := db.Privacy().Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := purges(); !slices.Equal(got, []string{"purge begun", "purge begun", "purge "}) {
		t.Errorf("on record: %q", got)
	}
}
