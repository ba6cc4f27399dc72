package portrait

import (
	"fmt"
	"iter"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// veto is what was decided last about a pair on any path: a register like that
// of an edge's decision.
type veto struct {
	withdrawn bool
	at        profile.Stamp
}

func (v *veto) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 3)
	dst = pack.AppendBool(dst, v.withdrawn)
	return appendStamp(dst, v.at)
}

func decodeVeto(data []byte) (v veto, err error) {
	r := openRecord(data)
	r.Fields("veto", 3)
	v.withdrawn = r.Bool()
	v.at = readStamp(&r)
	return v, closeRecord("veto", &r)
}

// vetoOf reads what was last decided about a pair on any path; nil if nothing was.
func (t *txn) vetoOf(pair identity.Pair) (*veto, error) {
	t.key = keys.AppendVeto(t.key[:0], pair.Weak, pair.Strong)
	data, ok, err := t.get(t.key)
	if err != nil || !ok {
		return nil, err
	}
	v, err := decodeVeto(data)
	return &v, err
}

// veto folds a veto, or its withdrawal, in, and returns what has to be regrouped:
// the later one holds, and of two at the same time the veto.
func (t *txn) veto(x, y *node, d *decided) ([]identity.Pair, error) {
	pair := t.cat.rules.Pair(x.evidence(), y.evidence())
	kind := auditVeto
	if d.Withdraw {
		kind = auditLift
	}
	t.audit(kind, pair, d)
	before, err := t.vetoOf(pair)
	if err != nil {
		return nil, err
	}
	on := before != nil && !before.withdrawn
	if before != nil {
		if c := d.stamp.Compare(before.at); c < 0 || c == 0 && (on || d.Withdraw) {
			t.outranked = t.outranked || c != 0 || on == d.Withdraw
			return nil, nil
		}
	}
	if err := t.link(x, y); err != nil {
		return nil, err
	}
	now := veto{withdrawn: d.Withdraw, at: d.stamp}
	for _, ends := range [][2]*node{{x, y}, {y, x}} {
		t.key = keys.AppendVeto(t.key[:0], ends[0].token, ends[1].token)
		t.scratch = now.append(t.scratch[:0])
		t.batch.Set(t.key, t.scratch)
		if t.vetoes[ends[0].token] == nil {
			t.vetoes[ends[0].token] = map[identity.Token]bool{}
		}
		t.vetoes[ends[0].token][ends[1].token] = !d.Withdraw
	}
	if on == !d.Withdraw {
		return nil, nil
	}
	if d.Withdraw {
		for _, n := range [...]*node{x, y} {
			others, err := graph{t}.Vetoed(n.token)
			if err != nil {
				return nil, err
			}
			n.vetoed = len(others) > 0
		}
		return []identity.Pair{{Weak: x.token, Strong: x.token}, {Weak: y.token, Strong: y.token}}, nil
	}
	x.vetoed, y.vetoed = true, true
	return []identity.Pair{pair}, nil
}

// Vetoed implements identity.Graph.
func (g graph) Vetoed(token identity.Token) ([]identity.Token, error) {
	changed := g.t.vetoes[token]
	var others []identity.Token
	for other, err := range storedVetoes(g.t.db.current.Load().snap, token) {
		if err != nil {
			return nil, err
		}
		if _, ok := changed[other]; !ok {
			others = append(others, other)
		}
	}
	for other, on := range changed {
		if on {
			others = append(others, other)
		}
	}
	return others, nil
}

// storedVetoes reads which nodes a node may never share a profile with.
func storedVetoes(snap *store.Snapshot, token identity.Token) iter.Seq2[identity.Token, error] {
	return func(yield func(identity.Token, error) bool) {
		prefix := keys.AppendFrom(nil, keys.Veto, token)
		for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
			var v veto
			_, other, ok := keys.Pair(kv.Key)
			if err == nil && !ok {
				err = fmt.Errorf("%w: veto key of %d bytes", ErrCorrupt, len(kv.Key))
			}
			if err == nil {
				v, err = decodeVeto(kv.Value)
			}
			if err == nil && v.withdrawn {
				continue
			}
			if !yield(other, err) || err != nil {
				return
			}
		}
	}
}
