package portrait

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// keepNumbers gives what stays of the people a nameless profile each. In the order of
// what stayed: their new IDs tell nothing of the old ones.
func (e *eraser) keepNumbers() error {
	if e.mode == erasePreviewed {
		return nil
	}
	stored := make([][]byte, len(e.left))
	for i, s := range e.left {
		stored[i] = s.Append(nil)
	}
	slices.SortFunc(stored, bytes.Compare)
	for _, data := range stored {
		if err := e.t.addNameless(data); err != nil {
			return err
		}
	}
	return nil
}

// addNameless makes a profile of a state that names nobody.
func (t *txn) addNameless(data []byte) error {
	state, err := profile.DecodeState(data)
	if err != nil {
		return fmt.Errorf("portrait: what stays of a person: %w", err)
	}
	id, token, err := t.namelessID(data)
	if err != nil {
		return err
	}
	n, err := t.nodeOf(token, id)
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
	state.Name(&n.id)
	n.state, n.owned = state, t.seq
	n.state.Expire(t.cat.fold, t.meta.instant)
	c.all = true
	return nil
}

// namelessID returns an identifier that nobody has: the hash of what stayed, which says
// no more than that does, and of how many others of the same there are. It does not
// depend on chance, so that equal histories give equal stores.
func (t *txn) namelessID(data []byte) (id profile.Identifier, token identity.Token, err error) {
	for twin := 0; ; twin++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s", twin, data))
		id = profile.Identifier{Namespace: identity.Nameless, Value: hex.EncodeToString(sum[:16])}
		token = t.db.tokens.Token(id)
		n, err := t.node(token)
		if n == nil || err != nil {
			return id, token, err
		}
	}
}
