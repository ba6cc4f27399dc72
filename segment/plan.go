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

// conjoin returns the And of nodes in normal form.
func conjoin(ns []*node) *node {
	var kids, minus []*node
	for _, n := range ns {
		switch {
		case n.op == opEmpty:
			return emptyNode
		case n.op == opAll:
		case n.op == opAnd:
			for _, k := range n.kids {
				if k.op != opAll {
					kids = meet(kids, k)
				}
			}
			for _, m := range n.minus {
				minus = addNew(minus, m)
			}
		default:
			kids = meet(kids, n)
		}
	}
	for _, k := range kids {
		if k.op == opEmpty || slices.ContainsFunc(minus, k.same) {
			return emptyNode
		}
	}
	switch {
	case len(kids) == 0 && len(minus) == 0:
		return allNode
	case len(kids) == 1 && len(minus) == 0:
		return kids[0]
	case len(kids) == 0:
		kids = []*node{allNode}
	}
	return &node{op: opAnd, kids: kids, minus: minus}
}

// meet adds n to conjuncts, joining ranges of one field to one.
func meet(ns []*node, n *node) []*node {
	for i, o := range ns {
		if n.op == opRange && o.op == opRange && n.field == o.field {
			ns[i] = emptyNode
			if spans := meetSpans(o.spans, n.spans); len(spans) > 0 {
				ns[i] = &node{op: opRange, field: n.field, spans: spans, label: joinLabels(o.label, n.label, " and ")}
			}
			return ns
		}
	}
	return addNew(ns, n)
}

func addNew(ns []*node, n *node) []*node {
	if slices.ContainsFunc(ns, n.same) {
		return ns
	}
	return append(ns, n)
}

func joinLabels(a, b, by string) string {
	if a == "" || b == "" {
		return ""
	}
	return a + by + b
}

// disjoin returns the Or of nodes in normal form. Where any of them is a
// complement so is the result: a or not b is not (b minus a).
func disjoin(ns []*node) *node {
	var kids, inverses []*node
	for _, n := range ns {
		switch {
		case n.op == opAll:
			return allNode
		case n.op == opEmpty:
		case n.op == opOr:
			for _, k := range n.kids {
				kids = unite(kids, k)
			}
		case n.isComplement():
			inverses = append(inverses, n.inverse())
		default:
			kids = unite(kids, n)
		}
	}
	var union *node
	switch len(kids) {
	case 0:
		union = emptyNode
	case 1:
		union = kids[0]
	default:
		union = &node{op: opOr, kids: kids}
	}
	if len(inverses) == 0 {
		return union
	}
	return complement(conjoin(append(inverses, complement(union))))
}

// unite adds n to disjuncts, joining ranges of one field to one.
func unite(ns []*node, n *node) []*node {
	for i, o := range ns {
		if n.op == opRange && o.op == opRange && n.field == o.field {
			ns[i] = &node{
				op: opRange, field: n.field, spans: joinSpans(slices.Concat(o.spans, n.spans)),
				label: joinLabels(o.label, n.label, " or "),
			}
			return ns
		}
	}
	return addNew(ns, n)
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
