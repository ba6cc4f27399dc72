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
// shards when they are loaded.
type field struct {
	id    FieldID
	kind  FieldKind
	slots []*slot // ascending by shard, none of them nil
	// keys are by slot the number of the shard, and below it the mask of the blocks
	// that may have members: all, as long as the shard has not been loaded.
	keys []uint32
	// members is 1 more than the members of a bitmap, once they have been counted.
	members atomic.Uint64
}

// anywhere is the mask of all blocks.
const anywhere = 1<<shard.Blocks - 1

func makeKey(shardNo uint32, mask uint16) uint32 { return shardNo<<shard.Blocks | uint32(mask) }

// key returns the i-th of keys.
func (f *field) key(i int) uint32 { return atomic.LoadUint32(&f.keys[i]) }

// learn keeps which blocks of the i-th slot have members.
func (f *field) learn(i int, mask uint16) {
	if key := f.key(i); uint16(key) != mask {
		atomic.StoreUint32(&f.keys[i], makeKey(key>>shard.Blocks, mask))
	}
}

// find returns the place of the shard's slot; ok is false where it has none.
func (f *field) find(shardNo uint32) (i int, ok bool) {
	i = int(shardNo)
	if i < len(f.keys) && f.key(i)>>shard.Blocks == shardNo { // as it is where no shard is empty
		return i, true
	}
	lo, hi := 0, min(i, len(f.keys))
	for lo < hi {
		if mid := (lo + hi) / 2; f.key(mid)>>shard.Blocks < shardNo {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(f.keys) && f.key(lo)>>shard.Blocks == shardNo
}

// seek returns the first place from i on whose shard is shardNo or later. It takes
// steps that grow.
func (f *field) seek(i int, shardNo uint32) int {
	lo, step := i, 1
	for lo+step < len(f.keys) && f.key(lo+step)>>shard.Blocks < shardNo {
		lo += step
		step *= 2
	}
	for hi := min(lo+step, len(f.keys)); lo < hi; {
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
		return f.slots[at]
	}
	return nil
}

// shards returns how many shards, from the first on, hold everything.
func (f *field) shards() int {
	if len(f.keys) == 0 {
		return 0
	}
	return int(f.key(len(f.keys)-1)>>shard.Blocks) + 1
}

// withSlots returns a version with slots in place of those of their shards, which
// ascend.
func (f *field) withSlots(shards []uint32, slots []*slot) *field {
	n := len(f.slots)
	for i, s := range shards {
		if _, ok := f.find(s); ok {
			n--
		}
		if slots[i] != nil {
			n++
		}
	}
	d := &field{id: f.id, kind: f.kind, slots: make([]*slot, 0, n), keys: make([]uint32, 0, n)}
	at := 0
	for i, s := range shards {
		for ; at < len(f.slots) && f.key(at)>>shard.Blocks < s; at++ {
			d.slots, d.keys = append(d.slots, f.slots[at]), append(d.keys, f.key(at))
		}
		if at < len(f.slots) && f.key(at)>>shard.Blocks == s {
			at++
		}
		if slots[i] != nil {
			d.slots, d.keys = append(d.slots, slots[i]), append(d.keys, makeKey(s, slots[i].mask()))
		}
	}
	for ; at < len(f.slots); at++ {
		d.slots, d.keys = append(d.slots, f.slots[at]), append(d.keys, f.key(at))
	}
	d.recount(f, shards, slots)
	return d
}

// recount keeps how many members there are in place of those of an older version,
// where that is known without loading.
func (f *field) recount(old *field, shards []uint32, slots []*slot) {
	n := old.members.Load()
	if n == 0 && len(old.slots) == 0 {
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

// directory finds fields by ID: a radix tree of pages, copied along the path to
// what a commit touches. The zero directory is empty.
type directory struct {
	root  *page
	depth int // levels below root; 0: root holds fields
}

const pageBits = 6

// page is one node: kids on an inner level, fields on the lowest.
type page struct {
	kids   *[1 << pageBits]*page
	fields *[1 << pageBits]*field
}

func (d directory) find(id FieldID) *field {
	if uint64(id)>>(pageBits*(d.depth+1)) != 0 {
		return nil
	}
	p := d.root
	for level := d.depth; p != nil && level > 0; level-- {
		p = p.kids[id>>(pageBits*level)&(1<<pageBits-1)]
	}
	if p == nil {
		return nil
	}
	return p.fields[id&(1<<pageBits-1)]
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
	for uint64(edits[len(edits)-1].id)>>(pageBits*(d.depth+1)) != 0 {
		top := &page{kids: new([1 << pageBits]*page)}
		top.kids[0] = d.root
		d = directory{root: top, depth: d.depth + 1}
	}
	d.root = d.root.with(edits, d.depth)
	return d
}

func (p *page) with(edits []edit, level int) *page {
	d := &page{}
	if level == 0 {
		d.fields = new([1 << pageBits]*field)
		if p != nil {
			*d.fields = *p.fields
		}
		for _, e := range edits {
			d.fields[e.id&(1<<pageBits-1)] = e.field
		}
		return d
	}
	d.kids = new([1 << pageBits]*page)
	if p != nil {
		*d.kids = *p.kids
	}
	for len(edits) > 0 {
		prefix := edits[0].id >> (pageBits * level)
		n := 1
		for n < len(edits) && edits[n].id>>(pageBits*level) == prefix {
			n++
		}
		i := prefix & (1<<pageBits - 1)
		d.kids[i] = d.kids[i].with(edits[:n], level-1)
		edits = edits[n:]
	}
	return d
}

func splitOrdinal(ordinal uint32) (shardNo, offset uint32) {
	return ordinal >> shard.Bits, ordinal & (shard.Span - 1)
}
