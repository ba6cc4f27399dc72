package segment

import (
	"fmt"
	"iter"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Comparison is how a set differs from an earlier one.
type Comparison struct {
	// Entered are in the later set alone, Left in the earlier one alone, Stayed in both.
	// They have the epoch, the instant and the universe of the later set, where there is
	// one.
	Entered, Left, Stayed *Set
}

// Compare tells who entered and who left between two snapshots of a segment. Either may
// be nil, which is empty; sets of two partitions have nothing to compare, which is an
// error.
//
// It compares IDs. Where people have merged or split in between, an ID may be gone that
// leads to somebody who stayed: bring both sets to one epoch first, with the Follow of a
// View.
func Compare(before, after *Set) (Comparison, error) {
	if before.Count() > 0 && after.Count() > 0 && before.partition != after.partition {
		return Comparison{}, fmt.Errorf("segment: a set of partition %d cannot be compared with one of partition %d", before.partition, after.partition)
	}
	left := before.Sub(after)
	if after != nil && after.partition == before.Partition() {
		left = (&Set{partition: after.partition, epoch: after.epoch, asOf: after.asOf, universe: after.universe}).Or(left)
	}
	return Comparison{Entered: after.Sub(before), Left: left, Stayed: after.And(before)}, nil
}

// CollectSet returns the set of some IDs, which may come in any order and repeat: to import
// what another program has selected. It belongs to no epoch, and its complement is empty.
// An ID of another partition than the first is an error. It holds 4 bytes an ID meanwhile.
func CollectSet(ids iter.Seq[profile.ID]) (*Set, error) {
	var ordinals []uint32
	var src Source
	for id := range ids {
		if len(ordinals) == 0 {
			src.Partition = id.Partition()
		} else if id.Partition() != src.Partition {
			return nil, fmt.Errorf("segment: profile %d is of partition %d, those before it of %d", id, id.Partition(), src.Partition)
		}
		ordinals = append(ordinals, id.Ordinal())
	}
	return NewSet(src, ordinals), nil
}

// Members is the profiles in a set that is at hand: of another epoch, imported (see
// [ParseSet] and [CollectSet]) or put together by hand. Nil is no one. When it is asked,
// a member stands for the profile that its ID leads to by then, as the Follow of a View
// says. It may be joined with anything by [And], [Or] and [Not], but is of the program
// that holds the set: it cannot be written down, nor be part of a definition.
func Members(s *Set) Expr {
	if s == nil {
		s = &Set{}
	}
	return Expr{tree: &syntax.Members{Set: s, Pos: -1}}
}

// After returns the members with an ID above id, to go on behind it. It shares all but one
// block with s.
func (s *Set) After(id profile.ID) *Set {
	if s == nil || id.Partition() < s.partition {
		return s
	}
	out := &Set{partition: s.partition, epoch: s.epoch, asOf: s.asOf, universe: s.universe}
	if id.Partition() > s.partition {
		return out
	}
	key, low := int(id.Ordinal()>>16), int(id.Ordinal()%blockSpan)
	for i, b := range s.blocks {
		switch k := int(s.keys[i]); {
		case k > key:
			out.add(k, b)
		case k == key:
			var w words
			b.view().fill(&w)
			clear(w[:low>>6])
			w[low>>6] &= ^uint64(0) << (low & 63) << 1
			out.add(k, newBlock(&w))
		}
	}
	return out
}
