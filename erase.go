package portrait

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// eraser takes people out of the store: in one transaction, over everything.
type eraser struct {
	t    *txn
	gone map[identity.Token]*node
	// far are the nodes of others that had evidence with them.
	far map[identity.Token]*node
	// changed is what the resolver has to hear of.
	changed []identity.Pair
	// parted are the people of whom some may stay.
	parted []*person
	report *privacy.Erasure
	mode   eraseMode
	// left is what stays of people in nameless profiles.
	left []*profile.State
	// named is what is known of the records that name them; nil: nothing.
	named *namingRecords
}

// eraseMode is what an erasure is to do.
type eraseMode uint8

const (
	eraseAll       eraseMode = iota
	eraseNames               // keep numbers, in profiles that name nobody
	erasePreviewed           // only look
)

// erase removes the people of some nodes, and sees that none of the identifiers comes
// back. Who was seen, if that is asked, does not go along.
func (t *txn) erase(ctx context.Context, nodes []*node, mode eraseMode, seen func(*profile.State) bool, report *privacy.Erasure) (*eraser, error) {
	e := t.newEraser(report)
	e.mode = mode
	for _, n := range nodes {
		if e.gone[n.token] != nil {
			continue
		}
		if err := e.meet(n); err != nil {
			return nil, err
		}
	}
	if err := e.meetCompanions(seen); err != nil {
		return nil, err
	}
	if report.Held > 0 && mode != erasePreviewed {
		return nil, fmt.Errorf("%w: %d of the people, and nobody was erased", privacy.ErrHeld, report.Held)
	}
	if err := e.run(ctx); err != nil {
		return nil, err
	}
	did := didErase
	if mode == eraseNames {
		did = didAnonymise
	}
	t.attest(did, "", slices.Collect(maps.Keys(e.gone))...)
	return e, nil
}

// run removes whom it has met. The end of the context ends it.
func (e *eraser) run(ctx context.Context) error {
	t, report := e.t, e.report
	if slices.ContainsFunc(t.db.matching, func(b *matchBuild) bool { return !b.whole }) {
		return fmt.Errorf("%w: digests of identifiers are being made for a model; erase when it is applied", privacy.ErrBusy)
	}
	unrecord := func() error { return e.unrecord(ctx) }
	for _, step := range []func() error{e.cut, e.cutVetoes, e.regroup, e.part, e.unhear, e.strip, e.forgetEvents, e.unlist, unrecord, e.remove, e.keepNumbers} {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := step(); err != nil {
			return err
		}
	}
	slices.SortFunc(report.Identifiers, profile.Identifier.Compare)
	slices.Sort(report.Profiles)
	return nil
}

// meet notes who goes with a node.
func (e *eraser) meet(n *node) error {
	c, err := e.t.component(n)
	if err != nil {
		return err
	}
	if len(e.t.personHolds(c.members)) > 0 {
		e.report.Held++
	}
	for _, token := range c.members {
		n, err := e.t.must(token)
		if err != nil {
			return err
		}
		if e.mode != eraseAll && n.gen != e.t.cat.folds.gen {
			if err := e.t.refold(n); err != nil { // All of what it comes to is to stay.
				return err
			}
		}
		e.gone[token] = n
		e.report.Identifiers = append(e.report.Identifiers, n.id)
	}
	if err := e.t.capture(c); err != nil {
		return err
	}
	p, err := e.t.person(c)
	if err != nil || p == nil {
		return err
	}
	e.report.Profiles = append(e.report.Profiles, profile.MakeID(0, p.ordinal))
	e.t.erased = append(e.t.erased, p.ordinal)
	if e.mode == eraseAll {
		return nil
	}
	e.leave(p.state())
	return nil
}

// leave keeps the numbers of a state.
func (e *eraser) leave(s *profile.State) {
	if left := s.Nameless(e.t.cat.fold, e.t.cat.zone); left.Events() > 0 {
		e.left = append(e.left, left)
		e.report.Nameless++
	}
}

// inOrder returns the nodes that go, in the order of their tokens: the same input makes
// the same batch.
func (e *eraser) inOrder() []*node { return inOrder(e.gone) }

func inOrder(nodes map[identity.Token]*node) []*node {
	all := make([]*node, 0, len(nodes))
	for _, n := range nodes {
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b *node) int { return bytes.Compare(a.token[:], b.token[:]) })
	return all
}

