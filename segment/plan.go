package segment

import (
	"cmp"
	"slices"
)

// program is what an exec runs: expressions in normal form, laid out for it.
// Parts that are read from several places are one node. A program is immutable.
type program struct {
	universe FieldID
	nodes    []*node // operands before what reads them
	leaves   []*node
	scans    []*scan           // of the leaves that have one
	roots    []*node           // one for each expression, in order
	steps    []*node           // computed first in every block: they would lie too deep
	slots    int               // where results are kept within a block
	fields   [lightMax]FieldID // of a conjunction of bitmaps
}

// planner lays terms in normal form out for the executor.
type planner struct {
	p     *program
	terms *terms
	// placed is, by term, the node that stands for it, or with neg for its
	// complement.
	placed   map[*term]placed
	inverses map[*node]*node
	all      *node
}

type placed struct {
	node *node
	neg  bool
}

// plan lays out the expressions that roots are the normal forms of.
func plan(universe FieldID, ts *terms, roots []literal) *program {
	l := &planner{
		p: &program{universe: universe}, terms: ts,
		placed: map[*term]placed{}, inverses: map[*node]*node{},
	}
	for _, t := range reachable(roots) {
		l.placed[t] = l.place(t)
	}
	for _, r := range roots {
		l.p.roots = append(l.p.roots, l.root(r))
	}
	l.p.finish()
	return l.p
}

// reachable returns the terms that roots consist of, operands first.
func reachable(roots []literal) []*term {
	type frame struct {
		t    *term
		next int
	}
	var (
		out   []*term
		stack []frame
		seen  = map[*term]bool{}
	)
	for _, r := range roots {
		if seen[r.term] {
			continue
		}
		seen[r.term] = true
		stack = append(stack, frame{t: r.term})
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			if f.next == len(f.t.lits) {
				out = append(out, f.t)
				stack = stack[:len(stack)-1]
				continue
			}
			t := f.t.lits[f.next].term
			f.next++
			if !seen[t] {
				seen[t] = true
				stack = append(stack, frame{t: t})
			}
		}
	}
	return out
}

func (l *planner) add(n *node) *node {
	n.id = len(l.p.nodes)
	l.p.nodes = append(l.p.nodes, n)
	return n
}

// everyone returns the leaf of the universe.
func (l *planner) everyone() *node {
	if l.all == nil {
		l.all = l.add(&node{op: opBits, field: l.p.universe, label: "all"})
	}
	return l.all
}

// place makes the node of a term whose operands have one.
func (l *planner) place(t *term) placed {
	switch t.op {
	case opAll:
		return placed{} // only a root is constant
	case opAnd:
		return l.placeAnd(t)
	case opXor:
		n, neg := &node{op: opXor}, false
		for _, m := range t.lits {
			at := l.placed[m.term]
			n.kids = append(n.kids, at.node)
			neg = neg != at.neg
		}
		return placed{l.add(n), neg}
	case opAtLeast:
		n := &node{op: opAtLeast, k: t.k}
		for _, m := range t.lits {
			at := l.placed[m.term]
			if at.neg != m.neg {
				at.node = l.inverse(at.node)
			}
			n.kids = append(n.kids, at.node)
		}
		return placed{l.add(n), false}
	}
	n := *t.leaf
	return placed{l.add(&n), false}
}

// placeAnd makes a conjunction; or, where it is one of complements alone, the
// disjunction that it is the complement of.
func (l *planner) placeAnd(t *term) placed {
	n := &node{op: opAnd}
	for _, m := range t.lits {
		if at := l.placed[m.term]; at.neg == m.neg {
			n.kids = append(n.kids, at.node)
		} else {
			n.minus = append(n.minus, at.node)
		}
	}
	if len(n.kids) == 0 {
		return placed{l.add(&node{op: opOr, kids: n.minus}), true}
	}
	return placed{l.add(n), false}
}

// inverse returns the node of everyone that is not in n.
func (l *planner) inverse(n *node) *node {
	if d := l.inverses[n]; d != nil {
		return d
	}
	d := &node{op: opAnd, kids: []*node{l.everyone()}, minus: []*node{n}}
	if n.op == opOr {
		d.minus = n.kids
	}
	l.inverses[n] = l.add(d)
	return d
}

func (l *planner) root(r literal) *node {
	switch {
	case r.isEmpty():
		return l.add(&node{op: opEmpty})
	case r.isAll():
		return l.everyone()
	}
	at := l.placed[r.term]
	if at.neg != r.neg {
		return l.inverse(at.node)
	}
	return at.node
}

// finish drops what no root reads, and puts operands in the order that the
// executor takes them in: bitmaps first, ranges last.
func (p *program) finish() {
	p.drop()
	p.place()
	for _, n := range p.nodes {
		byRank := func(a, b *node) int { return cmp.Or(a.rank()-b.rank(), a.id-b.id) }
		slices.SortFunc(n.kids, byRank)
		slices.SortFunc(n.minus, byRank)
	}
}

// drop counts how often each node is read and removes those that are not: an Or
// of which only the operands are subtracted. Then it numbers the leaves.
func (p *program) drop() {
	for _, r := range p.roots {
		r.reads++
	}
	for _, n := range slices.Backward(p.nodes) {
		for i := range len(n.kids) + len(n.minus) {
			if n.reads > 0 {
				n.operand(i).reads++
			}
		}
	}
	kept := p.nodes[:0]
	p.leaves, p.scans = nil, nil
	for _, n := range p.nodes {
		if n.reads == 0 {
			continue
		}
		n.id = len(kept)
		kept = append(kept, n)
		if !n.isLeaf() {
			continue
		}
		n.leaf = len(p.leaves)
		p.leaves = append(p.leaves, n)
		if n.scan != nil {
			p.scans = append(p.scans, n.scan)
		}
	}
	p.nodes = kept
}

// The ranks of operands: the order in which they are taken.
const (
	rankLeaf      = iota // read where it lies
	rankKept             // kept within the block, so computed at most once
	rankOperation        // computed here
	rankRange            // a scan, which is cheaper the fewer profiles are left
)

func (n *node) rank() int {
	switch {
	case n.op == opBits || n.op == opFixed || n.op == opScan:
		return rankLeaf
	case n.slot != 0:
		return rankKept
	case n.op == opRange:
		return rankRange
	}
	return rankOperation
}
