package portrait

import "time"

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
