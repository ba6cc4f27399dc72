package portrait

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
)

// run brings the store under the new rules, in batches that nobody sees before
// the caller publishes the last of them, with which the new rules are in force.
// After an error the store stands between the two, unless nothing was begun. Behind
// says where an Open that finishes it is to fill what there is to fill.
func (r *recast) run(pending []byte, behind bool) (begun bool, err error) {
	b := recastRun{recast: r, pending: pending, behind: behind}
	batch := r.db.opts.recastBatch
	for nodes := range r.closures() {
		b.nodes += len(nodes)
		b.closures = append(b.closures, nodes)
		if err := b.commit(batch); err != nil {
			return b.pending == nil, err
		}
	}
	for _, some := range [...]struct {
		n   int
		add func(i int)
	}{
		{len(r.reflag), func(i int) { b.records = append(b.records, r.reflag[i]) }},
		{len(r.turned), func(i int) { b.edges = append(b.edges, r.turned[i]) }},
	} {
		for i := range some.n {
			some.add(i)
			b.nodes++
			if err := b.commit(batch); err != nil {
				return b.pending == nil, err
			}
		}
	}
	if err := b.commit(1); err != nil {
		return b.pending == nil, err
	}
	r.db.cat.Store(r.mid)
	return true, nil
}

// recastRun collects one batch.
type recastRun struct {
	*recast
	pending  []byte // the model that is being applied, until it is on record
	behind   bool   // that it is filled in the background is put on record with it
	nodes    int
	closures [][]int32
	records  []int32         // nodes whose record alone changes
	edges    []identity.Pair // whose ends change places
}

// commit makes a batch durable once it is large enough.
func (b *recastRun) commit(least int) error {
	if b.nodes < least {
		return nil
	}
	t := b.db.begin()
	t.cause = byDefinition
	if b.pending != nil {
		t.batch.Set(keys.AppendMeta(nil, metaRecast), b.pending)
		t.batch.Set(keys.AppendMeta(nil, metaFill), appendFill(nil, identity.Token{}, 0, b.behind))
	}
	if err := b.fill(t); err != nil {
		t.abort()
		return err
	}
	if err := t.finish(true); err != nil {
		return err
	}
	*b = recastRun{recast: b.recast}
	return nil
}

// fill puts the batch into a transaction: of each closure first who everybody was, by the
// old rules, then who they are. Profiles that are new get their IDs in the order of the
// closures, however many are in one batch.
func (b *recastRun) fill(t *txn) error {
	for _, nodes := range b.closures {
		t.cat = b.cur
		for _, i := range nodes {
			n, err := t.must(b.part.Node(int(i)).Token)
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
			c.all = true
		}
		t.cat = b.mid
		if err := b.regrade(t, nodes); err != nil {
			return err
		}
		if err := t.replace(b.change(nodes)); err != nil {
			return err
		}
	}
	t.cat = b.mid
	if err := b.regrade(t, b.records); err != nil {
		return err
	}
	for _, pair := range b.edges {
		e, err := t.edge(pair)
		if err != nil {
			return err
		}
		t.scratch = appendEdge(t.scratch[:0], &e.Edge)
		t.key = keys.AppendEdge(t.key[:0], pair.Strong, pair.Weak)
		t.batch.Set(t.key, t.scratch)
		t.key = keys.AppendEdge(t.key[:0], pair.Weak, pair.Strong)
		t.batch.Set(t.key, nil)
	}
	return nil
}

// regrade gives nodes what the new rules make of them.
func (b *recastRun) regrade(t *txn, nodes []int32) error {
	for _, i := range nodes {
		v := b.part.Node(int(i))
		n, err := t.must(v.Token)
		if err != nil {
			return err
		}
		n.barred, n.shared, n.admitted = v.Barred, v.Shared, v.Admitted
		t.markDirty(n)
	}
	return nil
}

// change lists the components of a closure before and after, where they differ.
func (b *recastRun) change(nodes []int32) (ch identity.Change) {
	olds := partsBy(nodes, func(i int32) identity.Token { return b.roots[i] })
	news := partsBy(nodes, func(i int32) int { return b.part.Leader(int(i)) })
	if len(olds) == 1 && len(news) == 1 {
		return ch // only what the profile's identifiers are worth has changed
	}
	tokens := func(group []int32) []identity.Token {
		ts := make([]identity.Token, len(group))
		for j, i := range group {
			ts[j] = b.part.Node(int(i)).Token
		}
		return ts
	}
	for _, g := range olds {
		ch.Old = append(ch.Old, tokens(g))
	}
	for _, g := range news {
		ch.New = append(ch.New, tokens(g))
	}
	return ch
}

// resumeRecast finishes an Apply of other identity rules that was interrupted, but for
// what it has to fill: that is for resumeFill.
func (db *DB) resumeRecast() error {
	data, ok, err := db.store.GetTo(nil, keys.AppendMeta(nil, metaRecast))
	if err != nil || !ok {
		return err
	}
	m, err := ParseModel(data)
	if err != nil {
		return fmt.Errorf("%w: model of an unfinished change: %w", ErrCorrupt, err)
	}
	behind := false
	if data, ok, err = db.store.GetTo(nil, keys.AppendMeta(nil, metaFill)); err != nil {
		return err
	}
	if ok {
		if _, _, behind, err = decodeFill(data); err != nil {
			return err
		}
	}
	if err := db.lock(context.Background()); err != nil {
		return err
	}
	defer db.unlock()
	_, err = db.applyLocked(context.Background(), m, behind)
	return err
}
