package identity

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// naive is the identity of a world by its definition: every filter by a look at
// all edges, and the partition by taking all live edges in order over sets of
// identifiers. It shares nothing with the resolver.
type naive struct {
	w     *world
	decl  map[string]Namespace
	nodes map[profile.Identifier]Node
	facts []fact                        // edges that count, in order
	of    map[profile.Identifier][]fact // those of each identifier
	admit map[profile.Identifier]map[profile.Identifier]bool
	bare  map[profile.Identifier]bool // shared
}

// fact is an edge that counts. class is 1 by hand, 2 by an event, 3 by linkage.
type fact struct {
	class                int
	weakRank, strongRank int
	at, last             profile.Stamp
	weight               int32
	weak, strong         profile.Identifier
}

func (f fact) far(id profile.Identifier) profile.Identifier {
	if f.weak == id {
		return f.strong
	}
	return f.weak
}

func (w *world) naiveView() *naive {
	n := &naive{
		w: w, decl: map[string]Namespace{}, nodes: map[profile.Identifier]Node{}, of: map[profile.Identifier][]fact{},
		admit: map[profile.Identifier]map[profile.Identifier]bool{}, bare: map[profile.Identifier]bool{},
	}
	for _, ns := range w.config.Namespaces {
		n.decl[ns.Name] = ns
	}
	for _, node := range w.nodes {
		n.nodes[node.Identifier] = node
	}
	for p, e := range w.edges {
		a, b := w.nodes[p.Weak].Identifier, w.nodes[p.Strong].Identifier
		f := fact{weakRank: n.rank(a), strongRank: n.rank(b), last: e.Last, weak: a, strong: b}
		switch {
		case e.Decision == Link:
			f.class, f.at, f.last = 1, e.Decided, e.Decided
		case e.Decision == Unlink:
			continue
		case e.Seen:
			f.class, f.at = 2, e.First
		case e.Match.Weak:
			f.class, f.weight = 3, e.Match.Weight
		default:
			continue
		}
		n.facts = append(n.facts, f)
	}
	slices.SortFunc(n.facts, compareFacts)
	for _, f := range n.facts {
		n.of[f.weak] = append(n.of[f.weak], f)
		n.of[f.strong] = append(n.of[f.strong], f)
	}
	for id := range n.nodes {
		n.bare[id] = n.shared(id)
		n.admit[id] = n.admitted(id)
	}
	return n
}

func (n *naive) rank(id profile.Identifier) int {
	if d, ok := n.decl[id.Namespace]; ok {
		return d.Priority
	}
	return math.MaxInt
}

func compareFacts(x, y fact) int {
	return cmp.Or(
		x.class-y.class, cmp.Compare(x.weakRank, y.weakRank), cmp.Compare(x.strongRank, y.strongRank),
		cmp.Compare(x.at.At, y.at.At), cmp.Compare(x.at.Tie, y.at.Tie), cmp.Compare(y.weight, x.weight),
		compareIDs(x.weak, y.weak), compareIDs(x.strong, y.strong),
	)
}

func compareIDs(a, b profile.Identifier) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Value, b.Value))
}

func unique(d Namespace) bool { return d.Unique || d.Limit == 1 && d.Per == 0 }

// shared counts the partners of each unique namespace.
func (n *naive) shared(id profile.Identifier) bool {
	d, ok := n.decl[id.Namespace]
	if !ok || d.Conflict != Shared {
		return false
	}
	count := map[string]int{}
	for _, f := range n.of[id] {
		far := f.far(id)
		if f.class < 3 && unique(n.decl[far.Namespace]) {
			count[far.Namespace]++
		}
	}
	for _, c := range count {
		if c > 1 {
			return true
		}
	}
	return false
}

// admitted returns the partners that the quotas of a value let through.
func (n *naive) admitted(id profile.Identifier) map[profile.Identifier]bool {
	d, ok := n.decl[id.Namespace]
	out := map[profile.Identifier]bool{}
	if !ok {
		return out
	}
	if d.Lookup {
		if fs := n.of[id]; len(fs) > 0 {
			out[fs[0].far(id)] = true
		}
		return out
	}
	for name := range n.decl {
		rule, most := n.quota(id, name)
		if rule == 0 {
			continue
		}
		var fs []fact
		for _, f := range n.of[id] {
			if f.far(id).Namespace == name {
				fs = append(fs, f)
			}
		}
		if rule == RuleNewest {
			slices.SortFunc(fs, func(x, y fact) int {
				if x.class != y.class {
					return x.class - y.class
				}
				if x.class == 3 {
					return -cmp.Or(cmp.Compare(x.weight, y.weight), compareIDs(x.far(id), y.far(id)))
				}
				return -cmp.Or(cmp.Compare(x.last.At, y.last.At), cmp.Compare(x.last.Tie, y.last.Tie), compareIDs(x.far(id), y.far(id)))
			})
		}
		for i, f := range fs {
			if i < most {
				out[f.far(id)] = true
			}
		}
	}
	return out
}

