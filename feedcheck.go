package portrait

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// checkFeed replays what is kept of the feed: every record can be read, they follow
// each other in time, each profile enters a tag before it leaves it and leaves
// before it enters again, and at the end it is where the bitmaps have it. A feed of
// which nothing was trimmed comes to the bitmaps whole. Who stands where is held of some
// ordinals at a time, and the feed is gone through for each of them.
func (c *checker) checkFeed(ctx context.Context) error {
	names := uint64(0)
	for _, err := range c.v.epoch.snap.Scan([]byte{keys.FeedField}, keys.End([]byte{keys.FeedField})) {
		if err != nil {
			return err
		}
		names++
	}
	part := c.feedPart(names)
	parts := max((uint64(c.byOrdinal.bound)+part-1)/part, 1)
	return c.spread(ctx, int(parts), func(c *inspector, i int) error {
		f := feedCheck{
			inspector: c, whole: c.v.epoch.meta.feedFrom == 0, from: uint64(i) * part, to: uint64(i+1) * part,
			in: map[feedName]*standing{}, names: map[segment.FieldID]feedName{}, merged: map[uint64]bool{},
		}
		if i == int(parts)-1 {
			f.to = math.MaxUint32 + 1
		}
		return f.replay()
	})
}

// feedPart returns of how many ordinals it is held at a time where they stand, if the feed
// tells of so many names: so many that what is held takes some 32 MiB.
func (s *scale) feedPart(names uint64) uint64 {
	if s.follow > 0 {
		return s.follow
	}
	const block = 1 << 16 // ordinals, of which each name takes two sets of bits
	return max(32<<20/(2*block/8)/max(names, 1), 1) * block
}

func (f *feedCheck) replay() error {
	if err := f.scan(keys.Feed, f.record); err != nil {
		return err
	}
	if f.from == 0 {
		if err := f.end(); err != nil {
			return err
		}
	}
	for _, t := range f.v.epoch.cat.tags {
		fields := t.known()
		for _, key := range sortedKeys(fields) {
			name := feedName{segment: t.segment, name: t.def.Name}
			if key != "" {
				v, _, err := profile.DecodeValue([]byte(key))
				if err != nil {
					return fmt.Errorf("%w: a value of tag %q: %w", ErrCorrupt, t.def.Name, err)
				}
				name.value = valueText(v)
			}
			if err := f.compare(name, fields[key]); err != nil {
				return err
			}
		}
	}
	gone := slices.SortedFunc(maps.Keys(f.in), func(a, b feedName) int { return cmp.Compare(a.String(), b.String()) })
	for _, name := range gone {
		for ordinal := range f.in[name].in.from(0) {
			f.differ("feed: ordinal %d has not left %s, which is gone", ordinal, name)
		}
	}
	return nil
}

// end checks how the feed ends, and the merges that it tells of.
func (f *feedCheck) end() error {
	if err := f.scan(keys.MergeLog, f.merge); err != nil {
		return err
	}
	for _, epoch := range sortedKeys(f.merged) {
		if f.merged[epoch] {
			f.differ("feed: commit %d: it tells of merges that are not on record", epoch)
		}
	}
	if f.more {
		f.differ("feed: the last part of commit %d is missing", f.epoch)
	}
	if f.at > f.v.epoch.meta.feedAt {
		f.differ("feed: the last record is of %s, the last one known of %s", f.at, f.v.epoch.meta.feedAt)
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
	*inspector
	whole bool
	// from and to are the ordinals that are followed; what is no ordinal's is checked with
	// the first of them.
	from, to uint64
	epoch    uint64
	seq      uint32
	more     bool
	at       profile.Instant
	in       map[feedName]*standing
	names    map[segment.FieldID]feedName
	// merged are the commits that are said to have merged or split somebody: until the
	// merge log says so too.
	merged map[uint64]bool
}

// standing is who was told of under one name, and who of them is in now.
type standing struct{ told, in ordinalSet }

func (f *feedCheck) follows(ordinal uint32) bool {
	return uint64(ordinal) >= f.from && uint64(ordinal) < f.to
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
	if f.from == 0 {
		f.checkRecord("change", chunk.place.epoch, err)
	}
	if err != nil {
		return nil //nolint:nilerr // It is a difference.
	}
	if f.from == 0 {
		f.checkPlace(&chunk)
	}
	f.epoch = chunk.place.epoch
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

// checkPlace makes sure that a record follows the one before.
func (f *feedCheck) checkPlace(chunk *feedChunk) {
	place := chunk.place
	switch {
	case place.epoch < f.v.epoch.meta.feedFrom:
		f.differ("feed: commit %d is kept, and what is kept begins with %d", place.epoch, f.v.epoch.meta.feedFrom)
	case f.more && (place.epoch != f.epoch || place.seq != f.seq+1), !f.more && place.seq != 0:
		f.differ("feed: commit %d: part %d comes after part %d of commit %d", place.epoch, place.seq, f.seq, f.epoch)
	case chunk.at < f.at:
		f.differ("feed: commit %d: its instant %s is before that of the one before, %s", place.epoch, chunk.at, f.at)
	}
	f.seq, f.more, f.at = place.seq, chunk.more, chunk.at
	if chunk.merged {
		f.merged[place.epoch] = true
	}
}

// erased makes sure that who was erased is gone for good.
func (f *feedCheck) erased(g feedGroup) {
	for _, ordinal := range g.entered {
		if f.follows(ordinal) {
			f.differ("feed: commit %d: ordinal %d enters everybody", f.epoch, ordinal)
		}
	}
	for _, ordinal := range g.left {
		if f.follows(ordinal) && f.live.has(ordinal) {
			f.differ("feed: commit %d: ordinal %d was erased, and is there", f.epoch, ordinal)
		}
	}
}

func (f *feedCheck) move(name feedName, list []uint32, on bool) {
	s := f.in[name]
	if s == nil {
		s = &standing{ordinalSet{}, ordinalSet{}}
		f.in[name] = s
	}
	for _, ordinal := range list {
		if !f.follows(ordinal) {
			continue
		}
		if fresh := s.told.add(ordinal); s.in.has(ordinal) == on && (!fresh || f.whole) {
			f.differ("feed: commit %d: ordinal %d enters or leaves %s, where it stood so already", f.epoch, ordinal, name)
		}
		if on {
			s.in.add(ordinal)
		} else {
			s.in.remove(ordinal)
		}
	}
}

// compare holds the end of the replay against a bitmap.
func (f *feedCheck) compare(name feedName, field segment.FieldID) error {
	s := f.in[name]
	if s == nil {
		s = &standing{}
	}
	delete(f.in, name)
	set, err := segment.NewQuery(segment.Bits(field), universe).Set(f.ctx, f.v.source())
	if err != nil {
		return err
	}
	for _, ordinal := range (span{&places{base: uint32(f.from)}, f.to}).ordinals(set) {
		if !s.in.has(ordinal) && (s.told.has(ordinal) || f.whole) {
			f.differ("feed: ordinal %d has %s and has not entered it", ordinal, name)
		}
		s.in.remove(ordinal)
	}
	for ordinal := range s.in.from(0) {
		f.differ("feed: ordinal %d has entered %s and does not have it", ordinal, name)
	}
	return nil
}
