package portrait

import (
	"context"
)

// Admin is what is asked for the sake of a store rather than of anybody in it. Its
// methods may be called from any goroutine.
type Admin struct{ db *DB }

// Admin returns what keeps a store in order.
func (db *DB) Admin() *Admin { return &Admin{db} }

// Rekey rewrites whatever files are needed of those under another key than the one that
// Options.Keys now calls current, and returns when all are under that: a key that
// Metrics.Store.KeysInUse then names no longer may be destroyed. Events go in and questions are answered
// meanwhile; the work is that of reading and writing what is rewritten. It ends early
// when ctx does or the DB is closed, and may be called again. A store that is not encrypted has nothing to
// rewrite. It is on record in the audit log before anything is rewritten, and once more when all is.
func (a *Admin) Rekey(ctx context.Context) error {
	if err := a.db.attestDetail(ctx, didRekey, detailBegun); err != nil {
		return err
	}
	if err := a.db.store.Rekey(ctx); err != nil {
		return err
	}
	return a.db.attestAlone(ctx, didRekey)
}
