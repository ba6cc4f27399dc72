package profile

import (
	"strings"
	"unicode/utf8"
)

// FieldError says which field of an event was refused and why. Every error that
// is about the content of an event is a *FieldError.
type FieldError struct {
	// Field is the path of the field as the event's JSON form writes it, such as
	// "traits.age" or "identifiers[2]". It is empty where the whole event is meant.
	Field string
	// Reason is one of the Reason constants: stable, for counting and branching.
	Reason string
	// Detail says more for a person to read. It may be empty and may change
	// between releases.
	Detail string
}

// The reasons for which an event is refused.
const (
	ReasonUnknownType       = "unknown_type"        // the type is none of the Segment spec
	ReasonMissingName       = "missing_name"        // a Track event without a name
	ReasonNoIdentifier      = "no_identifier"       // nothing says whose event it is
	ReasonTooManyIDs        = "too_many_ids"        // more identifiers than the limit
	ReasonTimeOutOfRange    = "time_out_of_range"   // before 1900, or no date at all
	ReasonTimeInFuture      = "time_in_future"      // further ahead than the limit
	ReasonNotATime          = "not_a_time"          // text that is no RFC 3339 time
	ReasonNotFinite         = "not_finite"          // NaN or an infinity
	ReasonNotANumber        = "not_a_number"        // a declared numeric property or a sum of another kind
	ReasonNotAScalar        = "not_a_scalar"        // a declared unique property that is a list or a set
	ReasonOutOfRange        = "out_of_range"        // beyond 1e18 in a sum, or a point off the globe
	ReasonTraitType         = "trait_type"          // a trait of another kind than declared
	ReasonTooLong           = "too_long"            // a text or a list beyond the limit
	ReasonTooDeep           = "too_deep"            // lists or objects nested beyond the limit
	ReasonTooLarge          = "too_large"           // the whole event beyond the limit
	ReasonTooManyProperties = "too_many_properties" // more properties and traits than the limit
	ReasonInvalidUTF8       = "invalid_utf8"        // text that is not UTF-8
	ReasonInvalidCharacter  = "invalid_character"   // a NUL in an identifier, source or message ID
	ReasonInvalidJSON       = "invalid_json"        // not one JSON value
	ReasonNotAnObject       = "not_an_object"       // JSON of another type where an object belongs
	ReasonNotAList          = "not_a_list"          // JSON of another type where an array belongs
	ReasonNotText           = "not_text"            // JSON of another type where text belongs
	ReasonUnknownPurpose    = "unknown_purpose"     // what a consent is of can be no purpose
	ReasonUnknownStatus     = "unknown_status"      // a consent that is neither denied, withdrawn nor granted
	ReasonRepeatedPurpose   = "repeated_purpose"    // two consents of one purpose in one event

	// ReasonReused refuses an event whose source, message ID and day were taken in
	// before with other content: the first wins. Only a store gives it.
	ReasonReused = "message_id_reused"
	// ReasonBlocked refuses an event none of whose identifiers may name a person. Only a
	// store gives it.
	ReasonBlocked = "blocked_identifier"
	// ReasonSuppressed refuses an event whose strongest identifier is of somebody who was
	// erased, or is kept out by Privacy.Suppress. Only a store gives it.
	ReasonSuppressed = "suppressed"
	// ReasonInvalid refuses an event for something that is not a fault of one field.
	ReasonInvalid = "invalid"
	// ReasonUnknownTag refuses an event that tells of a tag which the model does not
	// declare as told. Only a store gives it.
	ReasonUnknownTag = "unknown_tag"
	// ReasonNotAChoice refuses an event that tells a value of a tag which is none of its
	// choices. Only a store gives it.
	ReasonNotAChoice = "not_a_choice"
)

// Error returns the field, the reason in words and the detail, such as
// "traits.age: not a number: got string".
func (e *FieldError) Error() string {
	parts := make([]string, 0, 3)
	for _, p := range [...]string{e.Field, strings.ReplaceAll(e.Reason, "_", " "), e.Detail} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ": ")
}

// fault is what is wrong with a value whose place only the caller knows.
type fault struct{ reason, detail string }

// at places the fault.
func (f fault) at(field string) *FieldError {
	return &FieldError{Field: clip(field), Reason: f.reason, Detail: f.detail}
}

// under moves the error into the parent field: "b" under "a" is "a.b".
func (e *FieldError) under(parent string) *FieldError {
	parent = clip(parent)
	switch {
	case e.Field == "":
		e.Field = parent
	case e.Field[0] == '[':
		e.Field = parent + e.Field
	default:
		e.Field = parent + "." + e.Field
	}
	return e
}

// clip shortens a name from the outside that is too long for a message.
func clip(name string) string {
	const most = 200
	if len(name) <= most {
		return name
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + "…"
}
