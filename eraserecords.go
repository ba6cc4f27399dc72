package portrait

import (
	"bytes"
	"context"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// namingRecords are the records of decisions and of refusals that name some identifiers,
// found in one reading ahead of several commits that erase some of these each.
type namingRecords struct {
	of map[identity.Token][][]byte // their keys
	// rest are the keys from which on there may be more.
	rest [][]byte
}

// recordsNaming returns the records of decisions and of refusals that name identifiers.
func (db *DB) recordsNaming(ctx context.Context, is func(identity.Token) bool) (*namingRecords, error) {
	e := db.acquire()
	defer e.release()
	named := &namingRecords{
		of:   map[identity.Token][][]byte{},
		rest: [][]byte{keys.AppendAudit(nil, e.number+1, 0), keys.AppendRefusal(nil, e.meta.refusals)},
	}
	for _, space := range [...]byte{keys.Audit, keys.Refusal} {
		err := scanRecords(ctx, e.snap, []byte{space}, func(key, value []byte) error {
			tokens, err := db.tokensNamed(e.cat, key, value)
			if err != nil {
				return err
			}
			tokens = slices.DeleteFunc(tokens, func(t identity.Token) bool { return !is(t) })
			if len(tokens) == 0 {
				return nil
			}
			key = bytes.Clone(key)
			for _, t := range tokens {
				named.of[t] = append(named.of[t], key)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return named, nil
}

// tokensNamed is tokensIn of a record of a decision or of a refusal, with those that its
// texts may spell.
func (db *DB) tokensNamed(cat *catalog, key, value []byte) ([]identity.Token, error) {
	tokens, err := tokensIn(key, value)
	if err != nil || key[0] != keys.Refusal {
		return tokens, err
	}
	rec, err := decodeRefusal(key, value)
	if err != nil {
		return nil, err
	}
	for _, text := range [...]string{rec.Source, rec.MessageID} {
		if text != "" {
			cat.rules.Spells(profile.String(text), func(id profile.Identifier) bool {
				tokens = append(tokens, db.tokens.Token(id))
				return false
			})
		}
	}
	return tokens, nil
}

// scanRecords runs over the rest of a space of keys, from a key on.
func scanRecords(ctx context.Context, snap *store.Snapshot, from []byte, each func(key, value []byte) error) error {
	n := 0
	for kv, err := range snap.Scan(from, keys.End(from[:1])) {
		if n++; err == nil && n&1023 == 0 && ctx.Err() != nil {
			err = context.Cause(ctx)
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

// unrecord removes the records of decisions about them, and their names from those of
// refusals.
func (e *eraser) unrecord(ctx context.Context) error {
	if len(e.gone) == 0 {
		return nil
	}
	snap := e.t.db.current.Load().snap
	rest := [][]byte{{keys.Audit}, {keys.Refusal}}
	if e.named != nil {
		rest = e.named.rest
		for _, key := range e.named.keys(e.gone) {
			value, ok, err := snap.GetTo(nil, key)
			if err == nil && ok {
				err = e.unrecordOne(key, value)
			}
			if err != nil {
				return err
			}
		}
	}
	for _, from := range rest {
		if err := scanRecords(ctx, snap, from, e.unrecordOne); err != nil {
			return err
		}
	}
	return nil
}

// keys returns the keys of the records that name some nodes, sorted.
func (r *namingRecords) keys(gone map[identity.Token]*node) [][]byte {
	var all [][]byte
	for token := range gone {
		all = append(all, r.of[token]...)
	}
	slices.SortFunc(all, bytes.Compare)
	return slices.CompactFunc(all, bytes.Equal)
}

// unrecordOne takes those who go out of one record, if it names them.
func (e *eraser) unrecordOne(key, value []byte) error {
	t := e.t
	if key[0] == keys.Audit {
		_, pair, err := decodeDecided(key, value)
		if err == nil && (e.gone[pair.Weak] != nil || e.gone[pair.Strong] != nil) {
			t.batch.Delete(key)
			e.report.Decisions++
		}
		return err
	}
	rec, err := decodeRefusal(key, value)
	if err != nil {
		return err
	}
	// Records are numbered without gaps: what happened stays, without whom.
	if rec.forget(e) {
		t.scratch = rec.append(t.scratch[:0])
		t.batch.Set(key, t.scratch)
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
