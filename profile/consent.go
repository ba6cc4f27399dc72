package profile

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Consent is what a person says of one purpose: it is told with an event, whose time and
// source are its own. docs/privacy.md tells how consents of several events and several
// identifiers come to one answer.
type Consent struct {
	// Purpose names what the data is used for, such as "marketing", or is AllPurposes.
	// Names that begin with "$" are reserved.
	Purpose string
	// Status is what the person said. The zero value is ConsentDenied.
	Status ConsentStatus
	// Policy is the version of the text that was agreed to, such as "2026-03". May be empty.
	Policy string
	// Expires is when a grant ends by itself. Zero means that it has no end of its own.
	Expires time.Time
	// Method says how it was obtained, such as "signup form": for people to read. May be
	// empty.
	Method string
}

// AllPurposes, as a Purpose, stands for every purpose that the model declares and the
// event does not name. It can be denied and withdrawn, not granted.
const AllPurposes = "*"

// ConsentStatus is what a person says of a purpose.
type ConsentStatus uint8

// The statuses. All but ConsentGranted are a no.
const (
	ConsentDenied    ConsentStatus = iota // asked, and refused
	ConsentWithdrawn                      // granted before, and taken back
	ConsentGranted
)

var consentNames = [...]string{"denied", "withdrawn", "granted"}

// String returns "denied", "withdrawn" or "granted".
func (s ConsentStatus) String() string {
	if int(s) < len(consentNames) {
		return consentNames[s]
	}
	return "status(" + strconv.Itoa(int(s)) + ")"
}

// ParseConsentStatus returns the status of that name.
func ParseConsentStatus(name string) (ConsentStatus, bool) {
	i := slices.Index(consentNames[:], name)
	return ConsentStatus(max(i, 0)), i >= 0
}

// The bounds of consents.
const (
	maxConsents    = 100 // of one event; and purposes that a State holds
	maxConsentText = 256 // bytes of a purpose, a policy or a method
)

// ConsentRecord is a consent with where it comes from: the latest that one identifier of
// a person holds for the purpose.
type ConsentRecord struct {
	Consent
	At                time.Time // of the event, UTC
	Source, MessageID string    // of the event
}

// Terms are what a purpose asks of a grant.
type Terms struct {
	// Policy is the least version of the text that counts; see ComparePolicies. Empty
	// means any, or none.
	Policy string
	// MaxAge is for how long a grant counts, from its event on. Zero has no bound.
	MaxAge time.Duration
}

