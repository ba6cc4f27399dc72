package identity

import "slices"

// Around returns what evidence there is about a node with others: every edge with
// what keeps it from uniting its ends, in the order of the other ends by Compare.
// At most 1,000 edges are read; truncated says that there are more. It reads the
// graph as Explain does.
func (r *Rules) Around(g Graph, t Token) (hops []Hop, truncated bool, err error) {
	x := &explainer{region: newRegion(r, g)}
	v, err := x.vertex(t)
	if err != nil {
		return nil, false, err
	}
	if _, err := x.component(v); err != nil {
		return nil, false, err
	}
	edges, truncated, err := x.evidence(t)
	if err != nil {
		return nil, false, err
	}
	for _, e := range edges {
		w, err := x.vertex(e.far(t))
		if err != nil {
			return nil, false, err
		}
		c, err := x.component(w)
		if err != nil {
			return nil, false, err
		}
		hop := Hop{From: t, To: x.vertices[w].Token, Edge: e}
		if hop.Rule, hop.Namespace = x.rules.Bar(e, x.vertices[v].Node, x.vertices[w].Node); hop.Rule == 0 && c != x.vertices[v].component {
			if hop, err = x.barred(crossing{from: v, to: w, edge: e}); err != nil {
				return nil, false, err
			}
		}
		hops = append(hops, hop)
	}
	slices.SortFunc(hops, func(a, b Hop) int {
		return r.Compare(x.vertices[x.index[a.To]].Identifier, x.vertices[x.index[b.To]].Identifier)
	})
	return hops, truncated, nil
}

// evidence reads the edges of a node that tell of another.
func (x *explainer) evidence(t Token) (edges []Edge, truncated bool, err error) {
	read := 0
	for e, err := range x.graph.Edges(t) {
		if err != nil {
			return nil, false, err
		}
		if read++; read > maxHubEdges {
			return edges, true, nil
		}
		if e.joins() && e.Weak != e.Strong {
			edges = append(edges, e)
		}
	}
	return edges, false, nil
}
