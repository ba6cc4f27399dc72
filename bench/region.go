package main

import (
	"fmt"
	"iter"
	"maps"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/crowd"
	"github.com/portraitdb/portrait/profile"
)

// evidence is a graph of identifiers in maps, which counts what the resolver
// reads of it. It is the Graph that Portrait's own rules work on here.
type evidence struct {
	rules  *identity.Rules
	tokens *identity.Tokenizer
	nodes  map[identity.Token]identity.Node
	edges  map[identity.Pair]identity.Edge
	of     map[identity.Token][]identity.Pair
	part   map[identity.Token][]identity.Token
	region map[identity.Token]bool // the nodes of the components read for one edge
}

func newEvidence() (*evidence, error) {
	rules, err := identity.New(identity.Default())
	return &evidence{
		rules: rules, tokens: identity.NewTokenizer([32]byte{1}),
		nodes: map[identity.Token]identity.Node{}, edges: map[identity.Pair]identity.Edge{},
		of: map[identity.Token][]identity.Pair{}, part: map[identity.Token][]identity.Token{},
		region: map[identity.Token]bool{},
	}, err
}

// Node implements identity.Graph.
func (g *evidence) Node(t identity.Token) (identity.Node, error) {
	n, ok := g.nodes[t]
	if !ok {
		return n, fmt.Errorf("bench: no node %x", t)
	}
	return n, nil
}

// Edge implements identity.Graph.
func (g *evidence) Edge(p identity.Pair) (identity.Edge, bool, error) {
	e, ok := g.edges[p]
	return e, ok, nil
}

// Edges implements identity.Graph.
func (g *evidence) Edges(t identity.Token) iter.Seq2[identity.Edge, error] {
	return func(yield func(identity.Edge, error) bool) {
		for _, p := range g.of[t] {
			if !yield(g.edges[p], nil) {
				return
			}
		}
	}
}

// Vetoed implements identity.Graph: there are none.
func (g *evidence) Vetoed(identity.Token) ([]identity.Token, error) { return nil, nil }

// Component implements identity.Graph.
func (g *evidence) Component(t identity.Token) ([]identity.Token, error) {
	for _, m := range g.part[t] {
		g.region[m] = true
	}
	return g.part[t], nil
}

// take folds an event in, and returns for each edge that is new how many nodes
// there were in the components that the resolver read.
func (g *evidence) take(e *profile.Event) (regions laps, err error) {
	ids, _ := g.rules.Select(crowd.Named(e))
	for _, id := range ids {
		if t := g.tokens.Token(id); g.part[t] == nil {
			g.nodes[t], g.part[t] = identity.Node{Token: t, Identifier: id}, []identity.Token{t}
		}
	}
	for i := 1; i < len(ids); i++ {
		isNew, err := g.see(g.tokens.Token(ids[i]), g.tokens.Token(ids[0]), e.Stamp())
		if err != nil {
			return nil, err
		}
		if isNew {
			regions = append(regions, float64(len(g.region)))
		}
	}
	return regions, nil
}

func (g *evidence) see(weak, strong identity.Token, at profile.Stamp) (isNew bool, err error) {
	clear(g.region)
	p := identity.Pair{Weak: weak, Strong: strong}
	edge, known := g.edges[p]
	before := edge
	if edge.Pair = p; !edge.See(at) {
		return false, nil
	}
	g.edges[p] = edge
	if !known {
		for _, t := range []identity.Token{weak, strong} {
			n := g.nodes[t]
			n.Partners++
			g.nodes[t] = n
			g.of[t] = append(g.of[t], p)
		}
		before.Pair = p
	}
	nodes, changed, err := g.rules.Judge(g, p, before)
	if err != nil {
		return false, err
	}
	for _, n := range nodes {
		g.nodes[n.Token] = n
	}
	change, err := g.rules.Regroup(g, changed...)
	if err != nil {
		return false, err
	}
	for _, members := range change.New {
		for _, t := range members {
			g.part[t] = members
		}
	}
	return !known, nil
}

// sizes counts the components by how many nodes they have.
func (g *evidence) sizes() map[int]int {
	nodes := map[int]int{}
	for members := range maps.Values(g.part) {
		nodes[len(members)]++
	}
	for size := range nodes {
		nodes[size] /= size
	}
	return nodes
}

// regions takes events in and returns the sizes of the regions, new edge by new
// edge.
func regions(events []profile.Event) (laps, *evidence, error) {
	g, err := newEvidence()
	if err != nil {
		return nil, nil, err
	}
	var all laps
	for i := range events {
		sizes, err := g.take(&events[i])
		if err != nil {
			return nil, nil, err
		}
		all = append(all, sizes...)
	}
	return all, g, nil
}
