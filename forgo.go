package portrait

import (
	"bytes"
	"context"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
)

// forgoBatch is how many nodes one commit of a Purge takes values from that are kept no
// longer.
const forgoBatch = 4096

// forgo takes away the values of traits that are kept no longer, but for those of people
// under a legal hold: no answer has shown them since they expired.
func (w *purge) forgo(ctx context.Context) error {
	if !w.db.cat.Load().retains() {
		return nil
	}
	for from, more := []byte{keys.Node}, true; more; {
		tokens, next, err := w.expired(ctx, from)
		if err != nil {
			return err
		}
		from, more = next, next != nil
		if len(tokens) == 0 {
			continue
		}
		if err := w.db.transact(ctx, func(t *txn) error {
			t.settled = true // Nobody's answers change.
			for _, token := range tokens {
				if err := t.forgo(token); err != nil {
					return err
				}
			}
			return nil
		}, func(*txn) {}); err != nil {
			return err
		}
	}
	return nil
}

// retains reports whether a trait is kept for a while only.
func (c *catalog) retains() bool {
	for _, info := range c.traits {
		if info.Retain > 0 {
			return true
		}
	}
	return false
}

// expired reads nodes from a key on, and returns those that have values to be taken away,
// and from where to read on; nil at the end.
func (w *purge) expired(ctx context.Context, from []byte) (tokens []identity.Token, next []byte, err error) {
	e := w.db.acquire()
	defer e.release()
	for kv, err := range e.snap.Scan(from, keys.End([]byte{keys.Node})) {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, nil, err
		}
		if len(tokens) == forgoBatch {
			return tokens, bytes.Clone(kv.Key), nil
		}
		token, err := tokenOf(kv.Key)
		if err != nil {
			return nil, nil, err
		}
		n, err := decodeNode(token, bytes.Clone(kv.Value))
		if err != nil {
			return nil, nil, err
		}
		if n.state.Forgo(e.cat.fold, e.instant) {
			tokens = append(tokens, token)
		}
	}
	return tokens, nil, nil
}

// forgo takes values from a node, unless it is of somebody who is held.
func (t *txn) forgo(token identity.Token) error {
	n, err := t.node(token)
	if n == nil || err != nil {
		return err
	}
	if held, err := t.withholds(token); held || err != nil {
		return err
	}
	state := n.state.Clone()
	if !state.Forgo(t.cat.fold, t.meta.instant) {
		return nil
	}
	n.state, n.owned = state, t.seq
	t.markDirty(n)
	return nil
}
