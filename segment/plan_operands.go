package segment

import (
	"slices"
)

// operands is a conjunction or an exclusive disjunction under construction. Its
// operands are apart from one another; of an exclusive disjunction none is a
// complement.
type operands struct {
	op    nodeOp
	empty bool // of a conjunction: two operands exclude each other
	lits  []literal
	at    map[int]int // where the operand of a term is; nil: too few for a map
}

// searchMax is how many operands are searched through without a map.
const searchMax = 12

// find returns the place of the term's literal, -1 where there is none.
func (g *operands) find(t *term) int {
	if g.at == nil {
		return slices.IndexFunc(g.lits, func(l literal) bool { return l.term == t })
	}
	if i, ok := g.at[t.id]; ok {
		return i
	}
	return -1
}

// meet adds an operand to a conjunction.
func (g *operands) meet(l literal) {
	switch i := g.find(l.term); {
	case i < 0:
		g.push(l)
	case g.lits[i].neg != l.neg:
		g.empty = true
	}
}

// toggle adds an operand to an exclusive disjunction, where it cancels an equal
// one.
func (g *operands) toggle(t *term) {
	if i := g.find(t); i >= 0 {
		g.drop(i)
		return
	}
	g.push(literal{term: t})
}

func (g *operands) push(l literal) {
	g.lits = append(g.lits, l)
	switch {
	case g.at != nil:
		g.at[l.term.id] = len(g.lits) - 1
	case len(g.lits) > searchMax:
		g.at = make(map[int]int, 2*len(g.lits))
		for i, l := range g.lits {
			g.at[l.term.id] = i
		}
	}
}

// drop removes the operand at i; another takes its place.
func (g *operands) drop(i int) {
	last := len(g.lits) - 1
	if g.at != nil {
		delete(g.at, g.lits[i].term.id)
		if i != last {
			g.at[g.lits[last].term.id] = i
		}
	}
	g.lits[i] = g.lits[last]
	g.lits = g.lits[:last]
}

// close returns a finished conjunction as a literal.
func (g *operands) close(ts *terms) literal {
	if !g.empty {
		g.joinRanges(ts)
	}
	for range absorbRounds {
		if g.empty || !g.absorb(ts) {
			break
		}
	}
	switch {
	case g.empty:
		return ts.constant(false)
	case len(g.lits) == 0:
		return ts.constant(true)
	case len(g.lits) == 1:
		return g.lits[0]
	}
	return literal{term: ts.operation(opAnd, 0, g.lits)}
}

const (
	absorbRounds = 3
	absorbMax    = 64 // the most operands of a disjunction that is looked through
)

// absorb simplifies the operands that are complements of conjunctions by the
// other operands: "a and not (b and not a)" is a, "a and not (a and b)" is "a and
// not b". Read as disjunctions these are "a or (a and b)" and "a or (not a and
// b)". It reports whether anything changed.
func (g *operands) absorb(ts *terms) bool {
	changed := false
	for i := 0; i < len(g.lits) && !g.empty; i++ {
		l := g.lits[i]
		if !l.neg || l.term.op != opAnd || len(l.term.lits) > absorbMax {
			continue
		}
		known, contradicted := 0, false
		for _, m := range l.term.lits {
			if at := g.find(m.term); at >= 0 {
				known++
				contradicted = contradicted || g.lits[at].neg != m.neg
			}
		}
		if known == 0 {
			continue
		}
		changed = true
		g.drop(i)
		i--
		if contradicted {
			continue // it is surely empty, its complement no constraint
		}
		if rest := g.without(ts, l.term).not(); rest.isEmpty() {
			g.empty = true
		} else {
			g.meet(rest)
		}
	}
	return changed
}

// without returns the conjunction t less the operands that g has too.
func (g *operands) without(ts *terms, t *term) literal {
	var rest []literal
	for _, m := range t.lits {
		if g.find(m.term) < 0 {
			rest = append(rest, m)
		}
	}
	switch len(rest) {
	case 0:
		return ts.constant(true)
	case 1:
		return rest[0]
	}
	return literal{term: ts.operation(opAnd, 0, rest)}
}

// fieldRanges is the ranges of one field in a conjunction.
type fieldRanges struct{ meet, minus []*node }

// joinRanges makes one range of those of the same field.
func (g *operands) joinRanges(ts *terms) {
	ranges := 0
	for _, l := range g.lits {
		if l.term.op == opRange {
			ranges++
		}
	}
	if ranges < 2 {
		return
	}
	fields := make(map[FieldID]*fieldRanges, ranges)
	order := make([]FieldID, 0, ranges)
	for _, l := range g.lits {
		if l.term.op != opRange {
			continue
		}
		r := fields[l.term.leaf.field]
		if r == nil {
			r = &fieldRanges{}
			fields[l.term.leaf.field] = r
			order = append(order, l.term.leaf.field)
		}
		if l.neg {
			r.minus = append(r.minus, l.term.leaf)
		} else {
			r.meet = append(r.meet, l.term.leaf)
		}
	}
	if len(order) == ranges {
		return
	}
	d := &operands{op: opAnd}
	for _, l := range g.lits {
		if l.term.op != opRange {
			d.push(l)
		}
	}
	for _, f := range order {
		n, neg := fields[f].join()
		if len(n.spans) > 0 {
			d.push(literal{ts.leaf(n), neg})
		} else if !neg {
			d.empty = true
		}
	}
	*g = *d
}

// join returns the range that the ranges come to; neg: less than everyone. Its
// spans may be none.
func (r *fieldRanges) join() (n *node, neg bool) {
	switch {
	case len(r.meet) == 1 && len(r.minus) == 0:
		return r.meet[0], false
	case len(r.meet) == 0 && len(r.minus) == 1:
		return r.minus[0], true
	case len(r.meet) == 0:
		return uniteRanges(r.minus), true
	}
	n = meetRanges(r.meet)
	if len(r.minus) > 0 {
		u := uniteRanges(r.minus)
		n = &node{
			op: opRange, field: n.field, spans: meetSpans(n.spans, gaps(u.spans)),
			label: joinLabels(" and not ", n.label, u.label),
		}
	}
	return n, false
}

func meetRanges(ns []*node) *node {
	// From the one with the fewest spans on, so that what is left stays short.
	slices.SortStableFunc(ns, func(a, b *node) int { return len(a.spans) - len(b.spans) })
	spans := ns[0].spans
	for _, n := range ns[1:] {
		spans = meetSpans(spans, n.spans)
	}
	return rangeOf(ns[0].field, spans, labelOf(ns, " and "))
}

func uniteRanges(ns []*node) *node {
	if len(ns) == 1 {
		return ns[0]
	}
	var spans []Span
	for _, n := range ns {
		spans = append(spans, n.spans...)
	}
	return rangeOf(ns[0].field, joinSpans(spans), labelOf(ns, " or "))
}

// labelsMax is how many conditions the label of a joined range names.
const labelsMax = 8

func labelOf(ns []*node, by string) string {
	labels := make([]string, 0, min(len(ns), labelsMax))
	for _, n := range ns[:min(len(ns), labelsMax)] {
		labels = append(labels, n.label)
	}
	if len(ns) > labelsMax {
		labels = append(labels, "...")
	}
	return joinLabels(by, labels...)
}
