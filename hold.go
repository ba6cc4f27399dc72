package portrait

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// maxHolds is how many legal holds may be put on one identifier. It may have more: those of others
// that were of the same person while its events expired.
const maxHolds = 100

// hold is one legal hold on an identifier.
type hold struct {
	ref string
	at  profile.Instant // since when
}

// holds are those on one identifier, ascending by reference. They are replaced, not
// changed.
type holds []hold

func (h holds) append(dst []byte) []byte {
	dst = pack.AppendArray(append(dst, recordVersion), 2*len(h))
	for _, one := range h {
		dst = pack.AppendInt(pack.AppendString(dst, one.ref), int64(one.at))
	}
	return dst
}

func decodeHolds(data []byte) (holds, error) {
	r := openRecord(data)
	n := r.Array(1)
	if n == 0 || n%2 != 0 {
		r.Fail(fmt.Errorf("%d fields", n))
	}
	var h holds
	for i := 0; i < n && r.Err() == nil; i += 2 {
		h = append(h, hold{ref: r.String(), at: profile.Instant(r.Int())})
		if i > 0 && h[i/2-1].ref >= h[i/2].ref {
			r.Fail(errors.New("references are not ascending"))
		}
	}
	return h, closeRecord("hold", &r)
}

func (h holds) find(ref string) (int, bool) {
	return slices.BinarySearchFunc(h, ref, func(one hold, ref string) int { return strings.Compare(one.ref, ref) })
}

// with returns the holds and those of another identifier of the person.
func (h holds) with(other holds) holds {
	h = slices.Clone(h)
	for _, one := range other {
		if i, has := h.find(one.ref); !has {
			h = slices.Insert(h, i, one)
		}
	}
	return h
}

// loadHolds reads who is held.
func (db *DB) loadHolds() (err error) {
	db.held, err = loadByToken(db, keys.Hold, decodeHolds)
	return err
}

// loadByToken reads all records of a key space whose keys are tokens.
func loadByToken[T any](db *DB, space byte, decode func([]byte) (T, error)) (map[identity.Token]T, error) {
	snap, err := db.store.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	all := map[identity.Token]T{}
	prefix := []byte{space}
	for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return nil, err
		}
		token, err := tokenOf(kv.Key)
		if err != nil {
			return nil, err
		}
		if all[token], err = decode(kv.Value); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// holdsOf returns the holds on an identifier, as the transaction has them.
func (t *txn) holdsOf(token identity.Token) holds {
	if h, ok := t.held[token]; ok {
		return h
	}
	return t.db.held[token]
}

// hold writes the holds on an identifier; none takes them away.
func (t *txn) hold(token identity.Token, h holds) {
	t.key = keys.AppendHold(t.key[:0], token)
	if len(h) == 0 {
		t.batch.Delete(t.key)
	} else {
		t.scratch = h.append(t.scratch[:0])
		t.batch.Set(t.key, t.scratch)
	}
	if t.held == nil {
		t.held = map[identity.Token]holds{}
	}
	t.held[token] = h
}

// keepHolds takes over what the transaction changed of the holds.
func (t *txn) keepHolds() {
	for token, h := range t.held {
		if len(h) == 0 {
			delete(t.db.held, token)
		} else {
			t.db.held[token] = h
		}
	}
}

// personHolds returns the holds on any identifier of a person.
func (t *txn) personHolds(members []identity.Token) (h holds) {
	if len(t.db.held)+len(t.held) == 0 {
		return nil
	}
	for _, token := range members {
		if more := t.holdsOf(token); len(more) > 0 {
			h = h.with(more)
		}
	}
	return h
}

// withholds reports whether the events of a node are not to be deleted though they have
// expired: somebody whom it is a part of is held. The node is then held itself: it stays
// so if it goes to somebody else.
func (t *txn) withholds(token identity.Token) (bool, error) {
	if len(t.db.held)+len(t.held) == 0 {
		return false, nil
	}
	n, err := t.node(token)
	if err != nil || n == nil {
		return false, err
	}
	c, err := t.component(n)
	if err != nil {
		return false, err
	}
	h := t.personHolds(c.members)
	if len(h) > len(t.holdsOf(token)) {
		t.hold(token, h)
	}
	return len(h) > 0, nil
}

