package portrait

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// Advance moves the store's instant to t: everything that time alone changes
// until t changes now, in one step for readers. The instant never goes back: an
// earlier t changes nothing. Queries advance to the clock by themselves, and a timer
// does when something comes due; a host calls Advance to move beyond it, as in tests
// and replays. A t before 1970 or after the year 9999 is an error.
//
// Where the machine's clock is set ahead by more than 31 days while the store is
// open, neither queries nor the timer follow it, since the instant never goes back:
// they stay at the last instant, which View.AsOf tells, with a warning to
// Options.Logger and the distance in Metrics.ClockAhead, until the clock is set right,
// or Advance is called with a time near it. A clock of the host's own
// (Options.Clock), and the clock as it stands when the store is opened, are followed
// wherever they go.
func (db *DB) Advance(ctx context.Context, t time.Time) error {
	if err := db.gate.enter(); err != nil {
		return err
	}
	defer db.gate.leave()
	if y := t.UTC().Year(); y < 1970 || y > 9999 {
		return fmt.Errorf("portrait: advance to %s: want a time from 1970 to 9999", t.Format(time.RFC3339))
	}
	to := profile.InstantOf(t)
	if err := db.advance(ctx, to, true); err != nil {
		return err
	}
	for {
		last := db.asOf.Load()
		if last >= int64(to) || db.asOf.CompareAndSwap(last, int64(to)) {
			return nil
		}
	}
}

// advance fires every deadline up to an instant. Unless asked to keep the
// instant it writes nothing when nothing is due.
func (db *DB) advance(ctx context.Context, to profile.Instant, keep bool) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	if to <= db.meta.instant || (db.meta.nextDue > to && !keep) {
		return nil
	}
	return db.fire(to, false)
}

// fire commits what the deadlines up to an instant change, in batches, and
// publishes the whole at the end. Between them the record metaAdvance says where
// it was going, so that Open finishes what a crash interrupted.
func (db *DB) fire(to profile.Instant, resumed bool) error {
	next := db.meta.nextDue
	fired := ordinalSet{}
	// What an earlier Advance fired lies before its instant, and what this one arms
	// after its own: the keys between are passed over once.
	from, cursor := db.meta.instant, db.meta.instant
	for first := true; ; first = false {
		t := db.begin()
		t.cause, t.at = byDeadline, to
		left, more, err := t.fireSome(cursor, from, to, fired)
		if err != nil {
			t.abort()
			if !first {
				// Half the people stand at the new instant: Open finishes it.
				db.halt(err)
			}
			return err
		}
		if !more {
			t.meta.instant, t.meta.nextDue = to, min(t.meta.nextDue, left)
			t.key = keys.AppendMeta(t.key[:0], metaAdvance)
			if !first || resumed {
				t.batch.Delete(t.key)
			}
			if _, err = t.sweepLog(sweepBatch); err != nil {
				t.abort()
			} else {
				err = t.finish(false)
			}
			if err != nil {
				if !first {
					db.halt(err)
				}
				return err
			}
			return nil
		}
		cursor = left
		if first {
			t.key = keys.AppendMeta(t.key[:0], metaAdvance)
			t.scratch = appendAdvance(t.scratch[:0], to)
			t.batch.Set(t.key, t.scratch)
		}
		t.meta.nextDue = next
		if err := t.finish(true); err != nil {
			if !first {
				db.halt(err)
			}
			return err
		}
	}
}

