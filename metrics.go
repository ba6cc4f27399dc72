package portrait

import (
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// Metrics are the figures of a DB at one moment.
type Metrics struct {
	Epoch    uint64          // commits so far
	Instant  profile.Instant // that the stored tags are true at
	NextDue  profile.Instant // when time alone next changes something
	Accepted uint64          // events, over the life of the directory
	Merges   uint64          // profiles that a merge made disappear, over the life of the directory
	Splits   uint64          // profiles that a split made appear, likewise
	Ordinals uint64          // profile IDs handed out, likewise

	IndexBytes int64         // memory of decoded bitmaps and columns
	Store      store.Metrics // files, caches, log
	Failed     error         // why writes are refused, or nil
}

// Metrics returns the figures. It is cheap and takes no lock that a writer
// holds for long. After Close all are zero.
func (db *DB) Metrics() Metrics {
	if db.gate.enter() != nil {
		return Metrics{}
	}
	defer db.gate.leave()
	e := db.acquire()
	defer e.release()
	return Metrics{
		Epoch: e.number, Instant: e.instant, NextDue: e.nextDue,
		Accepted: e.meta.accepted, Merges: e.meta.merges, Splits: e.meta.splits,
		Ordinals: uint64(e.meta.nextOrdinal), IndexBytes: db.index.LoadedBytes(),
		Store: db.store.Metrics(), Failed: db.store.Failed(),
	}
}
