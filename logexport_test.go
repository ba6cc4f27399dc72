package portrait

import (
	"context"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// SweepLog sweeps the log as the background does.
func SweepLog(ctx context.Context, db *DB, budget int) (more bool, err error) {
	return db.sweepLog(ctx, budget)
}

// LogSize returns how many events the log holds, expired ones too, how many keys tell
// of what expires, and the bytes of all.
func LogSize(db *DB) (events, expiries, bytes int, err error) {
	snap, err := db.store.Snapshot()
	if err != nil {
		return 0, 0, 0, err
	}
	defer snap.Close()
	for space, n := range map[byte]*int{keys.Event: &events, keys.Expiry: &expiries} {
		for kv, err := range snap.Scan([]byte{space}, keys.End([]byte{space})) {
			if err != nil {
				return 0, 0, 0, err
			}
			*n++
			bytes += len(kv.Key) + len(kv.Value)
		}
	}
	return events, expiries, bytes, nil
}

// EventAt returns the event of the profile of an identifier that has a place in time.
func EventAt(v *View, id profile.Identifier, stamp profile.Stamp) (e profile.Event, ok bool, err error) {
	m, err := v.find(id)
	if err != nil {
		return e, false, err
	}
	return v.eventAt(m, stamp)
}

// HoldSweep keeps Advance and Ingest from sweeping until release is called.
func HoldSweep(db *DB) (release func()) {
	db.sweep.day = 1<<31 - 1
	return func() { db.sweep = unswept }
}

// DiskBytes returns what the files of the store take.
func DiskBytes(db *DB) uint64 { return db.store.Metrics().DiskBytes }

// ApplyUnfilled makes a model the store's own as Apply does, and leaves what has to be
// filled for later.
func ApplyUnfilled(ctx context.Context, db *DB, m Model) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	_, err := db.applyLocked(ctx, m, false)
	return err
}

// Refolding returns one step of a refolding, to be called until done.
func Refolding(db *DB) (step func(context.Context) (done bool, err error)) {
	var run refoldRun
	return func(ctx context.Context) (bool, error) { return db.refoldSome(ctx, &run) }
}

// IsRefolding reports whether there may be nodes that have to catch up.
func IsRefolding(db *DB) bool { return db.cat.Load().refolding() }

// FoldsSince returns from when on each fold of the model in force is complete, by its
// key; those are left out that always were.
func FoldsSince(db *DB) map[string]profile.Instant {
	since := map[string]profile.Instant{}
	for _, e := range db.cat.Load().folds.list {
		if e.since != firstInstant {
			since[e.key] = e.since
		}
	}
	return since
}
