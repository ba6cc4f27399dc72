package profile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits bound what one event may hold. The zero value of each field, and any
// below zero, is its default.
type Limits struct {
	// MaxEventBytes bounds the whole event: the bytes of all its names and
	// texts, and 9 for every other value. Default 64 KiB.
	MaxEventBytes int
	// MaxProperties bounds properties and traits together. Default 500.
	MaxProperties int
	// MaxStringBytes bounds each text and name. Default 32 KiB.
	MaxStringBytes int
	// MaxIdentifiers bounds the identifiers, repeated ones counted. Default
	// 1,000, which it cannot exceed.
	MaxIdentifiers int
	// MaxFuture is how far ahead of the host's clock an event may be. Default
	// 24 hours.
	MaxFuture time.Duration
}

const maxIdentifiers = 1000

// orDefault returns the limits with every default in its place.
func (l Limits) orDefault() Limits {
	return Limits{
		MaxEventBytes:  cmp.Or(max(l.MaxEventBytes, 0), 64<<10),
		MaxProperties:  cmp.Or(max(l.MaxProperties, 0), 500),
		MaxStringBytes: cmp.Or(max(l.MaxStringBytes, 0), 32<<10),
		MaxIdentifiers: min(cmp.Or(max(l.MaxIdentifiers, 0), maxIdentifiers), maxIdentifiers),
		MaxFuture:      cmp.Or(max(l.MaxFuture, 0), 24*time.Hour),
	}
}

// earliest is the first moment that an event may have.
var earliest = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// Validate returns nil, or a *FieldError for what is wrong with the event: of
// several faults always the same one. now is the host's clock. An event may
// lack a time, a message ID and a source; it may not lack an identifier with a
// namespace and a value, nor a Track its name. Times lie between 1900 and now
// plus MaxFuture; Original, which a clock that was wrong wrote, between 1900 and
// 9999. Texts are UTF-8; identifiers, source and message ID hold no
// NUL. Numbers are finite, points lie on the globe, lists hold at most 1,000
// elements and lie at most 4 deep.
func (e *Event) Validate(l Limits, now time.Time) error {
	v := validator{Limits: l.orDefault()}
	v.left = v.MaxEventBytes
	if err := v.event(e, now); err != nil {
		return err
	}
	return nil
}

// validator checks one event.
type validator struct {
	Limits
	left int // bytes until the event is too large
}

func (v *validator) event(e *Event, now time.Time) *FieldError {
	switch {
	case int(e.Type) >= len(typeNames):
		return &FieldError{Field: "type", Reason: ReasonUnknownType, Detail: "got " + e.Type.String()}
	case e.Type == Track && e.Name == "":
		return &FieldError{Field: "event", Reason: ReasonMissingName}
	case len(e.Properties)+len(e.Traits) > v.MaxProperties:
		field := "properties"
		if len(e.Traits) > len(e.Properties) {
			field = "traits"
		}
		return &FieldError{Field: field, Reason: ReasonTooManyProperties, Detail: fmt.Sprintf("%d with traits, at most %d", len(e.Properties)+len(e.Traits), v.MaxProperties)}
	}
	name := "name"
	if e.Type == Track {
		name = "event"
	}
	err := firstError(
		v.text(name, e.Name),
		v.token("messageId", e.MessageID),
		v.token("source", e.Source),
		v.identifiers(e.Identifiers),
		v.time("timestamp", e.Time, now),
		v.original(e.Original),
		v.time("receivedAt", e.Received, now),
	)
	if err == nil {
		err = v.fields("properties", e.Properties)
	}
	if err == nil {
		err = v.fields("traits", e.Traits)
	}
	if err == nil {
		err = v.consents(e.Consent)
	}
	if err == nil && v.left < 0 {
		err = &FieldError{Reason: ReasonTooLarge, Detail: fmt.Sprintf("%d bytes, at most %d", v.MaxEventBytes-v.left, v.MaxEventBytes)}
	}
	return err
}

