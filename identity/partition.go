package identity

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// Evidence is all that is known, for [Rules.Partition]. Each sequence is ranged
// over once, the fields in their order, by one goroutine. An error comes at most
// once, last, and ends the call. Nothing of what is yielded is kept.
type Evidence struct {
	// Nodes yields every node once. What the rules make of a node (Barred, Shared,
	// Admitted) and Vetoed are not read.
	Nodes iter.Seq2[Node, error]
	// Edges yields the evidence about every pair once. The two ends may stand in
	// either place: which is the stronger one may have changed with the rules.
	Edges iter.Seq2[Edge, error]
	// Vetoes yields every veto, its ends in either order; more than once does no
	// harm. Nil means that there are none.
	Vetoes iter.Seq2[Pair, error]
	// Known yields groups that are what they are, whatever the evidence comes to, as for
	// nodes of which a part is not known any more. No node is in two. Their edges count in what
	// the rules make of each node, and unite nothing. Nil means that there are none.
	Known iter.Seq2[[]Token, error]
}

// Partition is what rules make of all evidence at once: every node's flags and
// every group of nodes that is a profile. It is immutable and safe for concurrent
// use.
type Partition struct {
	nodes  *roll
	leader []int32 // of each node, the first of its group
	groups lists   // by leader
	health Health
}

// Health says how a whole store fares under its rules.
type Health struct {
	// Nodes is how many there are, and Edges how many pairs have evidence that
	// counts: seen, linked or matched, and not unlinked.
	Nodes, Edges int
	// Generic, Barred and Shared count the nodes that are so. One may be several.
	Generic, Barred, Shared int
	// Sizes is how many groups there are, by their number of nodes. A generic or
	// barred node is a group of its own, if no profile.
	Sizes map[int]int
	// Refused is how many edges count and yet have their ends in two groups, by
	// what keeps these apart.
	Refused map[Cause]int
	// Respelt holds, by namespace, the identifiers that Clean gives another
	// spelling than they have. Under these rules they could not be found, so rules
	// that respell anything are not for this store.
	Respelt map[string]Respelling
}

// Cause is a rule with the namespace that it is about, as a Refusal has them.
type Cause struct {
	Rule      Rule
	Namespace string
}

// Respelling is what Health says of one namespace's identifiers.
type Respelling struct {
	// Count is how many there are.
	Count int
	// Examples are the first ones given, at most 10. They are personal data.
	Examples []profile.Identifier
}

const maxExamples = 10

// Partition replays all evidence from the start: it finds out of every node what
// these rules make of it, and takes all live edges in order. It is for a change of
// rules, for a store that was written under others, and for the state of health
// of a whole store; what Regroup does step by step comes to the same. The error
// is that of ctx or of a sequence, or names what in the evidence contradicts
// itself: a node given twice, an edge or a veto with an end that was not given, a known group with
// a node that was not given or is in another.
//
// It runs on one core and holds everything in memory: some 130 bytes for each
// node and its value's own, 40 for each edge that counts, 16 more where an end is
// under Newest, and 4 more for each end under a policy. While a set of nodes that
// live edges connect is replayed, before any limit cuts it into groups, it takes
// another 300 bytes for each of its nodes and edges: little, unless the rules
// leave a great part of the store in one piece.
func (r *Rules) Partition(ctx context.Context, e Evidence) (*Partition, error) {
	b := newBulk(r)
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return load(ctx, "node", e.Nodes, b.addNode) },
		func(ctx context.Context) error { return load(ctx, "edge", e.Edges, b.addEdge) },
		func(ctx context.Context) error { return load(ctx, "veto", e.Vetoes, b.addVeto) },
		func(ctx context.Context) error { return load(ctx, "known group", e.Known, b.addKnown) },
		b.filter,
		b.replay,
		b.count,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return &Partition{nodes: b.roll, leader: b.leader, groups: b.groups, health: b.health}, nil
}

// Len returns the number of nodes.
func (p *Partition) Len() int { return len(p.nodes.entries) }

// Node returns the i-th node that was given, 0 <= i < Len, as it is under the
// rules: with Barred, Shared, Admitted and Vetoed. The caller owns Admitted.
func (p *Partition) Node(i int) Node { return p.nodes.node(int32(i)) }

// Identifier returns that of the i-th node.
func (p *Partition) Identifier(i int) profile.Identifier { return p.nodes.identifier(int32(i)) }

// Find returns the place of a node; ok is false for one that was not given.
func (p *Partition) Find(t Token) (i int, ok bool) {
	v, ok := p.nodes.index[t]
	return int(v), ok
}

// Group returns the group of the i-th node, in the order of the identifiers,
// bytewise, as Change has them. The caller owns it.
func (p *Partition) Group(i int) []Token {
	members := slices.SortedFunc(slices.Values(p.groups.of(p.leader[i])), func(a, b int32) int {
		return p.nodes.identifier(a).Compare(p.nodes.identifier(b))
	})
	out := make([]Token, len(members))
	for i, m := range members {
		out[i] = p.nodes.entries[m].token
	}
	return out
}

// Leader returns the place of the first node of the i-th node's group: equal for
// nodes of one group, and for no others.
func (p *Partition) Leader(i int) int { return int(p.leader[i]) }

// Groups yields every group once, as Group returns it, in the order in which the
// first node of each was given.
func (p *Partition) Groups() iter.Seq[[]Token] {
	return func(yield func([]Token) bool) {
		for i, first := range p.leader {
			if int(first) == i && !yield(p.Group(i)) {
				return
			}
		}
	}
}

// Health returns the figures of the whole. The caller owns the maps.
func (p *Partition) Health() Health {
	h := p.health
	h.Sizes, h.Refused, h.Respelt = maps.Clone(h.Sizes), maps.Clone(h.Refused), maps.Clone(h.Respelt)
	for ns, r := range h.Respelt {
		r.Examples = slices.Clone(r.Examples)
		h.Respelt[ns] = r
	}
	return h
}
