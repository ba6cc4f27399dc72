package portrait_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// A ledger of more bytes than there may be, cut short or changed erases nobody, and the error
// says what is the matter and where.
func TestReplayLedger_refused(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	for _, who := range []string{"mei", "bo"} {
		take(t, db, profile.Event{MessageID: who, Name: "Order Completed", Time: epoch0, Identifiers: []profile.Identifier{id("user_id", who)}})
	}
	if _, err := db.Privacy().Erase(t.Context(), id("user_id", "mei")); err != nil {
		t.Fatal(err)
	}
	ledger := ledgerOf(t, db)
	epoch, want := db.Metrics().Epoch, digest(t, db, now)
	most := int64(len(ledger))
	refused := func(what string, data []byte, most int64, want string) {
		t.Helper()
		if err := portrait.ReplayLedger(t.Context(), db, bytes.NewReader(data), most); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	refused("a byte too many", ledger, most-1, fmt.Sprintf("ledger of erasures: it has more than %d bytes, which is the most", most-1))
	refused("cut short", ledger[:len(ledger)/2], most, "it ends within line ")
	refused("changed", bytes.Replace(ledger, []byte("entries 1"), []byte("entries 2"), 1), most, "line 6: ")
	if e, got := db.Metrics().Epoch, digest(t, db, now); e != epoch || got != want {
		t.Errorf("commit %d, and it was %d; digest %s, want %s", e, epoch, got, want)
	}
	if err := portrait.ReplayLedger(t.Context(), db, bytes.NewReader(ledger), most); err != nil {
		t.Errorf("as many bytes as there may be: %v", err)
	}
}
