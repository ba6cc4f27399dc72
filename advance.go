package portrait

import (
	"context"
	"fmt"
	"time"

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
	for from, first := db.meta.instant, true; ; first = false {
		t := db.begin()
		t.cause, t.at = byDeadline, to
		cursor, more, err := t.fireSome(from, to, fired)
		if err != nil {
			t.abort()
			if !first {
				// Half the people stand at the new instant: Open finishes it.
				db.halt(err)
			}
			return err
		}
		if !more {
			t.meta.instant, t.meta.nextDue = to, min(t.meta.nextDue, cursor)
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

// fireSome fires up to Options.advanceBatch deadlines, takes their keys away and arms
// the next ones, and passes over the profiles that are in fired already. It returns
// the first deadline left over, and whether that is due too.
func (t *txn) fireSome(from, to profile.Instant, fired ordinalSet) (next profile.Instant, more bool, err error) {
	snap, err := t.db.store.Snapshot()
	if err != nil {
		return 0, false, err
	}
	defer snap.Close()
	prefix := []byte{keys.Deadline}
	t.meta.nextDue = profile.Never
	n := 0
	for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return 0, false, err
		}
		at, ordinal, ok := keys.ReadDeadline(kv.Key)
		if !ok {
			return 0, false, fmt.Errorf("%w: deadline key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		if profile.Instant(at) > to {
			return profile.Instant(at), false, nil
		}
		if n == t.db.opts.advanceBatch {
			return profile.Instant(at), true, nil
		}
		t.batch.Delete(kv.Key)
		n++
		if !fired.add(ordinal) {
			continue
		}
		if err := t.fireOne(ordinal, from, to); err != nil {
			return 0, false, err
		}
	}
	return profile.Never, false, nil
}

// fireOne moves the timed tags of one person from one instant to a later one. A
// deadline of an ordinal that no longer is a profile's ID leads nowhere: the
// profile that took it in has its own.
func (t *txn) fireOne(ordinal uint32, from, to profile.Instant) error {
	n, err := t.byOrdinal(ordinal)
	if err != nil {
		return err
	}
	c, err := t.component(n)
	if err != nil {
		return err
	}
	p, err := t.person(c)
	if err != nil || p == nil || p.ordinal != ordinal {
		return err
	}
	st := p.state()
	next := profile.Never
	for _, i := range t.cat.timed.tags {
		tag := t.cat.tags[i]
		if tag.values != nil {
			until, err := t.fireIndex(tag.values, ordinal, st, from, to)
			if err != nil {
				return err
			}
			next = min(next, until)
			continue
		}
		had, _ := tag.program.Eval(st, from)
		has, until := tag.program.Eval(st, to)
		if had != has || tag.filling {
			t.flip(tag.field, ordinal, has, !tag.filling)
		}
		next = min(next, until)
	}
	for _, i := range t.cat.timed.indexes {
		until, err := t.fireIndex(t.cat.indexes[i], ordinal, st, from, to)
		if err != nil {
			return err
		}
		next = min(next, until)
	}
	if next != profile.Never {
		t.arm(next, ordinal)
	}
	return nil
}

// fireIndex moves one indexed trait, or the values of a tag, of one person from one
// instant to a later one.
func (t *txn) fireIndex(ix *traitIndex, ordinal uint32, st *profile.State, from, to profile.Instant) (profile.Instant, error) {
	old, had, _ := ix.value(st, from)
	now, has, until := ix.value(st, to)
	return until, t.revalue(ix, ordinal, old, now, had, has)
}

// byOrdinal returns the node that was given an ordinal.
func (t *txn) byOrdinal(ordinal uint32) (*node, error) {
	t.key = keys.AppendOrdinal(t.key[:0], ordinal)
	data, ok, err := t.get(t.key)
	if err != nil {
		return nil, err
	}
	if !ok || len(data) != keys.TokenLen {
		return nil, fmt.Errorf("%w: ordinal %d has no node", ErrCorrupt, ordinal)
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