// quota says how many partners of a namespace a value may have; 0: any number.
func (n *naive) quota(id profile.Identifier, namespace string) (Rule, int) {
	d, to := n.decl[id.Namespace], n.decl[namespace]
	switch {
	case d.Lookup:
		return RuleLookup, 1
	case d.Conflict == Newest && unique(to):
		return RuleNewest, 1
	case d.MaxEdges[namespace] > 0:
		return RuleMaxEdges, d.MaxEdges[namespace]
	default:
		return 0, 0
	}
}

// bars returns why an edge is not live, and by which end.
func (n *naive) bars(f fact) (Rule, string) {
	ends := [][2]profile.Identifier{{f.weak, f.strong}, {f.strong, f.weak}}
	tests := []struct {
		rule Rule
		hand bool // holds against a link too
		test func(id, far profile.Identifier) bool
	}{
		{RuleGeneric, true, func(id, _ profile.Identifier) bool { return n.generic(id) }},
		{RuleBarred, true, func(id, _ profile.Identifier) bool { return n.nodes[id].Barred }},
		{RuleShared, false, func(id, _ profile.Identifier) bool { return n.bare[id] }},
		{RuleNewest, false, n.over(RuleNewest)},
		{RuleMaxEdges, false, n.over(RuleMaxEdges)},
		{RuleLookup, false, n.over(RuleLookup)},
		{RuleNever, false, func(id, far profile.Identifier) bool {
			k := n.decl[far.Namespace].Kind
			return n.decl[id.Namespace].Conflict == Never && (k == Person || k == Contact || k == Account)
		}},
	}
	for _, t := range tests {
		for _, e := range ends {
			if (t.hand || f.class != 1) && t.test(e[0], e[1]) {
				return t.rule, e[0].Namespace
			}
		}
	}
	return 0, ""
}

func (n *naive) over(rule Rule) func(id, far profile.Identifier) bool {
	return func(id, far profile.Identifier) bool {
		r, _ := n.quota(id, far.Namespace)
		return r == rule && !n.admit[id][far]
	}
}

func (n *naive) generic(id profile.Identifier) bool {
	d, ok := n.decl[id.Namespace]
	most := cmp.Or(d.MaxPartners, map[Kind]int{Contact: 100, Device: 20, Cookie: 20}[d.Kind], map[Policy]int{Newest: 100}[d.Conflict], 10_000)
	return !ok || len(n.w.partners[tokenOf(id)]) > most
}

// naive is the whole partition in the form of world.partition.
func (w *world) naive() [][]string { return w.naiveView().partition() }

func (n *naive) partition() [][]string {
	sets := map[profile.Identifier]map[profile.Identifier]bool{}
	for id := range n.nodes {
		sets[id] = map[profile.Identifier]bool{id: true}
	}
	for _, f := range n.facts {
		if rule, _ := n.bars(f); rule != 0 {
			continue
		}
		union := maps.Clone(sets[f.weak])
		maps.Copy(union, sets[f.strong])
		if n.broken(union) != 0 {
			continue
		}
		for id := range union {
			sets[id] = union
		}
	}
	var out [][]string
	for id, set := range sets {
		var names []string
		for m := range set {
			names = append(names, m.String())
		}
		slices.Sort(names)
		if names[0] == id.String() {
			out = append(out, names)
		}
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// broken returns a rule that a set of identifiers breaks as one profile.
func (n *naive) broken(set map[profile.Identifier]bool) Rule {
	if len(set) > cmp.Or(n.w.config.MaxNodes, 200) {
		return RuleNodes
	}
	for a := range set {
		d := n.decl[a.Namespace]
		if limit := d.Limit; d.Unique || limit > 0 {
			if d.Unique {
				limit = 1
			}
			if n.crowd(set, a, d) > limit {
				return RuleLimit
			}
		}
		vetoes := n.w.vetoes[tokenOf(a)]
		if len(vetoes) == 0 {
			continue
		}
		for b := range set {
			if vetoes[tokenOf(b)] {
				return RuleVeto
			}
		}
	}
	return 0
}

// crowd counts the values of a namespace in a set; with a window, those first seen
// in the one that begins with a.
func (n *naive) crowd(set map[profile.Identifier]bool, a profile.Identifier, d Namespace) int {
	begin, count := n.nodes[a], 0
	for b := range set {
		if b.Namespace != d.Name {
			continue
		}
		if d.Per > 0 {
			since := n.nodes[b]
			apart := time.Duration(since.Since-begin.Since) * time.Microsecond
			if !begin.Dated || !since.Dated || apart < 0 || apart >= d.Per {
				continue
			}
		}
		count++
	}
	return count
}
