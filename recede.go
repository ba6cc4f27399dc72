package portrait

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// recedeCommit is about how many identifiers one commit of recede removes.
const recedeCommit = 1024

// recede brings a copy of a sealed store, which lies under a key file of a later time, in
// step with that: whoever was erased since the copy was made is taken out and suppressed. Of
// their nodes there are only the heads, so that nobody knows any more what they were in;
// their places in the index are cleared one by one. It may be interrupted, and begins
// anew with the next Open.
func (db *DB) recede(ctx context.Context) error {
	if !db.store.Behind() {
		return nil
	}
	lost, err := db.lostNodes()
	if err != nil {
		return err
	}
	is := make(map[identity.Token]bool, len(lost))
	for _, l := range lost {
		is[l.token] = true
	}
	named, err := db.recordsNaming(ctx, func(t identity.Token) bool { return is[t] })
	if err != nil {
		return err
	}
	for len(lost) > 0 {
		n := min(recedeCommit, len(lost))
		for n < len(lost) && lost[n].root == lost[n-1].root { // a person goes in one commit
			n++
		}
		some := lost[:n]
		lost = lost[n:]
		err := db.transact(ctx, func(t *txn) error { return t.recede(ctx, some, named) }, func(t *txn) { db.erasedIn = t.meta.epoch })
		if err != nil {
			return fmt.Errorf("portrait: whoever was erased after the copy was made: %w", err)
		}
	}
	if err := db.dropLostMatches(ctx); err != nil {
		return err
	}
	return db.store.CaughtUp()
}

// lostNode is a node whose key was destroyed.
type lostNode struct{ root, token identity.Token }

// lostNodes returns the nodes whose keys were destroyed, component by component.
func (db *DB) lostNodes() ([]lostNode, error) {
	e := db.acquire()
	defer e.release()
	var lost []lostNode
	prefix := []byte{keys.Node}
	for kv, err := range e.snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return nil, err
		}
		token, err := tokenOf(kv.Key)
		if err != nil {
			return nil, err
		}
		head, _, err := splitNode(token, kv.Value)
		if err != nil {
			return nil, err
		}
		if head.lost {
			lost = append(lost, lostNode{head.root, token})
		}
	}
	slices.SortFunc(lost, func(a, b lostNode) int {
		return cmp.Or(compareTokens(a.root, b.root), compareTokens(a.token, b.token))
	})
	return lost, nil
}

// recede takes out some nodes of which nothing is known.
func (t *txn) recede(ctx context.Context, lost []lostNode, named *namingRecords) error {
	nodes := make([]*node, len(lost))
	as := map[identity.Token]suppression{}
	was := map[uint32]bool{} // the IDs of those that the nodes belonged to
	for i, l := range lost {
		n, err := t.must(l.token)
		if err != nil {
			return err
		}
		nodes[i] = n
		// They were erased after the last that the copy knows of: a ledger of erasures, which
		// knows when, overrules this.
		as[l.token] = suppression{at: t.meta.instant, lifted: profile.Never, unpurged: true}
		ordinal, numbered, err := t.ordinalOf(n)
		if err != nil {
			return err
		}
		if numbered {
			was[ordinal] = true
		}
	}
	if err := t.eraseOnly(ctx, nodes, as, named, &privacy.Erasure{}); err != nil {
		return err
	}
	for _, ordinal := range slices.Sorted(maps.Keys(was)) {
		delete(t.befores, ordinal) // what they were is not known
		if err := t.clear(ordinal); err != nil {
			return err
		}
	}
	if err := t.settle(); err != nil {
		return err
	}
	t.settled = true
	t.erased = slices.DeleteFunc(t.erased, func(ordinal uint32) bool {
		return slices.ContainsFunc(t.touched, func(c *component) bool { return c.now != nil && c.now.ordinal == ordinal })
	})
	slices.Sort(t.erased)
	t.erased = slices.Compact(t.erased)
	t.moves = netMoves(t.moves)
	return nil
}

// ordinalOf returns the ordinal that a node's component goes by.
func (t *txn) ordinalOf(n *node) (ordinal uint32, numbered bool, err error) {
	c, err := t.component(n)
	if err != nil {
		return 0, false, err
	}
	var l living
	for _, token := range c.members {
		m, err := t.must(token)
		if err != nil {
			return 0, false, err
		}
		l.add(m, false)
	}
	return l.ordinal, l.numbered, nil
}

// clear takes an ordinal out of every bitmap and column, and notes it as erased if it was
// somebody.
func (t *txn) clear(ordinal uint32) error {
	root := t.db.index.Root()
	off := func(field segment.FieldID, tell bool) error {
		on, err := root.Contains(t, field, ordinal)
		if on && err == nil {
			t.flip(field, ordinal, false, tell)
		}
		return err
	}
	live, err := root.Contains(t, universe, ordinal)
	if err != nil {
		return err
	}
	if live {
		t.erased = append(t.erased, ordinal)
		t.index.Set(universe, ordinal, false)
	}
	t.index.Delete(lots, ordinal)
	for _, l := range t.db.lists {
		t.index.Set(l.field, ordinal, false)
	}
	indexes := slices.Clone(t.cat.indexes)
	for _, tg := range t.cat.tags {
		for _, field := range tg.former { // of which alone the feed's readers know
			if err := off(field, true); err != nil {
				return err
			}
		}
		if tg.values != nil {
			indexes = append(indexes, tg.values)
		} else if err := off(tg.field, !tg.filling); err != nil {
			return err
		}
	}
	for _, ix := range indexes {
		if ix.column {
			t.index.Delete(ix.field, ordinal)
			continue
		}
		if ix.field != universe {
			t.index.Set(ix.field, ordinal, false)
		}
		for _, field := range (valuesView{ix}).All() {
			if err := off(field, ix.label != nil && !ix.filling); err != nil {
				return err
			}
		}
	}
	return nil
}

// netMoves returns moves without bits that were turned off and on again.
func netMoves(moves []move) []move {
	both := map[uint64]int{}
	for _, m := range moves {
		if m.left {
			both[m.key] |= 1
		} else {
			both[m.key] |= 2
		}
	}
	return slices.DeleteFunc(moves, func(m move) bool { return both[m.key] == 3 })
}

// dropLostMatches takes the match index's entries of nodes that are not there away: without
// its identifier a node's digests are not known.
func (db *DB) dropLostMatches(ctx context.Context) error {
	return db.transact(ctx, func(t *txn) error {
		t.settled = true
		prefix := []byte{keys.Match}
		for kv, err := range t.db.current.Load().snap.Scan(prefix, keys.End(prefix)) {
			if err != nil {
				return err
			}
			if len(kv.Value) != keys.TokenLen {
				return fmt.Errorf("%w: match record of %d bytes", ErrCorrupt, len(kv.Value))
			}
			n, err := t.node(identity.Token(kv.Value))
			if err != nil {
				return err
			}
			if n == nil {
				t.batch.Delete(kv.Key)
			}
		}
		return nil
	}, func(*txn) {})
}
