package profile

import "time"

// Type is the kind of call that an event came from, as in the Segment spec.
type Type uint8

// The types of event. The zero value is Track.
const (
	Track Type = iota
	Identify
	Page
	Screen
	Group
	Alias
)

// Event is one thing that happened to one person, as the host hands it in. The
// shape follows the Segment spec.
type Event struct {
	// Type says what kind of call this is. The zero value is Track.
	Type Type
	// Source names where the event came from, such as "web" or "pos". May be empty.
	Source string
	// MessageID makes the event idempotent together with Source and the day of
	// Time. Empty means the hash of the event's content.
	MessageID string
	// Name is the event's name: required for Track, optional for Page and Screen.
	Name string
	// Identifiers are the names that the person goes by in this event. At least
	// one valid one is required.
	Identifiers []Identifier
	// Time is when it happened by the sender's clock. Zero means Received.
	Time time.Time
	// Received is when the host took it in. Zero means the store's clock. It
	// serves as Time where that is missing and never enters a state otherwise.
	Received time.Time
	// Properties describe what happened (Track, Page, Screen).
	Properties map[string]Value
	// Traits are told attributes of the person (Identify). A null value unsets.
	Traits map[string]Value
}
