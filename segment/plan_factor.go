package segment

import (
	"container/heap"
	"slices"
)

const (
	// factorMin is how many conjunctions must have two operands in common for
	// these to become a part of its own: computing and keeping it costs as much as
	// reading three operands, and each use spares one.
	factorMin = 4
	// factorMax is the most operands of a conjunction that takes part.
	factorMax = 24
)

// duo is two operands of a conjunction, the one with the lesser code first.
type duo struct{ a, b literal }

func makeDuo(a, b literal) duo {
	if b.code() < a.code() {
		a, b = b, a
	}
	return duo{a, b}
}

// factor finds operands that many conjunctions (and disjunctions, which are
// those of complements) have in common, two at a time, the most frequent first,
// and makes them parts of their own. Since parts take part again, three in common
// are found as well.
func factor(ts *terms, roots []literal) {
	f := &factoring{users: map[duo][]*term{}}
	for _, t := range reachable(roots) {
		if t.op == opAnd && len(t.lits) <= factorMax {
			for i, a := range t.lits {
				for _, b := range t.lits[:i] {
					f.add(t, a, b)
				}
			}
		}
	}
	for d, users := range f.users {
		if len(users) >= factorMin {
			f.heap = append(f.heap, candidate{d, len(users)})
		}
	}
	heap.Init(&f.heap)
	for f.heap.Len() > 0 {
		c := heap.Pop(&f.heap).(candidate)
		switch users := f.current(c.duo); {
		case len(users) < factorMin:
		case len(users) < c.uses:
			heap.Push(&f.heap, candidate{c.duo, len(users)})
		default:
			f.extract(ts, c.duo, users)
		}
	}
	inline(reachable(roots), roots)
}

// inline takes parts that only one conjunction reads back into it: steps on the
// way to larger ones.
func inline(all []*term, roots []literal) {
	reads := map[*term]int{}
	for _, r := range roots {
		reads[r.term]++
	}
	for _, t := range all {
		for _, l := range t.lits {
			reads[l.term]++
		}
	}
	for _, t := range all {
		if t.op != opAnd {
			continue
		}
		var lits []literal
		for _, l := range t.lits {
			if l.is(opAnd) && reads[l.term] == 1 {
				lits = append(lits, l.term.lits...)
			} else {
				lits = append(lits, l)
			}
		}
		t.lits = lits
	}
}

type factoring struct {
	users map[duo][]*term // those that have, or had, both
	heap  candidates
}

func (f *factoring) add(t *term, a, b literal) {
	if a.term.op != opRange && b.term.op != opRange { // which are scanned for what is left
		d := makeDuo(a, b)
		f.users[d] = append(f.users[d], t)
	}
}

// current returns the conjunctions that have both operands.
func (f *factoring) current(d duo) []*term {
	users := f.users[d][:0]
	for _, t := range f.users[d] {
		if t.has(d.a) && t.has(d.b) && len(t.lits) > 2 {
			users = append(users, t)
		}
	}
	f.users[d] = users
	return users
}

func (t *term) has(l literal) bool { return slices.Contains(t.lits, l) }

// extract makes the two a part of its own.
func (f *factoring) extract(ts *terms, d duo, users []*term) {
	part := literal{term: ts.operation(opAnd, 0, []literal{d.a, d.b})}
	delete(f.users, d)
	grown := map[duo]bool{}
	for _, t := range users {
		if t == part.term {
			continue
		}
		rest := make([]literal, 0, len(t.lits)-1)
		for _, l := range t.lits {
			if l != d.a && l != d.b {
				f.add(t, part, l)
				grown[makeDuo(part, l)] = true
				rest = append(rest, l)
			}
		}
		t.lits = append(rest, part)
	}
	for d := range grown {
		if n := len(f.users[d]); n >= factorMin {
			heap.Push(&f.heap, candidate{d, n})
		}
	}
}

type candidate struct {
	duo
	uses int
}

// candidates is a heap, the most used first. Among equals the older comes first,
// so that equal batches have equal plans.
type candidates []candidate

func (c candidates) Len() int { return len(c) }
func (c candidates) Less(i, j int) bool {
	a, b := c[i], c[j]
	if a.uses != b.uses {
		return a.uses > b.uses
	}
	if a.a != b.a {
		return a.a.code() < b.a.code()
	}
	return a.b.code() < b.b.code()
}
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(v any)   { *c = append(*c, v.(candidate)) }
func (c *candidates) Pop() any {
	last := len(*c) - 1
	v := (*c)[last]
	*c = (*c)[:last]
	return v
}
