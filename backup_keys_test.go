package portrait_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/profile"
)

// slowKeys is a target that keeps one Put of a key file waiting, with what it was given.
type slowKeys struct {
	*backup.Dir
	nth     int // which, from 1 on
	release chan struct{}
	begun   int
}

func (d *slowKeys) Put(name string, content io.Reader) error {
	if strings.HasPrefix(name, "keys/") {
		if d.begun++; d.begun == d.nth {
			<-d.release
		}
	}
	return d.Dir.Put(name, content)
}

// TestShred_keys_in_order erases somebody while a slow target is still given the key file of
// before by a Backup: what it has in the end is the key file of now.
func TestShred_keys_in_order(t *testing.T) {
	dir, fs := t.TempDir(), crashdisk.New()
	synctest.Test(t, func(t *testing.T) {
		db, err := portrait.Open("db", portrait.WithFS(portrait.Options{Clock: fixed(now), Shred: true}, fs))
		if err != nil {
			t.Fatal(err)
		}
		apply(t, db, shredModel)
		her := id("user_id", shredUser)
		take(t, db, profile.Event{MessageID: "1", Source: "web", Time: epoch0, Type: profile.Identify, Identifiers: []profile.Identifier{her}})
		at, err := backup.OpenDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer at.Close()
		target := &slowKeys{Dir: at, nth: 2, release: make(chan struct{})}
		var made backup.Manifest
		first, second := make(chan error, 1), make(chan error, 1)
		go func() {
			var err error
			made, err = db.Admin().Backup(t.Context(), target)
			first <- err
		}()
		synctest.Wait() // it puts the key file
		if _, err := db.Privacy().Erase(t.Context(), her); err != nil {
			t.Fatal(err)
		}
		ended, end := context.WithCancel(t.Context())
		third := make(chan error, 1)
		go func() { second <- db.Admin().BackupKeys(t.Context(), target) }()
		go func() { third <- db.Admin().BackupKeys(ended, target) }()
		synctest.Wait()
		end()
		synctest.Wait()
		if err := <-third; !errors.Is(err, context.Canceled) {
			t.Errorf("one that waited until its context ended: %v", err)
		}
		close(target.release)
		if err := errors.Join(<-first, <-second); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Restore(t.Context(), at, made.ID, "again", backup.RestoreOptions{NoLedger: true, FS: fs}); err != nil {
			t.Fatal(err)
		}
		again, err := portrait.Open("again", portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs))
		if err != nil {
			t.Fatal(err)
		}
		if p, err := again.Profile(t.Context(), her); !errors.Is(err, portrait.ErrNotFound) {
			t.Errorf("she is in the backup: %v, %v", p, err)
		}
		checkAndClose(t, again)
		checkAndClose(t, db)
	})
}
