package portrait

import (
	"bytes"
	"iter"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// evidence is the node as the resolver sees it.
func (n *node) evidence() identity.Node {
	e := identity.Node{
		Token: n.token, Identifier: n.id, Partners: int(n.partners), Vetoed: n.vetoed,
		Barred: n.barred, Shared: n.shared, Admitted: n.admitted, Since: n.since, Dated: n.named,
	}
	if first, _, ok := n.state.Span(); ok && (!e.Dated || first.At < e.Since) {
		e.Since, e.Dated = first.At, true
	}
	return e
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
		for e, err := range storedEdges(g.t.db.current.Load().snap, token) {
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

// edge returns what is known of a pair, for changing; the caller sets dirty.
func (t *txn) edge(pair identity.Pair) (*edgeEntry, error) {
	if e := t.edges[pair]; e != nil {
		return e, nil
	}
	var e *edgeEntry
	var err error
	if e, t.key, t.scratch, err = readEdge(t.db.store, pair, t.key, t.scratch); err != nil {
		return nil, err
	}
	t.adopt(e)
	return e, nil
}

// readEdge reads what the store has about a pair: an entry that does not exist
// where it has nothing. It uses and returns the memory of key and data.
func readEdge(st *store.Store, pair identity.Pair, key, data []byte) (*edgeEntry, []byte, []byte, error) {
	e := &edgeEntry{Edge: identity.Edge{Pair: pair}}
	key = keys.AppendEdge(key[:0], pair.Weak, pair.Strong)
	data, ok, err := st.GetTo(data[:0], key)
	if ok {
		e.exists = true
		e.Edge, err = decodeEdge(pair, data)
	}
	return e, key, data, err
}

// adopt makes an edge one that the transaction holds.
func (t *txn) adopt(e *edgeEntry) {
	t.edges[e.Pair] = e
	t.incident[e.Weak] = append(t.incident[e.Weak], e.Pair)
	t.incident[e.Strong] = append(t.incident[e.Strong], e.Pair)
}

// see folds one event's sighting of two identifiers together. An event whose
// level of authentication is too low only names them.
func (t *txn) see(weak, strong *node, p *prepared, why *cause) error {
	pair := identity.Pair{Weak: weak.token, Strong: strong.token}
	changed, err := t.name(weak, p.stamp.At)
	if err != nil {
		return err
	}
	if need := t.cat.rules.Auth(weak.id.Namespace, strong.id.Namespace); p.auth < need {
		if err := t.refuseEdges([]identity.Refusal{{Pair: pair, Rule: identity.RuleAuth}}, why); err != nil {
			return err
		}
		return t.regroup(changed, why)
	}
	e, err := t.edge(pair)
	if err != nil {
		return err
	}
	before := e.Edge
	if e.See(p.stamp) {
		e.dirty = true
		if !before.Seen {
			if err := t.link(weak, strong); err != nil {
				return err
			}
			weak.partners++
			strong.partners++
		}
		more, err := t.judge(e, before)
		if err != nil {
			return err
		}
		changed = append(changed, more...)
	}
	return t.regroup(changed, why)
}

// name notes that an event named a node beside a stronger one.
func (t *txn) name(n *node, at profile.Instant) (changed []identity.Pair, err error) {
	if n.named && at >= n.since {
		return nil, nil
	}
	c, err := t.component(n)
	if err != nil {
		return nil, err
	}
	if err := t.capture(c); err != nil {
		return nil, err
	}
	before := n.evidence()
	n.named, n.since = true, at
	t.markDirty(n)
	return t.redated(n, before), nil
}

// redated returns what has to be regrouped because a node was first seen earlier
// than it was known: nothing of a node without edges, which is alone in any case.
func (t *txn) redated(n *node, before identity.Node) []identity.Pair {
	if !n.linked || !t.cat.rules.Windowed(n.id.Namespace) {
		return nil
	}
	if after := n.evidence(); after.Dated == before.Dated && after.Since == before.Since {
		return nil
	}
	return []identity.Pair{{Weak: n.token, Strong: n.token}}
}

// judge brings the policies of both ends of an edge up to date, and returns what
// has to be regrouped.
func (t *txn) judge(e *edgeEntry, before identity.Edge) ([]identity.Pair, error) {
	nodes, changed, err := t.cat.rules.Judge(graph{t}, e.Pair, before)
	if err != nil {
		return nil, err
	}
	for _, v := range nodes {
		n, err := t.must(v.Token)
		if err != nil {
			return nil, err
		}
		n.shared, n.admitted = v.Shared, v.Admitted
		t.markDirty(n)
	}
	return changed, nil
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

// regroup asks the resolver for the components around pairs whose evidence
// changed, and makes them so.
func (t *txn) regroup(changed []identity.Pair, why *cause) error {
	if len(changed) == 0 {
		return nil
	}
	change, err := t.cat.rules.Regroup(graph{t}, changed...)
	if err != nil {
		return err
	}
	if err := t.refuseEdges(change.Refused, why); err != nil {
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
