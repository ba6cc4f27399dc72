package segment

import (
	"cmp"
	"slices"
)

// term is one set in normal form: everyone, a leaf, a conjunction, an exclusive
// disjunction or a threshold. A disjunction is the complement of a conjunction
// of complements, so that De Morgan's laws hold without being applied. Within
// one normalizer equal terms are one.
type term struct {
	id   int // terms are numbered as they are made
	op   nodeOp
	leaf *node // of a leaf
	k    int   // of opAtLeast
	lits []literal
}

// literal is a term, or with neg its complement.
type literal struct {
	term *term
	neg  bool
}

func (l literal) not() literal { return literal{l.term, !l.neg} }

// isAll and isEmpty tell the constants.
func (l literal) isAll() bool   { return l.term.op == opAll && !l.neg }
func (l literal) isEmpty() bool { return l.term.op == opAll && l.neg }

// code numbers the literals.
func (l literal) code() int {
	if l.neg {
		return l.term.id<<1 | 1
	}
	return l.term.id << 1
}

// is reports whether the literal is an uncomplemented term of that operation.
func (l literal) is(op nodeOp) bool { return !l.neg && l.term.op == op }

// leafKey tells leaves apart, but for ranges.
type leafKey struct {
	op    nodeOp
	field FieldID
	set   *Set
	scan  *scan
}

// terms holds every term once.
type terms struct {
	list    []*term
	leaves  map[leafKey]*term
	buckets map[uint64][]*term // ranges and operations
	all     *term
}

func newTerms() *terms {
	ts := &terms{leaves: map[leafKey]*term{}, buckets: map[uint64][]*term{}}
	ts.all = ts.append(&term{op: opAll})
	return ts
}

func (ts *terms) append(t *term) *term {
	t.id = len(ts.list)
	ts.list = append(ts.list, t)
	return t
}

// constant returns everyone, or no one.
func (ts *terms) constant(all bool) literal { return literal{ts.all, !all} }

// leaf returns the term of a leaf.
func (ts *terms) leaf(n *node) *term {
	if n.op == opRange || n.op == opLot {
		h := mix(mix(mix(0, uint64(n.op)), uint64(n.field)), n.salt)
		for _, s := range n.spans {
			h = mix(mix(h, uint64(s.Lo)), uint64(s.Hi))
		}
		return ts.unique(h, &term{op: n.op, leaf: n})
	}
	k := leafKey{n.op, n.field, n.set, n.scan}
	t, ok := ts.leaves[k]
	if !ok {
		t = ts.append(&term{op: n.op, leaf: n})
		ts.leaves[k] = t
	}
	return t
}

// operation returns the term of an operation. It keeps lits, and puts them in
// order.
func (ts *terms) operation(op nodeOp, k int, lits []literal) *term {
	slices.SortFunc(lits, func(a, b literal) int { return cmp.Compare(a.code(), b.code()) })
	h := mix(mix(1, uint64(op)), uint64(k))
	for _, l := range lits {
		h = mix(h, uint64(l.code()))
	}
	return ts.unique(h, &term{op: op, k: k, lits: lits})
}

// unique returns the term that equals t, which is t itself where there is none
// yet.
func (ts *terms) unique(hash uint64, t *term) *term {
	for _, o := range ts.buckets[hash] {
		if o.equal(t) {
			return o
		}
	}
	ts.buckets[hash] = append(ts.buckets[hash], t)
	return ts.append(t)
}

func (t *term) equal(o *term) bool {
	if t.op != o.op || t.k != o.k {
		return false
	}
	if t.op == opRange || t.op == opLot {
		return t.leaf.field == o.leaf.field && t.leaf.salt == o.leaf.salt && slices.Equal(t.leaf.spans, o.leaf.spans)
	}
	return slices.Equal(t.lits, o.lits)
}

func mix(h, v uint64) uint64 {
	h = (h ^ v) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}
