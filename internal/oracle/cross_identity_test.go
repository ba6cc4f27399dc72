package oracle

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// crossConfig is testRules as identity declares them.
func crossConfig() identity.Config {
	raw := []string{} // no normalisers
	return identity.Config{MaxNodes: 5, Namespaces: []identity.Namespace{
		{Name: "user", Priority: 1, Unique: true, Normalize: raw},
		{Name: "email", Priority: 2, Normalize: raw},
		{Name: "phone", Priority: 3, Limit: 2, Normalize: raw, AllowDefaultBlocked: true},
		{Name: "anon", Priority: 4, MaxPartners: 2, Normalize: raw},
	}}
}

// Partitions that identity keeps up to date, one random operation after another,
// are the oracle's of all the evidence at once.
func TestCross_identity(t *testing.T) {
	const seed = 20261122
	r := rand.New(rand.NewPCG(seed, 5))
	rules := testRules() // user 1, email 2 without a bound of partners, and so on
	fast, err := identity.New(crossConfig())
	if err != nil {
		t.Fatal(err)
	}
	var all []profile.Identifier
	for namespace, n := range map[string]int{"user": 4, "email": 4, "phone": 5, "anon": 5, "fax": 1} {
		for i := range n {
			all = append(all, profile.Identifier{Namespace: namespace, Value: fmt.Sprint("v", i)})
		}
	}
	slices.SortFunc(all, profile.Identifier.Compare)
	for round := range 100 {
		g := newGraph(fast)
		s := NewStore(rules, testSchema(), func(e *profile.Event) []profile.Identifier {
			kept, _ := fast.Select(e.Identifiers)
			return kept
		})
		for op := range 60 {
			at := profile.Stamp{At: profile.InstantOf(on(r.IntN(9))), Tie: uint64(op)}
			a, b := all[r.IntN(len(all))], all[r.IntN(len(all))]
			switch kind := r.IntN(10); {
			case a == b && kind < 3: // of one identifier there is nothing to decide
			case kind == 0:
				s.Link(a, b, at)
				g.decide(t, identity.Link, at, a, b)
			case kind == 1:
				s.Unlink(a, b, at)
				g.decide(t, identity.Unlink, at, a, b)
			case kind == 2 && r.IntN(3) == 0:
				s.Veto(a, b, at)
				g.veto(t, a, b)
			default:
				e := track(int(at.At), "Visit", nil)
				e.Time = at.At.Time()
				e.MessageID = fmt.Sprint(op)
				e.Identifiers = []profile.Identifier{a, b, all[r.IntN(len(all))]}[:1+r.IntN(3)]
				if s.Ingest(e) == Accepted {
					kept, _ := fast.Select(e.Identifiers)
					g.see(t, e.Stamp(), kept)
				}
			}
			if d := cmp.Diff(partitionOf(s), g.partition()); d != "" {
				t.Fatalf("seed %d, round %d, operation %d: oracle against identity:\n%s", seed, round, op, d)
			}
		}
	}
}

// partitionOf writes down the live people of a store.
func partitionOf(s *Store) []string {
	var out []string
	for _, p := range s.People() {
		out = append(out, fmt.Sprint(p.Identifiers))
	}
	return out
}

// graph is the evidence and the partition as a store keeps them for identity.
type graph struct {
	rules     *identity.Rules
	tokens    *identity.Tokenizer
	nodes     map[identity.Token]identity.Node
	holds     map[identity.Token]bool // an event
	partners  map[identity.Token]map[identity.Token]bool
	edges     map[identity.Pair]identity.Edge
	vetoes    map[identity.Token][]identity.Token
	component map[identity.Token][]identity.Token
}

func newGraph(rules *identity.Rules) *graph {
	return &graph{
		rules:     rules,
		tokens:    identity.NewTokenizer([32]byte{7}),
		nodes:     map[identity.Token]identity.Node{},
		holds:     map[identity.Token]bool{},
		partners:  map[identity.Token]map[identity.Token]bool{},
		edges:     map[identity.Pair]identity.Edge{},
		vetoes:    map[identity.Token][]identity.Token{},
		component: map[identity.Token][]identity.Token{},
	}
}

