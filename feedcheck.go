package portrait

import (
	"fmt"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// checkFeed replays what is kept of the feed: every record can be read, they follow
// each other in time, each profile enters a tag before it leaves it and leaves
// before it enters again, and at the end it is where the bitmaps have it. A feed of
// which nothing was trimmed comes to the bitmaps whole.
func (c *checker) checkFeed() error {
	f := feedCheck{
		checker: c, whole: c.v.epoch.meta.feedFrom == 0,
		in: map[feedName]map[uint32]bool{}, names: map[segment.FieldID]feedName{}, merged: map[uint64]bool{},
	}
	if err := c.scan(keys.Feed, f.record); err != nil {
		return err
	}
	if err := c.scan(keys.MergeLog, f.merge); err != nil {
		return err
	}
	for _, epoch := range sortedKeys(f.merged) {
		if f.merged[epoch] {
			c.differ("feed: commit %d: it tells of merges that are not on record", epoch)
		}
	}
	if f.more {
		c.differ("feed: the last part of commit %d is missing", f.epoch)
	}
	if f.at > c.v.epoch.meta.feedAt {
		c.differ("feed: the last record is of %s, the last one known of %s", f.at, c.v.epoch.meta.feedAt)
	}
	for _, t := range c.v.epoch.cat.tags {
		for key, field := range t.known() {
			name := feedName{segment: t.segment, name: t.def.Name}
			if key != "" {
				v, _, err := profile.DecodeValue([]byte(key))
				if err != nil {
					return fmt.Errorf("%w: a value of tag %q: %w", ErrCorrupt, t.def.Name, err)
				}
				name.value = valueText(v)
			}
			if err := f.compare(name, field); err != nil {
				return err
			}
		}
	}
	for name, in := range f.in { // what is left is of tags that are gone
		for _, ordinal := range sortedKeys(in) {
			if in[ordinal] {
				c.differ("feed: ordinal %d has not left %s, which is gone", ordinal, name)
			}
		}
	}
	return nil
}

func (n feedName) String() string {
	if n.segment {
		return fmt.Sprintf("segment %q", n.name)
	}
	if n.value != "" {
		return fmt.Sprintf("tag %q = %q", n.name, n.value)
	}
	return fmt.Sprintf("tag %q", n.name)
}

// feedCheck is how far the replay has come.
type feedCheck struct {
	*checker
	whole bool
	epoch uint64
	seq   uint32
	more  bool
	at    profile.Instant
	in    map[feedName]map[uint32]bool // who was told of, and is in now
	names map[segment.FieldID]feedName
	// merged are the commits that are said to have merged or split somebody: until the
	// merge log says so too.
	merged map[uint64]bool
}

// merge makes sure that the feed tells of a record of the merge log.
func (f *feedCheck) merge(key, _ []byte) error {
	epoch, ok := keys.ReadLog(key)
	if !ok || epoch < f.v.epoch.meta.feedFrom {
		return nil
	}
	if _, told := f.merged[epoch]; !told {
		f.differ("feed: commit %d: it does not tell of the merges on record", epoch)
	}
	f.merged[epoch] = false
	return nil
}

func (f *feedCheck) record(key, value []byte) error {
	chunk, err := f.v.epoch.feedChunk(key, value, f.names)
	f.checkRecord("change", chunk.place.epoch, err)
	if err != nil {
		return nil //nolint:nilerr // It is a difference.
	}
	place := chunk.place
	switch {
	case place.epoch < f.v.epoch.meta.feedFrom:
		f.differ("feed: commit %d is kept, and what is kept begins with %d", place.epoch, f.v.epoch.meta.feedFrom)
	case f.more && (place.epoch != f.epoch || place.seq != f.seq+1), !f.more && place.seq != 0:
		f.differ("feed: commit %d: part %d comes after part %d of commit %d", place.epoch, place.seq, f.seq, f.epoch)
	case chunk.at < f.at:
		f.differ("feed: commit %d: its instant %s is before that of the one before, %s", place.epoch, chunk.at, f.at)
	}
	f.epoch, f.seq, f.more, f.at = place.epoch, place.seq, chunk.more, chunk.at
	if chunk.merged {
		f.merged[place.epoch] = true
	}
	for i, g := range chunk.groups {
		if g.field == universe {
			f.erased(g)
			continue
		}
		f.move(chunk.names[i], g.entered, true)
		f.move(chunk.names[i], g.left, false)
	}
	return nil
}

// erased makes sure that who was erased is gone for good.
func (f *feedCheck) erased(g feedGroup) {
	for _, ordinal := range g.entered {
		f.differ("feed: commit %d: ordinal %d enters everybody", f.epoch, ordinal)
	}
	for _, ordinal := range g.left {
		if f.people[ordinal] != nil {
			f.differ("feed: commit %d: ordinal %d was erased, and is there", f.epoch, ordinal)
		}
	}
}

func (f *feedCheck) move(name feedName, list []uint32, on bool) {
	in := f.in[name]
	if in == nil {
		in = map[uint32]bool{}
		f.in[name] = in
	}
	for _, ordinal := range list {
		if is, told := in[ordinal]; is == on && (told || f.whole) {
			f.differ("feed: commit %d: ordinal %d enters or leaves %s, where it stood so already", f.epoch, ordinal, name)
		}
		in[ordinal] = on
	}
}

// compare holds the end of the replay against a bitmap.
func (f *feedCheck) compare(name feedName, field segment.FieldID) error {
	in := f.in[name]
	delete(f.in, name)
	set, err := segment.NewQuery(segment.Bits(field), universe).Set(f.ctx, f.v.source())
	if err != nil {
		return err
	}
	for _, ordinal := range ordinals(set) {
		if is, told := in[ordinal]; !is && (told || f.whole) {
			f.differ("feed: ordinal %d has %s and has not entered it", ordinal, name)
		}
		delete(in, ordinal)
	}
	for _, ordinal := range sortedKeys(in) {
		if in[ordinal] {
			f.differ("feed: ordinal %d has entered %s and does not have it", ordinal, name)
		}
	}
	return nil
}
