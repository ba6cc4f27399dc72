package portrait

import (
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
)

// suppression is one identifier that is not taken in: of an erased person, or by
// itself. It is known by its keyed token alone.
type suppression struct {
	at profile.Instant // since when
	// lifted is from when on events are taken in again: later ones. Never: none is.
	lifted profile.Instant
	// unpurged says that files of the store may still hold what was erased.
	unpurged bool
	// nameless says that the numbers of whom it named were left, in a profile without a name.
	nameless bool
	// erasedIn is the commit that erased whom it named; not stored, and 0 where it was before
	// Open. Several may be of one instant.
	erasedIn uint64
}

// bars reports whether an event of that time may not name the identifier.
func (s suppression) bars(at profile.Instant) bool { return at <= s.lifted }

func (s suppression) append(dst []byte) []byte {
	dst = pack.AppendArray(append(dst, recordVersion), 4)
	dst = pack.AppendInt(pack.AppendInt(dst, int64(s.at)), int64(s.lifted))
	return pack.AppendBool(pack.AppendBool(dst, s.unpurged), s.nameless)
}

func decodeSuppression(data []byte) (s suppression, err error) {
	r := openRecord(data)
	r.Fields("suppression", 4)
	s.at, s.lifted = profile.Instant(r.Int()), profile.Instant(r.Int())
	s.unpurged, s.nameless = r.Bool(), r.Bool()
	return s, closeRecord("suppression", &r)
}

// loadSuppressed reads which identifiers are suppressed.
func (db *DB) loadSuppressed() (err error) {
	db.suppressed, err = loadByToken(db, keys.Suppression, decodeSuppression)
	return err
}

// suppress writes what is so of an identifier from this commit on.
func (t *txn) suppress(token identity.Token, s suppression) {
	t.key = keys.AppendSuppression(t.key[:0], token)
	t.scratch = s.append(t.scratch[:0])
	t.batch.Set(t.key, t.scratch)
	if t.suppressed == nil {
		t.suppressed = map[identity.Token]suppression{}
	}
	t.suppressed[token] = s
}

// suppression returns what is so of an identifier.
func (t *txn) suppression(token identity.Token) (suppression, bool) {
	if s, ok := t.suppressed[token]; ok {
		return s, true
	}
	s, ok := t.db.suppressed[token]
	return s, ok
}

// barred reports whether an identifier may not be named by something of that time.
func (t *txn) barred(token identity.Token, at profile.Instant) bool {
	s, ok := t.suppression(token)
	return ok && s.bars(at)
}

// allowed returns an error for an identifier that a decision may not name.
func (t *txn) allowed(token identity.Token, id profile.Identifier) error {
	if s, ok := t.suppression(token); ok && s.lifted == profile.Never {
		return &identity.DropError{Namespace: id.Namespace, Reason: identity.Suppressed}
	}
	return nil
}

// admit takes the suppressed identifiers out of an event, and says whether the event
// counts at all: it does not where its strongest is suppressed.
func (t *txn) admit(r *request, p *prepared) (*prepared, error) {
	if len(t.db.suppressed)+len(t.suppressed) == 0 {
		return p, nil
	}
	at := p.stamp.At
	gone := t.barredIn(&r.events[p.index], p)
	if len(gone) == 0 {
		return p, nil
	}
	if t.barred(p.ids[0].token, at) {
		return nil, &profile.FieldError{
			Field: "identifiers", Reason: profile.ReasonSuppressed,
			Detail: fmt.Sprintf("the strongest, of %s, is of somebody who was erased, or is suppressed", p.ids[0].id.Namespace),
		}
	}
	e := t.cat.rules.Strip(&r.events[p.index], func(id profile.Identifier) bool {
		return t.barred(t.db.tokens.Token(id), at)
	})
	// What it says of itself stays: a second delivery is recognised by it.
	stripped, err := t.db.prepareEvent(t.cat, e, t.db.opts.Clock())
	if err != nil {
		return nil, err
	}
	for _, id := range gone {
		stripped.dropped = append(stripped.dropped, drop{
			err: &identity.DropError{Namespace: id.id.Namespace, Reason: identity.Suppressed}, token: id.token,
		})
	}
	if e.MessageID == "" {
		stripped.keep = 0 // as in stripEvent: others may be left with the same content
	}
	stripped.index, stripped.dedup = p.index, p.dedup
	return &stripped, nil
}

// barredIn returns the identifiers of an event that it may not name, those beyond the most
// that count too: they would be kept with it.
func (t *txn) barredIn(e *profile.Event, p *prepared) []namedToken {
	all := p.ids
	for _, d := range p.dropped {
		if d.err.Reason != identity.TooMany {
			continue
		}
		if id, err := t.cat.rules.Clean(identifiersOf(t.cat, e)[d.err.Position]); err == nil {
			all = append(slices.Clip(all), namedToken{token: t.db.tokens.Token(id), id: id})
		}
	}
	var gone []namedToken
	for _, id := range all {
		if t.barred(id.token, p.stamp.At) {
			gone = append(gone, id)
		}
	}
	return gone
}
