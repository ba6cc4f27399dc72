package segment

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/portraitdb/portrait/internal/shard"
)

// Loader reads durable shards. It belongs to one reader and shows exactly the
// commit that the reader's Root is of. Its methods are called by one goroutine
// at a time, or by several where the query runs on several.
type Loader interface {
	// LoadShard returns the base of a shard: all its values folded, as
	// shard.FoldBase does. Nil means that the shard is empty. The result must
	// not change afterwards: the index keeps it.
	LoadShard(f FieldID, shard uint32) ([]byte, error)
}

// maxPending is how many changes an unloaded shard remembers. Beyond that it
// forgets them, and is read from the reader's own snapshot.
const maxPending = 4096

// slot is the content of one shard as of one version. The content never
// changes, but its decoded form comes and goes: it is published once loaded and
// taken away by eviction. Every reader can load it anew, since its own snapshot
// shows this very version; what is pending only spares that.
type slot struct {
	data    atomic.Pointer[content]
	pending atomic.Pointer[pending]
	flags   atomic.Uint32
	ring    int32 // place in the cache's ring; guarded by cache.mu
}

// The flags of a slot.
const (
	slotUsed   = 1 << iota // since the clock's hand last passed
	slotOld                // replaced by a newer version
	slotColumn             // of a column
)

func newSlot(kind FieldKind) *slot {
	s := &slot{ring: -1}
	if kind == Column {
		s.flags.Store(slotColumn)
	}
	return s
}

func (s *slot) is(flag uint32) bool { return s.flags.Load()&flag != 0 }

// use says that the slot is used.
func (s *slot) use() { s.flags.Or(slotUsed) }

// disuse says that it is not, and reports whether it was.
func (s *slot) disuse() bool { return s.flags.And(^uint32(slotUsed))&slotUsed != 0 }

// content is the decoded form of a shard; the zero content is empty.
type content struct {
	bits   bitmap
	column *column
}

// everything is the content of a bitmap's shard that has every bit, which nothing
// changes: that of most shards of the universe.
var everything = func() *content {
	b := newSlabBuilder(anywhere, 0)
	for i := range shard.Blocks {
		b.begin(i)
		b.end(blockSpan)
	}
	full, _ := b.bitmap()
	full.bytes = 0
	return &content{bits: full}
}()

func newContent(m *bitmap) *content {
	if m.card == shard.Span {
		return everything
	}
	return &content{bits: *m}
}

func (c *content) bytes() int {
	if c.column != nil {
		return slotBytes + c.column.bytes
	}
	return slotBytes + int(c.bits.bytes)
}

// slotBytes is what a slot takes, and the pointers to it.
const slotBytes = 48

func (c *content) empty() bool { return c.bits.card == 0 && c.column == nil }

// mask returns the blocks that may have members.
func (c *content) mask() uint16 {
	if c.column != nil {
		return c.column.mask()
	}
	return c.bits.mask
}

// changes is what one commit does to a shard, ascending by offset, one entry an
// offset: flips of a bitmap, or cells of a column.
type changes struct {
	flips []shard.Flip
	cells []shard.Cell
}

func (ch changes) len() int { return len(ch.flips) + len(ch.cells) }

// pending makes a slot's content from that of an older one.
type pending struct {
	prev    *slot
	changes changes
	total   int // changes along the chain
}

func (c *content) with(ch changes) *content {
	if len(ch.cells) > 0 {
		return &content{column: c.column.with(ch.cells)}
	}
	d := c.bits.with(ch.flips)
	return newContent(&d)
}

// next returns the slot of the version after ch, which it keeps; nil where that
// is known to be empty. It never loads. A nil slot is empty.
func (s *slot) next(ch changes, kind FieldKind) *slot {
	d := newSlot(kind)
	base := noContent
	if s != nil {
		base = s.data.Load()
	}
	if base != nil {
		c := base.with(ch)
		if c.empty() {
			return nil
		}
		d.data.Store(c)
		return d
	}
	p := &pending{prev: s, changes: ch, total: ch.len()}
	if q := s.pending.Load(); q != nil {
		p.total += q.total
	}
	if p.total <= maxPending {
		d.pending.Store(p)
	}
	return d
}

// load returns the slot's content, decoding it where need be.
func (s *slot) load(key ShardKey, ld Loader, c *cache) (*content, error) {
	if d := s.data.Load(); d != nil {
		if !s.is(slotUsed) {
			s.use()
		}
		return d, nil
	}
	d := s.derive()
	if d == nil {
		var err error
		if d, err = s.read(key, ld); err != nil {
			return nil, fmt.Errorf("segment: field %d, shard %d: %w", key.Field, key.Shard, err)
		}
		c.reads.Add(1)
	}
	return c.publish(s, d), nil
}

// derive makes the content from an older slot that is loaded; nil where there
// is none.
func (s *slot) derive() *content {
	var chain []changes
	for {
		p := s.pending.Load()
		if p == nil {
			return nil
		}
		chain = append(chain, p.changes)
		s = p.prev
		if d := s.data.Load(); d != nil {
			for _, ch := range slices.Backward(chain) {
				d = d.with(ch)
			}
			return d
		}
	}
}

func (s *slot) read(key ShardKey, ld Loader) (*content, error) {
	v, err := ld.LoadShard(key.Field, key.Shard)
	if err != nil {
		return nil, err
	}
	if s.is(slotColumn) {
		d := &content{}
		d.column, err = loadColumn(v)
		return d, err
	}
	m, err := loadBitmap(v)
	return newContent(&m), err
}

// mask returns the blocks that may have members, by what is known without loading.
func (s *slot) mask() uint16 {
	if c := s.data.Load(); c != nil {
		return c.mask()
	}
	return anywhere
}

// first returns the least offset that may be a member, by what is known without loading.
func (s *slot) first() uint32 {
	if c := s.data.Load(); c != nil {
		return c.bits.first()
	}
	return 0
}

// last returns the greatest.
func (s *slot) last() uint32 {
	if c := s.data.Load(); c != nil {
		return c.bits.last()
	}
	return shard.Span - 1
}

// size returns how many members a bitmap has there; ok is false where that is not
// known without loading. A nil slot is empty.
func (s *slot) size() (n uint64, ok bool) {
	if s == nil {
		return 0, true
	}
	if c := s.data.Load(); c != nil {
		return uint64(c.bits.card), true
	}
	return 0, false
}

// load returns the content of the field's i-th entry, decoding it where need be.
func (f *field) load(i int, root *Root, ld Loader) (*content, error) {
	s, key := f.entries[i].slot, f.key(i)
	c := s.data.Load()
	if c == nil || !s.is(slotUsed) {
		var err error
		if c, err = s.load(ShardKey{f.id, key >> shard.Blocks}, ld, &root.index.cache); err != nil {
			return nil, err
		}
	}
	if !f.whole {
		f.learn(i, c.mask())
		root.dir.learn(f)
	}
	return c, nil
}