// ComparePolicies orders versions of a text: piece by piece, runs of digits as numbers
// and all else as text, so that "v9" comes before "v10" and "2026-03" before "2026-11".
func ComparePolicies(a, b string) int {
	for a != "" && b != "" {
		x, y := policyPiece(a), policyPiece(b)
		a, b = a[len(x):], b[len(y):]
		if digit(x[0]) && digit(y[0]) {
			x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return len(a) - len(b)
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// policyPiece returns what a text begins with: its digits, or what is none.
func policyPiece(s string) string {
	n := 1
	for n < len(s) && digit(s[n]) == digit(s[0]) {
		n++
	}
	return s[:n]
}

// Consents returns what is held of a purpose, by the latest event of each identifier,
// ascending by time; identifiers that heard the same event hold one record. It is nil
// where nothing was said, or where the state has given up: see Overflowed.
func (s *State) Consents(purpose string) []ConsentRecord {
	var list []ConsentRecord
	for v := range s.registers(purpose) {
		list = append(list, recordOf(purpose, v))
	}
	return list
}

// Purposes yields the purposes that something is held of, ascending.
func (s *State) Purposes() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range s.attrs {
			if a := &s.attrs[i]; a.policy == consents && !reserved(a.name) && !yield(a.name) {
				return
			}
		}
	}
}

// Agrees reports whether a person consents to a purpose at an instant, and until when
// that is so if nothing happens. Missing is no. Across the identifiers of a person a no
// wins: where one holds a denial or a withdrawal, no grant that another holds counts.
func (s *State) Agrees(purpose string, t Terms, now Instant) (ok bool, until Instant) {
	end := minInstant
	for v := range s.registers(purpose) {
		if statusOf(v) != ConsentGranted {
			return false, Never
		}
		end = max(end, t.ends(v))
	}
	if now >= end {
		return false, Never
	}
	return true, end
}

// ends returns when the grant of a register ends: never before it began where it does
// not meet the terms.
func (t Terms) ends(register Value) Instant {
	at, policy, expires := register.list[regAt].Instant(), register.list[regPolicy].str, register.list[regExpires]
	if t.Policy != "" && ComparePolicies(policy, t.Policy) < 0 {
		return minInstant
	}
	end := Never
	if !expires.IsNull() {
		end = expires.Instant()
	}
	if t.MaxAge > 0 {
		end = min(end, at+Instant(t.MaxAge.Microseconds()))
	}
	return end
}

// Objection is what a person has asked for that holds for all purposes.
type Objection string

// The objections.
const (
	// Restricted: the data is kept and not used.
	Restricted Objection = "$restricted"
	// NoAutomation: no decision is made about the person by machines alone.
	NoAutomation Objection = "$automated"
)

// Objects reports whether an objection stands at one of the person's identifiers.
func (s *State) Objects(o Objection) bool {
	for v := range s.registers(string(o)) {
		if statusOf(v) != ConsentGranted {
			return true
		}
	}
	return false
}

// Objected returns the state of one word on an objection: that it stands, or that it
// does not any more. It comes after all that before holds of it. reason is for people to
// read, at most 256 bytes.
func (s *State) Objected(o Objection, stands bool, at Instant, reason string) *State {
	status, tie := ConsentGranted, uint64(0)
	if stands {
		status = ConsentDenied
	}
	for i := range s.attrs {
		if a := &s.attrs[i]; a.policy == consents && a.name == string(o) && a.stamp.At >= at {
			at, tie = a.stamp.At, a.stamp.Tie+1
		}
	}
	a := attr{
		name: string(o), policy: consents, declared: true, stamp: Stamp{At: at, Tie: tie},
		value: register(at, "", "", Consent{Status: status, Method: reason}),
	}
	return &State{attrs: []attr{a}}
}

// Objections returns what is held of an objection, as Consents does of a purpose:
// ConsentDenied where it stands, ConsentGranted where it was lifted.
func (s *State) Objections(o Objection) []ConsentRecord { return s.Consents(string(o)) }

// reserved reports whether a name is none of a purpose.
func reserved(name string) bool { return name == "" || name[0] == '$' }

// Refusals returns the part of a state of one event that denies and withdraws; nil where
// there is none.
func (s *State) Refusals() *State {
	var part *State
	for i := range s.attrs {
		if a := &s.attrs[i]; a.policy == consents && statusOf(a.value) != ConsentGranted {
			if part == nil {
				part = &State{}
			}
			part.attrs = append(part.attrs, *a)
		}
	}
	return part
}

// ConsentsOf returns the part of a state that consents make, which folds into every
// identifier that an event names; nil where the event told none.
func (s *State) ConsentsOf() *State {
	var part *State
	for i := range s.attrs {
		if s.attrs[i].policy != consents {
			continue
		}
		if part == nil {
			part = &State{overflow: s.overflow & overflowConsents}
		}
		part.attrs = append(part.attrs, s.attrs[i])
	}
	return part
}

// ForgetConsents takes away what a state holds of purposes, and leaves the objections. The
// caller must own s, see Clone.
func (s *State) ForgetConsents() {
	s.overflow &^= overflowConsents
	s.attrs = slices.DeleteFunc(s.attrs, func(a attr) bool { return a.policy == consents && !reserved(a.name) })
}
