package portrait

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// Verify reads every record of the store that names an identifier, as of one commit, and counts
// those that name an identifier which is suppressed: an identifier of somebody erased or made
// anonymous, unless it was admitted again. After an Erase nothing is under their tokens;
// what kept events of others say, whom no evidence joins to them, is left until a Purge. So are
// the values of indexes and of tags, which say nothing of whose they were: they are not read.
// It costs one reading of the store, however many are suppressed.
func (p *Privacy) Verify(ctx context.Context) (privacy.Verification, error) {
	db := p.db
	if err := db.gate.enter(); err != nil {
		return privacy.Verification{}, err
	}
	defer db.gate.leave()
	e := db.acquire()
	defer e.release()
	w := &verifier{ctx: ctx, db: db, epoch: e, gone: map[identity.Token]bool{}}
	w.found.Epoch = e.number
	err := w.scan(keys.Suppression, func(key, value []byte) error {
		s, err := decodeSuppression(value)
		if err == nil && s.lifted == profile.Never {
			token, err := tokenOf(key)
			w.gone[token] = true
			return err
		}
		return err
	})
	if err != nil {
		return privacy.Verification{}, err
	}
	w.found.Identifiers = len(w.gone)
	for _, space := range [...]byte{
		keys.Node, keys.Edge, keys.Veto, keys.Component, keys.Ordinal, keys.Event, keys.Expiry,
		keys.Audit, keys.Refusal, keys.ListPart, keys.Match, keys.Hold, keys.Heard, keys.Told,
	} {
		if err := w.scan(space, w.look); err != nil {
			return privacy.Verification{}, err
		}
	}
	return w.found, nil
}

// verifier looks for records that name somebody who is gone.
type verifier struct {
	ctx   context.Context //nolint:containedctx // lives for one call
	db    *DB
	epoch *epoch
	gone  map[identity.Token]bool
	found privacy.Verification
}

// scan runs over one space of keys.
func (w *verifier) scan(space byte, each func(key, value []byte) error) error {
	n := 0
	for kv, err := range w.epoch.snap.Scan([]byte{space}, keys.End([]byte{space})) {
		if n++; err == nil && n&1023 == 0 && w.ctx.Err() != nil {
			err = context.Cause(w.ctx)
		}
		if err == nil {
			err = each(kv.Key, kv.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// look counts a record, and whether it names somebody who is gone.
func (w *verifier) look(key, value []byte) error {
	if key[0] == keys.ListPart && slices.ContainsFunc(w.epoch.lists, func(l *list) bool {
		return l.hidden && bytes.HasPrefix(key, keys.AppendListParts(nil, uint32(l.field)))
	}) {
		return nil // It is held against what is suppressed before it is shown.
	}
	w.found.Records++
	tokens, err := tokensIn(key, value)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(tokens, func(t identity.Token) bool { return w.gone[t] }) {
		w.found.Keyed++
		return nil
	}
	if key[0] != keys.Event {
		return nil
	}
	_, at, _, _, _ := keys.ReadEvent(key)
	ev, err := eventlog.Decode(value, profile.Instant(at))
	if err != nil {
		return corrupt("event", err)
	}
	if w.epoch.cat.rules.Strip(&ev, func(id profile.Identifier) bool { return w.gone[w.db.tokens.Token(id)] }) != &ev {
		w.found.Named++
	}
	return nil
}

// tokensIn returns the tokens that a record names, in its key or in its value.
func tokensIn(key, value []byte) (tokens []identity.Token, err error) {
	short := fmt.Errorf("%w: key %x of %d bytes", ErrCorrupt, key[:1], len(key))
	one := func(t identity.Token, ok bool) ([]identity.Token, error) {
		if !ok {
			return nil, short
		}
		return []identity.Token{t}, nil
	}
	switch key[0] {
	case keys.Edge, keys.Veto, keys.Heard, keys.Told:
		a, b, ok := keys.Pair(key)
		if !ok {
			return nil, short
		}
		return []identity.Token{a, b}, nil
	case keys.Ordinal, keys.Match:
		return tokensOf(value)
	case keys.ListPart:
		return tokensOf(value)
	case keys.Event:
		t, _, _, _, ok := keys.ReadEvent(key)
		return one(t, ok)
	case keys.Expiry:
		_, t, _, ok := keys.ReadExpiry(key)
		return one(t, ok)
	case keys.Audit:
		_, pair, err := decodeDecided(key, value)
		return []identity.Token{pair.Weak, pair.Strong}, err
	case keys.Refusal:
		rec, err := decodeRefusal(key, value)
		if err != nil {
			return nil, err
		}
		return tokensOf(slices.Concat(rec.a, rec.b, rec.of[:]))
	}
	t, err := tokenOf(key)
	if err != nil {
		return nil, err
	}
	switch key[0] {
	case keys.Node:
		n, _, err := splitNode(t, value)
		return append(n.admitted, t, n.root), err
	case keys.Component:
		members, err := decodeComponent(value)
		return append(members, t), err
	}
	return []identity.Token{t}, nil
}

// tokensOf returns tokens that stand one after the other.
func tokensOf(data []byte) ([]identity.Token, error) {
	if len(data)%keys.TokenLen != 0 {
		return nil, fmt.Errorf("%w: tokens of %d bytes", ErrCorrupt, len(data))
	}
	var tokens []identity.Token
	for t := range slices.Chunk(data, keys.TokenLen) {
		tokens = append(tokens, identity.Token(t))
	}
	return tokens, nil
}

// verifyErased looks, after an erasure, at every place where something of those who went
// would be: under their tokens, in lists and in bitmaps. It returns an error for what is
// left.
func (db *DB) verifyErased(e *eraser) error {
	now := db.acquire()
	defer now.release()
	left := 0
	seen := func(prefix []byte) error {
		for _, err := range now.snap.Scan(prefix, keys.End(prefix)) {
			if err != nil {
				return err
			}
			left++
		}
		return nil
	}
	for _, n := range e.inOrder() {
		for _, prefix := range [...][]byte{
			keys.AppendNode(nil, n.token), keys.AppendFrom(nil, keys.Edge, n.token), keys.AppendFrom(nil, keys.Veto, n.token),
			keys.AppendComponent(nil, n.token), keys.AppendEvents(nil, n.token), keys.AppendHold(nil, n.token),
			keys.AppendFrom(nil, keys.Heard, n.token), keys.AppendFrom(nil, keys.Told, n.token),
		} {
			if err := seen(prefix); err != nil {
				return err
			}
		}
		if n.numbered {
			if err := seen(keys.AppendOrdinal(nil, n.ordinal)); err != nil {
				return err
			}
		}
		for _, l := range now.lists {
			if l.hidden { // It is held against what is suppressed before it is shown.
				continue
			}
			part, ok, err := now.snap.GetTo(nil, keys.AppendListPart(nil, uint32(l.field), n.token))
			if err != nil {
				return err
			}
			if ok && inPart(part, n.token) {
				left++
			}
		}
	}
	for _, id := range e.report.Profiles {
		in, err := now.root.Contains(now, universe, id.Ordinal())
		if err != nil {
			return err
		}
		if in {
			left++
		}
	}
	if left > 0 {
		return fmt.Errorf("%w: after the erasure of commit %d there are %d records of who was erased", ErrCorrupt, e.report.Epoch, left)
	}
	e.report.Verified = true
	return nil
}
