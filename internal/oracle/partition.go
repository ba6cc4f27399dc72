package oracle

import (
	"cmp"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// Rules are the rules of identity, every default filled in.
type Rules struct {
	// Namespaces by name. An identifier of any other is generic.
	Namespaces map[string]Namespace
	// MaxNodes is how many identifiers one person may have; 0 is no bound.
	MaxNodes int
}

// Namespace is what the rules say of one namespace.
type Namespace struct {
	Rank        int // smaller is stronger
	Limit       int // how many of its values one person may have; 1 is unique, 0 is no bound
	MaxPartners int // with more distinct partners an identifier is generic; 0 is no bound
}

// Node is one identifier.
type Node struct {
	Identifier profile.Identifier
	Partners   int // distinct identifiers that events ever named together with it
}

// Decision is what a person decided about a pair.
type Decision uint8

// The decisions.
const (
	Undecided Decision = iota
	Linked
	Unlinked
)

// Edge is the evidence about one pair of identifiers.
type Edge struct {
	A, B     profile.Identifier // in any order
	Seen     bool               // an event named both
	First    profile.Stamp      // of the earliest such event
	Decision Decision
	Decided  profile.Stamp // when; meaningless while Undecided
}

// Partition returns which identifiers are one person: the groups, each sorted,
// ordered by their first. It is the definition itself: take every live edge in
// the order of strength and unite its two sides, unless that breaks a rule.
func Partition(nodes []Node, edges []Edge, vetoes [][2]profile.Identifier, rules Rules) [][]profile.Identifier {
	generic := map[profile.Identifier]bool{}
	group := map[profile.Identifier]*[]profile.Identifier{} // of each identifier, its group
	for _, n := range nodes {
		generic[n.Identifier] = rules.Generic(n)
		group[n.Identifier] = &[]profile.Identifier{n.Identifier}
	}
	var live []Edge
	for _, e := range edges {
		for _, end := range []profile.Identifier{e.A, e.B} {
			if group[end] == nil { // named by a decision only
				generic[end] = rules.Generic(Node{Identifier: end})
				group[end] = &[]profile.Identifier{end}
			}
		}
		wanted := e.Decision == Linked || e.Seen && e.Decision == Undecided
		if wanted && !generic[e.A] && !generic[e.B] {
			live = append(live, e)
		}
	}
	slices.SortFunc(live, rules.strength)

	vetoed := map[[2]profile.Identifier]bool{}
	for _, v := range vetoes {
		vetoed[v] = true
		vetoed[[2]profile.Identifier{v[1], v[0]}] = true
	}
	for _, e := range live {
		a, b := group[e.A], group[e.B]
		if a == b || !rules.compatible(*a, *b, vetoed) {
			continue
		}
		*a = append(*a, *b...)
		for _, id := range *b {
			group[id] = a
		}
	}
	return groups(group)
}

// Generic reports whether an identifier has had too many partners to name one
// person.
func (r Rules) Generic(n Node) bool {
	namespace, known := r.Namespaces[n.Identifier.Namespace]
	return !known || namespace.MaxPartners > 0 && n.Partners > namespace.MaxPartners
}

// groups lists the distinct groups in order.
func groups(group map[profile.Identifier]*[]profile.Identifier) [][]profile.Identifier {
	var out [][]profile.Identifier
	listed := map[*[]profile.Identifier]bool{}
	for _, g := range group {
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
func (r Rules) compatible(a, b []profile.Identifier, vetoed map[[2]profile.Identifier]bool) bool {
	all := slices.Concat(a, b)
	if r.MaxNodes > 0 && len(all) > r.MaxNodes {
		return false
	}
	values := map[string]int{}
	for _, id := range all {
		values[id.Namespace]++
	}
	for namespace, n := range values {
		if limit := r.Namespaces[namespace].Limit; limit > 0 && n > limit {
			return false
		}
	}
	if len(vetoed) == 0 {
		return true
	}
	for _, x := range a {
		for _, y := range b {
			if vetoed[[2]profile.Identifier{x, y}] {
				return false
			}
		}
	}
	return true
}

// strength orders edges: manual before event; the rank of the weaker end, then of
// the stronger; the time of the decision or of the first event; the identifiers,
// the weaker one first.
func (r Rules) strength(x, y Edge) int {
	xWeak, xStrong := r.ends(x)
	yWeak, yStrong := r.ends(y)
	xManual, xAt := x.standing()
	yManual, yAt := y.standing()
	if xManual != yManual {
		if xManual {
			return -1
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(r.rank(xWeak), r.rank(yWeak)),
		cmp.Compare(r.rank(xStrong), r.rank(yStrong)),
		xAt.Compare(yAt),
		xWeak.Compare(yWeak),
		xStrong.Compare(yStrong),
	)
}

// standing returns whether a person decided the edge, and the time that it
// counts from.
func (e Edge) standing() (manual bool, at profile.Stamp) {
	if e.Decision == Linked {
		return true, e.Decided
	}
	return false, e.First
}

// ends returns the ends of an edge, the weaker first.
func (r Rules) ends(e Edge) (weak, strong profile.Identifier) {
	if r.stronger(e.A, e.B) < 0 {
		return e.B, e.A
	}
	return e.A, e.B
}

// stronger orders identifiers, the strongest first: by rank, then by their bytes.
func (r Rules) stronger(a, b profile.Identifier) int {
	return cmp.Or(cmp.Compare(r.rank(a), r.rank(b)), a.Compare(b))
}

func (r Rules) rank(id profile.Identifier) int { return r.Namespaces[id.Namespace].Rank }
