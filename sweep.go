package portrait

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

const (
	// sweepBatch is how many keys one commit of sweepLog looks at, about.
	sweepBatch = 4096
	// sweepShare is how many keys a commit of events looks at for each event, so that
	// what expires is swept as fast as new events come, and sweepLeast how many at
	// least.
	sweepShare, sweepLeast = 3, 64
	// sweepRun is from how many neighbours on one range is deleted in their place.
	sweepRun = 32
)

// sweepPlace is how far the sweep has come: nothing expires before the day, and of the
// events that the expiry key tells of all those below resume are done with. It is
// known to the process alone; the zero of it is unswept.
type sweepPlace struct {
	day    int32
	expiry []byte
	resume []byte
}

// unswept is the place of a sweep that has not begun.
var unswept = sweepPlace{day: math.MinInt32}

// sweepLog deletes events that had expired by the store's instant, in commits of its
// own between which others may write, until it has looked at about budget keys or
// nothing is left; more says which. What is deleted no answer would have shown. It may
// be broken off anywhere, by a crash too, and called at any time.
func (db *DB) sweepLog(ctx context.Context, budget int) (more bool, err error) {
	for more = true; more && budget > 0; budget -= sweepBatch {
		if err := db.lock(ctx); err != nil {
			return false, err
		}
		more, err = db.sweepOnce(min(budget, sweepBatch))
		db.unlock()
		if err != nil {
			return false, err
		}
	}
	return more, nil
}

// sweepOnce makes one commit of sweepLog. The caller holds the right to write.
func (db *DB) sweepOnce(budget int) (more bool, err error) {
	t := db.begin()
	t.settled = true
	more, err = t.sweepLog(budget)
	if err != nil {
		t.abort()
		return false, err
	}
	if t.batch.Len() == 0 {
		t.index.Abort()
		return more, nil
	}
	return more, t.finish(false)
}

// passTime moves the store's instant on to the clock's where nothing comes due on the
// way, as Advance would: else what came in since the last Advance would be of the
// future, and a store in which time changes nothing would stand still for ever.
func (t *txn) passTime() {
	if now := t.db.now(); now > t.meta.instant && now < t.meta.nextDue {
		t.meta.instant = now
	}
}

// passTimeOfPeople is passTime of a store that has taken events in. The time of one that
// has not is for its first event, or an Advance, to say: a model may be applied before a
// history of long ago is.
func (t *txn) passTimeOfPeople() {
	if t.meta.accepted > 0 {
		t.passTime()
	}
}

// sweepLog puts into the transaction the deletion of expired events, looking at about
// budget keys; more says that there are others. It comes before any event of the
// transaction is logged: a range that it deletes is one of what was there.
func (t *txn) sweepLog(budget int) (more bool, err error) {
	today := dayOf(t.meta.instant)
	if t.db.sweep.day > today || t.cat.refolding() {
		return false, nil
	}
	snap, err := t.db.store.Snapshot()
	if err != nil {
		return false, err
	}
	defer snap.Close()
	s := logSweep{t: t, snap: snap, left: budget}
	first, end := []byte{keys.Expiry}, keys.AppendExpiryDay(nil, today+1)
	place, upTo := sweepPlace{day: today + 1}, end
	for kv, err := range snap.Scan(first, end) {
		if err != nil {
			return false, err
		}
		day, token, seconds, ok := keys.ReadExpiry(kv.Key)
		if !ok {
			return false, fmt.Errorf("%w: expiry key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		if s.left <= 0 {
			upTo = bytes.Clone(kv.Key)
			more, place = true, sweepPlace{day: day}
			break
		}
		var resume []byte
		if bytes.Equal(kv.Key, t.db.sweep.expiry) {
			resume = t.db.sweep.resume
		}
		if resume, err = s.expire(day, token, seconds, resume); err != nil {
			return false, err
		}
		if resume != nil {
			upTo = bytes.Clone(kv.Key)
			more, place = true, sweepPlace{day: day, expiry: upTo, resume: resume}
			break
		}
		s.done++
	}
	if s.done > 0 {
		t.batch.DeleteRange(first, upTo)
	}
	t.db.sweep = place
	return more, nil
}

// awaitsSweep reports whether the log holds events that are to expire, under this model or
// one of before; what cannot be read may be such.
func (e *epoch) awaitsSweep() bool {
	first := []byte{keys.Expiry}
	for range e.snap.Scan(first, keys.End(first)) {
		return true
	}
	return false
}

// logSweep is one go of the sweep.
type logSweep struct {
	t    *txn
	snap *store.Snapshot
	left int // keys that may still be looked at
	done int // expiry keys that are done with

	run  int // expired neighbours that are not deleted yet
	last []byte
	held [][]byte // the first of them
}

// expire deletes the events of a node that are kept for so many seconds and expire on
// a day, from one of them on or from the first. It returns the key from which on it
// did not come to, or nil at the end.
func (s *logSweep) expire(day int32, token keys.Token, seconds uint32, from []byte) (resume []byte, err error) {
	s.left--
	if withheld, err := s.t.withholds(token); withheld || err != nil {
		return nil, err
	}
	kept := int64(seconds) * microsPerSecond
	if from == nil {
		from = keys.AppendEventsFrom(nil, token, int64(before(dayStart(day-1), kept)+1))
	}
	defer s.flush()
	for kv, err := range s.snap.Scan(from, keys.AppendEventsFrom(nil, token, int64(before(dayStart(day), kept)+1))) {
		if err != nil {
			return nil, err
		}
		if s.left <= 0 {
			return bytes.Clone(kv.Key), nil
		}
		s.left--
		head, err := eventlog.ReadHead(kv.Value)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		if head.Seconds == seconds {
			s.add(kv.Key)
		} else {
			s.flush()
		}
	}
	return nil, nil
}

// add puts an expired event into the run.
func (s *logSweep) add(key []byte) {
	if s.run < sweepRun {
		if s.run == len(s.held) {
			s.held = append(s.held, nil)
		}
		s.held[s.run] = append(s.held[s.run][:0], key...)
	}
	s.last = append(s.last[:0], key...)
	s.run++
}

// flush deletes the run.
func (s *logSweep) flush() {
	switch {
	case s.run == 0:
	case s.run < sweepRun:
		for _, key := range s.held[:s.run] {
			s.t.batch.Delete(key)
		}
	default:
		s.t.batch.DeleteRange(s.held[0], append(s.last, 0))
	}
	s.run = 0
}

// keptAt reports whether an event of the log is still to be shown at an instant.
func keptAt(p *LogPolicy, head eventlog.Head, at, now profile.Instant) bool {
	named := head.Event()
	return now < p.expires(at, eventlog.NameOf(&named), head.Seconds)
}