// Hold puts people under a legal hold: until its release they cannot be erased or made
// anonymous, which is then privacy.ErrHeld, nor are their kept events deleted when they
// expire; answers show no more of these than they would. The reference is the host's own, such as the number
// of a case: 1 to 64 of the letters, digits and signs that a [privacy.Note] may have. The hold is on every
// identifier of the people as they are known now; whoever is later found to be one with
// any of these is held too. On an identifier that has 100 holds no more are put; those of people who become one
// add up. Held again under one
// reference, they are held since the first time. One that is not known is ErrNotFound,
// and nobody is held then. A call that names nobody is refused.
func (p *Privacy) Hold(ctx context.Context, ref string, ids ...profile.Identifier) error {
	return p.changeHolds(ctx, didHold, ref, ids, func(t *txn, token identity.Token) (bool, error) {
		h := t.holdsOf(token)
		i, has := h.find(ref)
		switch {
		case has:
			return true, nil
		case len(h) >= maxHolds:
			return false, fmt.Errorf("portrait: hold: there are %d on an identifier, and %d is the most", len(h), maxHolds)
		}
		t.hold(token, slices.Insert(slices.Clone(h), i, hold{ref: ref, at: t.now()}))
		return true, nil
	})
}

// Release ends the hold of a reference on people. Events of theirs that expired meanwhile
// are deleted like others from then on. It is ErrNotFound where nobody of them is held
// under the reference. A call that names nobody is refused: [Privacy.ReleaseAll] releases
// everybody.
func (p *Privacy) Release(ctx context.Context, ref string, ids ...profile.Identifier) error {
	return p.changeHolds(ctx, didRelease, ref, ids, release(ref))
}

// ReleaseAll is Release of everybody who is held under a reference.
func (p *Privacy) ReleaseAll(ctx context.Context, ref string) error {
	return p.changeHeld(ctx, didRelease, ref, func(t *txn) ([]identity.Token, error) {
		var tokens []identity.Token
		for token, h := range t.db.held {
			if _, has := h.find(ref); has {
				tokens = append(tokens, token)
			}
		}
		slices.SortFunc(tokens, compareTokens)
		return tokens, nil
	}, release(ref))
}

// release takes a hold off an identifier, and reports whether there was one.
func release(ref string) func(*txn, identity.Token) (bool, error) {
	return func(t *txn, token identity.Token) (bool, error) {
		h := t.holdsOf(token)
		i, has := h.find(ref)
		if !has {
			return false, nil
		}
		rest := slices.Delete(slices.Clone(h), i, i+1)
		t.hold(token, rest)
		if len(rest) > 0 {
			return true, nil
		}
		return true, t.expireAgain(token)
	}
}

// changeHolds changes the holds on people, in one commit.
func (p *Privacy) changeHolds(ctx context.Context, what, ref string, ids []profile.Identifier, change func(*txn, identity.Token) (bool, error)) error {
	if len(ids) == 0 {
		return fmt.Errorf("portrait: %s: no identifier is given", what)
	}
	return p.changeHeld(ctx, what, ref, func(t *txn) ([]identity.Token, error) { return t.allOf(ids) }, change)
}

// changeHeld changes the holds on identifiers, in one commit.
func (p *Privacy) changeHeld(ctx context.Context, what, ref string, of func(*txn) ([]identity.Token, error), change func(*txn, identity.Token) (bool, error)) error {
	if ref == "" {
		return fmt.Errorf("portrait: %s: the reference is empty", what)
	}
	if err := privacy.ValidReference(ref); err != nil {
		return fmt.Errorf("portrait: %s: the reference %w", what, err)
	}
	return p.db.transact(ctx, func(t *txn) error {
		t.settled = true
		tokens, err := of(t)
		if err != nil {
			return err
		}
		var changed []identity.Token
		for i, token := range tokens {
			if i&255 == 255 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			did, err := change(t, token)
			if err != nil {
				return err
			}
			if did {
				changed = append(changed, token)
			}
		}
		if len(changed) == 0 {
			return fmt.Errorf("%w: nobody is held under %q", ErrNotFound, ref)
		}
		t.attest(what, ref, changed...)
		return nil
	}, func(*txn) {})
}

// allOf returns all identifiers of some people.
func (t *txn) allOf(ids []profile.Identifier) ([]identity.Token, error) {
	all := map[identity.Token]bool{}
	for _, id := range ids {
		n, err := t.known(id)
		if err != nil {
			return nil, err
		}
		c, err := t.component(n)
		if err != nil {
			return nil, err
		}
		for _, token := range c.members {
			all[token] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), compareTokens), nil
}

// expireAgain has the sweep look once more at the events of a node that is held no
// longer.
func (t *txn) expireAgain(token identity.Token) error {
	snap := t.db.current.Load().snap
	prefix := keys.AppendEvents(nil, token)
	for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return err
		}
		_, at, _, _, ok := keys.ReadEvent(kv.Key)
		if !ok {
			return fmt.Errorf("%w: event key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		head, err := eventlog.ReadHead(kv.Value)
		if err != nil {
			return corrupt("event", err)
		}
		day := expiryDay(after(profile.Instant(at), int64(head.Seconds)*microsPerSecond))
		t.key = keys.AppendExpiry(t.key[:0], day, token, head.Seconds)
		t.batch.Set(t.key, nil)
		t.db.sweep.day = min(t.db.sweep.day, day)
	}
	return nil
}
