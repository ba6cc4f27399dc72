package portrait

import (
	"time"

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

	// Filled and ToFill tell, in profiles, how far the filling of new tags and indexes
	// has come; both are 0 while there is none.
	Filled, ToFill uint64

	// ClockAhead is by how much the clock stepped ahead of what answers follow: 0 as a
	// rule; see DB.Advance.
	ClockAhead time.Duration

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
	var filled, toFill uint64
	if e.cat.anyFilling() {
		filled, toFill = db.filler.filled.Load(), db.filler.total.Load()
	}
	return Metrics{
		Filled: filled, ToFill: toFill,
		Epoch: e.number, Instant: e.instant, NextDue: e.nextDue,
		Accepted: e.meta.accepted, Merges: e.meta.merges, Splits: e.meta.splits,
		Ordinals: uint64(e.meta.nextOrdinal), IndexBytes: db.index.LoadedBytes(),
		ClockAhead: db.clock.ahead(),
		Store:      db.store.Metrics(), Failed: db.store.Failed(),
	}
}
