package portrait_test

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/backup"
)

// TestBackup takes backups while a store grows and puts each back: it is the store as of
// its epoch, and later ones put only what is new.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	o := &portrait.Options{Clock: fixed(now), MemTableBytes: 256 << 10, NoSync: true}
	db := open(t, filepath.Join(dir, "db"), o)
	apply(t, db, testModel)
	target, err := backup.OpenDir(filepath.Join(dir, "backups"))
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	var made []backup.Manifest
	var digests []portrait.Digest
	n := 0
	for range 4 {
		for range 150 {
			take(t, db, callOf(n)...)
			n++
		}
		m, err := db.Admin().Backup(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		made, digests = append(made, m), append(digests, digest(t, db, now))
	}
	if err := backup.Verify(t.Context(), target); err != nil {
		t.Error(err)
	}
	for i, m := range made {
		into := filepath.Join(dir, m.ID)
		if _, err := backup.Restore(t.Context(), target, m.ID, into, backup.RestoreOptions{NoLedger: true}); err != nil {
			t.Fatal(err)
		}
		again := open(t, into, o)
		if got := digest(t, again, now); got != digests[i] {
			t.Errorf("backup %d: digest %s, want %s", i, got, digests[i])
		}
		checkAndClose(t, again)
	}
	check := filepath.Join(dir, "checkpoint")
	if err := db.Admin().Checkpoint(t.Context(), check); err != nil {
		t.Fatal(err)
	}
	if err := db.Admin().Checkpoint(t.Context(), check); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a checkpoint over another: %v", err)
	}
	other := open(t, check, o)
	if got := digest(t, other, now); got != digests[3] {
		t.Errorf("the checkpoint: digest %s, want %s", got, digests[3])
	}
	var ledger bytes.Buffer
	if err := db.Privacy().ExportLedger(t.Context(), &ledger); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(ledger.String(), "entries 0\n") {
		t.Error(ledger.String())
	}
}
