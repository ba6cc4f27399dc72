package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/pack"
)

// consentFields is how many fields the stored form of a consent has.
const consentFields = 5

// AppendConsents appends the stored form of the consents of an event: an array of
// [purpose, status, policy, expires, method], ascending by purpose, where expires is
// microseconds since 1970, or nil. The same consents in whatever order give the same bytes.
func AppendConsents(dst []byte, list []Consent) []byte {
	if !slices.IsSortedFunc(list, byPurpose) {
		list = slices.SortedFunc(slices.Values(list), byPurpose)
	}
	dst = pack.AppendArray(dst, len(list))
	for _, c := range list {
		dst = pack.AppendString(pack.AppendArray(dst, consentFields), c.Purpose)
		dst = pack.AppendUint(dst, uint64(c.Status))
		dst = appendWhen(pack.AppendString(dst, c.Policy), c.Expires)
		dst = pack.AppendString(dst, c.Method)
	}
	return dst
}

func byPurpose(a, b Consent) int { return strings.Compare(a.Purpose, b.Purpose) }

// DecodeConsents reads what AppendConsents wrote from the front of data and returns what
// follows it. Bytes in any other form are an error. It shares no memory with data.
func DecodeConsents(data []byte) (list []Consent, rest []byte, err error) {
	r := reader{pack.NewReader(data)}
	n := r.Array(1 + consentFields)
	if n > maxConsents {
		r.Fail(fmt.Errorf("%d purposes, at most %d", n, maxConsents))
	}
	for i := range n {
		if r.Err() != nil {
			break
		}
		c := r.consent()
		if i > 0 && list[i-1].Purpose >= c.Purpose {
			r.Fail(errors.New("purposes are not ascending"))
		}
		list = append(list, c)
	}
	if err := r.Err(); err != nil {
		return nil, data, fmt.Errorf("consent: %w", err)
	}
	return list, r.Rest(), nil
}

func (r *reader) consent() (c Consent) {
	r.Fields("consent", consentFields)
	c.Purpose = r.String()
	status := r.Uint()
	if status > uint64(ConsentGranted) {
		r.Fail(fmt.Errorf("unknown status %d", status))
	}
	c.Status = ConsentStatus(status)
	c.Policy = r.String()
	if r.Next() == pack.TypeNil {
		r.Nil()
	} else {
		c.Expires = Instant(r.Int()).Time()
		if c.Expires.IsZero() {
			r.Fail(errors.New("an end that is none"))
		}
	}
	c.Method = r.String()
	if f := c.check(); f != nil {
		r.Fail(errors.New(f.reason))
	}
	return c
}

// check returns what is wrong with a consent by itself.
func (c *Consent) check() *fault {
	switch {
	case reserved(c.Purpose):
		return &fault{ReasonUnknownPurpose, fmt.Sprintf("%q is no name of a purpose", c.Purpose)}
	case c.Status > ConsentGranted:
		return &fault{ReasonUnknownStatus, "got " + c.Status.String()}
	case c.Purpose == AllPurposes && c.Status == ConsentGranted:
		return &fault{ReasonUnknownPurpose, "all purposes cannot be granted at once"}
	case !c.Expires.IsZero() && (c.Expires.Before(earliest) || c.Expires.UTC().Year() > 9999):
		return &fault{ReasonTimeOutOfRange, "expires outside the years 1900 to 9999"}
	}
	for _, text := range [...]string{c.Purpose, c.Policy, c.Method} {
		if len(text) > maxConsentText {
			return &fault{ReasonTooLong, fmt.Sprintf("a text of %d bytes, at most %d", len(text), maxConsentText)}
		}
	}
	return nil
}

// consents checks what an event says of purposes.
func (v *validator) consents(list []Consent) *FieldError {
	if len(list) > maxConsents {
		return &FieldError{Field: "consent", Reason: ReasonTooLong, Detail: fmt.Sprintf("%d purposes, at most %d", len(list), maxConsents)}
	}
	for i := range list {
		c := &list[i]
		field := "consent." + c.Purpose
		if f := c.check(); f != nil {
			return f.at(field)
		}
		if slices.ContainsFunc(list[:i], func(o Consent) bool { return o.Purpose == c.Purpose }) {
			return &FieldError{Field: clip(field), Reason: ReasonRepeatedPurpose}
		}
		v.left -= 18
		if err := firstError(v.text("purpose", c.Purpose), v.text("policy", c.Policy), v.text("method", c.Method)); err != nil {
			return err.under(field)
		}
	}
	return nil
}
