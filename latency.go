package portrait

import (
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/portraitdb/portrait/metrics"
)

// latencyBounds are how many bounds a distribution of times has: 1 microsecond, and twice
// the one before.
const latencyBounds = 27

// latency is the distribution of how long something took. Any goroutine notes and reads: a
// note is two atomic additions.
type latency struct {
	counts [latencyBounds + 1]atomic.Uint64 // up to each bound, and beyond the last
	nanos  atomic.Uint64
}

// note counts one time.
func (l *latency) note(d time.Duration) {
	micros := uint64(max(d-1, 0)) / uint64(time.Microsecond) // whole ones, but for an exact bound
	l.counts[min(bits.Len64(micros), latencyBounds)].Add(1)
	l.nanos.Add(uint64(max(d, 0)))
}

// distribution returns what was counted, in seconds.
func (l *latency) distribution() metrics.Distribution {
	d := metrics.Distribution{
		Bounds: make([]float64, latencyBounds), Counts: make([]uint64, latencyBounds+1),
		Sum: time.Duration(l.nanos.Load()).Seconds(),
	}
	for i := range l.counts {
		d.Counts[i] = l.counts[i].Load()
		if i < latencyBounds {
			d.Bounds[i] = (time.Microsecond << i).Seconds()
		}
	}
	return d
}

// callKind is a kind of calls that are timed.
type callKind uint8

const (
	callIngest callKind = iota
	callCount
	callSegment
	callProfile
	callOther // questions of a view
	callKinds
)

// callNames are what Metrics.CallTimes calls them.
var callNames = [callKinds]string{"ingest", "count", "segment", "profile", "other"}

// calls are how long calls took, and whether the index that they asked lay in memory.
type calls struct {
	times [callKinds]latency
	warm  atomic.Uint64 // questions during which no shard of the index was read
	cold  atomic.Uint64 // and the others
}

// timed runs a question.
func timed[T any](db *DB, kind callKind, ask func() (T, error)) (T, error) {
	reads, began := db.index.Reads(), db.sinceOpen()
	answer, err := ask()
	db.calls.times[kind].note(db.sinceOpen() - began)
	if db.index.Reads() == reads {
		db.calls.warm.Add(1)
	} else {
		db.calls.cold.Add(1)
	}
	return answer, err
}

// sinceOpen is a clock that nobody sets, and the cheapest there is.
func (db *DB) sinceOpen() time.Duration { return time.Since(db.opened) }
