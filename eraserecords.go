package portrait

import (
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// unrecord removes the records of decisions about them, and their names from those of
// refusals.
func (e *eraser) unrecord() error {
	t := e.t
	snap := t.db.current.Load().snap
	isGone := func(tokens ...[]byte) bool {
		return slices.ContainsFunc(tokens, func(b []byte) bool {
			return len(b) == keys.TokenLen && e.gone[identity.Token(b)] != nil
		})
	}
	for kv, err := range snap.Scan([]byte{keys.Audit}, keys.End([]byte{keys.Audit})) {
		if err != nil {
			return err
		}
		_, pair, err := decodeDecided(kv.Key, kv.Value)
		if err != nil {
			return err
		}
		if isGone(pair.Weak[:], pair.Strong[:]) {
			t.batch.Delete(kv.Key)
			e.report.Decisions++
		}
	}
	for kv, err := range snap.Scan([]byte{keys.Refusal}, keys.End([]byte{keys.Refusal})) {
		if err != nil {
			return err
		}
		rec, err := decodeRefusal(kv.Key, kv.Value)
		if err != nil {
			return err
		}
		// Records are numbered without gaps: what happened stays, without whom.
		if !rec.forget(e) {
			continue
		}
		t.scratch = rec.append(t.scratch[:0])
		t.batch.Set(kv.Key, t.scratch)
		e.report.Refusals++
	}
	return nil
}

// forget takes out what a record says of those who go, if it does.
func (rec *refusalRecord) forget(e *eraser) (changed bool) {
	for _, text := range []*string{&rec.Source, &rec.MessageID} {
		if *text != "" && e.t.cat.rules.Spells(profile.String(*text), e.isGone) {
			*text, changed = "", true
		}
	}
	isGone := func(token []byte) bool { return len(token) == keys.TokenLen && e.gone[identity.Token(token)] != nil }
	ends, theirs := isGone(rec.a) || isGone(rec.b), isGone(rec.of[:])
	if !ends && !theirs {
		return changed
	}
	none := make([]byte, keys.TokenLen)
	if ends || len(rec.b) == 0 { // else it is of others, whom their event brought to light
		rec.a = none
	}
	if ends && len(rec.b) > 0 {
		rec.b = none
	}
	rec.Detail, rec.Source, rec.MessageID, rec.of = "", "", "", identity.Token{}
	return true
}
