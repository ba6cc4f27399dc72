package portrait

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// Withdraw takes back all that was decided in one commit, such as a Split or a
// Detach, in one commit of its own: links and unlinks are withdrawn and vetoes
// lifted. What was decided about a pair again since then stays, and Effect.Outranked
// says that there is some. Decision.Withdraw need not be set. A commit without a
// decision that still holds is ErrNotFound; View.Decisions lists them.
func (db *DB) Withdraw(ctx context.Context, epoch uint64, d Decision) (Effect, error) {
	d.Withdraw = true
	return db.decide(ctx, d, func(t *txn, d *decided) error {
		held := 0
		var changed []identity.Pair
		snap := db.current.Load().snap
		for kv, err := range snap.Scan(keys.AppendAudit(nil, epoch, 0), keys.AppendAudit(nil, epoch+1, 0)) {
			if err != nil {
				return err
			}
			was, pair, err := decodeDecided(kv.Key, kv.Value)
			if err != nil {
				return err
			}
			more, holds, err := t.takeBack(&was, pair, d)
			if err != nil {
				return err
			}
			if holds {
				held++
			} else {
				t.outranked = true
			}
			changed = append(changed, more...)
		}
		if held == 0 {
			return fmt.Errorf("%w: commit %d has no decision that holds", ErrNotFound, epoch)
		}
		return t.regroup(changed, &d.cause)
	})
}

// takeBack withdraws one decision, if it still holds.
func (t *txn) takeBack(was *Decided, pair identity.Pair, d *decided) (changed []identity.Pair, holds bool, err error) {
	at := was.stamp()
	if d.stamp.Compare(at) <= 0 { // a decision whose time is still to come
		later := *d
		later.At = (at.At + 1).Time()
		later.stamp = profile.Stamp{At: at.At + 1, Tie: d.stamp.Tie}
		d = &later
	}
	switch was.What {
	case identity.Link.String(), identity.Unlink.String():
		e, err := t.edge(pair)
		if err != nil || e.Decided != at || e.Decision.String() != was.What {
			return nil, false, err
		}
		changed, err = t.decideEdge(pair, identity.Withdraw, d)
		return changed, true, err
	case auditVeto:
		v, err := t.vetoOf(pair)
		if err != nil || v == nil || v.withdrawn || v.at != at {
			return nil, false, err
		}
		weak, err := t.must(pair.Weak)
		if err != nil {
			return nil, false, err
		}
		strong, err := t.must(pair.Strong)
		if err != nil {
			return nil, false, err
		}
		changed, err = t.veto(weak, strong, d)
		return changed, true, err
	}
	return nil, false, nil
}
