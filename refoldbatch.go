package portrait

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// refoldBatch is what one commit of a refolding brings up to date.
type refoldBatch struct {
	gen   uint32 // of the folds
	most  int    // nodes of a piece
	parts []refoldPart
}

// refoldPart is a piece with the nodes in it that are behind, ascending.
type refoldPart struct {
	fillPiece
	behind []refoldNode
}

// refoldNode is one node that is behind.
type refoldNode struct {
	token identity.Token
	gen   uint32
	state *profile.State // what it has to catch up on
	// node is the node as it is brought up to date; nil until it is read.
	node   *node
	cached bool
}

// nextBatch returns the next batch of a run.
func (run *refoldRun) nextBatch(e *epoch) *refoldBatch {
	b := &refoldBatch{gen: e.cat.folds.gen, most: run.pace.most()}
	for _, p := range run.pace.cut(run.from) {
		b.parts = append(b.parts, refoldPart{fillPiece: p})
	}
	return b
}

// read finds who is behind and folds what the log holds of them, side by side.
func (b *refoldBatch) read(ctx context.Context, c *crew, e *epoch) error {
	err := c.eachPiece(ctx, len(b.parts), func(_, i int) error {
		p := &b.parts[i]
		if err := p.find(e.snap, b); err != nil {
			return err
		}
		return p.fold(ctx, e)
	})
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(b.parts, func(p refoldPart) bool { return p.over }); i >= 0 {
		b.parts = b.parts[:i+1] // the rest is for the next batch
	}
	return nil
}

// count returns how many nodes the batch has, and how many of them are behind.
func (b *refoldBatch) count() (nodes, behind int) {
	for i := range b.parts {
		nodes += b.parts[i].nodes
		behind += len(b.parts[i].behind)
	}
	return nodes, behind
}

// find finds the nodes of the piece that are behind.
func (p *refoldPart) find(snap *store.Snapshot, b *refoldBatch) error {
	return p.each(snap, b.most, func(head *node, _ []byte) error {
		if head.gen < b.gen {
			p.behind = append(p.behind, refoldNode{token: head.token, gen: head.gen, state: &profile.State{}})
		}
		return nil
	})
}

// refoldSkip is how many events that nobody has to catch up on are passed over before
// the log is searched for the next that somebody has: a search takes as long as dozens
// of steps.
const refoldSkip = 64

// fold folds what the log holds of the nodes that are behind. Their events lie in the
// order of the nodes, so that they are read in one go, but for long stretches of events
// that are not asked for.
func (p *refoldPart) fold(ctx context.Context, e *epoch) error {
	byGen := map[uint32]*catchUp{}
	for i := range p.behind {
		if gen := p.behind[i].gen; byGen[gen] == nil {
			byGen[gen] = e.cat.behind(gen, e.instant)
		}
	}
	for i := 0; i < len(p.behind); {
		var err error
		if i, err = p.foldFrom(ctx, e.snap, i, byGen); err != nil {
			return err
		}
	}
	return nil
}

// foldFrom folds from a node on, and returns where to go on.
func (p *refoldPart) foldFrom(ctx context.Context, snap *store.Snapshot, i int, byGen map[uint32]*catchUp) (int, error) {
	from := func() profile.Instant { return byGen[p.behind[i].gen].from }
	_, upper := p.bounds(keys.Event)
	seen, passed := 0, 0
	for kv, err := range snap.Scan(keys.AppendEventsFrom(nil, p.behind[i].token, int64(from())), upper) {
		if seen++; err == nil && seen&1023 == 0 {
			err = context.Cause(ctx)
		}
		if err != nil {
			return 0, err
		}
		token, at, _, _, ok := keys.ReadEvent(kv.Key)
		if !ok {
			return 0, fmt.Errorf("%w: event key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		for bytes.Compare(p.behind[i].token[:], token[:]) < 0 {
			if i++; i == len(p.behind) {
				return i, nil
			}
		}
		n := &p.behind[i]
		if n.token != token || profile.Instant(at) < from() {
			if passed++; passed == refoldSkip {
				return i, nil
			}
			continue
		}
		passed = 0
		if err := byGen[n.gen].fold(n.state, kv); err != nil {
			return 0, err
		}
	}
	return len(p.behind), nil
}

// apply brings the nodes up to date that are still as far behind; one that is not took in
// an event.
func (b *refoldBatch) apply(ctx context.Context, t *txn) error {
	for i := range b.parts {
		for j := range b.parts[i].behind {
			n := &b.parts[i].behind[j]
			n.node = t.db.nodes.get(n.token)
			n.cached = n.node != nil
		}
	}
	snap := t.db.current.Load().snap
	err := t.db.crew.eachPiece(ctx, len(b.parts), func(_, i int) error { return b.parts[i].catchUp(t, snap) })
	if err != nil {
		return err
	}
	for i := range b.parts {
		for _, n := range b.parts[i].behind {
			if n.node == nil {
				continue
			}
			if !n.cached {
				t.db.nodes.put(n.node)
			}
			t.markDirty(n.node)
		}
	}
	return nil
}

// catchUp brings the nodes of a piece up to date, and forgets those that are already.
func (p *refoldPart) catchUp(t *txn, snap *store.Snapshot) error {
	if err := p.readNodes(t.seq, snap); err != nil {
		return err
	}
	for i := range p.behind {
		switch n := &p.behind[i]; {
		case n.node == nil: // it is gone
		case n.node.gen == n.gen:
			t.catchUp(n.node, n.state)
		default:
			n.node = nil
		}
	}
	return nil
}

// readNodes reads the nodes that are behind and not in the cache, for a transaction to
// own.
func (p *refoldPart) readNodes(seq uint64, snap *store.Snapshot) error {
	i := slices.IndexFunc(p.behind, func(n refoldNode) bool { return !n.cached })
	if i < 0 {
		return nil
	}
	_, upper := p.bounds(keys.Node)
	for kv, err := range snap.Scan(keys.AppendNode(nil, p.behind[i].token), upper) {
		if err != nil {
			return err
		}
		token, err := tokenOf(kv.Key)
		if err != nil {
			return err
		}
		for i < len(p.behind) && bytes.Compare(p.behind[i].token[:], token[:]) < 0 {
			i++
		}
		if i == len(p.behind) {
			return nil
		}
		n := &p.behind[i]
		if n.token != token || n.cached {
			continue
		}
		if n.node, err = decodeNode(token, kv.Value); err != nil {
			return err
		}
		n.node.owned = seq
	}
	return nil
}
