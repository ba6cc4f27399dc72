package portrait

import (
	"runtime"

	"github.com/portraitdb/portrait/store"
)

const (
	// nodeShares is how many shares all nodes are cut into, by the first byte of their
	// tokens.
	nodeShares = 256
	// apartBytes is about how much is written at once beside the commits of the writer,
	// which wait for it.
	apartBytes = 512 << 10
)

// newBatches returns a batch for each worker of eachPiece, for what is written beside the
// commits of the writer: what has keys of its own and what nobody reads as yet.
func newBatches(db *DB) []*store.Batch {
	batches := make([]*store.Batch, runtime.GOMAXPROCS(0))
	for i := range batches {
		batches[i] = db.store.NewBatch()
	}
	return batches
}

// commitApart commits a batch that has so many bytes, and anything in it.
func (db *DB) commitApart(b *store.Batch, least int) error {
	if b.Len() == 0 || b.Size() < least {
		return nil
	}
	return db.store.Commit(b, !db.opts.NoSync)
}
