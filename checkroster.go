package portrait

import (
	"bytes"
	"iter"
	"math"
	"slices"
	"sort"

	"github.com/portraitdb/portrait/identity"
)

// roster is what a check holds of each node: in the order of their tokens, of which each
// is the node's number. It is filled range by range of tokens.
type roster struct {
	parts []([]rosterNode)
	first []uint32 // of each part, the number of its first node
	// root is the number of the first node of the same component, and next of the next in
	// it; behind the last comes the first.
	root, next []uint32
}

type rosterNode struct {
	token   identity.Token
	ordinal uint32 // unnumbered if it has none
	events  uint32 // that were folded into it; so many at least
	hears   bool   // it holds words on consent
	quiet   bool   // it says that it has no edges and no vetoes, and nothing of any
}

// unnumbered is the ordinal of nodes that have none. It is never handed out.
const unnumbered = math.MaxUint32

func newRoster(ranges int) roster {
	return roster{parts: make([][]rosterNode, ranges), first: make([]uint32, ranges+1)}
}

// rangeOf returns in which range a token is.
func (r *roster) rangeOf(t identity.Token) int { return int(t[0]) * len(r.parts) / 256 }

// number gives all nodes their numbers, once every range is filled.
func (r *roster) number() {
	n := uint32(0)
	for i, part := range r.parts {
		r.parts[i] = slices.Clip(part)
		n += uint32(len(part))
		r.first[i+1] = n
	}
	r.root, r.next = make([]uint32, n), make([]uint32, n)
	for i := range n {
		r.root[i], r.next[i] = i, i
	}
}

func (r *roster) count() uint32 { return r.first[len(r.parts)] }

// find returns the number of a node; false if it is not there.
func (r *roster) find(t identity.Token) (uint32, bool) {
	i := r.rangeOf(t)
	at, ok := slices.BinarySearchFunc(r.parts[i], t, func(n rosterNode, t identity.Token) int { return bytes.Compare(n.token[:], t[:]) })
	return r.first[i] + uint32(at), ok
}

func (r *roster) at(number uint32) *rosterNode {
	i := sort.Search(len(r.parts), func(i int) bool { return r.first[i+1] > number })
	return &r.parts[i][number-r.first[i]]
}

// members appends the numbers of the nodes of a component, ascending.
func (r *roster) members(dst []uint32, root uint32) []uint32 {
	dst = append(dst, root)
	for n := r.next[root]; n != root; n = r.next[n] {
		dst = append(dst, n)
	}
	return dst
}

// join makes one component of nodes, whose numbers ascend.
func (r *roster) join(members []uint32) {
	for i, n := range members {
		r.root[n], r.next[n] = members[0], members[(i+1)%len(members)]
	}
}

// piece and tie are a union-find over root, before components are known: the root of a
// node leads to that of its piece, step by step.
func (r *roster) piece(n uint32) uint32 {
	for r.root[n] != n {
		r.root[n] = r.root[r.root[n]]
		n = r.root[n]
	}
	return n
}

func (r *roster) tie(a, b uint32) {
	a, b = r.piece(a), r.piece(b)
	r.root[max(a, b)] = min(a, b)
}

// pairOf packs two nodes' numbers, the lesser first.
func pairOf(a, b uint32) uint64 { return uint64(min(a, b))<<32 | uint64(max(a, b)) }

// ordinalTable holds something of ordinals, by blocks of 2^16. Those at or above the
// bound, which were not handed out, are not kept.
type ordinalTable[T comparable] struct {
	bound  uint32
	none   T
	blocks map[uint32]*[1 << 16]T
}

func newOrdinalTable[T comparable](bound uint32, none T) ordinalTable[T] {
	return ordinalTable[T]{bound: bound, none: none, blocks: map[uint32]*[1 << 16]T{}}
}

func (t *ordinalTable[T]) at(ordinal uint32) T {
	if block := t.blocks[ordinal>>16]; block != nil {
		return block[ordinal&(1<<16-1)]
	}
	return t.none
}

// all yields what is held, ascending by ordinal.
func (t *ordinalTable[T]) all() iter.Seq2[uint32, T] {
	return func(yield func(uint32, T) bool) {
		for _, high := range sortedKeys(t.blocks) {
			for low, v := range t.blocks[high] {
				if v != t.none && !yield(high<<16|uint32(low), v) {
					return
				}
			}
		}
	}
}

func (t *ordinalTable[T]) set(ordinal uint32, v T) {
	if ordinal >= t.bound {
		return
	}
	block := t.blocks[ordinal>>16]
	if block == nil {
		block = new([1 << 16]T)
		for i := range block {
			block[i] = t.none
		}
		t.blocks[ordinal>>16] = block
	}
	block[ordinal&(1<<16-1)] = v
}
