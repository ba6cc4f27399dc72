package profile

import (
	"slices"
	"strconv"
	"time"
)

// Type is the kind of call that an event came from, as in the Segment spec.
type Type uint8

// The types of event. The zero value is Track. Their numbers are part of the
// stored form.
const (
	Track Type = iota
	Identify
	Page
	Screen
	Group
	Alias
)

var typeNames = [...]string{"track", "identify", "page", "screen", "group", "alias"}

// String returns the type's name as the Segment spec writes it.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "type(" + strconv.Itoa(int(t)) + ")"
}

// ParseType returns the type of that name.
func ParseType(name string) (Type, bool) {
	i := slices.Index(typeNames[:], name)
	return Type(max(i, 0)), i >= 0
}

// Event is one thing that happened to one person, as the host hands it in. The
// shape follows the Segment spec.
type Event struct {
	// Type says what kind of call this is. The zero value is Track.
	Type Type
	// Source names where the event came from, such as "web" or "pos". May be empty.
	Source string
	// MessageID makes the event idempotent together with Source and the day of
	// OriginalTime. Empty means the hash of the event's content.
	MessageID string
	// Name is the event's name: required for Track, optional for Page and Screen.
	Name string
	// Identifiers are the names that the person goes by in this event. At least
	// one valid one is required.
	Identifiers []Identifier
	// Auth is how well the host knows that Identifiers are those of one person: the
	// level of authentication behind the event, on a scale of the host's own. Zero
	// means none. Where the model asks for a level, an event below it ties no
	// identifiers together. It never comes from JSON, which the sender writes.
	Auth uint8
	// Time is when it happened by the sender's clock. Zero means Received.
	Time time.Time
	// Original is the time as the sender first wrote it, where Time was corrected
	// since, for a clock that was wrong. Zero means Time. It tells a retry from
	// another event and never enters a state.
	Original time.Time
	// Received is when the host took it in. Zero means the store's clock. It
	// serves as Time where that is missing and never enters a state otherwise.
	Received time.Time
	// Properties describe what happened (Track, Page, Screen).
	Properties map[string]Value
	// Traits are told attributes of the person, usual in Identify but welcome in
	// every type. A null value unsets. The groups of a Group stand here under
	// GroupsTrait, while the traits of the group itself are Properties.
	Traits map[string]Value
	// Consent is what the person says of purposes, each named once. It may come with any
	// event, and holds for every identifier that the event names.
	Consent []Consent
}

// OriginalTime returns Original, or Time where that is zero: what stays the same
// when the event is sent again. It is zero when the sender gave no time.
func (e *Event) OriginalTime() time.Time {
	if e.Original.IsZero() {
		return e.Time
	}
	return e.Original
}