// fireSome fires up to Options.advanceBatch deadlines, the first of which is not before
// cursor, takes their keys away and arms the next ones, and passes over the profiles
// that are in fired already. It returns the first deadline left over, and whether that
// is due too.
func (t *txn) fireSome(cursor, from, to profile.Instant, fired ordinalSet) (next profile.Instant, more bool, err error) {
	snap, err := t.db.store.Snapshot()
	if err != nil {
		return 0, false, err
	}
	defer snap.Close()
	t.meta.nextDue = profile.Never
	var due []uint32
	next = profile.Never
	for kv, err := range snap.Scan(keys.AppendDeadline(nil, int64(cursor), 0), keys.End([]byte{keys.Deadline})) {
		if err != nil {
			return 0, false, err
		}
		at, ordinal, ok := keys.ReadDeadline(kv.Key)
		if !ok {
			return 0, false, fmt.Errorf("%w: deadline key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		if profile.Instant(at) > to || len(due) == t.db.opts.advanceBatch {
			next, more = profile.Instant(at), profile.Instant(at) <= to
			break
		}
		t.batch.Delete(kv.Key)
		if fired.add(ordinal) {
			due = append(due, ordinal)
		}
	}
	return next, more, t.fireAll(due, from, to)
}

// fireAll moves what time changes of some people from one instant to a later one.
func (t *txn) fireAll(ordinals []uint32, from, to profile.Instant) error {
	if err := t.warm(ordinals); err != nil {
		return err
	}
	people := make([]*person, 0, len(ordinals))
	for _, ordinal := range ordinals {
		p, err := t.due(ordinal)
		if err != nil {
			return err
		}
		if p == nil {
			continue
		}
		if err := t.enlist(p); err != nil {
			return err
		}
		people = append(people, p)
	}
	verdicts := make([][]verdict, len(people))
	workers := t.db.judges.all(t)
	t.db.crew.amongWorkers(len(workers), len(people), 64, func(worker, first, end int) {
		for i := first; i < end; i++ {
			verdicts[i] = workers[worker].fire(people[i].state(), from, to)
		}
	})
	for i, p := range people {
		if err := t.apply(p.ordinal, verdicts[i]); err != nil {
			return err
		}
	}
	return nil
}

// due returns the person of an ordinal that has a deadline; nil where there is none. A
// deadline of an ordinal that no longer is a profile's ID leads nowhere: the profile
// that took it in has its own, and who was erased has none.
func (t *txn) due(ordinal uint32) (*person, error) {
	n, err := t.byOrdinal(ordinal)
	if err != nil || n == nil {
		return nil, err
	}
	c, err := t.component(n)
	if err != nil {
		return nil, err
	}
	p, err := t.person(c)
	if err != nil || p == nil || p.ordinal != ordinal {
		return nil, err
	}
	return p, nil
}

// warm brings the nodes of some ordinals into the cache, reading side by side.
func (t *txn) warm(ordinals []uint32) error {
	tokens := make([]identity.Token, len(ordinals))
	faults := make([]error, len(ordinals))
	t.db.crew.inShares(len(ordinals), prefetchLeast, func(from, to int) {
		var key, data []byte
		for i := from; i < to; i++ {
			key = keys.AppendOrdinal(key[:0], ordinals[i])
			var ok bool
			data, ok, faults[i] = t.db.store.GetTo(data[:0], key)
			if faults[i] == nil && ok && len(data) != keys.TokenLen {
				faults[i] = fmt.Errorf("%w: the node of ordinal %d has a token of %d bytes", ErrCorrupt, ordinals[i], len(data))
			}
			if faults[i] != nil {
				return
			}
			if ok {
				tokens[i] = keys.Token(data)
			}
		}
	})
	missing := tokens[:0]
	for i, token := range tokens {
		if faults[i] != nil {
			return faults[i]
		}
		if token != (identity.Token{}) && t.db.nodes.get(token) == nil {
			missing = append(missing, token)
		}
	}
	nodes := make([]*node, len(missing))
	t.db.crew.inShares(len(missing), prefetchLeast, func(from, to int) {
		var key, data []byte
		for i := from; i < to; i++ {
			key = keys.AppendNode(key[:0], missing[i])
			var ok bool
			if data, ok, faults[i] = t.db.store.GetTo(data[:0], key); faults[i] == nil && ok {
				nodes[i], faults[i] = decodeNode(missing[i], bytes.Clone(data))
			}
			if faults[i] != nil {
				return
			}
		}
	})
	for i, n := range nodes {
		if faults[i] != nil {
			return faults[i]
		}
		if n != nil && t.db.nodes.get(n.token) == nil {
			t.db.nodes.put(n)
		}
	}
	return nil
}

// byOrdinal returns the node that was given an ordinal; nil if it was erased.
func (t *txn) byOrdinal(ordinal uint32) (*node, error) {
	t.key = keys.AppendOrdinal(t.key[:0], ordinal)
	data, ok, err := t.get(t.key)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, nil
	}
	if len(data) != keys.TokenLen {
		return nil, fmt.Errorf("%w: the node of ordinal %d has a token of %d bytes", ErrCorrupt, ordinal, len(data))
	}
	return t.must(keys.Token(data))
}

// resumeAdvance finishes an Advance that a crash interrupted.
func (db *DB) resumeAdvance() error {
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaAdvance))
	if err != nil || !ok {
		return err
	}
	to, err := decodeAdvance(data)
	if err != nil {
		return err
	}
	if err := db.lock(context.Background()); err != nil {
		return err
	}
	defer db.unlock()
	return db.fire(to, true)
}
