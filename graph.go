package portrait

import (
	"bytes"
	"fmt"
	"iter"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// evidence is the node as the resolver sees it.
func (n *node) evidence() identity.Node {
	return identity.Node{Token: n.token, Identifier: n.id, Partners: int(n.partners), Vetoed: n.vetoed}
}

// graph shows the resolver the evidence as the transaction has changed it.
type graph struct{ t *txn }

// Node implements identity.Graph.
func (g graph) Node(token identity.Token) (identity.Node, error) {
	n, err := g.t.must(token)
	if err != nil {
		return identity.Node{}, err
	}
	return n.evidence(), nil
}

// Component implements identity.Graph.
func (g graph) Component(token identity.Token) ([]identity.Token, error) {
	n, err := g.t.must(token)
	if err != nil {
		return nil, err
	}
	c, err := g.t.component(n)
	if err != nil {
		return nil, err
	}
	return c.members, nil
}

// Edge implements identity.Graph.
func (g graph) Edge(p identity.Pair) (identity.Edge, bool, error) {
	e, err := g.t.edge(p)
	if err != nil {
		return identity.Edge{}, false, err
	}
	return e.Edge, e.exists || e.dirty, nil
}

// Edges implements identity.Graph: the stored edges of a node under those that
// the transaction holds.
func (g graph) Edges(token identity.Token) iter.Seq2[identity.Edge, error] {
	return func(yield func(identity.Edge, error) bool) {
		n, err := g.t.must(token)
		if err != nil {
			yield(identity.Edge{}, err)
			return
		}
		for _, pair := range g.t.incident[token] {
			if e := g.t.edges[pair]; !e.exists && !e.dirty {
				continue
			}
			if !yield(g.t.edges[pair].Edge, nil) {
				return
			}
		}
		if !n.linked {
			return
		}
		for e, err := range g.stored(token) {
			if err != nil {
				yield(identity.Edge{}, err)
				return
			}
			if g.t.edges[e.Pair] != nil {
				continue
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// stored reads the edges of a node as of the last commit.
func (g graph) stored(token identity.Token) iter.Seq2[identity.Edge, error] {
	return func(yield func(identity.Edge, error) bool) {
		prefix := keys.AppendFrom(nil, keys.Edge, token)
		snap := g.t.db.current.Load().snap
		for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
			if err != nil {
				yield(identity.Edge{}, err)
				return
			}
			a, b, ok := keys.Pair(kv.Key)
			if !ok {
				yield(identity.Edge{}, fmt.Errorf("%w: edge key of %d bytes", ErrCorrupt, len(kv.Key)))
				return
			}
			value := bytes.Clone(kv.Value)
			pair := identity.Pair{Weak: a, Strong: b}
			if len(value) == 0 {
				pair = identity.Pair{Weak: b, Strong: a}
				value, ok, err = snap.GetTo(nil, keys.AppendEdge(nil, pair.Weak, pair.Strong))
				if err == nil && !ok {
					err = fmt.Errorf("%w: an edge has only one direction", ErrCorrupt)
				}
			}
			var e identity.Edge
			if err == nil {
				e, err = decodeEdge(pair, value)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Vetoed implements identity.Graph.
func (g graph) Vetoed(token identity.Token) ([]identity.Token, error) {
	others := slices.Clone(g.t.vetoes[token])
	prefix := keys.AppendFrom(nil, keys.Veto, token)
	for kv, err := range g.t.db.current.Load().snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return nil, err
		}
		_, other, ok := keys.Pair(kv.Key)
		if !ok {
			return nil, fmt.Errorf("%w: veto key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		if !slices.Contains(others, other) {
			others = append(others, other)
		}
	}
	return others, nil
}

// edge returns what is known of a pair, for changing; the caller sets dirty.
func (t *txn) edge(pair identity.Pair) (*edgeEntry, error) {
	if e := t.edges[pair]; e != nil {
		return e, nil
	}
	e := &edgeEntry{Edge: identity.Edge{Pair: pair}}
	t.key = keys.AppendEdge(t.key[:0], pair.Weak, pair.Strong)
	data, ok, err := t.get(t.key)
	if err != nil {
		return nil, err
	}
	if ok {
		if e.Edge, err = decodeEdge(pair, data); err != nil {
			return nil, err
		}
		e.exists = true
	}
	t.edges[pair] = e
	t.incident[pair.Weak] = append(t.incident[pair.Weak], pair)
	t.incident[pair.Strong] = append(t.incident[pair.Strong], pair)
	return e, nil
}

// see folds one event's sighting of two identifiers together.
func (t *txn) see(weak, strong *node, at profile.Stamp) error {
	e, err := t.edge(identity.Pair{Weak: weak.token, Strong: strong.token})
	if err != nil {
		return err
	}
	before := e.Edge
	if !e.See(at) {
		return nil
	}
	e.dirty = true
	generic := false
	if !before.Seen {
		if err := t.link(weak, strong); err != nil {
			return err
		}
		for _, n := range []*node{weak, strong} {
			was := t.cat.rules.Generic(n.evidence())
			n.partners++
			generic = generic || was != t.cat.rules.Generic(n.evidence())
		}
	}
	if !generic && !identity.Moved(before, e.Edge) {
		return nil
	}
	return t.regroup(e.Pair)
}

// link marks two nodes as having edges, and notes who they were before.
func (t *txn) link(a, b *node) error {
	for _, n := range []*node{a, b} {
		c, err := t.component(n)
		if err != nil {
			return err
		}
		if err := t.capture(c); err != nil {
			return err
		}
		n.linked = true
		t.markDirty(n)
	}
	return nil
}

// regroup asks the resolver for the components around a pair whose evidence
// changed, and makes them so.
func (t *txn) regroup(pair identity.Pair) error {
	change, err := t.cat.rules.Regroup(graph{t}, pair)
	if err != nil {
		return err
	}
	return t.replace(change)
}

// replace puts new components in the place of old ones over the same nodes.
func (t *txn) replace(change identity.Change) error {
	for _, members := range change.Old {
		n, err := t.must(members[0])
		if err != nil {
			return err
		}
		c, err := t.component(n)
		if err != nil {
			return err
		}
		if err := t.capture(c); err != nil {
			return err
		}
		c.gone = true
		delete(t.comps, c.root)
		if len(c.members) > 1 {
			t.key = keys.AppendComponent(t.key[:0], c.root)
			t.batch.Delete(t.key)
		}
	}
	for _, members := range change.New {
		members = slices.Clone(members)
		slices.SortFunc(members, func(a, b identity.Token) int { return bytes.Compare(a[:], b[:]) })
		c := &component{root: members[0], members: members, captured: true, listed: true, all: true}
		t.comps[c.root] = c
		t.touched = append(t.touched, c)
		for _, token := range members {
			n, err := t.must(token)
			if err != nil {
				return err
			}
			if n.root != c.root {
				n.root = c.root
				t.markDirty(n)
			}
		}
		if len(members) > 1 {
			t.key = keys.AppendComponent(t.key[:0], c.root)
			t.scratch = appendComponent(t.scratch[:0], members)
			t.batch.Set(t.key, t.scratch)
		}
	}
	return nil
}
