package portrait

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// feedRead is about how many bytes of the feed a reader takes at once, before it
// gives the snapshot back that it reads through.
const feedRead = 256 << 10

// feedReader reads the feed from a place on.
type feedReader struct {
	db     *DB
	since  Cursor
	filter feedFilter
	// open takes an epoch to read through, for as long as it takes to read some of
	// it, and the DB's or a view's leave to do so.
	open func() (e *epoch, done func(), err error)
	// tell takes out of a change what may not be told; false: all of it. Nil: nothing.
	tell func(*Change) (bool, error)
	// follow says that the end of the epoch is not the end.
	follow bool
}

// run yields the changes of the feed.
func (r *feedReader) run(ctx context.Context, yield func(Change, error) bool) {
	next, begun := r.since.place, false
	for {
		if ctx.Err() != nil {
			yield(Change{}, context.Cause(ctx))
			return
		}
		parts, later, err := r.read(ctx, &next, &begun)
		if err != nil {
			yield(Change{}, err)
			return
		}
		for _, p := range parts {
			for c := range p.changes(r.db.incarnation) {
				told, err := r.tells(&c)
				switch {
				case err != nil:
					yield(Change{}, err)
					return
				case !told || !r.filter.match(&c):
				case ctx.Err() != nil:
					yield(Change{}, context.Cause(ctx))
					return
				case !yield(c, nil):
					return
				}
			}
		}
		switch {
		case len(parts) > 0:
		case !r.follow:
			return
		default:
			select {
			case <-later:
			case <-ctx.Done():
			}
		}
	}
}

// tells reports whether a change may be told.
func (r *feedReader) tells(c *Change) (bool, error) {
	if r.tell == nil {
		return true, nil
	}
	return r.tell(c)
}

// read returns the next parts of the feed and moves the place past them: none where
// it stands at the end of the epoch, which later is closed after.
func (r *feedReader) read(ctx context.Context, next *feedPlace, begun *bool) (parts []feedChunk, later <-chan struct{}, err error) {
	e, done, err := r.open()
	if err != nil {
		return nil, nil, err
	}
	defer done()
	if !*begun {
		if err := r.begin(e, next); err != nil {
			return nil, nil, err
		}
		*begun = true
	}
	if next.epoch < e.meta.feedFrom {
		return nil, nil, fmt.Errorf("%w: it goes on at commit %d, what is kept begins at %d", ErrTrimmed, next.epoch, e.meta.feedFrom)
	}
	parts, err = e.feed(ctx, next)
	return parts, e.later, err
}

// begin places a reader, and refuses a cursor that is none of this store.
func (r *feedReader) begin(e *epoch, next *feedPlace) error {
	switch {
	case r.since == Cursor{}:
		next.epoch = e.meta.feedFrom
	case r.since.store != r.db.incarnation:
		return fmt.Errorf("portrait: the cursor %s is of another store", r.since)
	case next.epoch > e.number+1:
		last := r.db.acquire() // which may be later than the view read
		defer last.release()
		if next.epoch > last.number+1 {
			return fmt.Errorf("portrait: the cursor %s is ahead of the store: it goes on at commit %d, the last is %d", r.since, next.epoch, last.number)
		}
	}
	return nil
}

// feedChunk is one part of a commit's record, ready to be told.
type feedChunk struct {
	feedRecord
	place feedPlace // of the first change to be told
	merge []Change  // what merged and split
	names []feedName
}

// feed reads some of the feed from a place on, and moves that past it.
func (e *epoch) feed(ctx context.Context, next *feedPlace) ([]feedChunk, error) {
	var chunks []feedChunk
	names := map[segment.FieldID]feedName{}
	size := 0
	for kv, err := range e.snap.Scan(keys.AppendFeed(nil, next.epoch, next.seq), keys.AppendFeed(nil, e.number+1, 0)) {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, err
		}
		c, err := e.feedChunk(kv.Key, kv.Value, names)
		if err != nil {
			return nil, err
		}
		if c.place.epoch == next.epoch && c.place.seq == next.seq {
			c.place.index = next.index
		}
		chunks = append(chunks, c)
		*next = c.end()
		if size += len(kv.Value) + len(kv.Key); size >= feedRead {
			break
		}
	}
	return chunks, nil
}

