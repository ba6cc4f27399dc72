package portrait

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/store"
)

// graphView shows the resolver the evidence and the partition of one epoch.
type graphView struct {
	ctx   context.Context //nolint:containedctx // lives for one call of the resolver
	epoch *epoch
	nodes map[identity.Token]*node
}

func (g *graphView) must(token identity.Token) (*node, error) {
	if n := g.nodes[token]; n != nil {
		return n, nil
	}
	if g.ctx.Err() != nil {
		return nil, context.Cause(g.ctx)
	}
	n, err := g.epoch.node(token)
	if err == nil && n == nil {
		err = fmt.Errorf("%w: a record leads to a node that is not there", ErrCorrupt)
	}
	if err == nil {
		g.nodes[token] = n
	}
	return n, err
}

// Node implements identity.Graph.
func (g *graphView) Node(token identity.Token) (identity.Node, error) {
	n, err := g.must(token)
	if err != nil {
		return identity.Node{}, err
	}
	return n.evidence(), nil
}

// Component implements identity.Graph.
func (g *graphView) Component(token identity.Token) ([]identity.Token, error) {
	n, err := g.must(token)
	if err != nil {
		return nil, err
	}
	nodes, err := g.epoch.component(n)
	if err != nil {
		return nil, err
	}
	tokens := make([]identity.Token, len(nodes))
	for i, n := range nodes {
		tokens[i] = n.token
		g.nodes[n.token] = n
	}
	return tokens, nil
}

// Edge implements identity.Graph.
func (g *graphView) Edge(p identity.Pair) (identity.Edge, bool, error) {
	data, ok, err := g.epoch.snap.GetTo(nil, keys.AppendEdge(nil, p.Weak, p.Strong))
	if err != nil || !ok {
		return identity.Edge{Pair: p}, false, err
	}
	e, err := decodeEdge(p, data)
	return e, err == nil, err
}

// Edges implements identity.Graph.
func (g *graphView) Edges(token identity.Token) iter.Seq2[identity.Edge, error] {
	return storedEdges(g.epoch.snap, token)
}

// Vetoed implements identity.Graph.
func (g *graphView) Vetoed(token identity.Token) ([]identity.Token, error) {
	var others []identity.Token
	for other, err := range storedVetoes(g.epoch.snap, token) {
		if err != nil {
			return nil, err
		}
		others = append(others, other)
	}
	return others, nil
}

// storedEdges reads the edges of a node.
func storedEdges(snap *store.Snapshot, token identity.Token) iter.Seq2[identity.Edge, error] {
	return func(yield func(identity.Edge, error) bool) {
		prefix := keys.AppendFrom(nil, keys.Edge, token)
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

// edges reads the evidence about every pair.
func (e *epoch) edges(ctx context.Context) iter.Seq2[identity.Edge, error] {
	return scanAll(ctx, e, keys.Edge, func(key, value []byte) (edge identity.Edge, ok bool, err error) {
		if len(value) == 0 { // the other direction holds the edge
			return edge, false, nil
		}
		a, b, ok := keys.Pair(key)
		if !ok {
			return edge, false, fmt.Errorf("%w: edge key of %d bytes", ErrCorrupt, len(key))
		}
		edge, err = decodeEdge(identity.Pair{Weak: a, Strong: b}, value)
		return edge, true, err
	})
}

// vetoes reads the vetoes that hold, each from both of its ends.
func (e *epoch) vetoes(ctx context.Context) iter.Seq2[identity.Pair, error] {
	return scanAll(ctx, e, keys.Veto, func(key, value []byte) (p identity.Pair, ok bool, err error) {
		a, b, ok := keys.Pair(key)
		if !ok {
			return p, false, fmt.Errorf("%w: veto key of %d bytes", ErrCorrupt, len(key))
		}
		v, err := decodeVeto(value)
		return identity.Pair{Weak: a, Strong: b}, !v.withdrawn, err
	})
}

// partition groups everybody anew under some rules, given how its nodes are read.
func (e *epoch) partition(ctx context.Context, rules *identity.Rules, nodes iter.Seq2[identity.Node, error]) (*identity.Partition, error) {
	part, err := rules.Partition(ctx, identity.Evidence{Nodes: nodes, Edges: e.edges(ctx), Vetoes: e.vetoes(ctx)})
	if err != nil && errors.Is(err, ctx.Err()) {
		err = context.Cause(ctx)
	}
	return part, err
}

// scanAll reads the records of one space that read takes.
func scanAll[T any](ctx context.Context, e *epoch, space byte, read func(key, value []byte) (T, bool, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		for kv, err := range e.snap.Scan([]byte{space}, keys.End([]byte{space})) {
			if n++; err == nil && n&1023 == 0 && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			var v T
			ok := true
			if err == nil {
				v, ok, err = read(kv.Key, kv.Value)
			}
			if err == nil && !ok {
				continue
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}
