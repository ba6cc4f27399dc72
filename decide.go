package portrait

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// Decision is when, and under what ID, somebody decided about two identifiers.
// The latest decision about a pair holds, whatever the order in which decisions
// reach the store; equal times are ordered by ID.
type Decision struct {
	// At is when it was decided. Zero means now, by the store's clock.
	At time.Time
	// ID names the decision, such as a ticket. It may be empty.
	ID string
}

// Link decides that two identifiers name one person, whether or not they were
// seen yet. A Link never overrides a unique namespace, a limit or a veto: where
// one of them forbids it, the link is kept and waits. An identifier that may
// not name a person is an error.
func (db *DB) Link(ctx context.Context, a, b profile.Identifier, d Decision) error {
	return db.decide(ctx, a, b, d, identity.Link)
}

// Unlink decides that what was seen of two identifiers together, and any Link of
// them, does not make them one person; it holds against later events too. The
// profile splits where nothing else joins it: each part has exactly the history
// of its own identifiers.
func (db *DB) Unlink(ctx context.Context, a, b profile.Identifier, d Decision) error {
	return db.decide(ctx, a, b, d, identity.Unlink)
}

// Veto decides that two identifiers are never of one person, on any path. It
// outlives Link and Unlink.
func (db *DB) Veto(ctx context.Context, a, b profile.Identifier) error {
	return db.transact(ctx, func(t *txn) error {
		x, y, err := t.pair(a, b)
		if err != nil {
			return err
		}
		t.key = keys.AppendVeto(t.key[:0], x.token, y.token)
		if _, ok, err := t.get(t.key); err != nil || ok {
			return err
		}
		if err := t.link(x, y); err != nil {
			return err
		}
		for _, ends := range [][2]*node{{x, y}, {y, x}} {
			t.key = keys.AppendVeto(t.key[:0], ends[0].token, ends[1].token)
			t.batch.Set(t.key, nil)
			ends[0].vetoed = true
			t.vetoes[ends[0].token] = append(t.vetoes[ends[0].token], ends[1].token)
		}
		return t.regroup(t.cat.rules.Pair(x.evidence(), y.evidence()))
	})
}

func (db *DB) decide(ctx context.Context, a, b profile.Identifier, d Decision, what identity.Decision) error {
	at := d.At
	if at.IsZero() {
		at = db.opts.Clock()
	}
	if y := at.UTC().Year(); y < 1900 || y > 9999 {
		return fmt.Errorf("portrait: decision time %s is out of range", at.Format(time.RFC3339))
	}
	id := sha256.Sum256([]byte(d.ID))
	stamp := profile.Stamp{At: profile.InstantOf(at), Tie: binary.BigEndian.Uint64(id[:])}
	return db.transact(ctx, func(t *txn) error {
		x, y, err := t.pair(a, b)
		if err != nil {
			return err
		}
		e, err := t.edge(t.cat.rules.Pair(x.evidence(), y.evidence()))
		if err != nil {
			return err
		}
		before := e.Edge
		if !e.Decide(what, stamp) {
			return nil
		}
		e.dirty = true
		if err := t.link(x, y); err != nil {
			return err
		}
		if !identity.Moved(before, e.Edge) {
			return nil
		}
		return t.regroup(e.Pair)
	})
}

// pair returns the nodes of two identifiers, made if need be.
func (t *txn) pair(a, b profile.Identifier) (x, y *node, err error) {
	var nodes [2]*node
	for i, id := range []profile.Identifier{a, b} {
		clean, err := t.cat.rules.Clean(id)
		if err != nil {
			return nil, nil, fmt.Errorf("portrait: %w", err)
		}
		if nodes[i], err = t.nodeOf(t.db.tokens.Token(clean), clean); err != nil {
			return nil, nil, err
		}
	}
	if nodes[0] == nodes[1] {
		return nil, nil, fmt.Errorf("portrait: %s and %s are the same identifier", a.Namespace, b.Namespace)
	}
	return nodes[0], nodes[1], nil
}

// transact runs one commit of its own.
func (db *DB) transact(ctx context.Context, change func(*txn) error) error {
	if err := db.gate.enter(); err != nil {
		return err
	}
	defer db.gate.leave()
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	t := db.begin()
	if err := change(t); err != nil {
		t.abort()
		return err
	}
	return t.finish(false)
}

// Merge is one record of the merge log: after the commit of Epoch the profile
// Into held identifiers of the profiles From, of which there are several after a
// merge, and which others hold identifiers of too after a split.
type Merge struct {
	Epoch uint64
	Into  profile.ID
	From  []profile.ID
}

// Merges returns the merge log, oldest first.
func (v *View) Merges(ctx context.Context) ([]Merge, error) {
	return inside(v, func() ([]Merge, error) {
		var log []Merge
		prefix := []byte{keys.MergeLog}
		for kv, err := range v.epoch.snap.Scan(prefix, keys.End(prefix)) {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				return nil, err
			}
			m, err := decodeMerge(kv.Key, kv.Value)
			if err != nil {
				return nil, err
			}
			log = append(log, m)
		}
		return log, nil
	})
}
