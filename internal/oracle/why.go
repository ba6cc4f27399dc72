package oracle

import (
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// Why returns whether two identifiers are one person, and if so the chain that
// makes them one, from a to b: neighbours in it were united by the edge between
// them, so that of all chains it is the one whose weakest edge is the strongest.
func (s *Store) Why(a, b profile.Identifier) (together bool, chain []profile.Identifier) {
	ev := s.evidence()
	u := unite(ev.nodes, ev.edges, ev.vetoes, s.rules)
	if u.group[a] == nil || u.group[a] != u.group[b] {
		return a == b, nil
	}
	return true, walk(Incident(u.joints), b, a)
}

// walk returns a way along the edges that goes on to an identifier; nil where
// there is none.
func walk(edges map[profile.Identifier][]Edge, to profile.Identifier, way ...profile.Identifier) []profile.Identifier {
	here := way[len(way)-1]
	if here == to {
		return way
	}
	for _, e := range edges[here] {
		next, _ := e.partner(here)
		if slices.Contains(way, next) {
			continue
		}
		if found := walk(edges, to, append(slices.Clone(way), next)...); found != nil {
			return found
		}
	}
	return nil
}
