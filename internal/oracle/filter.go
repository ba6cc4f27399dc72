package oracle

import (
	"cmp"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// Filtered returns what the policies of an identifier make of its edges: whether
// it is shared, and to which partners its quotas tie it, sorted. Edges of others
// are left out of account. Neither depends on the partners' own policies.
func (r Rules) Filtered(n Node, edges []Edge) (shared bool, admitted []profile.Identifier) {
	own := r.Namespaces[n.Identifier.Namespace]
	all := edgesOf(n.Identifier, edges)
	byNamespace := map[string][]Edge{} // of the partner
	for _, e := range all {
		other, _ := e.partner(n.Identifier)
		byNamespace[other.Namespace] = append(byNamespace[other.Namespace], e)
	}
	for namespace, to := range byNamespace {
		unique := r.Namespaces[namespace].unique()
		if own.Conflict == Shared && unique {
			sighted := slices.DeleteFunc(slices.Clone(to), func(e Edge) bool { return e.class() == linkage })
			shared = shared || len(sighted) >= 2 // a pair has one edge, so these are distinct
		}
		switch {
		case own.Conflict == Newest && unique:
			to = first(1, to, newest(n.Identifier))
		case own.MaxEdges[namespace] > 0:
			to = first(own.MaxEdges[namespace], to, r.strength)
		default:
			continue
		}
		admitted = append(admitted, partners(n.Identifier, to)...)
	}
	if own.Lookup {
		admitted = partners(n.Identifier, first(1, all, r.strength))
	}
	slices.SortFunc(admitted, profile.Identifier.Compare)
	return shared, admitted
}

// edgesOf returns the edges of an identifier that count.
func edgesOf(id profile.Identifier, edges []Edge) []Edge {
	return slices.DeleteFunc(slices.Clone(edges), func(e Edge) bool {
		_, own := e.partner(id)
		return !own || e.class() == nothing
	})
}

// first returns the first n edges in an order.
func first(n int, edges []Edge, order func(x, y Edge) int) []Edge {
	slices.SortFunc(edges, order)
	return edges[:min(n, len(edges))]
}

func partners(of profile.Identifier, edges []Edge) (ids []profile.Identifier) {
	for _, e := range edges {
		other, _ := e.partner(of)
		ids = append(ids, other)
	}
	return ids
}

// newest orders the edges of an identifier, the one that holds under Newest
// first: by class, and within it the last decision, the last event or the
// heaviest match, and then the partner with the greater bytes.
func newest(of profile.Identifier) func(x, y Edge) int {
	return func(x, y Edge) int {
		inClass := 0
		switch x.class() {
		case manual:
			inClass = y.Decided.Compare(x.Decided)
		case event:
			inClass = y.Last.Compare(x.Last)
		case linkage:
			inClass = cmp.Compare(y.Match.Weight, x.Match.Weight)
		}
		p, _ := x.partner(of)
		q, _ := y.partner(of)
		return cmp.Or(cmp.Compare(x.class(), y.class()), inClass, q.Compare(p))
	}
}

// filter is what one identifier lets through.
type filter struct {
	own      Namespace
	nobody   bool // generic or barred
	shared   bool
	admitted []profile.Identifier
}

// filter returns the filter of a node with these edges.
func (r Rules) filter(n Node, edges []Edge) filter {
	f := filter{own: r.Namespaces[n.Identifier.Namespace], nobody: n.Barred || r.Generic(n)}
	f.shared, f.admitted = r.Filtered(n, edges)
	return f
}

// Passing returns those of an identifier's edges that count and that it lets through, in
// their order. An edge is live if both its ends do.
func (r Rules) Passing(n Node, edges []Edge) []Edge {
	f := r.filter(n, edges)
	return slices.DeleteFunc(edgesOf(n.Identifier, edges), func(e Edge) bool {
		other, _ := e.partner(n.Identifier)
		return !r.passes(f, e, other)
	})
}

// passes reports whether an identifier lets its edge to the partner through.
func (r Rules) passes(f filter, e Edge, partner profile.Identifier) bool {
	theirs := r.Namespaces[partner.Namespace]
	quota := f.own.Lookup || f.own.MaxEdges[partner.Namespace] > 0 || f.own.Conflict == Newest && theirs.unique()
	switch {
	case f.nobody:
		return false
	case e.class() == manual: // a link settles whose it is
		return true
	case f.shared, f.own.Conflict == Never && theirs.Personal:
		return false
	default:
		return !quota || slices.Contains(f.admitted, partner)
	}
}