// cut removes every edge of those who go.
func (e *eraser) cut() error {
	for _, n := range e.inOrder() {
		var edges []identity.Edge
		for edge, err := range (graph{e.t}).Edges(n.token) {
			if err != nil {
				return err
			}
			edges = append(edges, edge)
		}
		for _, edge := range edges {
			if err := e.cutEdge(n, edge); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *eraser) cutEdge(n *node, edge identity.Edge) error {
	t := e.t
	e.report.Links++
	entry := t.edges[edge.Pair]
	if entry == nil {
		entry = &edgeEntry{}
		entry.Pair = edge.Pair
		t.adopt(entry)
	}
	*entry = edgeEntry{Edge: identity.Edge{Pair: edge.Pair}}
	for _, ends := range [...][2]identity.Token{{edge.Weak, edge.Strong}, {edge.Strong, edge.Weak}} {
		t.key = keys.AppendEdge(t.key[:0], ends[0], ends[1])
		t.batch.Delete(t.key)
	}
	other := otherEnd(edge, n.token)
	if e.gone[other] != nil {
		return nil
	}
	far, err := t.must(other)
	if err != nil {
		return err
	}
	c, err := t.component(far)
	if err != nil {
		return err
	}
	if err := t.capture(c); err != nil {
		return err
	}
	e.far[other] = far
	if edge.Seen {
		named := t.cat.rules.Names(far.evidence())
		far.partners--
		if t.cat.rules.Names(far.evidence()) != named {
			e.changed = append(e.changed, identity.Pair{Weak: other, Strong: other})
		}
	}
	t.markDirty(far)
	return nil
}

// cutVetoes removes every veto of those who go, those that were withdrawn too.
func (e *eraser) cutVetoes() error {
	t := e.t
	snap := t.db.current.Load().snap
	for _, n := range e.inOrder() {
		prefix := keys.AppendFrom(nil, keys.Veto, n.token)
		for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
			if err != nil {
				return err
			}
			_, other, _ := keys.Pair(kv.Key)
			for _, ends := range [...][2]identity.Token{{n.token, other}, {other, n.token}} {
				t.key = keys.AppendVeto(t.key[:0], ends[0], ends[1])
				t.batch.Delete(t.key)
				if t.vetoes[ends[0]] == nil {
					t.vetoes[ends[0]] = map[identity.Token]bool{}
				}
				t.vetoes[ends[0]][ends[1]] = false
			}
			if e.gone[other] != nil {
				continue
			}
			far, err := t.must(other)
			if err != nil {
				return err
			}
			e.far[other] = far
			if !far.vetoed {
				continue
			}
			others, err := graph{t}.Vetoed(other)
			if err != nil {
				return err
			}
			if far.vetoed = len(others) > 0; !far.vetoed {
				t.markDirty(far)
			}
			e.changed = append(e.changed, identity.Pair{Weak: other, Strong: other})
		}
		n.vetoed = false
	}
	return nil
}

// regroup lets the resolver see the others without them.
func (e *eraser) regroup() error {
	t := e.t
	for _, far := range inOrder(e.far) {
		as, err := t.cat.rules.Refilter(graph{t}, far.token)
		if err != nil {
			return err
		}
		if as.Shared == far.shared && slices.Equal(as.Admitted, far.admitted) {
			continue
		}
		far.shared, far.admitted = as.Shared, as.Admitted
		t.markDirty(far)
		e.changed = append(e.changed, identity.Pair{Weak: far.token, Strong: far.token})
	}
	for _, n := range e.inOrder() {
		n.shared, n.admitted, n.partners = false, nil, 0
		e.changed = append(e.changed, identity.Pair{Weak: n.token, Strong: n.token})
	}
	if err := t.regroup(e.changed, &cause{source: "erasure"}); err != nil {
		return err
	}
	for _, n := range e.inOrder() {
		c, err := t.component(n)
		if err != nil {
			return err
		}
		c.gone = true
		delete(t.comps, c.root)
	}
	return nil
}

// isGone reports whether a cleaned identifier is one of those who go.
func (e *eraser) isGone(id profile.Identifier) bool { return e.gone[e.t.db.tokens.Token(id)] != nil }

// strip takes them out of the attributes and the kept events of others that name them.
func (e *eraser) strip() error {
	for _, far := range inOrder(e.far) {
		if err := e.stripState(far); err != nil {
			return err
		}
		prefix := keys.AppendEvents(nil, far.token)
		for kv, err := range e.t.db.current.Load().snap.Scan(prefix, keys.End(prefix)) {
			if err != nil {
				return err
			}
			changed, err := e.t.stripEvent(kv.Key, kv.Value, e.isGone)
			if err != nil {
				return err
			}
			if changed {
				e.report.Stripped++
			}
		}
	}
	return nil
}

// stripState takes out of a node's attributes those that name somebody who goes.
func (e *eraser) stripState(far *node) error {
	t := e.t
	state := far.state.Clone()
	gone := func(v profile.Value) bool { return t.cat.rules.Spells(v, e.isGone) }
	if err := e.stripHeard(far, gone); err != nil {
		return err
	}
	if !state.Forget(gone) {
		return nil
	}
	c, err := t.component(far)
	if err != nil {
		return err
	}
	if err := t.capture(c); err != nil {
		return err
	}
	c.all = true
	far.state, far.owned = state, t.seq
	t.markDirty(far)
	e.report.Stripped++
	return nil
}

// stripEvent writes a kept event again without the identifiers that are gone. One
// without a message ID is not kept any more: its place among others is a hash of what
// it held.
func (t *txn) stripEvent(key, value []byte, gone func(profile.Identifier) bool) (changed bool, err error) {
	token, at, tie, _, ok := keys.ReadEvent(key)
	if !ok {
		return false, fmt.Errorf("%w: event key of %d bytes", ErrCorrupt, len(key))
	}
	ev, err := eventlog.Decode(value, profile.Instant(at))
	if err != nil {
		return false, corrupt("event", err)
	}
	stripped := t.cat.rules.Strip(&ev, gone)
	if stripped == &ev {
		return false, nil
	}
	t.batch.Delete(key)
	if ev.MessageID == "" {
		return true, nil
	}
	head, err := eventlog.ReadHead(value)
	if err != nil {
		return false, corrupt("event", err)
	}
	n, err := t.must(token)
	if err != nil {
		return false, err
	}
	t.key = keys.AppendEvent(t.key[:0], token, at, tie, contentKey(stripped.ContentHash()))
	t.batch.SetSealed(t.key, t.sealOf(n), nil, eventlog.Append(nil, stripped, head.Seconds))
	return true, nil
}

// forgetEvents removes the events that are kept at them.
func (e *eraser) forgetEvents() error {
	for _, n := range e.inOrder() {
		prefix := keys.AppendEvents(nil, n.token)
		for kv, err := range e.t.db.current.Load().snap.Scan(prefix, keys.End(prefix)) {
			if err == nil {
				err = e.forgetExpiry(kv)
			}
			if err != nil {
				return err
			}
			e.report.Events++
		}
		e.t.batch.DeleteRange(prefix, keys.End(prefix))
	}
	return nil
}

// forgetExpiry removes what tells the sweep of an event that goes.
func (e *eraser) forgetExpiry(kv store.KV) error {
	token, at, _, _, ok := keys.ReadEvent(kv.Key)
	if !ok {
		return fmt.Errorf("%w: event key of %d bytes", ErrCorrupt, len(kv.Key))
	}
	head, err := eventlog.ReadHead(kv.Value)
	if err != nil {
		return corrupt("event", err)
	}
	t := e.t
	t.key = keys.AppendExpiry(t.key[:0], expiryDay(after(profile.Instant(at), int64(head.Seconds)*microsPerSecond)), token, head.Seconds)
	t.batch.Delete(t.key)
	return nil
}

// unlist takes them out of the uploaded lists.
func (e *eraser) unlist() error {
	t := e.t
	lists := slices.Clone(t.db.lists)
	for i, l := range lists {
		if l.hidden { // It is held against who was erased before it is shown: see listWriter.forget.
			continue
		}
		now := *l
		out, err := t.takeOut(&now, slices.Collect(maps.Keys(e.gone)))
		if err != nil {
			return err
		}
		e.report.Listed += out
		if now.about.Identifiers != l.about.Identifiers {
			t.batch.Set(keys.AppendList(nil, uint32(l.field)), appendList(nil, &now.about))
			lists[i], t.lists = &now, lists
		}
	}
	return nil
}

// takeOut removes identifiers from a list, and returns how many were in it.
func (t *txn) takeOut(l *list, tokens []identity.Token) (int, error) {
	slices.SortFunc(tokens, func(a, b identity.Token) int { return bytes.Compare(a[:], b[:]) })
	var in []identity.Token
	for _, token := range tokens {
		on, err := t.listed(l, []identity.Token{token})
		if err != nil {
			return 0, err
		}
		if on {
			in = append(in, token)
		}
	}
	for rest := in; len(rest) > 0; {
		n := samePart(rest)
		if err := t.editPart(l, rest[:n], nil); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(in), nil
}

// remove removes the nodes, and suppresses their identifiers.
func (e *eraser) remove() error {
	t := e.t
	if t.gone == nil {
		t.gone = map[identity.Token]bool{}
	}
	now := t.now()
	for _, n := range e.inOrder() {
		t.gone[n.token] = true
		t.db.nodes.remove(n.token)
		t.key = keys.AppendNode(t.key[:0], n.token)
		t.batch.Delete(t.key)
		if !n.lost {
			t.batch.Destroy(n.seal)
		}
		if n.numbered {
			t.key = keys.AppendOrdinal(t.key[:0], n.ordinal)
			t.batch.Delete(t.key)
		}
		forget := func(key, _ []byte) { t.batch.Delete(key) }
		t.cat.match.index(forget, n.id, n.token)
		for _, b := range t.db.matching {
			b.keys.index(forget, n.id, n.token)
		}
		if len(t.holdsOf(n.token)) > 0 { // of a copy from before the release
			t.hold(n.token, nil)
		}
		t.suppress(n.token, suppression{at: now, lifted: profile.Never, unpurged: true, nameless: e.mode == eraseNames, erasedIn: t.meta.epoch + 1})
	}
	return nil
}
