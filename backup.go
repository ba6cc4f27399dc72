package portrait

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/internal/copies"
	"github.com/portraitdb/portrait/store"
)

// Checkpoint makes a directory, which must not exist, that Open takes: the store as of
// one commit, while events go in and segments are asked. On the store's own disk it takes
// a link for each table and a copy of what was not flushed, on another a copy of all; commits
// wait for the former alone. The directory is there whole, and durable, or not at all; an
// unfinished copy on another disk is refused by Open with [store.ErrIncomplete].
//
// A directory that is there, or that would lie in the store's own, by whatever name, is refused
// before anything is written.
//
// It is on record in the audit log, which the copy has too, before anything is copied. It is encrypted
// if the store is. It keeps what is erased and purged later, as any copy
// does, and takes up the disk space of what the store no longer needs. Opened it is
// another store to readers of the feed: cursors of the one are refused by the other.
func (a *Admin) Checkpoint(ctx context.Context, dir string) error {
	if err := a.db.gate.enter(); err != nil {
		return err
	}
	defer a.db.gate.leave()
	if err := a.apart("checkpoint", dir); err != nil {
		return err
	}
	if err := a.db.store.Absent(dir); err != nil {
		return fmt.Errorf("portrait: checkpoint: %w", err)
	}
	if err := a.db.attestAlone(ctx, didCheckpoint); err != nil {
		return err
	}
	st, at, err := a.db.stage(ctx)
	if err != nil {
		return err
	}
	note, err := (&copies.Note{Store: at.Store, Key: at.Key, Epoch: at.Epoch}).Append(nil)
	if err != nil {
		return errors.Join(err, st.Close())
	}
	return st.Move(ctx, dir, note)
}

// Backup puts the store as of one commit into a target, while events go in and segments
// are asked, and returns what it put. A target in the directory of the store
// ([backup.Dir.Paths]) is refused before anything is written. Tables that the target has from an earlier backup
// are not read again: the cost is that of what was written since. A backup is whole, or is
// no backup: what an interrupted one leaves the next one uses, or [backup.Prune] removes.
// One backup or checkpoint is made at a time; a Purge waits for it, and it for a Purge;
// Close waits for it. It is on record in the audit log, which the backup has too, before
// anything is put.
//
// The files are those of the store: encrypted if it is, else as readable. A backup keeps
// whom the store erases later until it is pruned; [Privacy.ExportLedger] is what keeps them
// erased when it is restored.
func (a *Admin) Backup(ctx context.Context, target backup.Target) (_ backup.Manifest, err error) {
	if err := a.db.gate.enter(); err != nil {
		return backup.Manifest{}, err
	}
	defer a.db.gate.leave()
	if target == nil {
		return backup.Manifest{}, errors.New("portrait: backup: the target is nil")
	}
	if err := a.apartFrom("backup", target); err != nil {
		return backup.Manifest{}, err
	}
	if err := a.db.attestAlone(ctx, didBackup); err != nil {
		return backup.Manifest{}, err
	}
	st, at, err := a.db.stage(ctx)
	if err != nil {
		return backup.Manifest{}, err
	}
	// Should the host's target panic too: the next copy waits for this one.
	defer func() { err = errors.Join(err, st.Close()) }()
	return a.writeBackup(ctx, target, st, at)
}

// writeBackup puts what is staged into a target. The key file is that of now, in which what
// was destroyed meanwhile is missing already.
func (a *Admin) writeBackup(ctx context.Context, target backup.Target, st *store.Stage, at backup.Manifest) (backup.Manifest, error) {
	if err := a.backupKeys(ctx, target); err != nil {
		return backup.Manifest{}, err
	}
	m, err := backup.Write(ctx, target, st, at)
	if err != nil {
		return m, err
	}
	return m, a.backupKeys(ctx, target)
}

// BackupKeys replaces the key file in a target by that of now, and does nothing for a store
// that was made without Options.Shred. Every Backup does so; after an erasure it makes
// whoever was erased unreadable in the backups that the target has, without one more. Copies of the
// target's key file that others keep (versions of an object, snapshots of a disk) are theirs to remove.
// One key file is put at a time: the call waits for what a Backup is putting.
// It is on record in the audit log before anything is put.
func (a *Admin) BackupKeys(ctx context.Context, target backup.Target) error {
	if err := a.db.gate.enter(); err != nil {
		return err
	}
	defer a.db.gate.leave()
	if target == nil {
		return errors.New("portrait: backup of keys: the target is nil")
	}
	if err := a.apartFrom("backup of keys", target); err != nil {
		return err
	}
	if a.db.store.KeyFileID() == "" {
		return nil // It was made without Options.Shred.
	}
	if err := a.db.attestAlone(ctx, didBackupKeys); err != nil {
		return err
	}
	return a.backupKeys(ctx, target)
}

// apartFrom refuses a target that writes to the directory of the store, as far as it says
// where it writes.
func (a *Admin) apartFrom(what string, target backup.Target) error {
	at, ok := target.(interface{ Paths() []string })
	if !ok {
		return nil
	}
	for _, dir := range at.Paths() {
		if err := a.apart(what, dir); err != nil {
			return err
		}
	}
	return nil
}

// apart refuses a directory that is the store's, or lies in it.
func (a *Admin) apart(what, dir string) error {
	if dir == "" {
		return fmt.Errorf("portrait: %s: the directory has no name", what)
	}
	within, err := a.db.store.Contains(dir)
	if err != nil {
		return fmt.Errorf("portrait: %s: %w", what, err)
	}
	if within {
		return fmt.Errorf("portrait: %s: %s is the directory of the store, or lies in it", what, dir)
	}
	return nil
}

// backupKeys puts the key file of now into a target, one at a time: what a slow target
// is still given is followed by what was destroyed meanwhile.
func (a *Admin) backupKeys(ctx context.Context, target backup.Target) error {
	select {
	case a.db.handing <- struct{}{}:
		defer func() { <-a.db.handing }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	keys, err := a.db.store.ReadKeyFile()
	if err != nil || keys == nil {
		return err
	}
	return backup.WriteKeys(ctx, target, a.db.store.KeyFileID(), keys)
}

// stage makes the last commit into files, and says which that is. Nobody commits
// while they are made, and no change is half way through its commits.
func (db *DB) stage(ctx context.Context) (*store.Stage, backup.Manifest, error) {
	at := backup.Manifest{Key: db.fingerprint(), Keys: db.store.KeyFileID(), Format: store.FormatVersion}
	st, err := db.store.Stage(ctx, func(ctx context.Context) (func(), error) {
		if err := db.lock(ctx); err != nil {
			return nil, err
		}
		var err error
		if at.Origin, err = db.readOrigin(); err != nil {
			db.unlock()
			return nil, err
		}
		at.Store, at.Epoch = incarnationText(db.incarnation), db.meta.epoch
		at.At, at.Taken = db.meta.instant.Time(), db.opts.Clock()
		return db.unlock, nil
	})
	return st, at, err
}

// fingerprint tells the store's key from others without giving it away: tokens under one
// key mean nothing under another.
func (db *DB) fingerprint() string {
	mac := hmac.New(sha256.New, db.key[:])
	mac.Write([]byte("portrait key fingerprint"))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func incarnationText(n uint64) string { return fmt.Sprintf("%016x", n) }
