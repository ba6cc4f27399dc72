package portrait

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// foldSet is what profiles keep for the operands of one model: each fold under a
// number that it is given once, so that what was kept for another model is never
// taken for it. It is immutable.
type foldSet struct {
	next uint32 // the number that the next fold gets
	gen  uint32 // the generation of the newest
	done uint32 // the generation up to which every node has folded all there is
	list []foldEntry
}

// foldEntry is one fold in force.
type foldEntry struct {
	id   uint32
	key  string // see syntax.Fold.Key
	keep int    // in grains; 0 for ever
	// gen is the generation that the fold came with: nodes of an older one have not
	// folded the events of before.
	gen uint32
	// since is the instant from which the fold is complete; the least there is where
	// it always was.
	since profile.Instant
	spec  *syntax.Fold // nil in a set that was just read
}

// find returns the fold of a key, or nil.
func (s *foldSet) find(key string) *foldEntry {
	for i := range s.list {
		if s.list[i].key == key {
			return &s.list[i]
		}
	}
	return nil
}

// keeps reports whether what is kept for so many grains serves a need of so many.
func keeps(have, want int) bool { return have == 0 || want != 0 && have >= want }

// demands collects the folds that the expressions of a model need.
type demands map[string]*syntax.Fold

// add notes a need: of several for one fold the longest counts.
func (d demands) add(f *syntax.Fold, zone string) {
	key := f.Key(zone)
	old, ok := d[key]
	if !ok || !keeps(old.Keep, f.Keep) {
		d[key] = f
	}
}

// with returns the set that meets the demands: a fold that the set has keeps its
// number, unless it would have to reach further back than it was kept.
func (s *foldSet) with(d demands) *foldSet {
	next := &foldSet{next: s.next, gen: s.gen, done: s.done}
	for _, key := range slices.Sorted(maps.Keys(d)) {
		spec := d[key]
		e := foldEntry{id: next.next, key: key, keep: spec.Keep, gen: s.gen + 1, since: firstInstant, spec: spec}
		if old := s.find(key); old != nil && keeps(old.keep, spec.Keep) {
			e.id, e.gen, e.since = old.id, old.gen, old.since
		} else {
			next.next++
			next.gen = s.gen + 1
		}
		next.list = append(next.list, e)
	}
	slices.SortFunc(next.list, func(a, b foldEntry) int { return cmp.Compare(a.id, b.id) })
	return next
}

// fresh returns the folds that a later set has and this one has not.
func (s *foldSet) fresh(next *foldSet) []*foldEntry {
	var list []*foldEntry
	for i := range next.list {
		if next.list[i].id >= s.next {
			list = append(list, &next.list[i])
		}
	}
	return list
}

// firstInstant is before every event.
const firstInstant profile.Instant = -1 << 63

// append writes the record of a set.
func (s *foldSet) append() []byte {
	dst := []byte{recordVersion}
	dst = pack.AppendArray(dst, 4)
	dst = pack.AppendUint(dst, uint64(s.next))
	dst = pack.AppendUint(dst, uint64(s.gen))
	dst = pack.AppendUint(dst, uint64(s.done))
	dst = pack.AppendArray(dst, len(s.list))
	for _, e := range s.list {
		dst = pack.AppendArray(dst, 5)
		dst = pack.AppendUint(dst, uint64(e.id))
		dst = pack.AppendString(dst, e.key)
		dst = pack.AppendUint(dst, uint64(e.keep))
		dst = pack.AppendUint(dst, uint64(e.gen))
		dst = pack.AppendInt(dst, int64(e.since))
	}
	return dst
}

func decodeFolds(data []byte) (*foldSet, error) {
	s := &foldSet{}
	r := openRecord(data)
	r.Fields("folds", 4)
	s.next = r.Uint32()
	s.gen = r.Uint32()
	if s.done = r.Uint32(); s.done > s.gen {
		r.Fail(fmt.Errorf("generation %d is done, of %d", s.done, s.gen))
	}
	n := r.Array(6)
	for range n {
		if r.Err() != nil {
			break
		}
		var e foldEntry
		r.Fields("fold", 5)
		e.id = r.Uint32()
		e.key = r.String()
		keep := r.Uint32()
		e.keep = int(keep)
		e.gen = r.Uint32()
		e.since = profile.Instant(r.Int())
		if e.id >= s.next || e.gen > s.gen {
			r.Fail(fmt.Errorf("fold %d of generation %d in a set up to %d of %d", e.id, e.gen, s.next, s.gen))
		}
		if len(s.list) > 0 && s.list[len(s.list)-1].id >= e.id {
			r.Fail(fmt.Errorf("fold %d out of order", e.id))
		}
		s.list = append(s.list, e)
	}
	return s, closeRecord("folds", &r)
}
