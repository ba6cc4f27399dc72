package segment

// normalizer brings expressions in normal form: flat, without constants inside,
// repetitions, contradictions or what another operand absorbs, with complements
// drawn outwards, and with equal parts made one. It does not recurse, and takes
// time about linear in the expression, shared parts counted once, so that no
// expression that fits in memory is too deep or too long for it.
type normalizer struct {
	*terms
	parents map[*node]int // how often a node is read; more than once: 2
	drafts  map[*node]draft
}

// draft is the normal form of a node as far as its reader may still take it up:
// a literal, or open operands (their complement with neg).
type draft struct {
	literal literal
	open    *operands
	neg     bool
}

func (d draft) not() draft {
	d.literal, d.neg = d.literal.not(), !d.neg
	return d
}

// flattenMax is the most operands that are copied out of a part which is read
// from several places into one that reads it. A longer one is read as it is.
const flattenMax = 16

// normalize returns the normal form of an expression.
func (z *normalizer) normalize(root *node) literal {
	z.parents, z.drafts = map[*node]int{}, map[*node]draft{}
	z.countParents(root)
	type frame struct {
		n    *node
		next int
	}
	stack := []frame{{n: root}}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if f.next < len(f.n.kids)+len(f.n.minus) {
			k := f.n.operand(f.next)
			f.next++
			if _, done := z.drafts[k]; !done {
				stack = append(stack, frame{n: k})
			}
			continue
		}
		d := z.draft(f.n)
		if z.parents[f.n] > 1 {
			d = draft{literal: z.close(d)} // several readers: none may take it apart
		}
		z.drafts[f.n] = d
		stack = stack[:len(stack)-1]
	}
	return z.close(z.drafts[root])
}

func (z *normalizer) countParents(root *node) {
	stack := []*node{root}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for i := range len(n.kids) + len(n.minus) {
			k := n.operand(i)
			switch z.parents[k]++; z.parents[k] {
			case 1:
				stack = append(stack, k)
			case 3:
				z.parents[k] = 2
			}
		}
	}
}

// operand returns the i-th of the kids and those to subtract.
func (n *node) operand(i int) *node {
	if i < len(n.kids) {
		return n.kids[i]
	}
	return n.minus[i-len(n.kids)]
}

// draft returns the normal form of a node whose operands have one.
func (z *normalizer) draft(n *node) draft {
	switch n.op {
	case opEmpty:
		return z.constantDraft(false)
	case opAll:
		return z.constantDraft(true)
	case opFixed:
		if n.set == nil || n.set.count == 0 {
			return z.constantDraft(false)
		}
	case opAnd, opOr, opXor, opAtLeast:
		ds := make([]draft, len(n.kids)+len(n.minus))
		for i := range ds {
			ds[i] = z.drafts[n.operand(i)]
			if i >= len(n.kids) {
				ds[i] = ds[i].not()
			}
		}
		switch n.op {
		case opAnd:
			return z.conjoin(ds)
		case opOr:
			return z.disjoin(ds)
		case opXor:
			return z.exclude(ds)
		}
		return z.threshold(n.k, ds)
	}
	return draft{literal: literal{term: z.leaf(n)}}
}

func (z *normalizer) constantDraft(all bool) draft { return draft{literal: z.constant(all)} }

// close returns a draft that no reader takes up.
func (z *normalizer) close(d draft) literal {
	if d.open == nil {
		return d.literal
	}
	var l literal
	switch {
	case d.open.op == opAnd:
		l = d.open.close(z.terms)
	case len(d.open.lits) == 0:
		l = z.constant(false)
	case len(d.open.lits) == 1:
		l = d.open.lits[0]
	default:
		l = literal{term: z.operation(opXor, 0, d.open.lits)}
	}
	l.neg = l.neg != d.neg
	return l
}

func (d draft) isOpen(op nodeOp) bool { return d.open != nil && d.open.op == op }

