package portrait_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// Nothing in the place of a writer, a reader or a target is an error that says so, and a head
// of a record that never is in the audit log is none.
func TestPrivacy_nothing_given(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	takenIn(t, db, "1", profile.Event{Name: "Opened", Identifiers: []profile.Identifier{id("user_id", "mei")}})
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, replayed := db.Privacy().ReplayLedger(t.Context(), nil)
	_, backedUp := db.Admin().Backup(t.Context(), nil)
	for name, err := range map[string]error{
		"Export": v.Export(t.Context(), id("user_id", "mei"), nil), "ExportLedger": db.Privacy().ExportLedger(t.Context(), nil),
		"ReplayLedger": replayed, "Backup": backedUp, "BackupKeys": db.Admin().BackupKeys(t.Context(), nil),
	} {
		if err == nil || !strings.Contains(err.Error(), "is nil") {
			t.Errorf("%s: %v", name, err)
		}
	}
	v.Close()
	if _, err := db.Privacy().VerifyAudit(t.Context(), privacy.Head{Hash: [32]byte{1}}); !errors.Is(err, portrait.ErrCorrupt) || !strings.Contains(err.Error(), "never") {
		t.Errorf("a hash of record 0: %v", err)
	}
	if _, err := db.Privacy().VerifyAudit(t.Context(), privacy.Head{}); err != nil {
		t.Errorf("the head of an empty log: %v", err)
	}
	checkAndClose(t, db)
	_, erased := db.Privacy().Erase(t.Context())
	for name, err := range map[string]error{"Erase": erased, "Restrict": db.Privacy().Restrict(t.Context())} {
		if !errors.Is(err, portrait.ErrClosed) {
			t.Errorf("%s of nobody after Close: %v", name, err)
		}
	}
}
