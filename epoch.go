package portrait

import (
	"sync/atomic"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// epoch is everything that one durable commit made, for readers: immutable, and
// kept while anybody holds it.
type epoch struct {
	number  uint64
	instant profile.Instant // that the bits of tags are true at
	nextDue profile.Instant // until which they stay true by themselves
	root    *segment.Root
	snap    *store.Snapshot
	cat     *catalog
	meta    meta
	tally   tally
	lists   []*list
	refs    atomic.Int64
	// What metrics tell of what only the writer sees.
	suppressed, hits, misses uint64
	later                    chan struct{} // closed once this is no longer the current epoch
}

// acquire takes the current epoch; release gives it back.
func (db *DB) acquire() *epoch {
	for {
		e := db.current.Load()
		if e == nil {
			return nil
		}
		// An epoch whose count has fallen to zero is being closed: its successor
		// is there already.
		for n := e.refs.Load(); n > 0; n = e.refs.Load() {
			if e.refs.CompareAndSwap(n, n+1) {
				return e
			}
		}
	}
}

func (e *epoch) release() {
	if e.refs.Add(-1) == 0 {
		e.snap.Close()
	}
}

// publish makes what the last commit wrote the current epoch. The commit is
// durable: readers never see one that could be taken back.
func (db *DB) publish() error {
	snap, err := db.store.Snapshot()
	if err != nil {
		return err
	}
	e := &epoch{
		number: db.meta.epoch, instant: db.meta.instant, nextDue: db.meta.nextDue,
		root: db.index.Root(), snap: snap, cat: db.cat.Load(), meta: db.meta, tally: db.tally, lists: db.lists,
		suppressed: uint64(len(db.suppressed)), hits: db.nodes.hits, misses: db.nodes.misses,
		later: make(chan struct{}),
	}
	e.refs.Store(1)
	if old := db.current.Swap(e); old != nil {
		close(old.later)
		if e.nextDue < old.nextDue || e.cat.model.Log.longest() > 0 && old.cat.model.Log.longest() == 0 {
			db.timer.rouse()
		}
		old.release()
	}
	db.gate.expire()
	return nil
}

// LoadShard implements segment.Loader: the durable form as of this epoch.
func (e *epoch) LoadShard(f segment.FieldID, shard uint32) ([]byte, error) {
	data, ok, err := e.snap.GetTo(nil, keys.AppendShard(nil, uint32(f), shard))
	if err != nil || !ok {
		return nil, err
	}
	return data, nil
}