func (e *epoch) feedChunk(key, value []byte, names map[segment.FieldID]feedName) (c feedChunk, err error) {
	var ok bool
	if c.place.epoch, c.place.seq, ok = keys.ReadFeed(key); !ok {
		return c, fmt.Errorf("%w: feed key of %d bytes", ErrCorrupt, len(key))
	}
	if c.feedRecord, err = decodeFeed(value); err != nil {
		return c, err
	}
	c.names = make([]feedName, len(c.groups))
	for i, g := range c.groups {
		name, ok := names[g.field]
		if !ok && g.field != universe {
			if name, err = e.feedName(g.field); err != nil {
				return c, err
			}
			names[g.field] = name
		}
		c.names[i] = name
	}
	if c.merged {
		c.merge, err = e.mergeChanges(c.place.epoch)
	}
	return c, err
}

// end is the place after the part.
func (c *feedChunk) end() feedPlace {
	if c.more {
		return feedPlace{epoch: c.place.epoch, seq: c.place.seq + 1}
	}
	return feedPlace{epoch: c.place.epoch + 1}
}

// changes yields the changes of a part.
func (c *feedChunk) changes(store uint64) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		place, last := c.place, uint32(len(c.merge)+c.count())
		tell := func(index uint32, ch Change) bool {
			if index < c.place.index {
				return true
			}
			if place.index = index + 1; place.index == last {
				place = c.end()
			}
			ch.Cursor, ch.Epoch, ch.At = Cursor{store, place}, c.place.epoch, c.at.Time()
			return yield(ch)
		}
		index := uint32(0)
		for _, ch := range c.merge {
			if !tell(index, ch) {
				return
			}
			index++
		}
		for i := range c.groups {
			g := &c.groups[i]
			ch := Change{Tag: c.names[i].name, Value: c.names[i].value, Cause: g.cause.String()}
			if c.names[i].segment {
				ch.Tag, ch.Segment = "", ch.Tag
			}
			for _, side := range [...]struct {
				kind string
				list []uint32
			}{{kindEntered, g.entered}, {kindLeft, g.left}} {
				if ch.Kind = side.kind; g.field == universe {
					ch.Kind = kindErased
				}
				for _, o := range side.list {
					ch.Profile = profile.MakeID(0, o)
					if !tell(index, ch) {
						return
					}
					index++
				}
			}
		}
	}
}

// mergeChanges tells what the merge log has of one commit.
func (e *epoch) mergeChanges(number uint64) ([]Change, error) {
	var log []Merge
	for kv, err := range e.snap.Scan(keys.AppendMergeLog(nil, number, 0), keys.AppendMergeLog(nil, number+1, 0)) {
		if err != nil {
			return nil, err
		}
		m, err := decodeMerge(kv.Key, kv.Value)
		if err != nil {
			return nil, err
		}
		log = append(log, m)
	}
	return tellMerges(log), nil
}

// tellMerges turns one commit's records of the merge log into changes. An ID that
// went is told once, of the first profile that holds some of it. A new ID that
// takes the place of none that went split off from the least profile that it has
// identifiers of, if that is still there, else from the one that took its place.
func tellMerges(log []Merge) []Change {
	stays, was, heir := map[profile.ID]bool{}, map[profile.ID]bool{}, map[profile.ID]profile.ID{}
	for _, m := range log {
		stays[m.Into] = true
		for _, id := range m.From {
			was[id] = true
		}
	}
	merged, split := map[profile.ID][]profile.ID{}, map[profile.ID][]profile.ID{}
	for _, m := range log {
		for _, id := range m.From {
			if _, told := heir[id]; !stays[id] && !told {
				heir[id] = m.Into
				merged[m.Into] = append(merged[m.Into], id)
			}
		}
	}
	for _, m := range log {
		if was[m.Into] || len(merged[m.Into]) > 0 || len(m.From) == 0 {
			continue
		}
		of := heir[m.From[0]]
		if i := slices.IndexFunc(m.From, func(id profile.ID) bool { return stays[id] }); i >= 0 {
			of = m.From[i]
		}
		split[of] = append(split[of], m.Into)
	}
	var all []Change
	for _, told := range [...]struct {
		kind string
		of   map[profile.ID][]profile.ID
	}{{kindMerged, merged}, {kindSplit, split}} {
		for _, id := range sortedKeys(told.of) {
			slices.Sort(told.of[id])
			all = append(all, Change{Kind: told.kind, Profile: id, Others: told.of[id], Cause: byMerge.String()})
		}
	}
	return all
}
