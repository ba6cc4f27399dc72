package portrait

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/segment"
)

// Of a node whose key was destroyed a repair knows the head and the edges. What its people are in,
// who is one with it, and what the rules make of the nodes that have an edge to it, follows from what
// cannot be read any more. A repair leaves that as it is, for recede to take the node out and to
// tell the feed.

// knownGroups yields the components of nodes whose key was destroyed, and of those that have an
// edge to one, as the heads have them.
func (r *repair) knownGroups() iter.Seq2[[]identity.Token, error] {
	return func(yield func([]identity.Token, error) bool) {
		if !slices.ContainsFunc(r.graph.nodes, func(n repairNode) bool { return n.known }) {
			return
		}
		groups := map[identity.Token][]identity.Token{}
		err := r.roots(func(n *repairNode, root identity.Token) {
			if n.known {
				groups[root] = nil
			}
		})
		if err == nil {
			err = r.roots(func(n *repairNode, root identity.Token) {
				if group, known := groups[root]; known {
					groups[root] = append(group, n.token)
				}
			})
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for _, root := range slices.SortedFunc(maps.Keys(groups), compareTokens) {
			if !yield(groups[root], nil) {
				return
			}
		}
	}
}

// roots reads the roots of the nodes, as the heads have them.
func (r *repair) roots(each func(n *repairNode, root identity.Token)) error {
	return r.scan([]byte{keys.Node}, func(key, value []byte) error {
		token, err := tokenOf(key)
		if err != nil {
			return nil //nolint:nilerr // readNodes told of it
		}
		n := r.graph.find(token)
		if n == nil {
			return nil
		}
		head, _, err := splitNode(token, value)
		if err == nil {
			each(n, head.root)
		}
		return err
	})
}

// keepBits puts into what a shard of a bitmap should hold what it has of them.
func (r *repair) keepBits(f segment.FieldID, n uint32, have []uint32, shards map[uint32][]uint32) {
	if len(r.graph.unknown) == 0 {
		return
	}
	known := func(offset uint32) bool { return !r.graph.unknown.has(n*shard.Span + offset) }
	var want []uint32
	for _, offset := range shards[n] {
		if known(offset) {
			want = append(want, offset)
		} else {
			r.want.bits[f].remove(n*shard.Span + offset)
		}
	}
	for _, offset := range have {
		if !known(offset) {
			want = append(want, offset)
			r.want.bit(f, n*shard.Span+offset)
		}
	}
	slices.Sort(want)
	keep(shards, n, want)
}

// keepCells is keepBits of a column.
func (r *repair) keepCells(n uint32, have map[uint32]int64, shards map[uint32][]shard.Cell) {
	if len(r.graph.unknown) == 0 {
		return
	}
	known := func(offset uint32) bool { return !r.graph.unknown.has(n*shard.Span + offset) }
	var want []shard.Cell
	for _, c := range shards[n] {
		if known(c.Offset) {
			want = append(want, c)
		}
	}
	for offset, value := range have {
		if !known(offset) {
			want = append(want, shard.Cell{Offset: offset, Value: value})
		}
	}
	slices.SortFunc(want, func(a, b shard.Cell) int { return cmp.Compare(a.Offset, b.Offset) })
	keep(shards, n, want)
}

// keep makes a shard what is wanted; one of nothing is not there.
func keep[T any](shards map[uint32][]T, n uint32, want []T) {
	if len(want) > 0 {
		shards[n] = want
	} else {
		delete(shards, n)
	}
}
