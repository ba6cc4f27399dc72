package segment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// String describes the query for people: its operations in the order in which
// they are laid out (the executor orders operands anew in every block, smallest
// first). Parts that are computed once and read from several places, or that
// would lie too deep, are numbered and stand first. A scan is a condition that
// no index answers. The text of equal queries is the same on every run.
func (q *Query) String() string { return q.program.text(nil) }

// text describes the program; note, if not nil, adds to the line of a node.
func (p *program) text(note func(*node) string) string {
	t := &planText{note: note, numbers: map[*node]int{}}
	for _, n := range p.nodes {
		if n.slot != 0 && !n.isLeaf() {
			t.numbers[n] = len(t.numbers) + 1
			fmt.Fprintf(&t.b, "#%d is ", len(t.numbers))
			t.describe(n, 0)
		}
	}
	for _, r := range p.roots {
		t.operand(r, 0, "")
	}
	return t.b.String()
}

type planText struct {
	b       strings.Builder
	note    func(*node) string
	numbers map[*node]int
}

func (t *planText) operand(n *node, depth int, prefix string) {
	t.b.WriteString(strings.Repeat("  ", depth) + prefix)
	if i, ok := t.numbers[n]; ok {
		t.b.WriteString("#" + strconv.Itoa(i) + "\n")
		return
	}
	t.describe(n, depth)
}

func (t *planText) describe(n *node, depth int) {
	t.b.WriteString(n.name())
	if t.note != nil {
		t.b.WriteString(t.note(n))
	}
	t.b.WriteByte('\n')
	for _, k := range n.kids {
		t.operand(k, depth+1, "")
	}
	for _, m := range n.minus {
		t.operand(m, depth+1, "minus ")
	}
}

// name says in words what a node does.
func (n *node) name() string {
	switch n.op {
	case opEmpty:
		return "empty"
	case opAnd:
		return "all of"
	case opOr:
		return "any of"
	case opXor:
		return "odd number of"
	case opAtLeast:
		return "at least " + strconv.Itoa(n.k) + " of"
	}
	return n.leafName()
}

// joinLabels joins what people call conditions; "" where one has no name.
func joinLabels(by string, labels ...string) string {
	if slices.Contains(labels, "") {
		return ""
	}
	return strings.Join(labels, by)
}