func (g *graph) Node(t identity.Token) (identity.Node, error)         { return g.nodes[t], nil }
func (g *graph) Vetoed(t identity.Token) ([]identity.Token, error)    { return g.vetoes[t], nil }
func (g *graph) Component(t identity.Token) ([]identity.Token, error) { return g.component[t], nil }

func (g *graph) Edge(p identity.Pair) (identity.Edge, bool, error) {
	e, ok := g.edges[p]
	return e, ok, nil
}

func (g *graph) Edges(t identity.Token) iter.Seq2[identity.Edge, error] {
	return func(yield func(identity.Edge, error) bool) {
		for p, e := range g.edges {
			if (p.Weak == t || p.Strong == t) && !yield(e, nil) {
				return
			}
		}
	}
}

// node makes sure that an identifier has a node.
func (g *graph) node(id profile.Identifier) identity.Token {
	t := g.tokens.Token(id)
	if _, ok := g.nodes[t]; !ok {
		g.nodes[t] = identity.Node{Token: t, Identifier: id}
		g.component[t] = []identity.Token{t}
		g.partners[t] = map[identity.Token]bool{}
	}
	return t
}

func (g *graph) pair(a, b profile.Identifier) identity.Pair {
	return g.rules.Pair(g.nodes[g.node(a)], g.nodes[g.node(b)])
}

func (g *graph) see(t *testing.T, at profile.Stamp, ids []profile.Identifier) {
	t.Helper()
	g.holds[g.node(ids[0])] = true
	var changed []identity.Pair
	for _, weak := range ids[1:] {
		p := g.pair(weak, ids[0])
		e := g.edges[p]
		e.Pair = p
		before := e
		e.See(at)
		g.edges[p] = e
		turned := g.partner(p.Weak, p.Strong)
		if g.partner(p.Strong, p.Weak) || turned || identity.Moved(before, e) {
			changed = append(changed, p)
		}
	}
	g.regroup(t, changed...)
}

// partner counts a partner and reports whether that made the node generic.
func (g *graph) partner(of, with identity.Token) bool {
	g.partners[of][with] = true
	n := g.nodes[of]
	before := g.rules.Generic(n)
	n.Partners = len(g.partners[of])
	g.nodes[of] = n
	return before != g.rules.Generic(n)
}

func (g *graph) decide(t *testing.T, d identity.Decision, at profile.Stamp, a, b profile.Identifier) {
	t.Helper()
	p := g.pair(a, b)
	e := g.edges[p]
	e.Pair = p
	before := e
	e.Decide(d, at)
	g.edges[p] = e
	if identity.Moved(before, e) {
		g.regroup(t, p)
	}
}

func (g *graph) veto(t *testing.T, a, b profile.Identifier) {
	t.Helper()
	p := g.pair(a, b)
	for _, ends := range []identity.Pair{p, {Weak: p.Strong, Strong: p.Weak}} {
		g.vetoes[ends.Weak] = append(g.vetoes[ends.Weak], ends.Strong)
		n := g.nodes[ends.Weak]
		n.Vetoed = true
		g.nodes[ends.Weak] = n
	}
	g.regroup(t, p)
}

func (g *graph) regroup(t *testing.T, changed ...identity.Pair) {
	t.Helper()
	ch, err := g.rules.Regroup(g, changed...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range ch.New {
		for _, token := range c {
			g.component[token] = c
		}
	}
}

// partition writes down the components that are live people.
func (g *graph) partition() []string {
	var groups [][]profile.Identifier
	for _, token := range slices.Collect(maps.Keys(g.component)) {
		c := g.component[token]
		first := slices.MinFunc(c, func(a, b identity.Token) int {
			return g.nodes[a].Identifier.Compare(g.nodes[b].Identifier)
		})
		live := slices.ContainsFunc(c, func(t identity.Token) bool { return g.holds[t] && !g.rules.Generic(g.nodes[t]) })
		if first != token || !live {
			continue
		}
		var ids []profile.Identifier
		for _, t := range c {
			ids = append(ids, g.nodes[t].Identifier)
		}
		groups = append(groups, slices.SortedFunc(slices.Values(ids), profile.Identifier.Compare))
	}
	slices.SortFunc(groups, func(a, b []profile.Identifier) int { return a[0].Compare(b[0]) })
	var out []string
	for _, ids := range groups {
		out = append(out, fmt.Sprint(ids))
	}
	return out
}
