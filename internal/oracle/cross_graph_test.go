package oracle

import (
	"iter"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// graph is the evidence and the partition as a store keeps them for identity.
type graph struct {
	rules     *identity.Rules
	tokens    *identity.Tokenizer
	nodes     map[identity.Token]identity.Node
	holds     map[identity.Token]bool // an event
	edges     map[identity.Pair]identity.Edge
	vetoes    map[identity.Pair]vetoed
	component map[identity.Token][]identity.Token
}

func newGraph(rules *identity.Rules) *graph {
	return &graph{
		rules:     rules,
		tokens:    identity.NewTokenizer([32]byte{7}),
		nodes:     map[identity.Token]identity.Node{},
		holds:     map[identity.Token]bool{},
		edges:     map[identity.Pair]identity.Edge{},
		vetoes:    map[identity.Pair]vetoed{},
		component: map[identity.Token][]identity.Token{},
	}
}

func (g *graph) Node(t identity.Token) (identity.Node, error)         { return g.nodes[t], nil }
func (g *graph) Component(t identity.Token) ([]identity.Token, error) { return g.component[t], nil }

func (g *graph) Vetoed(t identity.Token) (others []identity.Token, err error) {
	for p, v := range g.vetoes {
		switch {
		case v.apart && p.Weak == t:
			others = append(others, p.Strong)
		case v.apart && p.Strong == t:
			others = append(others, p.Weak)
		}
	}
	return others, nil
}

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
	}
	return t
}

func (g *graph) pair(a, b profile.Identifier) identity.Pair {
	return g.rules.Pair(g.nodes[g.node(a)], g.nodes[g.node(b)])
}

// see takes in an event: one pair after the other, or all of them as one change.
func (g *graph) see(t *testing.T, at profile.Stamp, level int, ids []profile.Identifier, atOnce bool) {
	t.Helper()
	g.holds[g.node(ids[0])] = true
	var changed []identity.Pair
	regroup := func() {
		g.regroup(t, changed...)
		changed = nil
	}
	for _, id := range ids {
		n := g.nodes[g.node(id)]
		if n.Dated && n.Since <= at.At {
			continue
		}
		n.Dated, n.Since = true, at.At
		g.nodes[n.Token] = n
		if g.rules.Windowed(id.Namespace) {
			changed = append(changed, identity.Pair{Weak: n.Token, Strong: n.Token})
		}
	}
	if !atOnce {
		regroup()
	}
	for _, weak := range ids[1:] {
		if level < g.rules.Auth(weak.Namespace, ids[0].Namespace) {
			continue
		}
		p := g.pair(weak, ids[0])
		before := g.edges[p]
		changed = append(changed, g.change(t, p, func(e *identity.Edge) {
			e.See(at)
			if before.Seen {
				return
			}
			for _, end := range []identity.Token{p.Weak, p.Strong} {
				n := g.nodes[end]
				n.Partners++
				g.nodes[end] = n
			}
		})...)
		if !atOnce {
			regroup()
		}
	}
	regroup()
}

func (g *graph) decide(t *testing.T, d identity.Decision, at profile.Stamp, a, b profile.Identifier) {
	t.Helper()
	g.regroup(t, g.change(t, g.pair(a, b), func(e *identity.Edge) { e.Decide(d, at) })...)
}

func (g *graph) match(t *testing.T, m Match, a, b profile.Identifier) {
	t.Helper()
	g.regroup(t, g.change(t, g.pair(a, b), func(e *identity.Edge) {
		e.Match = identity.Match{Weak: m.Weak, Weight: m.Weight, Model: 1}
	})...)
}

// change changes the evidence about a pair, keeps what identity makes of its
// ends, and returns what is to be regrouped.
func (g *graph) change(t *testing.T, p identity.Pair, change func(*identity.Edge)) []identity.Pair {
	t.Helper()
	before := g.edges[p]
	before.Pair = p
	after := before
	change(&after)
	g.edges[p] = after
	nodes, changed, err := g.rules.Judge(g, p, before)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		g.nodes[n.Token] = n
	}
	return changed
}

func (g *graph) veto(t *testing.T, apart bool, at profile.Stamp, a, b profile.Identifier) {
	t.Helper()
	p := g.pair(a, b)
	before, known := g.vetoes[p]
	if c := at.Compare(before.at); known && (c < 0 || c == 0 && before.apart) {
		return
	}
	g.vetoes[p] = vetoed{apart, at}
	for _, end := range []identity.Token{p.Weak, p.Strong} {
		others, err := g.Vetoed(end)
		if err != nil {
			t.Fatal(err)
		}
		n := g.nodes[end]
		n.Vetoed = len(others) > 0
		g.nodes[end] = n
	}
	if apart {
		g.regroup(t, p)
	} else {
		g.regroup(t, identity.Pair{Weak: p.Weak, Strong: p.Weak}, identity.Pair{Weak: p.Strong, Strong: p.Strong})
	}
}

func (g *graph) regroup(t *testing.T, changed ...identity.Pair) {
	t.Helper()
	ch, err := g.rules.Regroup(g, changed...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range ch.New {
		for _, token := range c {
			g.component[token] = slices.Clone(c)
		}
	}
}
