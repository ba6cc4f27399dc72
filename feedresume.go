package portrait

import (
	"encoding/binary"
	"fmt"

	"github.com/portraitdb/portrait/internal/keys"
)

// unmade takes out the moves that are made already. A change in several steps, an
// Advance or other identity rules, that a crash interrupted is worked out anew over
// what its first steps left, and may find again what they did.
func (t *txn) unmade(moves []move) ([]move, error) {
	snap, err := t.db.store.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	last, root := &epoch{snap: snap}, t.db.index.Root()
	left := moves[:0]
	for _, m := range moves {
		was, err := root.Contains(last, m.field(), m.ordinal())
		if err != nil {
			return nil, err
		}
		if was == m.left {
			left = append(left, m)
		}
	}
	return left, nil
}

// readIncarnation reads what tells this store's cursors from those of others.
func (db *DB) readIncarnation() (uint64, error) {
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaIncarnation))
	if err == nil && (!ok || len(data) != 8) {
		err = fmt.Errorf("%w: incarnation record of %d bytes", ErrCorrupt, len(data))
	}
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(data), nil
}