// firstError returns the first that is one.
func firstError(errs ...*FieldError) *FieldError {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// text checks one text and counts it.
func (v *validator) text(field, s string) *FieldError {
	v.left -= len(s)
	switch {
	case len(s) > v.MaxStringBytes:
		return &FieldError{Field: field, Reason: ReasonTooLong, Detail: fmt.Sprintf("%d bytes, at most %d", len(s), v.MaxStringBytes)}
	case !utf8.ValidString(s):
		return &FieldError{Field: field, Reason: ReasonInvalidUTF8}
	}
	return nil
}

// token checks a text that is hashed with a zero byte after it.
func (v *validator) token(field, s string) *FieldError {
	if err := v.text(field, s); err != nil {
		return err
	}
	if strings.IndexByte(s, 0) >= 0 {
		return &FieldError{Field: field, Reason: ReasonInvalidCharacter, Detail: "NUL"}
	}
	return nil
}

func (v *validator) identifiers(ids []Identifier) *FieldError {
	if len(ids) > v.MaxIdentifiers {
		return &FieldError{Field: "identifiers", Reason: ReasonTooManyIDs, Detail: fmt.Sprintf("%d, at most %d", len(ids), v.MaxIdentifiers)}
	}
	found := false
	for i, id := range ids {
		found = found || id.Namespace != "" && id.Value != ""
		err := v.token("namespace", id.Namespace)
		if err == nil {
			err = v.token("value", id.Value)
		}
		if err != nil {
			return err.under("identifiers[" + strconv.Itoa(i) + "]")
		}
	}
	if !found {
		return &FieldError{Field: "identifiers", Reason: ReasonNoIdentifier}
	}
	return nil
}

// time checks a time that is there.
func (v *validator) time(field string, t, now time.Time) *FieldError {
	v.left -= 9
	switch {
	case t.IsZero():
		return nil
	case t.Before(earliest):
		return &FieldError{Field: field, Reason: ReasonTimeOutOfRange, Detail: "before 1900"}
	case t.After(now.Add(v.MaxFuture)):
		return &FieldError{Field: field, Reason: ReasonTimeInFuture, Detail: "more than " + v.MaxFuture.String() + " ahead"}
	}
	return nil
}

// original checks the time by the sender's own clock, which may be ahead of the
// host's by years: Time is then what it was corrected to.
func (v *validator) original(t time.Time) *FieldError {
	v.left -= 9
	switch {
	case t.IsZero():
		return nil
	case t.Before(earliest) || t.UTC().Year() > 9999:
		return &FieldError{Field: "originalTimestamp", Reason: ReasonTimeOutOfRange, Detail: "outside the years 1900 to 9999"}
	}
	return nil
}

// fields checks properties or traits in the order of their names.
func (v *validator) fields(field string, fields map[string]Value) *FieldError {
	for name, value := range fields {
		if v.quick(name, value) {
			continue
		}
		return v.slow(field, fields)
	}
	return nil
}

// quick checks and counts a field; it says no where slow has to find the words.
func (v *validator) quick(name string, value Value) bool {
	return v.text("", name) == nil && value.check(0) == nil && v.value(value) == nil
}

// slow finds the first fault in the order of the names.
func (v *validator) slow(field string, fields map[string]Value) *FieldError {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := v.text("", name); err != nil {
			err.Detail = strings.TrimSuffix("in the name of one; "+err.Detail, "; ")
			return err.under(field)
		}
		if f := fields[name].check(0); f != nil {
			return f.at(field + "." + name)
		}
		if err := v.value(fields[name]); err != nil {
			return err.under(name).under(field)
		}
	}
	return nil
}

// value checks the texts in a value, whose depth is bounded, and counts it.
func (v *validator) value(value Value) *FieldError {
	if value.kind == KindString {
		return v.text("", value.str)
	}
	v.left -= 9
	for i, e := range value.list {
		if err := v.value(e); err != nil {
			return err.under("[" + strconv.Itoa(i) + "]")
		}
	}
	return nil
}
