package oracle

import (
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// Partition returns which identifiers are one person: the groups, each sorted,
// ordered by their first. It is the definition itself: take every live edge in
// the order of strength and unite its two sides, unless that breaks a rule. There
// is at most one edge of a pair. An identifier that only an edge names is one
// that no event named.
func Partition(nodes []Node, edges []Edge, vetoes [][2]profile.Identifier, rules Rules) [][]profile.Identifier {
	return unite(nodes, edges, vetoes, rules).groups()
}

// united is a partition with the edges that made it.
type united struct {
	nodes  map[profile.Identifier]Node
	group  map[profile.Identifier]*[]profile.Identifier // of each identifier, its group
	joints []Edge                                       // that united two groups
}

func unite(nodes []Node, edges []Edge, vetoes [][2]profile.Identifier, rules Rules) *united {
	u := &united{nodes: map[profile.Identifier]Node{}, group: map[profile.Identifier]*[]profile.Identifier{}}
	for _, e := range edges {
		u.nodes[e.A] = Node{Identifier: e.A}
		u.nodes[e.B] = Node{Identifier: e.B}
	}
	for _, n := range nodes {
		u.nodes[n.Identifier] = n
	}
	of := Incident(edges)
	filters := map[profile.Identifier]filter{}
	for id, n := range u.nodes {
		u.group[id] = &[]profile.Identifier{id}
		filters[id] = rules.filter(n, of[id])
	}
	live := slices.DeleteFunc(slices.Clone(edges), func(e Edge) bool {
		return e.class() == nothing || !rules.passes(filters[e.A], e, e.B) || !rules.passes(filters[e.B], e, e.A)
	})
	u.join(live, vetoes, rules)
	return u
}

// Unite is Partition of identifiers of which the live edges are known: those that count
// and that both ends let through; see Passing. The nodes are those of all the ends. What
// no chain of live edges joins may be united apart from each other.
func Unite(nodes []Node, live []Edge, vetoes [][2]profile.Identifier, rules Rules) [][]profile.Identifier {
	u := &united{nodes: map[profile.Identifier]Node{}, group: map[profile.Identifier]*[]profile.Identifier{}}
	for _, n := range nodes {
		u.nodes[n.Identifier] = n
		u.group[n.Identifier] = &[]profile.Identifier{n.Identifier}
	}
	u.join(slices.Clone(live), vetoes, rules)
	return u.groups()
}

// join unites along the live edges, the strongest first, as far as the rules allow.
func (u *united) join(live []Edge, vetoes [][2]profile.Identifier, rules Rules) {
	slices.SortFunc(live, rules.strength)
	vetoed := map[[2]profile.Identifier]bool{}
	for _, v := range vetoes {
		vetoed[pair(v[0], v[1])] = true
	}
	for _, e := range live {
		a, b := u.group[e.A], u.group[e.B]
		if a == b || !u.compatible(*a, *b, vetoed, rules) {
			continue
		}
		u.joints = append(u.joints, e)
		*a = append(*a, *b...)
		for _, id := range *b {
			u.group[id] = a
		}
	}
}

// groups lists the distinct groups in order.
func (u *united) groups() [][]profile.Identifier {
	var out [][]profile.Identifier
	listed := map[*[]profile.Identifier]bool{}
	for _, g := range u.group {
		if !listed[g] {
			listed[g] = true
			slices.SortFunc(*g, profile.Identifier.Compare)
			out = append(out, *g)
		}
	}
	slices.SortFunc(out, func(a, b []profile.Identifier) int { return a[0].Compare(b[0]) })
	return out
}

// compatible reports whether two groups may become one.
func (u *united) compatible(a, b []profile.Identifier, vetoed map[[2]profile.Identifier]bool, rules Rules) bool {
	all := slices.Concat(a, b)
	if rules.MaxNodes > 0 && len(all) > rules.MaxNodes {
		return false
	}
	values := map[string][]Node{}
	for _, id := range all {
		values[id.Namespace] = append(values[id.Namespace], u.nodes[id])
	}
	for namespace, of := range values {
		if rules.Namespaces[namespace].tooMany(of) {
			return false
		}
	}
	if len(vetoed) == 0 {
		return true
	}
	for _, x := range a {
		for _, y := range b {
			if vetoed[pair(x, y)] {
				return false
			}
		}
	}
	return true
}

// tooMany reports whether the values of the namespace are more than one person
// may have: ever, or first seen within one stretch of Per. A value that no event
// named was never seen.
func (n Namespace) tooMany(of []Node) bool {
	switch {
	case n.unique():
		return len(of) > 1
	case n.Limit == 0:
		return false
	case n.Per == 0:
		return len(of) > n.Limit
	}
	for _, from := range of {
		within := 0
		for _, o := range of {
			if o.Dated && o.Since >= from.Since && int64(o.Since-from.Since) < n.Per {
				within++
			}
		}
		if within > n.Limit {
			return true
		}
	}
	return false
}
