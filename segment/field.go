package segment

import (
	"sync/atomic"

	"github.com/portraitdb/portrait/internal/shard"
)

// FieldID names one bitmap or column of the index. IDs are handed out by the
// caller, densely, and never reused.
type FieldID uint32

// FieldKind says what a field holds for each profile.
type FieldKind uint8

// The kinds of field.
const (
	Bitmap FieldKind = iota // a bit
	Column                  // an integer, or nothing
)

// ShardKey names one shard of a field: the unit that is stored and loaded.
// Shard s holds the ordinals from s * 2^20 on.
type ShardKey struct {
	Field FieldID
	Shard uint32
}

// field is one version of a field. It is immutable, but for what is learned of
// shards when they are loaded. One of a single shard lies in one cache line.
type field struct {
	entries []entry       // ascending by shard
	one     [1]entry      // where they lie, if that is room enough
	members atomic.Uint64 // 1 more than the members of a bitmap, once they have been counted
	id      FieldID
	kind    FieldKind
	known   bool   // the shape is an outline
	whole   bool   // the keys tell all that loading could
	shape   uint64 // of a bitmap: an outline, or a print
}

// entry is one shard of a field.
type entry struct {
	// key is the number of the shard, and below it the mask of the blocks that may
	// have members: all, as long as the shard has not been loaded.
	key  uint32
	slot *slot // not nil
}

// newField returns a field with room for n shards.
func newField(id FieldID, kind FieldKind, n int) *field {
	f := &field{id: id, kind: kind}
	if f.entries = f.one[:0]; n > len(f.one) {
		f.entries = make([]entry, 0, n)
	}
	return f
}

// anywhere is the mask of all blocks.
const anywhere = 1<<shard.Blocks - 1

func makeKey(shardNo uint32, mask uint16) uint32 { return shardNo<<shard.Blocks | uint32(mask) }

// key returns the key of the i-th entry.
func (f *field) key(i int) uint32 { return atomic.LoadUint32(&f.entries[i].key) }

// learn keeps which blocks of the i-th entry have members.
func (f *field) learn(i int, mask uint16) {
	if key := f.key(i); uint16(key) != mask {
		atomic.StoreUint32(&f.entries[i].key, makeKey(key>>shard.Blocks, mask))
	}
}

