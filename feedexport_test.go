package portrait

import (
	"context"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// WithTimer returns options with a timer that waits by after, under a clock whose
// steps are judged by elapsed.
func WithTimer(o Options, after func(time.Duration) <-chan time.Time, elapsed func() time.Duration) *Options {
	o.after, o.elapsed = after, elapsed
	return &o
}

// Holders returns how many hold the current epoch besides the DB.
func Holders(db *DB) int64 { return db.current.Load().refs.Load() - 1 }

// CursorAt returns a cursor of the store that goes on with a commit.
func CursorAt(db *DB, epoch uint64) Cursor {
	return Cursor{db.incarnation, feedPlace{epoch: epoch}}
}

// WithFeedPart returns options under which n changes are stored together at most.
func WithFeedPart(o *Options, n int) *Options {
	o.feedPart = n
	return o
}

// WithAdvanceBatch returns options under which a commit of an Advance fires n
// deadlines.
func WithAdvanceBatch(o *Options, n int) *Options {
	o.advanceBatch = n
	return o
}

// KnownToFeed returns who is in every tag, value of a tag and tracked segment by the
// bitmaps that readers of the feed know: those of before where the definition has
// changed and is being filled.
func KnownToFeed(v *View) (map[string][]profile.ID, error) {
	all := map[string][]profile.ID{}
	for _, t := range v.epoch.cat.tags {
		for key, field := range t.known() {
			name := feedName{segment: t.segment, name: t.def.Name}
			if key != "" {
				value, _, err := profile.DecodeValue([]byte(key))
				if err != nil {
					return nil, err
				}
				name.value = valueText(value)
			}
			set, err := segment.NewQuery(segment.Bits(field), universe).Set(context.Background(), v.source())
			if err != nil {
				return nil, err
			}
			all[name.String()] = slices.Collect(set.Members())
		}
	}
	return all, nil
}

// LedgerParts returns how many records the ledger of stages has by time.
func LedgerParts(v *View) (n int, err error) {
	for _, err := range v.epoch.snap.Scan([]byte{keys.StageMove}, keys.End([]byte{keys.StageMove})) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
