package profile

import (
	"fmt"
	"slices"
)

// consents reads context.consent. A category of categoryPreferences is true, false, or an
// extension: an object of status, policy, expires and method. An empty
// categoryPreferences denies all purposes, as the Segment spec has it.
func (p *eventParser) consents(context object) {
	const field = "context.consent.categoryPreferences"
	consent := p.object("context.consent", context.get("consent"))
	raw := consent.get("categoryPreferences")
	if absent(raw) {
		return
	}
	list := p.object(field, raw)
	if len(list) == 0 && p.err == nil {
		p.e.Consent = []Consent{{Purpose: AllPurposes}}
		return
	}
	for _, m := range list {
		c := p.consent(field+"."+m.name, m)
		// Of a repeated name the last counts.
		p.e.Consent = slices.DeleteFunc(p.e.Consent, func(o Consent) bool { return o.Purpose == c.Purpose })
		if p.e.Consent = append(p.e.Consent, c); len(p.e.Consent) > maxConsents {
			p.fail(&FieldError{Field: field, Reason: ReasonTooLong, Detail: fmt.Sprintf("more than %d purposes", maxConsents)})
			return
		}
	}
}

// consent reads what is said of one purpose.
func (p *eventParser) consent(field string, m member) Consent {
	c := Consent{Purpose: m.name}
	switch m.raw[0] {
	case 't':
		c.Status = ConsentGranted
	case 'f':
	case '{':
		o := members(m.raw)
		status := p.text(field+".status", o.get("status"))
		var ok bool
		if c.Status, ok = ParseConsentStatus(status); !ok {
			p.fail(&FieldError{Field: clip(field + ".status"), Reason: ReasonUnknownStatus, Detail: fmt.Sprintf("got %.40q", status)})
		}
		c.Policy = p.text(field+".policy", o.get("policy"))
		c.Method = p.text(field+".method", o.get("method"))
		c.Expires = p.timeOf(field+".expires", o.get("expires"))
	default:
		p.fail(&FieldError{Field: clip(field), Reason: ReasonUnknownStatus, Detail: "want true, false or an object"})
	}
	return c
}

// consents writes what the event says of purposes, ascending, in the form that the parser
// reads.
func (w *jsonWriter) consents(list []Consent) {
	if len(list) == 0 {
		return
	}
	w.name("context")
	w.open()
	w.name("consent")
	w.open()
	w.name("categoryPreferences")
	w.open()
	for _, c := range slices.SortedFunc(slices.Values(list), byPurpose) {
		w.consent(c)
	}
	w.close()
	w.close()
	w.close()
}

func (w *jsonWriter) consent(c Consent) {
	switch {
	case c == Consent{Purpose: c.Purpose, Status: ConsentGranted}:
		w.field(c.Purpose, Bool(true))
	case c == Consent{Purpose: c.Purpose}:
		w.field(c.Purpose, Bool(false))
	default:
		w.name(c.Purpose)
		w.open()
		w.field("status", String(c.Status.String()))
		w.optional("policy", c.Policy)
		w.optional("method", c.Method)
		w.time("expires", c.Expires)
		w.close()
	}
}
