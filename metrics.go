package portrait

import (
	"maps"
	"sync"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/metrics"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// Metrics are the figures of a DB at one moment. What is not said to be over the life of
// the directory counts from Open. Metrics.Families names the figures for monitoring systems.
type Metrics struct {
	Epoch    uint64          // commits so far
	Instant  profile.Instant // that the stored tags are true at
	NextDue  profile.Instant // when time alone next changes something
	Late     time.Duration   // for how long something has been due that is not applied
	Accepted uint64          // events, over the life of the directory
	Merges   uint64          // profiles that a merge made disappear, over the life of the directory
	Splits   uint64          // profiles that a split made appear, likewise
	Ordinals uint64          // profile IDs handed out, likewise

	// Duplicates and Rejected count events of Ingest calls that changed nothing, the
	// latter by reason, a Reason constant of package profile. Refused counts what identity rules refused,
	// over the life of the directory; see View.Refusals.
	Duplicates uint64
	Rejected   map[string]uint64
	Refused    []identity.RefusalCount

	// Waiting are the Ingest calls that wait for a commit, and UnderWay the events of all
	// that have begun. Running counts calls of any kind.
	Waiting, UnderWay, Running int
	// Views are open, the oldest of them for OldestView.
	Views      int
	OldestView time.Duration

	// Filled and ToFill tell, in profiles, how far the filling of new tags and indexes
	// has come; both are 0 while there is none.
	Filled, ToFill uint64

	// ClockAhead is by how much the clock stepped ahead of what answers follow: 0 as a
	// rule; see DB.Advance.
	ClockAhead time.Duration

	// FeedBytes, LogBytes, DedupBytes, NodeBytes and ShardBytes are what the feed, the kept
	// events, the keys that tell duplicates, the states of people and the index take on
	// the disk, about. What is not flushed yet is not in them.
	FeedBytes, LogBytes, DedupBytes, NodeBytes, ShardBytes uint64
	// FeedOldest is the instant of the first changes that the feed keeps, or profile.Never.
	FeedOldest profile.Instant

	// Lists and ListIdentifiers count what was uploaded, Suppressed the identifiers that
	// are not taken in.
	Lists           int
	ListIdentifiers uint64
	Suppressed      uint64

	// CallTimes are how long calls took that have ended, in seconds, by what was called: "ingest"
	// (with its wait for the commit), "count", "segment", "profile" (these with what they apply
	// first that has come due) and "other", the other questions of a View, but for those that
	// yield what they read. Check and Apply are in none.
	CallTimes map[string]metrics.Distribution
	// IndexHits counts questions during which all that was asked of the index was in memory, IndexMisses
	// those during which something was read, and IndexReads the shards that were.
	IndexHits, IndexMisses, IndexReads uint64
	// Goroutines are those of the DB that run: one that waits for what comes due, one that fills in
	// the background, and those that share the work of calls under way. The store and Pebble
	// have some more.
	Goroutines int

	IndexBytes  int64         // memory of decoded bitmaps and columns
	StateHits   uint64        // identifiers of events whose state was in memory
	StateMisses uint64        // and those that were read, or are new
	Store       store.Metrics // files, caches, log
	Failed      error         // why writes are refused for good, or nil
	// LastError is the last error of what is done in the background, or nil. A later
	// success does not take it away.
	LastError error
}

// Metrics returns the figures. It takes some hundred microseconds, and no lock that a writer
// holds for long. After Close all are zero.
func (db *DB) Metrics() Metrics {
	if db.gate.enter() != nil {
		return Metrics{}
	}
	defer db.gate.leave()
	e := db.acquire()
	defer e.release()
	m := Metrics{
		Epoch: e.number, Instant: e.instant, NextDue: e.nextDue,
		Accepted: e.meta.accepted, Merges: e.meta.merges, Splits: e.meta.splits,
		Ordinals: uint64(e.meta.nextOrdinal), IndexBytes: db.index.LoadedBytes(),
		Refused: e.tally.counts(), FeedOldest: e.meta.feedOldest,
		Suppressed: e.suppressed, StateHits: e.hits, StateMisses: e.misses,
		ClockAhead: db.clock.ahead(),
		Store:      db.store.Metrics(), Failed: db.store.Failed(),
	}
	if now := profile.InstantOf(db.opts.Clock()); e.nextDue <= now && m.ClockAhead == 0 {
		m.Late = now.Time().Sub(e.nextDue.Time())
	}
	if e.cat.anyFilling() {
		m.Filled, m.ToFill = db.filler.filled.Load(), db.filler.total.Load()
	}
	for _, l := range e.lists {
		if !l.hidden {
			m.Lists++
			m.ListIdentifiers += uint64(l.about.Identifiers)
		}
	}
	m.Waiting, m.UnderWay = db.queue.load()
	m.Views, m.OldestView, m.Running = db.gate.oldest()
	m.Running-- // this one
	m.Duplicates, m.Rejected = db.answered.counts()
	m.IndexHits, m.IndexMisses, m.IndexReads = db.calls.warm.Load(), db.calls.cold.Load(), db.index.Reads()
	m.Goroutines = int(db.crew.running.Load())
	m.CallTimes = map[string]metrics.Distribution{}
	for kind, name := range callNames {
		m.CallTimes[name] = db.calls.times[kind].distribution()
	}
	for space, into := range map[byte]*uint64{
		keys.Feed: &m.FeedBytes, keys.Event: &m.LogBytes, keys.Dedup: &m.DedupBytes, keys.Node: &m.NodeBytes, keys.Shard: &m.ShardBytes,
	} {
		*into, _ = db.store.SpanBytes([]byte{space}, keys.End([]byte{space})) // 0 where it cannot be told
	}
	if err := db.trouble.Load(); err != nil {
		m.LastError = *err
	}
	return m
}

// warn logs an error of what is done in the background, and remembers it.
func (db *DB) warn(what string, err error) {
	db.trouble.Store(&err)
	db.opts.Logger.Warn(what, "error", err)
}

// answered counts what Ingest calls were told of events that changed nothing.
type answered struct {
	mu         sync.Mutex // guards the fields below
	duplicates uint64
	rejected   map[string]uint64
}

func (a *answered) note(r *Result) {
	if r.Duplicate+len(r.Rejected) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.duplicates += uint64(r.Duplicate)
	if a.rejected == nil {
		a.rejected = map[string]uint64{}
	}
	for i := range r.Rejected {
		a.rejected[r.Rejected[i].Reason]++
	}
}

func (a *answered) counts() (duplicates uint64, rejected map[string]uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.duplicates, maps.Clone(a.rejected)
}