// largest takes the longest of the open operands that match, so that
// flattening a chain does not copy it at every link; a new one where there is
// none.
func largest(ds []draft, op nodeOp, match func(draft) bool) (g *operands, from int) {
	from = -1
	for i, d := range ds {
		if match(d) && (g == nil || len(d.open.lits) > len(g.lits)) {
			g, from = d.open, i
		}
	}
	if g == nil {
		g = &operands{op: op}
	}
	return g, from
}

// conjoin returns the And of drafts.
func (z *normalizer) conjoin(ds []draft) draft {
	kept := ds[:0]
	for _, d := range ds {
		switch {
		case d.open == nil && d.literal.isEmpty():
			return d
		case d.open == nil && d.literal.isAll():
		default:
			kept = append(kept, d)
		}
	}
	switch len(kept) {
	case 0:
		return z.constantDraft(true)
	case 1:
		return kept[0]
	}
	open := func(d draft) bool { return d.isOpen(opAnd) && !d.neg }
	g, from := largest(kept, opAnd, open)
	for i, d := range kept {
		switch {
		case i == from:
		case open(d):
			g.empty = g.empty || d.open.empty
			for _, l := range d.open.lits {
				g.meet(l)
			}
		default:
			l := z.close(d)
			if l.is(opAnd) && len(l.term.lits) <= flattenMax {
				for _, m := range l.term.lits {
					g.meet(m)
				}
			} else if l.isEmpty() {
				return draft{literal: l}
			} else if !l.isAll() {
				g.meet(l)
			}
		}
		if g.empty {
			return z.constantDraft(false)
		}
	}
	return draft{open: g}
}

// disjoin returns the Or of drafts: what is not in the And of their complements.
func (z *normalizer) disjoin(ds []draft) draft {
	for i := range ds {
		ds[i] = ds[i].not()
	}
	return z.conjoin(ds).not()
}

// exclude returns the Xor of drafts. Complements are drawn out of it.
func (z *normalizer) exclude(ds []draft) draft {
	if len(ds) == 1 {
		return ds[0]
	}
	open := func(d draft) bool { return d.isOpen(opXor) }
	g, from := largest(ds, opXor, open)
	neg := false
	for i, d := range ds {
		if open(d) {
			neg = neg != d.neg
			if i == from {
				continue
			}
			for _, l := range d.open.lits {
				g.toggle(l.term)
			}
			continue
		}
		l := z.close(d)
		switch {
		case l.term.op == opAll:
			neg = neg == l.neg
			continue
		case l.term.op == opXor && len(l.term.lits) <= flattenMax:
			for _, m := range l.term.lits {
				g.toggle(m.term)
			}
		default:
			g.toggle(l.term)
		}
		neg = neg != l.neg
	}
	return draft{open: g, neg: neg}
}

// threshold returns the AtLeast of drafts.
func (z *normalizer) threshold(k int, ds []draft) draft {
	kept := ds[:0]
	for _, d := range ds {
		switch {
		case d.open == nil && d.literal.isAll():
			k--
		case d.open == nil && d.literal.isEmpty():
		default:
			kept = append(kept, d)
		}
	}
	switch {
	case k <= 0:
		return z.constantDraft(true)
	case k > len(kept):
		return z.constantDraft(false)
	case k == 1:
		return z.disjoin(kept)
	case k == len(kept):
		return z.conjoin(kept)
	}
	lits := make([]literal, 0, len(kept))
	for _, d := range kept {
		switch l := z.close(d); {
		case l.isAll():
			k--
		case !l.isEmpty():
			lits = append(lits, l)
		}
	}
	if k <= 1 || k >= len(lits) {
		ds = ds[:0]
		for _, l := range lits {
			ds = append(ds, draft{literal: l})
		}
		return z.threshold(k, ds)
	}
	return draft{literal: literal{term: z.operation(opAtLeast, k, lits)}}
}
