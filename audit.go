package portrait

import (
	"context"
	"fmt"
	"iter"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
)

// Decided is one record of the decisions about identifiers: what was decided
// about which pair. A Split or Detach has a record for each pair that it
// resolved to.
type Decided struct {
	// Epoch is the commit that wrote it.
	Epoch uint64
	// What is "link", "unlink", "withdraw" (of either), "veto" or "lift" (of a
	// veto).
	What string
	// A and B are the pair, the weaker first.
	A, B profile.Identifier
	Decision
}

// What an audit record says of a veto. Of an edge it has the name of an
// identity.Decision.
const (
	auditVeto = "veto"
	auditLift = "lift"
)

// audit writes one record of a decision, whether or not it holds against others.
func (t *txn) audit(what string, pair identity.Pair, d *decided) {
	t.key = keys.AppendAudit(t.key[:0], t.meta.epoch+1, t.audits)
	t.audits++
	t.subject(what, pair)
	t.scratch = appendDecided(t.scratch[:0], what, pair, &d.Decision)
	t.batch.Set(t.key, t.scratch)
}

// subject notes for the audit log whom a transaction says something about.
func (t *txn) subject(what string, pair identity.Pair) {
	if t.decided == nil {
		t.decided = map[string][]identity.Token{}
	}
	t.decided[what] = append(t.decided[what], pair.Weak, pair.Strong)
}

func appendDecided(dst []byte, what string, pair identity.Pair, d *Decision) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 7)
	dst = pack.AppendString(dst, what)
	dst = pack.AppendBin(dst, pair.Weak[:])
	dst = pack.AppendBin(dst, pair.Strong[:])
	dst = pack.AppendInt(dst, int64(profile.InstantOf(d.At)))
	for _, s := range [...]string{d.ID, d.By, d.Reason} {
		dst = pack.AppendString(dst, s)
	}
	return dst
}

func decodeDecided(key, data []byte) (d Decided, pair identity.Pair, err error) {
	epoch, ok := keys.ReadLog(key)
	if !ok {
		return d, pair, fmt.Errorf("%w: audit key of %d bytes", ErrCorrupt, len(key))
	}
	r := openRecord(data)
	r.Fields("audit", 7)
	d.Epoch, d.What = epoch, r.String()
	pair.Weak, pair.Strong = readToken(&r, r.Bin()), readToken(&r, r.Bin())
	d.At = profile.Instant(r.Int()).Time()
	d.ID, d.By, d.Reason = r.String(), r.String(), r.String()
	d.Withdraw = d.What == identity.Withdraw.String() || d.What == auditLift
	return d, pair, closeRecord("audit", &r)
}

// Decisions yields the decisions about identifiers, oldest commit first, from an
// epoch on, that one included. Decisions that another one outranks are in it too. An
// error comes at most once, last.
func (v *View) Decisions(ctx context.Context, since uint64) iter.Seq2[Decided, error] {
	return records(ctx, v, keys.AppendAudit(nil, since, 0), keys.Audit, func(key, data []byte) (Decided, error) {
		d, pair, err := decodeDecided(key, data)
		if err == nil {
			d.A, d.B, err = v.epoch.ends(pair)
		}
		return d, err
	})
}

// ends returns the identifiers of a pair; one that is gone is zero.
func (e *epoch) ends(pair identity.Pair) (weak, strong profile.Identifier, err error) {
	for _, end := range [...]struct {
		token identity.Token
		into  *profile.Identifier
	}{{pair.Weak, &weak}, {pair.Strong, &strong}} {
		n, err := e.node(end.token)
		if err != nil {
			return weak, strong, err
		}
		if n != nil {
			*end.into = n.id
		}
	}
	return weak, strong, nil
}
