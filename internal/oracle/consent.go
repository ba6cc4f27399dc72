package oracle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// heard is one consent as one event told it to one identifier.
type heard struct {
	profile.ConsentRecord
	stamp profile.Stamp
}

// consentsIn returns what events tell of purposes, of which the model declares some.
func consentsIn(events []profile.Event, declared []string) (all []heard) {
	for i := range events {
		e := &events[i]
		named := map[string]bool{}
		var told []profile.Consent
		for _, c := range e.Consent {
			named[c.Purpose] = true
			if c.Purpose != profile.AllPurposes {
				told = append(told, c)
			}
		}
		for _, c := range e.Consent {
			for _, purpose := range declared {
				if c.Purpose == profile.AllPurposes && !named[purpose] {
					c.Purpose = purpose
					told = append(told, c)
					c.Purpose = profile.AllPurposes
				}
			}
		}
		for _, c := range told {
			if !c.Expires.IsZero() {
				c.Expires = time.UnixMicro(c.Expires.UnixMicro()).UTC()
			}
			all = append(all, heard{profile.ConsentRecord{
				Consent: c, At: time.UnixMicro(int64(e.Stamp().At)).UTC(), Source: e.Source, MessageID: e.MessageID,
			}, e.Stamp()})
		}
	}
	return all
}

// holding makes a person of what one identifier heard.
func holding(all []heard) *Person {
	p := empty()
	latest := map[string]heard{}
	for _, h := range all {
		old, found := latest[h.Purpose]
		if c := old.stamp.Compare(h.stamp); !found || c < 0 || c == 0 && stricter(h.ConsentRecord, old.ConsentRecord) {
			latest[h.Purpose] = h
		}
	}
	if p.LostConsents = len(latest) > maxPurposes; !p.LostConsents {
		for purpose, h := range latest {
			p.Consents[purpose] = []profile.ConsentRecord{h.ConsentRecord}
		}
	}
	return p
}

// stricter settles which of two records of one moment counts.
func stricter(a, b profile.ConsentRecord) bool {
	return cmp.Or(
		cmp.Compare(b.Status, a.Status), strings.Compare(a.Policy, b.Policy), compareEnds(a.Expires, b.Expires), strings.Compare(a.Method, b.Method),
	) > 0
}

func compareEnds(a, b time.Time) int {
	if a.IsZero() || b.IsZero() {
		return cmp.Compare(one(!a.IsZero()), one(!b.IsZero()))
	}
	return a.Compare(b)
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// uniteConsents puts together what the identifiers of a person hold.
func (p *Person) uniteConsents(parts []*Person) {
	for _, part := range parts {
		p.LostConsents = p.LostConsents || part.LostConsents
		for purpose, records := range part.Consents {
			for _, r := range records {
				if !slices.ContainsFunc(p.Consents[purpose], func(o profile.ConsentRecord) bool { return sameRecord(r, o) }) {
					p.Consents[purpose] = append(p.Consents[purpose], r)
				}
			}
		}
	}
	for purpose := range p.Consents {
		if p.LostConsents && !strings.HasPrefix(purpose, "$") {
			delete(p.Consents, purpose)
		}
	}
}

func sameRecord(a, b profile.ConsentRecord) bool {
	return a.At.Equal(b.At) && a.Expires.Equal(b.Expires) && a.Status == b.Status && a.Policy == b.Policy && a.Method == b.Method &&
		a.Source == b.Source && a.MessageID == b.MessageID
}

// consents reports whether a person may be processed for a purpose at an instant.
func (w *world) consents(purpose string) bool {
	terms, ok := w.scope.Purpose(purpose)
	if !ok || w.objects(profile.Restricted) || terms.Automated && w.objects(profile.NoAutomation) {
		return false
	}
	now, granted := w.now.Time(), false
	for _, r := range w.person.Consents[purpose] {
		if r.Status != profile.ConsentGranted {
			return false
		}
		fits := terms.Policy == "" || profile.ComparePolicies(r.Policy, terms.Policy) >= 0
		fits = fits && (r.Expires.IsZero() || r.Expires.After(now))
		granted = granted || fits && (terms.MaxAge == 0 || r.At.Add(terms.MaxAge).After(now))
	}
	return granted
}

// objects reports whether an objection of the person stands.
func (w *world) objects(o profile.Objection) bool {
	return slices.ContainsFunc(w.person.Consents[string(o)], func(r profile.ConsentRecord) bool { return r.Status != profile.ConsentGranted })
}

// consents reads an attribute that is none, but what an identifier holds of a purpose; of
// a person who was combined it is the set of what all of them hold.
func (r *reading) consents(x any) (purpose string, held []profile.ConsentRecord, ok bool) {
	fields, _ := x.([]any)
	if len(fields) != 5 || r.err != nil || r.unsigned(fields[1]) != 7<<1|1 {
		return "", nil, false
	}
	purpose = r.text(fields[0])
	v := r.value(fields[2])
	if v.Kind() != profile.KindSet {
		return purpose, []profile.ConsentRecord{r.register(purpose, v.Elements())}, true
	}
	for _, one := range v.Elements() {
		held = append(held, r.register(purpose, one.Elements()))
	}
	return purpose, held, true
}

func (r *reading) register(purpose string, fields []profile.Value) (c profile.ConsentRecord) {
	if len(fields) != 7 {
		r.fail("a consent of %d fields", len(fields))
		return c
	}
	c.Consent = profile.Consent{Purpose: purpose, Policy: fields[4].Text(), Method: fields[6].Text()}
	switch fields[1].Number() {
	case 0:
		c.Status = profile.ConsentGranted
	case 1:
		c.Status = profile.ConsentWithdrawn
	}
	if fields[5].Kind() == profile.KindTime {
		c.Expires = fields[5].Instant().Time()
	}
	c.At, c.Source, c.MessageID = fields[0].Instant().Time(), fields[2].Text(), fields[3].Text()
	return c
}

// consentTexts writes records, in order.
func consentTexts(records []profile.ConsentRecord) []string {
	var texts []string
	for _, r := range records {
		texts = append(texts, fmt.Sprintf("%v at %d of %q %q, policy %q until %d by %q", r.Status, r.At.UnixMicro(), r.Source, r.MessageID, r.Policy, r.Expires.UnixMicro(), r.Method))
	}
	slices.Sort(texts)
	return texts
}
