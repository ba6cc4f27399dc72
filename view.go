package portrait

import (
	"context"
	"time"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// View is everything as of one commit and one instant: all its answers agree
// with each other. It never changes, and pins old data on disk until Close, after
// which, or when it has been open for Options.MaxViewAge, every method that returns an
// error returns ErrClosed; a call that is under way then goes on to its end. Its methods may be called from any
// goroutine, and decisions may be made in the body of a loop over one of its
// sequences: the view does not show them.
type View struct {
	db     *DB
	epoch  *epoch
	at     profile.Instant
	opened time.Time // by DB.View
	// access bounds the answers of a view that was opened for a purpose; nil: none.
	access *access
}

// View opens a view of the latest commit at the clock's instant. If time alone
// has changed something since, that is applied first; where the store can no
// longer be written the view stands at the last instant that is still exact.
// The caller closes it.
func (db *DB) View(ctx context.Context) (*View, error) {
	if err := db.gate.enter(); err != nil {
		return nil, err
	}
	defer db.gate.leave()
	v, err := db.view(ctx)
	if err != nil {
		return nil, err
	}
	db.gate.admit(v)
	return v, nil
}

// view opens a view that the caller releases within the call.
func (db *DB) view(ctx context.Context) (*View, error) {
	for {
		at := db.now()
		e := db.acquire()
		if at < e.nextDue {
			return &View{db: db, epoch: e, at: max(at, e.instant)}, nil
		}
		stale := &View{db: db, epoch: e, at: e.nextDue - 1}
		if db.store.Failed() != nil {
			return stale, nil //nolint:nilerr // A store that takes no more writes is still read.
		}
		err := db.advance(ctx, at, false)
		switch {
		case db.unwritable(err):
			return stale, nil
		case err != nil:
			e.release()
			return nil, err
		}
		e.release()
	}
}

// Close gives the view's resources free. A second Close does nothing.
func (v *View) Close() {
	g := &v.db.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	g.drop(v)
}

// enter begins a call on the view.
func (v *View) enter() error { return v.db.gate.enterView(v) }

func (v *View) leave() {
	v.epoch.release()
	v.db.gate.leave()
}

// Epoch returns the number of the commit that the view shows.
func (v *View) Epoch() uint64 { return v.epoch.number }

// AsOf returns the instant that the view's answers are true at.
func (v *View) AsOf() time.Time { return v.at.Time() }

// Count returns how many profiles are in a segment.
func (v *View) Count(ctx context.Context, e segment.Expr) (uint64, error) {
	return insideAs(v, callCount, func() (uint64, error) { return v.count(ctx, e) })
}

// Segment returns the profiles in a segment. The set is immutable, holds its own
// memory and outlives the view.
func (v *View) Segment(ctx context.Context, e segment.Expr) (*segment.Set, error) {
	return insideAs(v, callSegment, func() (*segment.Set, error) { return v.segment(ctx, e) })
}

// Count is View.Count on a view of this moment.
func (db *DB) Count(ctx context.Context, e segment.Expr) (uint64, error) {
	return timed(db, callCount, func() (uint64, error) {
		return within(ctx, db, func(v *View) (uint64, error) { return v.count(ctx, e) })
	})
}

// Segment is View.Segment on a view of this moment.
func (db *DB) Segment(ctx context.Context, e segment.Expr) (*segment.Set, error) {
	return timed(db, callSegment, func() (*segment.Set, error) {
		return within(ctx, db, func(v *View) (*segment.Set, error) { return v.segment(ctx, e) })
	})
}

// within runs a call on a view of this moment.
func within[T any](ctx context.Context, db *DB, call func(*View) (T, error)) (T, error) {
	var zero T
	if err := db.gate.enter(); err != nil {
		return zero, err
	}
	defer db.gate.leave()
	v, err := db.view(ctx)
	if err != nil {
		return zero, err
	}
	defer v.epoch.release()
	return call(v)
}

// inside runs a call on an open view.
func inside[T any](v *View, call func() (T, error)) (T, error) { return insideAs(v, callOther, call) }

func insideAs[T any](v *View, kind callKind, call func() (T, error)) (T, error) {
	if err := v.enter(); err != nil {
		var zero T
		return zero, err
	}
	defer v.leave()
	return timed(v.db, kind, call)
}
