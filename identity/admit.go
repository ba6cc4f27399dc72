package identity

import (
	"cmp"
	"slices"
)

// rival is one of the partners that compete for the places of a quota.
type rival struct {
	end
	edge Edge
}

// compareRivals is the order in which the partners of a node take the places of a
// quota: that of edges, but under Newest the latest first, then the heaviest, then
// the greatest identifier.
func (r *Rules) compareRivals(q quota, n end, x, y rival) int {
	p, o := x.edge.place(), y.edge.place()
	if p.class != o.class {
		return cmp.Compare(p.class, o.class)
	}
	if q.rule == RuleNewest {
		if p.class == byEvent {
			p.at, o.at = x.edge.Last, y.edge.Last
		}
		return cmp.Or(o.at.Compare(p.at), cmp.Compare(o.weight, p.weight), y.Identifier.Compare(x.Identifier))
	}
	xw, xs := r.ordered(n, x.end)
	yw, ys := r.ordered(n, y.end)
	return cmp.Or(
		cmp.Compare(r.Rank(xw.Identifier.Namespace), r.Rank(yw.Identifier.Namespace)),
		cmp.Compare(r.Rank(xs.Identifier.Namespace), r.Rank(ys.Identifier.Namespace)),
		p.compareTime(o),
		xw.Identifier.Compare(yw.Identifier),
		xs.Identifier.Compare(ys.Identifier),
	)
}

// ordered returns two ends, the weaker first.
func (r *Rules) ordered(a, b end) (weak, strong end) {
	if r.Compare(a.Identifier, b.Identifier) < 0 {
		return b, a
	}
	return a, b
}

// admission returns what Admitted of a node is after the change of one edge. The
// old list is not changed.
func (j *judge) admission(n, far end, before, after *Edge) ([]Token, error) {
	q := n.ns.quota(far.ns)
	in, counts := n.admits(far.Token), after.counts()
	if q.rule == 0 || !in && !counts {
		return n.Admitted, nil
	}
	if in && counts && j.rules.compareRivals(q, n, rival{far, *after}, rival{far, *before}) <= 0 {
		return n.Admitted, nil // it only moved forward
	}
	others, consistent, err := j.rivals(n, far, q)
	switch {
	case err != nil:
		return nil, err
	case !consistent:
		return j.recount(n)
	case in && len(others)+1 < q.most: // there are no more that count
		if counts {
			return n.Admitted, nil
		}
		return without(n.Admitted, far.Token), nil
	case in:
		return j.recount(n)
	case len(others) < q.most:
		return with(n.Admitted, far.Token), nil
	}
	last := slices.MaxFunc(others, func(x, y rival) int { return j.rules.compareRivals(q, n, x, y) })
	if j.rules.compareRivals(q, n, rival{far, *after}, last) < 0 {
		return with(without(n.Admitted, last.Token), far.Token), nil
	}
	return n.Admitted, nil
}

// rivals reads the admitted partners of a node that compete with another for the
// same places. They are inconsistent when the edge of one does not count any more,
// which is so while several edges that were erased together are judged.
func (j *judge) rivals(n, far end, q quota) (others []rival, consistent bool, err error) {
	for _, t := range n.Admitted {
		if t == far.Token {
			continue
		}
		other, err := j.node(t)
		if err != nil {
			return nil, false, err
		}
		if q.rule != RuleLookup && other.ns != far.ns {
			continue
		}
		e, err := readEdge(j.graph, j.rules.Pair(*n.Node, *other.Node))
		if err != nil {
			return nil, false, err
		}
		if !e.counts() {
			return nil, false, nil
		}
		others = append(others, rival{other, e})
	}
	return others, len(others) <= q.most, nil
}

// recount works out Admitted of a node from all its edges.
func (j *judge) recount(n end) ([]Token, error) {
	edges, err := j.edges(n)
	if err != nil {
		return nil, err
	}
	return j.admitted(n, edges)
}

// admitted works out Admitted of a node from its edges.
func (j *judge) admitted(n end, edges []Edge) ([]Token, error) {
	rivals := make(map[*namespace][]rival) // of a lookup all under nil
	for i := range edges {
		far, err := j.node(edges[i].far(n.Token))
		if err != nil {
			return nil, err
		}
		q := n.ns.quota(far.ns)
		if q.rule == 0 {
			continue
		}
		group := far.ns
		if q.rule == RuleLookup {
			group = nil
		}
		rivals[group] = append(rivals[group], rival{far, edges[i]})
	}
	var out []Token
	for group, rs := range rivals {
		q := n.ns.quota(group)
		slices.SortFunc(rs, func(x, y rival) int { return j.rules.compareRivals(q, n, x, y) })
		for _, x := range rs[:min(q.most, len(rs))] {
			out = append(out, x.Token)
		}
	}
	slices.SortFunc(out, compareTokens)
	return out, nil
}

// with returns an ascending list with one more token, and without with one less.
// Neither changes the list that it is given.
func with(list []Token, t Token) []Token {
	i, found := slices.BinarySearchFunc(list, t, compareTokens)
	if found {
		return list
	}
	return slices.Insert(slices.Clone(list), i, t)
}

func without(list []Token, t Token) []Token {
	i, found := slices.BinarySearchFunc(list, t, compareTokens)
	switch {
	case !found:
		return list
	case len(list) == 1:
		return nil
	default:
		return slices.Delete(slices.Clone(list), i, i+1)
	}
}
