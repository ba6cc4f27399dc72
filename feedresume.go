package portrait

import (
	"encoding/binary"
	"fmt"

	"github.com/portraitdb/portrait/internal/keys"
)

// ordinalSet is a set of ordinals: bits, by 2^16 of them.
type ordinalSet map[uint32]*[1 << 10]uint64

// add puts an ordinal in; false if it was.
func (s ordinalSet) add(ordinal uint32) bool {
	block := s[ordinal>>16]
	if block == nil {
		block = new([1 << 10]uint64)
		s[ordinal>>16] = block
	}
	word, bit := &block[ordinal>>6&(1<<10-1)], uint64(1)<<(ordinal&63)
	fresh := *word&bit == 0
	*word |= bit
	return fresh
}

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
