package portrait_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing/fstest"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/store"
)

// A bucket is a target for backups in memory.
type bucket struct{ fstest.MapFS }

func (b bucket) Put(name string, content io.Reader) error {
	data, err := io.ReadAll(content)
	if err == nil {
		b.MapFS[name] = &fstest.MapFile{Data: data}
	}
	return err
}

func (b bucket) Remove(name string) error {
	if _, ok := b.MapFS[name]; !ok {
		return fs.ErrNotExist
	}
	delete(b.MapFS, name)
	return nil
}

// keepAct is one of those that keep a store in order, or copies of it.
func keepAct(r *rand.Rand) act {
	switch r.IntN(7) {
	case 0:
		return act{name: "check", do: func(h *host) (string, error) { return "", h.db.Check(h.ctx) }}
	case 1:
		return act{name: "rekey", commits: 2, do: func(h *host) (string, error) {
			if err := h.db.Admin().Rekey(h.ctx); h.db.Metrics().Store.KeysInUse != nil {
				return "", err
			}
			return "", nil // a plain store has no keys to change
		}}
	case 2:
		return act{name: "repair", commits: 2, do: func(h *host) (string, error) {
			done, err := h.db.Admin().Repair(h.ctx)
			if err == nil && done.Total()+uint64(done.LostTotal) > 0 {
				err = fmt.Errorf("%w: what nobody damaged was repaired: %s", portrait.ErrCorrupt, done)
			}
			return "", err
		}}
	case 3:
		return act{name: "checkpoint", do: (*host).checkpoint}
	case 4:
		return act{name: "backup, restored at once", do: func(h *host) (string, error) { return h.backup(true) }}
	case 5:
		return act{name: "restore the last backup", do: (*host).restore}
	}
	return act{name: "backup", do: func(h *host) (string, error) { return h.backup(false) }}
}

// checkpoint makes a copy of the store beside it, which has to say what the store says.
func (h *host) checkpoint() (string, error) {
	if err := h.disk.RemoveAll(h.copied); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := h.db.Admin().Checkpoint(h.ctx, h.copied); err != nil {
		return "", err
	}
	return h.same(h.copied, h.disk)
}

// same looks whether a copy says what the store says.
func (h *host) same(dir string, disk store.FS) (string, error) {
	is, err := h.digestOf(dir, disk)
	if err != nil {
		return "", err
	}
	want, err := state(h.ctx, h.db)
	if err == nil && is != want {
		err = fmt.Errorf("%w: a copy is at %s, the store at %s", portrait.ErrCorrupt, is, want)
	}
	return "", err
}

// digestOf checks a copy.
func (h *host) digestOf(dir string, disk store.FS) (string, error) {
	db, err := portrait.Open(dir, h.on(disk))
	if err != nil {
		return "", err
	}
	is, err := state(h.ctx, db)
	return is, errors.Join(err, db.Check(h.ctx), db.Close())
}

// backup puts what is new into the host's target, and makes sure that it is what the store
// is, where it is to be restored.
func (h *host) backup(restored bool) (string, error) {
	m, err := h.db.Admin().Backup(h.ctx, h.target)
	if err != nil {
		return "", err
	}
	h.backed = m.ID
	if _, err := backup.Prune(h.ctx, h.target, m.ID); err != nil {
		return "", err
	}
	if err := backup.Verify(h.ctx, h.target); err != nil || !restored {
		return "", err
	}
	disk := vfs.NewMem()
	if err := h.restoreOn(disk); err != nil {
		return "", err
	}
	return h.same("again", disk)
}

// restore brings the last backup back beside the store, under the ledger of today.
func (h *host) restore() (string, error) {
	if h.backed == "" {
		return "", nil
	}
	disk := vfs.NewMem()
	if err := h.restoreOn(disk); err != nil {
		return "", err
	}
	return h.digestOf("again", disk)
}

func (h *host) restoreOn(disk store.FS) error {
	var ledger bytes.Buffer
	if err := h.db.Privacy().ExportLedger(h.ctx, &ledger); err != nil {
		return err
	}
	_, err := backup.Restore(h.ctx, h.target, h.backed, "again", backup.RestoreOptions{Ledger: &ledger, FS: disk})
	return err
}
