package portrait_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/profile"
)

// nightly makes a backup and keeps seven.
func nightly(ctx context.Context, db *portrait.DB, target backup.Target) error {
	if _, err := db.Admin().Backup(ctx, target); err != nil {
		return err
	}
	all, err := backup.List(target) // the oldest first
	if err != nil {
		return err
	}
	var keep []string
	for _, m := range all[max(0, len(all)-7):] {
		keep = append(keep, m.ID)
	}
	_, err = backup.Prune(ctx, target, keep...)
	return err
}

// Example_backup makes a backup, erases somebody, and restores the backup with the ledger of
// erasures of today: who was erased stays erased.
func Example_backup() {
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := portrait.Open(filepath.Join(dir, "data"), nil)
	if err != nil {
		log.Fatal(err)
	}
	mei, bo := profile.Identifier{Namespace: "user_id", Value: "mei"}, profile.Identifier{Namespace: "user_id", Value: "bo"}
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	_, err = db.Ingest(ctx,
		profile.Event{MessageID: "1", Name: "Signed Up", Time: at, Identifiers: []profile.Identifier{mei}},
		profile.Event{MessageID: "2", Name: "Signed Up", Time: at, Identifiers: []profile.Identifier{bo}})
	if err != nil {
		log.Fatal(err)
	}

	target, err := backup.OpenDir(filepath.Join(dir, "backups"))
	if err != nil {
		log.Fatal(err)
	}
	defer target.Close()
	if err := nightly(ctx, db, target); err != nil {
		log.Fatal(err)
	}
	if _, err := db.Privacy().Erase(ctx, mei); err != nil {
		log.Fatal(err)
	}
	var ledger bytes.Buffer // kept apart from the backups
	if err := db.Privacy().ExportLedger(ctx, &ledger); err != nil {
		log.Fatal(err)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}

	// The directory is lost.
	if err := backup.Verify(ctx, target); err != nil {
		log.Fatal(err)
	}
	all, err := backup.List(target)
	if err != nil {
		log.Fatal(err)
	}
	again := filepath.Join(dir, "again")
	if _, err := backup.Restore(ctx, target, all[len(all)-1].ID, again, backup.RestoreOptions{Ledger: &ledger}); err != nil {
		log.Fatal(err)
	}
	if db, err = portrait.Open(again, nil); err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_, err = db.Profile(ctx, mei)
	fmt.Println("mei is there:", !errors.Is(err, portrait.ErrNotFound))
	_, err = db.Profile(ctx, bo)
	fmt.Println("bo is there:", !errors.Is(err, portrait.ErrNotFound))
	// Output:
	// mei is there: false
	// bo is there: true
}
