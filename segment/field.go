package segment

import "github.com/portraitdb/portrait/internal/shard"

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

// field is one version of a field. It is immutable, but for what its slots
// publish.
type field struct {
	id    FieldID
	kind  FieldKind
	slots []*slot // by shard; nil: empty
}

// slot returns the shard's slot, which may be nil.
func (f *field) slot(i int) *slot {
	if f == nil || i >= len(f.slots) {
		return nil
	}
	return f.slots[i]
}

// withSlots returns a version with slots in place of those of their shards.
func (f *field) withSlots(shards []uint32, slots []*slot) *field {
	d := &field{id: f.id, kind: f.kind}
	n := len(f.slots)
	for i, s := range shards {
		if slots[i] != nil {
			n = max(n, int(s)+1)
		}
	}
	d.slots = make([]*slot, n)
	copy(d.slots, f.slots)
	for i, s := range shards {
		if int(s) < n {
			d.slots[s] = slots[i]
		}
	}
	for n > 0 && d.slots[n-1] == nil {
		n--
	}
	d.slots = d.slots[:n:n]
	return d
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
