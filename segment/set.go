package segment

import (
	"io"
	"iter"
	"math/bits"
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// Set is an immutable set of the profiles of one partition, as of one epoch. It
// is a value in memory: nothing of it can fail, any number of goroutines may
// read it, and it needs no closing. A nil Set is empty.
//
// The methods that combine two sets give the result the partition, the epoch and
// the instant of the receiver. A set of another partition has no member in
// common with it, so such an operand counts as empty.
type Set struct {
	partition uint32
	epoch     uint64
	asOf      profile.Instant
	count     uint64
	keys      []uint16 // of blocks: the high bits of their ordinals, ascending
	blocks    []*block
	universe  *Set // what Not is the complement in; nil: unknown, or the set itself
}

// Epoch returns the number of the commit that the set was answered at.
func (s *Set) Epoch() uint64 {
	if s == nil {
		return 0
	}
	return s.epoch
}

// AsOf returns the instant that the set was answered at.
func (s *Set) AsOf() profile.Instant {
	if s == nil {
		return 0
	}
	return s.asOf
}

// Partition returns the partition that the members live in.
func (s *Set) Partition() uint32 {
	if s == nil {
		return 0
	}
	return s.partition
}

// Count returns the number of members.
func (s *Set) Count() uint64 {
	if s == nil {
		return 0
	}
	return s.count
}

// Contains reports whether the profile is a member.
func (s *Set) Contains(id profile.ID) bool {
	if s == nil || id.Partition() != s.partition {
		return false
	}
	b := s.block(int(id.Ordinal() >> 16))
	return b != nil && b.contains(uint16(id.Ordinal()))
}

// Members yields the members, ascending.
func (s *Set) Members() iter.Seq[profile.ID] {
	return func(yield func(profile.ID) bool) {
		if s == nil {
			return
		}
		var w words
		for i, b := range s.blocks {
			high := uint32(s.keys[i]) << 16
			b.view().fill(&w)
			for j, x := range w {
				for ; x != 0; x &= x - 1 {
					if !yield(profile.MakeID(s.partition, high|uint32(j<<6|bits.TrailingZeros64(x)))) {
						return
					}
				}
			}
		}
	}
}

// Equal reports whether both sets have the same members. Their epochs may
// differ. Empty sets are equal, whatever their partitions.
func (s *Set) Equal(o *Set) bool {
	if s.Count() != o.Count() {
		return false
	}
	return s.Count() == 0 || s.partition == o.partition && s.Xor(o).Count() == 0
}

// And returns the members of both.
func (s *Set) And(o *Set) *Set { return s.combine(o, Node.And) }

// Or returns the members of either.
func (s *Set) Or(o *Set) *Set { return s.combine(o, Node.Or) }

// Sub returns the members of s that are not in o.
func (s *Set) Sub(o *Set) *Set { return s.combine(o, Node.AndNot) }

// Xor returns the members of just one of the sets.
func (s *Set) Xor(o *Set) *Set { return s.combine(o, Node.Xor) }

// Not returns the live profiles of the set's epoch that are not members. A set
// that was read by ParseSet alone has no such universe: its complement is
// empty.
func (s *Set) Not() *Set {
	if s == nil || s.universe == nil {
		return &Set{partition: s.Partition(), epoch: s.Epoch(), asOf: s.AsOf()}
	}
	u := *s.universe
	u.partition, u.epoch, u.asOf, u.universe = s.partition, s.epoch, s.asOf, s.universe
	return u.Sub(s)
}

func (s *Set) combine(o *Set, op func(Node, ...Node) Node) *Set {
	if s == nil {
		s = &Set{partition: o.Partition(), epoch: o.Epoch(), asOf: o.AsOf()}
	}
	if o == nil || o.partition != s.partition {
		o = &Set{}
	}
	q := NewQuery(op(Fixed(s), Fixed(o)), 0)
	x := &exec{}
	x.begin(q.program, Source{Partition: s.partition, Epoch: s.epoch, AsOf: s.asOf})
	out := x.build()
	out.universe = s.universe
	if out.universe == nil {
		out.universe = o.universe
	}
	return out
}

// block returns the block of that number, nil where it is empty.
func (s *Set) block(i int) *block {
	if at, ok := slices.BinarySearch(s.keys, uint16(i)); ok {
		return s.blocks[at]
	}
	return nil
}

func (s *Set) view(i int) view { return s.block(i).view() }

// shards returns how many shards, from the first on, hold all members.
func (s *Set) shards() int {
	if len(s.keys) == 0 {
		return 0
	}
	return int(s.keys[len(s.keys)-1])/shard.Blocks + 1
}

// mask returns the blocks of a shard that hold members.
func (s *Set) mask(shardNo int) uint16 {
	if s == nil {
		return 0
	}
	mask := uint16(0)
	at, _ := slices.BinarySearch(s.keys, uint16(blockKey(shardNo, 0)))
	for _, key := range s.keys[at:] {
		if int(key)/shard.Blocks != shardNo {
			break
		}
		mask |= 1 << (key % shard.Blocks)
	}
	return mask
}

// add appends a block; keys ascend.
func (s *Set) add(key int, b *block) {
	if b != nil {
		s.keys = append(s.keys, uint16(key))
		s.blocks = append(s.blocks, b)
		s.count += uint64(b.card)
	}
}

// AppendRoaring appends the members' ordinals to dst in the portable roaring
// format, which other roaring libraries read. The partition is not in it.
func (s *Set) AppendRoaring(dst []byte) []byte {
	if s == nil {
		s = &Set{}
	}
	var (
		w   words
		buf []byte
		cs  = make([]shard.Container, len(s.blocks))
	)
	for i, b := range s.blocks {
		b.view().fill(&w)
		cs[i], buf = shard.Pack(s.keys[i], &w, buf)
	}
	return shard.AppendPortable(dst, cs)
}

// WriteTo writes what AppendRoaring appends.
func (s *Set) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(s.AppendRoaring(nil))
	return int64(n), err
}

// ParseSet reads a set of ordinals of the partition in the portable roaring
// format. It checks the whole input, and keeps none of it.
func ParseSet(partition uint32, data []byte) (*Set, error) {
	cs, err := shard.ParsePortable(nil, data)
	if err != nil {
		return nil, err
	}
	s := &Set{partition: partition}
	var w words
	for _, c := range cs {
		c.Fill(&w)
		s.add(int(c.Key), newBlock(&w))
	}
	return s, nil
}
