package segment

import "slices"

// simplify returns an equal node in normal form. There opEmpty and opAll stand
// alone (but for an opAll as the only kid of an And that is a complement), And
// and Or are flat and of two operands or more, and complements have been drawn
// outwards as far as they go.
func simplify(n *node) *node {
	switch n.op {
	case opAnd:
		kids := make([]*node, 0, len(n.kids)+len(n.minus))
		for _, k := range n.kids {
			kids = append(kids, simplify(k))
		}
		for _, m := range n.minus {
			kids = append(kids, complement(simplify(m)))
		}
		return conjoin(kids)
	case opOr:
		return disjoin(simplifyAll(n.kids))
	case opXor:
		return exclude(simplifyAll(n.kids))
	case opAtLeast:
		return threshold(n.k, simplifyAll(n.kids))
	case opFixed:
		if n.set == nil || n.set.count == 0 {
			return emptyNode
		}
	}
	return n
}

func simplifyAll(ns []*node) []*node {
	out := make([]*node, len(ns))
	for i, n := range ns {
		out[i] = simplify(n)
	}
	return out
}

// isComplement reports whether n is "all minus something".
func (n *node) isComplement() bool {
	return n.op == opAnd && len(n.kids) == 1 && n.kids[0].op == opAll
}

// inverse returns what the complement n excludes.
func (n *node) inverse() *node { return disjoin(n.minus) }

func complement(n *node) *node {
	switch {
	case n.op == opEmpty:
		return allNode
	case n.op == opAll:
		return emptyNode
	case n.isComplement():
		return n.inverse()
	case n.op == opOr:
		return &node{op: opAnd, kids: []*node{allNode}, minus: n.kids}
	}
	return &node{op: opAnd, kids: []*node{allNode}, minus: []*node{n}}
}

// operands is a list of operands without repetitions.
type operands struct {
	nodes []*node
	seen  map[leafKey]bool
}

// leafKey tells leaves apart, but for ranges.
type leafKey struct {
	op    nodeOp
	field FieldID
	set   *Set
	scan  *scan
}

// key returns what tells the node apart; ok is false for a range and for what is
// no leaf.
func (n *node) key() (k leafKey, ok bool) {
	if !n.isLeaf() || n.op == opRange {
		return leafKey{}, false
	}
	return leafKey{n.op, n.field, n.set, n.scan}, true
}

// add appends a node that is not yet there. Ranges of one field are joined to
// one by join.
func (o *operands) add(n *node, join func(a, b *node) *node) {
	if k, ok := n.key(); ok {
		if o.seen[k] {
			return
		}
		if o.seen == nil {
			o.seen = make(map[leafKey]bool)
		}
		o.seen[k] = true
	}
	if n.op == opRange {
		if i := slices.IndexFunc(o.nodes, func(m *node) bool { return m.op == opRange && m.field == n.field }); i >= 0 {
			o.nodes[i] = join(o.nodes[i], n)
			return
		}
	}
	o.nodes = append(o.nodes, n)
}

// has reports whether an equal leaf is there.
func (o *operands) has(n *node) bool {
	k, ok := n.key()
	if ok {
		return o.seen[k]
	}
	return slices.ContainsFunc(o.nodes, n.same)
}

// meetRanges returns what lies in both ranges.
func meetRanges(a, b *node) *node {
	spans := meetSpans(a.spans, b.spans)
	if len(spans) == 0 {
		return &node{op: opRange, field: a.field} // conjoin makes it opEmpty
	}
	return &node{op: opRange, field: a.field, spans: spans, label: joinLabels(a.label, b.label, " and ")}
}

// uniteRanges returns what lies in either range.
func uniteRanges(a, b *node) *node {
	return &node{
		op: opRange, field: a.field, spans: joinSpans(slices.Concat(a.spans, b.spans)),
		label: joinLabels(a.label, b.label, " or "),
	}
}

func joinLabels(a, b, by string) string {
	if a == "" || b == "" {
		return ""
	}
	return a + by + b
}

// conjoin returns the And of nodes in normal form.
func conjoin(ns []*node) *node {
	var kids, minus operands
	for _, n := range ns {
		switch n.op {
		case opEmpty:
			return emptyNode
		case opAll:
		case opAnd:
			for _, k := range n.kids {
				if k.op != opAll {
					kids.add(k, meetRanges)
				}
			}
			for _, m := range n.minus {
				minus.add(m, uniteRanges)
			}
		default:
			kids.add(n, meetRanges)
		}
	}
	for _, k := range kids.nodes {
		if k.op == opRange && len(k.spans) == 0 || minus.has(k) {
			return emptyNode
		}
	}
	switch {
	case len(kids.nodes) == 0 && len(minus.nodes) == 0:
		return allNode
	case len(kids.nodes) == 1 && len(minus.nodes) == 0:
		return kids.nodes[0]
	case len(kids.nodes) == 0:
		kids.nodes = []*node{allNode}
	}
	return &node{op: opAnd, kids: kids.nodes, minus: minus.nodes}
}

// disjoin returns the Or of nodes in normal form. Where any of them is a
// complement so is the result: a or not b is not (b minus a).
func disjoin(ns []*node) *node {
	var (
		kids     operands
		inverses []*node
	)
	for _, n := range ns {
		switch {
		case n.op == opAll:
			return allNode
		case n.op == opEmpty:
		case n.op == opOr:
			for _, k := range n.kids {
				kids.add(k, uniteRanges)
			}
		case n.isComplement():
			inverses = append(inverses, n.inverse())
		default:
			kids.add(n, uniteRanges)
		}
	}
	var union *node
	switch len(kids.nodes) {
	case 0:
		union = emptyNode
	case 1:
		union = kids.nodes[0]
	default:
		union = &node{op: opOr, kids: kids.nodes}
	}
	if len(inverses) == 0 {
		return union
	}
	return complement(conjoin(append(inverses, complement(union))))
}

// exclude returns the Xor of nodes in normal form.
func exclude(ns []*node) *node {
	var kids []*node
	inverted := false
	var add func(n *node)
	add = func(n *node) {
		switch {
		case n.op == opEmpty:
		case n.op == opAll:
			inverted = !inverted
		case n.isComplement():
			inverted = !inverted
			add(n.inverse())
		case n.op == opXor:
			for _, k := range n.kids {
				add(k)
			}
		default:
			if i := slices.IndexFunc(kids, n.same); i >= 0 {
				kids = slices.Delete(kids, i, i+1)
				return
			}
			kids = append(kids, n)
		}
	}
	for _, n := range ns {
		add(n)
	}
	var out *node
	switch len(kids) {
	case 0:
		out = emptyNode
	case 1:
		out = kids[0]
	default:
		out = &node{op: opXor, kids: kids}
	}
	if inverted {
		return complement(out)
	}
	return out
}

// threshold returns the AtLeast of nodes in normal form.
func threshold(k int, ns []*node) *node {
	var kids []*node
	for _, n := range ns {
		switch n.op {
		case opEmpty:
		case opAll:
			k--
		default:
			kids = append(kids, n)
		}
	}
	switch {
	case k <= 0:
		return allNode
	case k > len(kids):
		return emptyNode
	case k == 1:
		return disjoin(kids)
	case k == len(kids):
		return conjoin(kids)
	}
	return &node{op: opAtLeast, k: k, kids: kids}
}
