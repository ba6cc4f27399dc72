package portrait

import (
	"bytes"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// unhear takes away what the nodes of others heard of consents in the events of those who
// go: each then holds what the rest told it, as if it had never heard the others.
func (e *eraser) unhear() error {
	left := map[identity.Token]*node{}
	for _, n := range e.inOrder() {
		if err := e.forgetTold(n, left); err != nil {
			return err
		}
		if err := e.forgetHeard(n); err != nil {
			return err
		}
	}
	for _, n := range inOrder(left) {
		if err := e.hearAgain(n); err != nil {
			return err
		}
	}
	return nil
}

// forgetTold removes what events of a node told others, and notes who of them stay.
func (e *eraser) forgetTold(n *node, left map[identity.Token]*node) error {
	t := e.t
	prefix := keys.AppendFrom(nil, keys.Told, n.token)
	for kv, err := range t.db.current.Load().snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return err
		}
		hearer, err := otherOf(kv.Key)
		if err != nil {
			return err
		}
		t.key = keys.AppendHeard(t.key[:0], hearer, n.token)
		t.batch.Delete(t.key)
		if e.gone[hearer] != nil || left[hearer] != nil {
			continue
		}
		if left[hearer], err = t.must(hearer); err != nil {
			return err
		}
	}
	t.batch.DeleteRange(prefix, keys.End(prefix))
	return nil
}

// forgetHeard removes what a node heard, from itself and from others. What leads to it
// from tellers whose key was destroyed goes with these.
func (e *eraser) forgetHeard(n *node) error {
	t := e.t
	if err := heardBy(t.db.current.Load().snap, n.token, func(teller identity.Token, _ *profile.State) error {
		t.key = keys.AppendTold(t.key[:0], teller, n.token)
		t.batch.Delete(t.key)
		return nil
	}); err != nil {
		return err
	}
	prefix := keys.AppendFrom(nil, keys.Heard, n.token)
	t.batch.DeleteRange(prefix, keys.End(prefix))
	return nil
}

// hearAgain works out what a node holds of purposes by those who stay.
func (e *eraser) hearAgain(n *node) error {
	t := e.t
	if n.lost {
		return nil
	}
	state := n.state.Clone()
	state.ForgetConsents()
	if err := heardBy(t.db.current.Load().snap, n.token, func(teller identity.Token, part *profile.State) error {
		if e.gone[teller] == nil {
			state.Absorb(part)
		}
		return nil
	}); err != nil {
		return err
	}
	if bytes.Equal(state.Append(nil), n.state.Append(nil)) {
		return nil
	}
	c, err := t.component(n)
	if err != nil {
		return err
	}
	if err := t.capture(c); err != nil {
		return err
	}
	c.all = true
	n.state, n.owned = state, t.seq
	t.markDirty(n)
	return nil
}

// stripHeard takes out of what a node heard from others the words that name somebody who
// goes, as its state loses them.
func (e *eraser) stripHeard(n *node, gone func(profile.Value) bool) error {
	t := e.t
	return heardBy(t.db.current.Load().snap, n.token, func(token identity.Token, part *profile.State) error {
		if e.gone[token] != nil || !part.Forget(gone) {
			return nil
		}
		teller, err := t.must(token)
		if err != nil {
			return err
		}
		if t.heard == nil {
			t.heard = map[heardKey]*heardEntry{}
		}
		t.heard[heardKey{n.token, token}] = &heardEntry{teller: teller, part: part}
		return nil
	})
}