// find returns which entry is the shard's; ok is false where it has none.
func (f *field) find(shardNo uint32) (i int, ok bool) {
	i = int(shardNo)
	if i < len(f.entries) && f.key(i)>>shard.Blocks == shardNo { // as it is where no shard is empty
		return i, true
	}
	lo, hi := 0, min(i, len(f.entries))
	for lo < hi {
		if mid := (lo + hi) / 2; f.key(mid)>>shard.Blocks < shardNo {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(f.entries) && f.key(lo)>>shard.Blocks == shardNo
}

// seek returns the first entry from i on whose shard is shardNo or later. It takes
// steps that grow.
func (f *field) seek(i int, shardNo uint32) int {
	lo, step := i, 1
	for lo+step < len(f.entries) && f.key(lo+step)>>shard.Blocks < shardNo {
		lo += step
		step *= 2
	}
	for hi := min(lo+step, len(f.entries)); lo < hi; {
		if mid := (lo + hi) / 2; f.key(mid)>>shard.Blocks < shardNo {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// slot returns the shard's slot, which may be nil.
func (f *field) slot(i int) *slot {
	if f == nil {
		return nil
	}
	if at, ok := f.find(uint32(i)); ok {
		return f.entries[at].slot
	}
	return nil
}

// mask returns the blocks of a shard that may have members.
func (f *field) mask(shardNo int) uint16 {
	if f == nil {
		return 0
	}
	if at, ok := f.find(uint32(shardNo)); ok {
		return uint16(f.key(at))
	}
	return 0
}

// shards returns how many shards, from the first on, hold everything.
func (f *field) shards() int {
	if len(f.entries) == 0 {
		return 0
	}
	return int(f.key(len(f.entries)-1)>>shard.Blocks) + 1
}

// withSlots returns a version with slots in place of those of their shards, which
// ascend.
func (f *field) withSlots(shards []uint32, slots []*slot) *field {
	n := len(f.entries)
	for i, s := range shards {
		if _, ok := f.find(s); ok {
			n--
		}
		if slots[i] != nil {
			n++
		}
	}
	d := newField(f.id, f.kind, n)
	d.whole = f.whole || len(f.entries) == 0
	at := 0
	for i, s := range shards {
		for ; at < len(f.entries) && f.key(at)>>shard.Blocks < s; at++ {
			d.entries = append(d.entries, entry{f.key(at), f.entries[at].slot})
		}
		if at < len(f.entries) && f.key(at)>>shard.Blocks == s {
			at++
		}
		if slots[i] != nil {
			d.entries = append(d.entries, entry{makeKey(s, slots[i].mask()), slots[i]})
			d.whole = d.whole && slots[i].data.Load() != nil
		}
	}
	for ; at < len(f.entries); at++ {
		d.entries = append(d.entries, entry{f.key(at), f.entries[at].slot})
	}
	d.recount(f, shards, slots)
	return d
}

// recount keeps how many members there are in place of those of an older version,
// where that is known without loading.
func (f *field) recount(old *field, shards []uint32, slots []*slot) {
	n := old.members.Load()
	if n == 0 && len(old.entries) == 0 {
		n = 1
	}
	if n == 0 || f.kind != Bitmap {
		return
	}
	for i, s := range shards {
		before, ok := old.slot(int(s)).size()
		after, known := slots[i].size()
		if !ok || !known {
			return
		}
		n += after - before
	}
	f.members.Store(n)
}

// directory finds fields by ID: pages of 64 fields, in groups of 64 pages at most. A
// commit copies the pages that it touches, their groups, and the list of groups. The
// zero directory is empty.
type directory struct{ groups [][]*page }

const pageBits = 6

// page is the fields of 64 IDs, with what may be asked of many fields that need not be
// looked at. It is immutable, but for the page that takes its place when more has been
// learned of the same fields.
type page struct {
	learned atomic.Pointer[page]
	fields  [1 << pageBits]*field
	bounds  [1 << pageBits]bounds
}

// latest returns the page with what has been learned of its fields.
func (p *page) latest() *page {
	if l := p.learned.Load(); l != nil {
		return l
	}
	return p
}

// clone returns a page of the same fields.
func (p *page) clone() *page {
	p = p.latest()
	return &page{fields: p.fields, bounds: p.bounds}
}

// noFields stands for a page without fields.
var noFields page

// at returns the page of a field, and the place within it.
func (d *directory) at(id FieldID) (p *page, i int) {
	if at := int(id >> (2 * pageBits)); at < len(d.groups) {
		pages := d.groups[at]
		if i := int(id >> pageBits & (1<<pageBits - 1)); i < len(pages) {
			return pages[i].latest(), int(id & (1<<pageBits - 1))
		}
	}
	return &noFields, 0
}

// find returns a field; nil: there is none.
func (d *directory) find(id FieldID) *field {
	p, i := d.at(id)
	return p.fields[i]
}

// bounds says where all members of a field lie, by what is known without loading or
// much work: from a first ordinal to a last, of which it holds the contrary, so that
// the zero bounds are everywhere.
type bounds struct{ first, notLast uint32 }

// apart reports whether the bounds have no ordinal in common.
func (b *bounds) apart(c *bounds) bool { return b.first > ^c.notLast || c.first > ^b.notLast }

// bounds returns where the members of the field lie, which may be nil.
func (f *field) bounds() bounds {
	if f == nil || len(f.entries) == 0 || f.kind != Bitmap {
		return bounds{}
	}
	last := len(f.entries) - 1
	from := f.key(0)>>shard.Blocks*shard.Span + f.entries[0].slot.first()
	to := f.key(last)>>shard.Blocks*shard.Span + f.entries[last].slot.last()
	return bounds{from, ^to}
}

// learn sees that the directory tells what the shards of a field have shown, once all
// of them have been loaded: as much as of one that was made in memory.
func (d *directory) learn(f *field) {
	last := len(f.entries) - 1
	if f.kind != Bitmap || f.entries[last].slot.data.Load() == nil { // which is loaded last, as a rule
		return
	}
	same := newField(f.id, f.kind, len(f.entries))
	for i := range f.entries {
		s := f.entries[i].slot
		c := s.data.Load()
		if c == nil {
			return
		}
		same.entries = append(same.entries, entry{makeKey(f.key(i)>>shard.Blocks, c.mask()), s})
	}
	same.whole = true
	same.members.Store(f.members.Load())
	where := same.settle()
	group, at, i := int(f.id>>(2*pageBits)), f.id>>pageBits&(1<<pageBits-1), f.id&(1<<pageBits-1)
	p := d.groups[group][at]
	for {
		before := p.learned.Load()
		now := p.clone()
		if now.fields[i] != f { // somebody else was first
			return
		}
		now.fields[i], now.bounds[i] = same, where
		if p.learned.CompareAndSwap(before, now) {
			return
		}
	}
}

// edit is the new version of one field; nil: it is gone.
type edit struct {
	id    FieldID
	field *field
}

// with returns the directory with edits, which ascend by ID, applied.
func (d directory) with(edits []edit) directory {
	if len(edits) == 0 {
		return d
	}
	groups := make([][]*page, max(len(d.groups), int(edits[len(edits)-1].id>>(2*pageBits))+1))
	copy(groups, d.groups)
	for len(edits) > 0 {
		at, n := edits[0].id>>(2*pageBits), 1
		for n < len(edits) && edits[n].id>>(2*pageBits) == at {
			n++
		}
		groups[at] = withPages(groups[at], edits[:n])
		edits = edits[n:]
	}
	return directory{groups}
}

// withPages returns a group of pages with edits applied.
func withPages(old []*page, edits []edit) []*page {
	place := func(id FieldID) int { return int(id >> pageBits & (1<<pageBits - 1)) }
	pages := make([]*page, max(len(old), place(edits[len(edits)-1].id)+1))
	for i := copy(pages, old); i < len(pages); i++ {
		pages[i] = &noFields
	}
	last := -1
	for _, e := range edits {
		if at := place(e.id); at != last {
			pages[at], last = pages[at].clone(), at
		}
		at := e.id & (1<<pageBits - 1)
		pages[last].fields[at], pages[last].bounds[at] = e.field, e.field.settle()
	}
	return pages
}

func splitOrdinal(ordinal uint32) (shardNo, offset uint32) {
	return ordinal >> shard.Bits, ordinal & (shard.Span - 1)
}
