package portrait

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
)

// Withdraw takes back all that was decided in one commit, such as a Split or a
// Detach, in one commit of its own: links and unlinks are withdrawn and vetoes
// lifted. What was decided about a pair again since then stays. Decision.Withdraw
// need not be set. A commit without decisions is ErrNotFound; View.Decisions lists
// them.
func (db *DB) Withdraw(ctx context.Context, epoch uint64, d Decision) (Effect, error) {
	d.Withdraw = true
	return db.decide(ctx, d, func(t *txn, d *decided) error {
		found := false
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
			found = true
			more, err := t.takeBack(&was, pair, d)
			if err != nil {
				return err
			}
			changed = append(changed, more...)
		}
		if !found {
			return fmt.Errorf("%w: commit %d holds no decision", ErrNotFound, epoch)
		}
		return t.regroup(changed, &d.cause)
	})
}

// takeBack withdraws one decision, if it still holds.
func (t *txn) takeBack(was *Decided, pair identity.Pair, d *decided) ([]identity.Pair, error) {
	at := was.stamp()
	switch was.What {
	case identity.Link.String(), identity.Unlink.String():
		e, err := t.edge(pair)
		if err != nil || e.Decided != at || e.Decision.String() != was.What {
			return nil, err
		}
		return t.decideEdge(pair, identity.Withdraw, d)
	case auditVeto:
		v, err := t.vetoOf(pair)
		if err != nil || v == nil || v.withdrawn || v.at != at {
			return nil, err
		}
		weak, err := t.must(pair.Weak)
		if err != nil {
			return nil, err
		}
		strong, err := t.must(pair.Strong)
		if err != nil {
			return nil, err
		}
		return t.veto(weak, strong, d)
	}
	return nil, nil
}
