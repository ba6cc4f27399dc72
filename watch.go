package portrait

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// WatchFilter says which changes a reader of the feed wants: those that agree with
// every field that is set. The zero WatchFilter is all of them. A name that nothing has,
// or has any more, is no error: nothing is told of it.
type WatchFilter struct {
	Kinds    []string // any of these; see Change.Kind
	Tags     []string // of any of these tags, or
	Segments []string // of any of these tracked segments; then no merges, splits and erasures
	Values   []string // of any of these values of a tag; then of no tag without values, and no segment
	// Profiles are IDs, as Change.Profile or among Change.Others.
	Profiles []profile.ID
}

// Watch yields the changes of the feed from a cursor on, and then follows it: it
// waits for commits and tells what they change, each once, in order, until the loop
// is left, ctx ends or the DB is closed. With several filters it yields what any of
// them wants, with none everything.
//
// The zero Cursor begins with the oldest change that is kept (see
// Options.FeedRetention), [View.Cursor] with what follows a view; the cursor of a
// change with the next. Whoever keeps the cursor of the last change that it has
// dealt with, and resumes with it, is told exactly the rest.
//
// The error comes at most once, last, with the zero Change: the cause of ctx when
// that ends, ErrClosed, ErrTrimmed where what follows the cursor, or what a reader
// that is too slow has yet to be told, is no longer kept, or what is wrong with the
// cursor: it is of another store, or ahead of this one. The loop may call any method
// of the DB, Close included. Readers hold nothing while they wait or while the loop
// is in its body, and cost commits nothing.
func (db *DB) Watch(ctx context.Context, since Cursor, filters ...WatchFilter) iter.Seq2[Change, error] {
	return db.read(ctx, filters, &feedReader{db: db, since: since, follow: true, open: func() (*epoch, func(), error) {
		if err := db.gate.enter(); err != nil {
			return nil, nil, err
		}
		e := db.acquire()
		return e, func() { e.release(); db.gate.leave() }, nil
	}})
}

// Changes yields the changes of the feed from a cursor on up to the view's commit,
// and ends. All else is as with [DB.Watch]. A view for a purpose tells of those alone who
// are its own at its instant: that somebody withdrew, only the host's feed tells.
func (v *View) Changes(ctx context.Context, since Cursor, filters ...WatchFilter) iter.Seq2[Change, error] {
	return v.db.read(ctx, filters, &feedReader{db: v.db, since: since, tell: v.tellChange, open: func() (*epoch, func(), error) {
		return v.epoch, v.leave, v.enter()
	}})
}

// Cursor is the place in the feed after the view's commit: what is read from there
// on is what the view does not show.
func (v *View) Cursor() Cursor {
	return Cursor{v.db.incarnation, feedPlace{epoch: v.epoch.number + 1}}
}

func (db *DB) read(ctx context.Context, filters []WatchFilter, r *feedReader) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for _, f := range filters {
			for _, kind := range f.Kinds {
				if !slices.Contains(kinds[:], kind) {
					yield(Change{}, fmt.Errorf("portrait: a filter asks for changes of kind %q, there are %q", kind, kinds))
					return
				}
			}
		}
		r.filter = filters
		r.run(ctx, yield)
	}
}

// feedFilter is what a reader wants: what any of its parts does, or everything.
type feedFilter []WatchFilter

func (f feedFilter) match(c *Change) bool {
	if len(f) == 0 {
		return true
	}
	for i := range f {
		if f[i].match(c) {
			return true
		}
	}
	return false
}

func (f *WatchFilter) match(c *Change) bool {
	if len(f.Kinds) > 0 && !slices.Contains(f.Kinds, c.Kind) {
		return false
	}
	if len(f.Tags)+len(f.Segments) > 0 && !named(f.Tags, c.Tag) && !named(f.Segments, c.Segment) {
		return false
	}
	if len(f.Values) > 0 && !named(f.Values, c.Value) {
		return false
	}
	return len(f.Profiles) == 0 || slices.Contains(f.Profiles, c.Profile) ||
		slices.ContainsFunc(c.Others, func(id profile.ID) bool { return slices.Contains(f.Profiles, id) })
}

func named(names []string, name string) bool { return name != "" && slices.Contains(names, name) }
