package portrait

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// heardKey is who heard of consents, and from whom: the node at which the events lie that
// told of them.
type heardKey struct{ hearer, teller identity.Token }

// heardEntry is what was heard so, as a transaction has it.
type heardEntry struct {
	teller *node
	part   *profile.State
}

// hear folds what an event tells of purposes into an identifier that it names beside its
// strongest, so that a no stays with each of them whatever merges and splits come. A grant
// counts only where the event is sure to be of the same person: where it ties the two.
func (t *txn) hear(weak, strong *node, p *prepared) error {
	told := p.consents
	if told == nil {
		return nil
	}
	if p.auth < t.cat.rules.Auth(weak.id.Namespace, strong.id.Namespace) {
		if told = told.Refusals(); told == nil {
			return nil
		}
	}
	first := !hearsOfConsents(weak.state)
	if err := t.absorb(weak, told, slices.Collect(told.AttributeNames()), ""); err != nil {
		return err
	}
	return t.keepHeard(weak, strong, told, first)
}

// keepHeard puts on record from whose event a node heard of consents: its state holds the
// latest word alone, and once the teller is erased it holds what it heard from the others.
// first says that it had heard nothing, so that there is no record to be read.
func (t *txn) keepHeard(hearer, teller *node, told *profile.State, first bool) error {
	key := heardKey{hearer.token, teller.token}
	have := t.heard[key]
	if have == nil {
		have = &heardEntry{teller: teller, part: &profile.State{}}
		if !first {
			t.key = keys.AppendHeard(t.key[:0], hearer.token, teller.token)
			data, ok, err := t.get(t.key)
			if err == nil && ok {
				have.part, err = decodeHeard(data)
			}
			if err != nil {
				return err
			}
		}
		if t.heard == nil {
			t.heard = map[heardKey]*heardEntry{}
		}
		t.heard[key] = have
	}
	have.part.Absorb(told)
	return nil
}

// writeHeard puts what was heard into the batch, sealed as the events are that told it.
func (t *txn) writeHeard() {
	order := slices.SortedFunc(maps.Keys(t.heard), func(a, b heardKey) int {
		return cmp.Or(compareTokens(a.hearer, b.hearer), compareTokens(a.teller, b.teller))
	})
	for _, key := range order {
		e := t.heard[key]
		t.key = keys.AppendHeard(t.key[:0], key.hearer, key.teller)
		t.scratch = appendHeard(t.scratch[:0], e.part)
		t.batch.SetSealed(t.key, t.sealOf(e.teller), nil, t.scratch)
		t.key = keys.AppendTold(t.key[:0], key.teller, key.hearer)
		t.batch.Set(t.key, nil)
	}
}

// appendHeard appends the record of what was heard of consents.
func appendHeard(dst []byte, part *profile.State) []byte {
	return part.Append(append(dst, recordVersion))
}

func decodeHeard(data []byte) (*profile.State, error) {
	const what = "what was heard of consents"
	r := openRecord(data)
	if err := r.Err(); err != nil {
		return nil, corrupt(what, err)
	}
	s, err := profile.DecodeState(bytes.Clone(r.Rest()))
	if err != nil {
		return nil, corrupt(what, err)
	}
	rest := s.Clone()
	rest.ForgetConsents()
	if !bytes.Equal(rest.Append(nil), lostState) {
		return nil, fmt.Errorf("%w: %s: there is more", ErrCorrupt, what)
	}
	return s, nil
}

// heardBy runs over what a node heard, teller by teller. Words of a teller whose key was
// destroyed are not there any more.
func heardBy(snap *store.Snapshot, hearer identity.Token, each func(teller identity.Token, part *profile.State) error) error {
	prefix := keys.AppendFrom(nil, keys.Heard, hearer)
	for kv, err := range snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return err
		}
		teller, err := otherOf(kv.Key)
		if err != nil {
			return err
		}
		part, err := decodeHeard(kv.Value)
		if err != nil {
			return err
		}
		if err := each(teller, part); err != nil {
			return err
		}
	}
	return nil
}

// otherOf reads the second token of a key of two.
func otherOf(key []byte) (identity.Token, error) {
	_, other, ok := keys.Pair(key)
	if !ok {
		return other, fmt.Errorf("%w: key %x of %d bytes", ErrCorrupt, key[:1], len(key))
	}
	return other, nil
}

// gaveUpConsents reports whether a state has heard of more purposes than it holds.
func gaveUpConsents(s *profile.State) bool {
	return slices.Contains(s.Overflowed(), "purposes of consents")
}

// hearsOfConsents reports whether a state holds, or has given up, what was told of purposes.
func hearsOfConsents(s *profile.State) bool {
	for range s.Purposes() {
		return true
	}
	return gaveUpConsents(s)
}
