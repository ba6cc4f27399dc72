package segment

import (
	"math"
	"slices"
	"strconv"
)

// Node is a set of profiles as an expression over fields: the algebra that the
// executor runs, independent of the language. Every field's profiles must lie
// within the universe, so every Node stands for a subset of it. Nodes are
// immutable values; the zero Node is the empty set.
type Node struct{ n *node }

type nodeOp uint8

const (
	opEmpty nodeOp = iota
	opAll
	opBits
	opRange
	opHas
	opLot
	opFixed
	opScan
	opAnd // all of kids and none of minus
	opOr
	opXor
	opAtLeast
)

// node is one operation, as it was written or as it is planned.
type node struct {
	op    nodeOp
	field FieldID
	spans []Span
	index *spanIndex // of spans, where they are many
	salt  uint64     // of opLot, whose spans are of the salted values
	set   *Set
	scan  *scan
	k     int
	kids  []*node
	minus []*node
	label string // of a leaf, for Plan

	// Once planned:
	id    int   // index among the program's nodes, operands first
	leaf  int   // of a leaf: index among the program's leaves
	reads int   // how many operands of other nodes, and roots, it is
	slot  int32 // 1 + the place where its result is kept within a block; 0: nowhere
}

var (
	emptyNode = &node{op: opEmpty}
	allNode   = &node{op: opAll}
)

func (n Node) node() *node {
	if n.n == nil {
		return emptyNode
	}
	return n.n
}

func nodesOf(first Node, rest []Node) []*node {
	kids := make([]*node, 0, 1+len(rest))
	kids = append(kids, first.node())
	for _, r := range rest {
		kids = append(kids, r.node())
	}
	return kids
}

// All is the universe.
func All() Node { return Node{allNode} }

// Bits is the profiles of a bitmap field.
func Bits(f FieldID) Node { return Node{&node{op: opBits, field: f}} }

// HasValue is the profiles that have a value in a column field.
func HasValue(f FieldID) Node { return Node{&node{op: opHas, field: f}} }

// InSpans is the profiles whose value in a column field lies in any of spans.
func InSpans(f FieldID, spans ...Span) Node {
	if spans = joinSpans(spans); len(spans) == 0 {
		return Node{}
	}
	return Node{rangeOf(f, spans, "")}
}

// rangeOf is the node of spans that ascend and are apart.
func rangeOf(f FieldID, spans []Span, label string) *node {
	return &node{op: opRange, field: f, spans: spans, index: newSpanIndex(spans), label: label}
}

// holds reports whether v lies in one of the node's spans.
func (n *node) holds(v int64) bool {
	if n.index != nil {
		return n.index.holds(v)
	}
	return holds(n.spans, v)
}

// Range is the profiles whose value in a column field lies from lo to hi, both
// included.
func Range(f FieldID, lo, hi int64) Node { return InSpans(f, Span{lo, hi}) }

// Fixed is the members of a set, which must be of the same partition and epoch.
func Fixed(s *Set) Node { return Node{&node{op: opFixed, set: s}} }

// And is the profiles in n and in all of others.
func (n Node) And(others ...Node) Node {
	return Node{&node{op: opAnd, kids: nodesOf(n, others)}}
}

// Or is the profiles in n or in any of others.
func (n Node) Or(others ...Node) Node {
	return Node{&node{op: opOr, kids: nodesOf(n, others)}}
}

// Xor is the profiles in an odd number of n and others.
func (n Node) Xor(others ...Node) Node {
	return Node{&node{op: opXor, kids: nodesOf(n, others)}}
}

// AndNot is the profiles in n and in none of others.
func (n Node) AndNot(others ...Node) Node {
	return Node{&node{op: opAnd, kids: []*node{n.node()}, minus: nodesOf(Node{}, others)[1:]}}
}

// Not is the profiles of the universe that are not in n.
func (n Node) Not() Node { return All().AndNot(n) }

// AtLeastOf is the profiles in k or more of nodes; everyone where k is 0 or less.
func AtLeastOf(k int, nodes ...Node) Node {
	return Node{&node{op: opAtLeast, k: k, kids: nodesOf(Node{}, nodes)[1:]}}
}

// joinSpans sorts spans and joins those that overlap or touch.
func joinSpans(spans []Span) []Span {
	out := make([]Span, 0, len(spans))
	for _, s := range spans {
		if s.Lo <= s.Hi {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Span) int {
		if a.Lo < b.Lo {
			return -1
		}
		return 1
	})
	n := 0
	for _, s := range out {
		if n > 0 && (s.Lo <= out[n-1].Hi || s.Lo-1 == out[n-1].Hi) {
			out[n-1].Hi = max(out[n-1].Hi, s.Hi)
			continue
		}
		out[n] = s
		n++
	}
	return out[:n]
}

// meetSpans returns what lies in both lists of joined spans. It takes time linear
// in the shorter one.
func meetSpans(a, b []Span) []Span {
	if len(a) > len(b) {
		a, b = b, a
	}
	var out []Span
	for _, s := range a {
		for _, t := range near(b, s.Lo, s.Hi) {
			out = append(out, Span{max(s.Lo, t.Lo), min(s.Hi, t.Hi)})
		}
	}
	return out
}

// gaps returns what lies in none of joined spans.
func gaps(spans []Span) []Span {
	out := make([]Span, 0, len(spans)+1)
	from := int64(math.MinInt64)
	for _, s := range spans {
		if s.Lo > from {
			out = append(out, Span{from, s.Lo - 1})
		}
		if s.Hi == math.MaxInt64 {
			return out
		}
		from = s.Hi + 1
	}
	return append(out, Span{from, math.MaxInt64})
}

// isLeaf reports whether the node reads a field or a set.
func (n *node) isLeaf() bool { return n.op >= opBits && n.op <= opScan }

// leafName says in words what a leaf reads.
func (n *node) leafName() string {
	name := map[nodeOp]string{opBits: "bitmap", opRange: "range", opHas: "exists", opLot: "lot", opFixed: "set", opScan: "scan"}[n.op]
	if n.op == opScan && n.scan.among != nil {
		name = "border"
	}
	if n.label != "" {
		return name + "[" + n.label + "]"
	}
	if n.op == opFixed {
		return name
	}
	return name + "[field " + strconv.FormatUint(uint64(n.field), 10) + "]"
}
