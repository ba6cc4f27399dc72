package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/portraitdb/portrait/internal/copies"
	"github.com/portraitdb/portrait/store"
)

// RestoreOptions are the choices of Restore.
type RestoreOptions struct {
	// Ledger is the ledger of erasures of the store as it is now, that Privacy.ExportLedger
	// of it wrote: who was erased since the backup stays erased. It must not be older
	// than the backup, nor of another store.
	Ledger io.Reader
	// NoLedger restores without a ledger: whoever was erased since the backup is back,
	// until Privacy.ReplayLedger. One of Ledger and NoLedger is needed.
	NoLedger bool
	// FS is the file system of the directory. The default is the operating system's.
	FS store.FS
}

// Restore makes a directory for portrait.Open of the backup of an ID, which it returns. The
// directory must not be there, be empty, or be what an earlier Restore left unfinished:
// never that of a store. Every byte is checked as it is copied. Until all is there, and
// durable, portrait.Open refuses the directory with [store.ErrIncomplete], whatever
// interrupts Restore; an error removes it. A damaged object is a [DamageError] that names the backup.
//
// The first portrait.Open erases whom the ledger names before it answers anything, and makes the
// store another one for readers of the change feed: cursors of the old are refused. What
// came in after the backup is not there.
func Restore(ctx context.Context, fsys fs.FS, id, dir string, opts RestoreOptions) (Manifest, error) {
	if fsys == nil {
		return Manifest{}, errNoTarget
	}
	m, err := readManifest(fsys, id)
	if err != nil {
		return Manifest{}, err
	}
	note := copies.Note{Store: m.Store, Key: m.Key, Epoch: m.Epoch, Backup: m.ID}
	if note.Ledger, err = readLedger(&m, &opts); err != nil {
		return Manifest{}, fmt.Errorf("backup: restore: %w", err)
	}
	keys, err := readKeys(fsys, &m)
	if err != nil {
		return Manifest{}, err
	}
	text, err := note.Append(nil)
	if err != nil {
		return Manifest{}, fmt.Errorf("backup: restore: %w", err)
	}
	draft, err := store.NewDraft(opts.FS, dir)
	if err != nil {
		return Manifest{}, fmt.Errorf("backup: restore: %w", err)
	}
	for _, f := range m.Files {
		if err := restoreFile(ctx, fsys, draft, &f); err != nil {
			if d, damaged := errors.AsType[*DamageError](err); damaged {
				d.Backups = []string{m.ID}
			}
			return Manifest{}, errors.Join(err, draft.Close())
		}
	}
	if keys != nil {
		if err := draft.Write(store.KeyFile, bytes.NewReader(keys)); err != nil {
			return Manifest{}, errors.Join(fmt.Errorf("backup: restore %s: %w", keysName(m.Keys), err), draft.Close())
		}
	}
	if err := errors.Join(draft.Finish(text), draft.Close()); err != nil {
		return Manifest{}, fmt.Errorf("backup: restore: %w", err)
	}
	return m, nil
}

// readLedger reads the ledger, and makes sure that it is one for the backup.
func readLedger(m *Manifest, opts *RestoreOptions) ([]byte, error) {
	switch {
	case opts.Ledger == nil && !opts.NoLedger:
		return nil, errors.New("give the ledger of erasures, or say that there is none")
	case opts.Ledger == nil:
		return nil, nil
	case opts.NoLedger:
		return nil, errors.New("a ledger of erasures is given, and it is said that there is none")
	}
	data, err := io.ReadAll(opts.Ledger)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	l, err := copies.ReadLedger(data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("ledger: %w", err)
	case l.Key != m.Key:
		return nil, errors.New("the ledger of erasures is of another store")
	case l.Taken < m.Taken.UnixMicro():
		return nil, errors.New("the ledger of erasures is older than the backup")
	}
	return data, nil
}

func restoreFile(ctx context.Context, fsys fs.FS, draft *store.Draft, f *File) error {
	o, err := openObject(ctx, fsys, f)
	if err != nil {
		return err
	}
	if err := errors.Join(draft.Write(f.Name, o), o.Close()); err != nil {
		return fmt.Errorf("backup: restore %s: %w", f.Name, err)
	}
	return nil
}
