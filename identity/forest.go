package identity

import (
	"iter"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// forest is a partition in the making over the vertices of a region: union-find,
// with what the rules need to know of each set.
type forest struct {
	g      *region
	sets   []set
	counts []int32 // per vertex, of the root's set: values in each limited namespace, the dated ones if it is windowed
	times  []profile.Instant
}

// set is one vertex of a forest. size and vetoed are those of the whole set at
// its root.
type set struct {
	parent int32
	next   int32 // the next member of the set, in a ring
	size   int32
	vetoed bool // some member has a veto
}

func newForest(g *region) *forest { return &forest{g: g} }

// find returns the root of a vertex's set. A vertex read since the last call is
// alone.
func (f *forest) find(v int32) int32 {
	f.grow()
	for f.sets[v].parent != v {
		f.sets[v].parent = f.sets[f.sets[v].parent].parent
		v = f.sets[v].parent
	}
	return v
}

func (f *forest) grow() {
	missing := len(f.g.vertices) - len(f.sets)
	if missing == 0 {
		return
	}
	f.sets = slices.Grow(f.sets, missing)
	f.counts = slices.Grow(f.counts, missing*f.g.rules.limited)
	for v := len(f.sets); v < len(f.g.vertices); v++ {
		x := &f.g.vertices[v]
		f.sets = append(f.sets, set{parent: int32(v), next: int32(v), size: 1, vetoed: len(x.vetoes) > 0})
		for range f.g.rules.limited {
			f.counts = append(f.counts, 0)
		}
		if x.ns != nil && x.ns.slot >= 0 && (x.ns.per == 0 || x.Dated) {
			f.counts[v*f.g.rules.limited+x.ns.slot] = 1
		}
	}
}

// values returns how many values the set has in each limited namespace.
func (f *forest) values(root int32) []int32 {
	n := f.g.rules.limited
	return f.counts[int(root)*n : (int(root)+1)*n]
}

// members returns the vertices of the set that v is in.
func (f *forest) members(v int32) []int32 {
	ms := make([]int32, 0, f.sets[f.find(v)].size)
	for m := range f.ring(v) {
		ms = append(ms, m)
	}
	return ms
}

// ring yields the vertices of the set that v is in, v last.
func (f *forest) ring(v int32) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for m := f.sets[v].next; yield(m) && m != v; {
			m = f.sets[m].next
		}
	}
}

// bars says which rule forbids the union of two sets, if any.
func (f *forest) bars(a, b int32) (Rule, *namespace) {
	a, b = f.find(a), f.find(b)
	if int(f.sets[a].size)+int(f.sets[b].size) > f.g.rules.nodes {
		return RuleNodes, nil
	}
	av, bv := f.values(a), f.values(b)
	for _, ns := range f.g.rules.byRank {
		if ns.slot < 0 || int(av[ns.slot])+int(bv[ns.slot]) <= ns.limit {
			continue
		}
		if ns.unique {
			return RuleUnique, ns
		}
		if ns.per == 0 || f.crowded(ns, a, b) {
			return RuleLimit, ns
		}
	}
	if f.sets[a].vetoed && f.sets[b].vetoed && f.vetoes(a, b) {
		return RuleVeto, nil
	}
	return 0, nil
}

// crowded reports whether more values of a namespace than its limit were first seen
// within one stretch of its length, in two sets together.
func (f *forest) crowded(ns *namespace, a, b int32) bool {
	f.times = f.times[:0]
	for _, v := range [...]int32{a, b} {
		for m := range f.ring(v) {
			if x := &f.g.vertices[m]; x.ns == ns && x.Dated {
				f.times = append(f.times, x.Since)
			}
		}
	}
	slices.Sort(f.times)
	for i, first := range f.times {
		// The difference of two instants, whatever they are, fits an unsigned number.
		if k := i + ns.limit; k < len(f.times) && uint64(f.times[k])-uint64(first) < ns.per {
			return true
		}
	}
	return false
}

// vetoes reports whether a member of the set a names one of the set b.
func (f *forest) vetoes(a, b int32) bool {
	for m := range f.ring(a) {
		for _, t := range f.g.vertices[m].vetoes {
			if v, read := f.g.index[t]; read && f.find(v) == b {
				return true
			}
		}
	}
	return false
}

// unite makes one set of two, whatever the rules say.
func (f *forest) unite(a, b int32) {
	a, b = f.find(a), f.find(b)
	if a == b {
		return
	}
	if f.sets[a].size < f.sets[b].size {
		a, b = b, a
	}
	x, y := &f.sets[a], &f.sets[b]
	y.parent = a
	x.next, y.next = y.next, x.next
	x.size += y.size
	x.vetoed = x.vetoed || y.vetoed
	av := f.values(a)
	for i, n := range f.values(b) {
		av[i] += n
	}
}

// fuse makes one set of all the members of an old component.
func (f *forest) fuse(c *component) {
	for _, m := range c.members[1:] {
		f.unite(c.members[0], m)
	}
}
