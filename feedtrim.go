package portrait

import (
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// trimFeed takes away the oldest records: those that Options.FeedRetention has passed, once
// they are an eighth more than that, and those beyond Options.MaxFeedBytes, down to seven
// eighths of it.
func (t *txn) trimFeed() error {
	keep := t.db.opts.FeedRetention
	old := keep >= 0 && t.meta.feedAt.Time().Sub(t.meta.feedOldest.Time()) > keep+keep/8
	most := t.db.opts.MaxFeedBytes
	large := most >= 0 && t.db.feedGrown >= most/16
	if !old && !large {
		return nil
	}
	snap, err := t.db.store.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	from := t.meta.feedFrom
	if old {
		cutoff := profile.InstantOf(t.meta.feedAt.Time().Add(-keep))
		if from, err = firstSince(snap, from, t.meta.epoch, cutoff); err != nil {
			return err
		}
	}
	if large {
		t.db.feedGrown = 0
		if from, err = t.db.feedWithin(from, t.meta.epoch, uint64(most)); err != nil {
			return err
		}
	}
	if from == t.meta.feedFrom {
		return nil
	}
	at, err := feedInstant(snap, from)
	if err != nil {
		return err
	}
	t.batch.DeleteRange(keys.AppendFeed(nil, 0, 0), keys.AppendFeed(nil, from, 0))
	t.meta.feedFrom, t.meta.feedOldest = from, min(at, t.meta.feedAt)
	return nil
}

// feedWithin returns the first of some epochs from which on the records take seven eighths
// of a number of bytes on the disk, or the first of all where they do not take more than that
// number.
func (db *DB) feedWithin(from, to, most uint64) (uint64, error) {
	end := keys.End([]byte{keys.Feed})
	n, err := db.store.SpanBytes(keys.AppendFeed(nil, from, 0), end)
	if err != nil || n <= most {
		return from, err
	}
	for from < to {
		mid := from + (to-from)/2
		n, err := db.store.SpanBytes(keys.AppendFeed(nil, mid, 0), end)
		if err != nil {
			return 0, err
		}
		if n > most-most/8 {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return from, nil
}

// firstSince returns the least epoch of some from which on no record is older than an
// instant, or to where there is none.
func firstSince(snap *store.Snapshot, from, to uint64, instant profile.Instant) (uint64, error) {
	for from < to {
		mid := from + (to-from)/2
		at, err := feedInstant(snap, mid)
		if err != nil {
			return 0, err
		}
		if at < instant {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return from, nil
}

// feedInstant returns the instant of the first record from an epoch on; Never
// without any.
func feedInstant(snap *store.Snapshot, epoch uint64) (profile.Instant, error) {
	for kv, err := range snap.Scan(keys.AppendFeed(nil, epoch, 0), keys.End([]byte{keys.Feed})) {
		if err != nil {
			return 0, err
		}
		rec, err := decodeFeed(kv.Value)
		return rec.at, err
	}
	return profile.Never, nil
}
