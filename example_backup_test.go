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
	made, err := db.Admin().Backup(ctx, target)
	if err != nil {
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
	again := filepath.Join(dir, "again")
	if _, err := backup.Restore(ctx, target, made.ID, again, backup.RestoreOptions{Ledger: &ledger}); err != nil {
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
