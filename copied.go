package portrait

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"

	"github.com/portraitdb/portrait/backup"
	"github.com/portraitdb/portrait/internal/copies"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
)

// readNote returns what a directory that was made from another says of itself, until it
// is settled; nil of any other.
func (db *DB) readNote() (*copies.Note, error) {
	data, ok, err := db.store.Copied()
	if err != nil || !ok {
		return nil, err
	}
	note, err := copies.ReadNote(data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: file COPIED: %w", ErrCorrupt, err)
	case note.Key != db.fingerprint():
		return nil, fmt.Errorf("%w: file COPIED is of another store", ErrCorrupt)
	case note.Epoch > db.meta.epoch:
		return nil, fmt.Errorf("%w: the copy ends with commit %d, it was made with commit %d", ErrCorrupt, db.meta.epoch, note.Epoch)
	}
	return note, nil
}

// beginCopy makes a copy a store of its own: where the one that it was made from goes on its
// own way, a cursor of the feed would mean two things.
func (db *DB) beginCopy(note *copies.Note) error {
	of, err := strconv.ParseUint(note.Store, 16, 64)
	if err != nil {
		return fmt.Errorf("%w: file COPIED: %w", ErrCorrupt, err)
	}
	incarnation := make([]byte, 8)
	rand.Read(incarnation)
	b := db.store.NewBatch()
	b.Set(keys.AppendMeta(nil, metaIncarnation), incarnation)
	b.Set(keys.AppendMeta(nil, metaOrigin), appendOrigin(nil, of, note.Epoch))
	return db.store.Commit(b, true)
}

// settleCopy does what has to be done to a copy before it answers anything. What an
// earlier opening did of it is not done again.
func (db *DB) settleCopy(note *copies.Note) error {
	if len(note.Ledger) > 0 {
		done, err := db.replayLedger(context.Background(), note.Ledger)
		if err != nil {
			return fmt.Errorf("portrait: the ledger of erasures of a restored store: %w", err)
		}
		db.opts.Logger.Info("portrait: the ledger of erasures was replayed", "entries", done.Entries, "erased", done.Identifiers)
		if len(done.Held) > 0 {
			db.opts.Logger.Warn("portrait: people under a legal hold were not erased: replay the ledger after the release", "identifiers", len(done.Held))
		}
	}
	err := db.transact(context.Background(), func(t *txn) error {
		t.settled = true
		t.attest(didCopy, note.Backup)
		return nil
	}, func(*txn) {})
	if err != nil {
		return err
	}
	if err := db.store.Commit(db.store.NewBatch(), true); err != nil { // under NoSync too
		return err
	}
	return db.store.Settle()
}

// readOrigin returns where the store was copied from; nil if it was not.
func (db *DB) readOrigin() (*backup.Origin, error) {
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaOrigin))
	if err != nil || !ok {
		return nil, err
	}
	of, epoch, err := decodeOrigin(data)
	if err != nil {
		return nil, err
	}
	return &backup.Origin{Store: incarnationText(of), Epoch: epoch}, nil
}

func appendOrigin(dst []byte, of, epoch uint64) []byte {
	dst = pack.AppendArray(append(dst, recordVersion), 2)
	return pack.AppendUint(pack.AppendUint(dst, of), epoch)
}

func decodeOrigin(data []byte) (of, epoch uint64, err error) {
	r := openRecord(data)
	r.Fields("origin", 2)
	of, epoch = r.Uint(), r.Uint()
	return of, epoch, closeRecord("origin", &r)
}
