package oracle

import (
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Store is a whole Portrait in memory. It keeps what every event, decision, match
// and veto said by itself and works out each answer from all of them.
type Store struct {
	rules  Rules
	schema *profile.Schema
	clean  func(*profile.Event) []profile.Identifier

	accepted  []accepted
	taken     map[eventKey]string // the content of the event that took the key
	decisions map[[2]profile.Identifier]decided
	matches   map[[2]profile.Identifier]Match
	vetoes    map[[2]profile.Identifier]vetoed
	lists     map[string]map[profile.Identifier]bool
}

// accepted is an event that was taken in.
type accepted struct {
	identifiers []profile.Identifier // strongest first
	tied        []profile.Identifier // those that the event ties to the first
	stamp       profile.Stamp
	said        *Person // what it says by itself
	consents    []heard // what it tells of purposes
}

// eventKey is what makes an event the same as another.
type eventKey struct {
	source  string
	message string // the message ID, or "content" and the content
	day     int64  // of the sender's own time, counted from 1970; 0 without one
}

// Outcome is what became of an event.
type Outcome uint8

// The outcomes.
const (
	Accepted  Outcome = iota
	Duplicate         // it was taken in before
	Reused            // another event of that day has its message ID
	Refused           // it names nobody, or says what the schema does not allow
)

// Profile is one live person with their identifiers, ordered.
type Profile struct {
	Identifiers []profile.Identifier
	Person      *Person
}

// NewStore returns an empty store. clean returns the identifiers of an event,
// normalised, valid, distinct and in any order; it must be a pure function. An
// identifier that it does not return from an event of that one alone is barred.
func NewStore(rules Rules, schema *profile.Schema, clean func(*profile.Event) []profile.Identifier) *Store {
	return &Store{
		rules: rules, schema: &profile.Schema{Attributes: schema.Attributes, Events: schema.Events, Purposes: schema.Purposes}, clean: clean,
		taken:     map[eventKey]string{},
		decisions: map[[2]profile.Identifier]decided{},
		matches:   map[[2]profile.Identifier]Match{},
		vetoes:    map[[2]profile.Identifier]vetoed{},
	}
}

// Change puts other rules in force, and another clean; see NewStore. Events that
// were taken in before stay with the identifier that held them and tie what they
// tied.
func (s *Store) Change(rules Rules, clean func(*profile.Event) []profile.Identifier) {
	s.rules, s.clean = rules, clean
}

// Ingest takes in one event.
func (s *Store) Ingest(e profile.Event) Outcome {
	ids := slices.SortedFunc(slices.Values(s.clean(&e)), s.rules.stronger)
	person, err := told(&e, s.schema)
	if len(ids) == 0 || err != nil {
		return Refused
	}
	said := content(&e)
	key := eventKey{source: e.Source, message: "id " + e.MessageID}
	if e.MessageID == "" {
		key.message = "content " + said
	}
	if t := e.OriginalTime(); !t.IsZero() {
		key.day = floorDiv(t.Unix(), 24*60*60)
	}
	switch before, found := s.taken[key]; {
	case found && before == said:
		return Duplicate
	case found:
		return Reused
	}
	s.taken[key] = said
	tied := slices.DeleteFunc(slices.Clone(ids[1:]), func(id profile.Identifier) bool {
		return int(e.Auth) < s.rules.Auth(ids[0].Namespace, id.Namespace)
	})
	s.accepted = append(s.accepted, accepted{ids, tied, e.Stamp(), person, consentsIn(person.History, s.schema.Purposes)})
	return Accepted
}

// People returns every live person, ordered by their first identifier.
func (s *Store) People() []Profile {
	ev := s.evidence()
	nobody := map[profile.Identifier]bool{}
	for _, n := range ev.nodes {
		nobody[n.Identifier] = n.Barred || s.rules.Generic(n)
	}
	var people []Profile
	for _, group := range Partition(ev.nodes, ev.edges, ev.vetoes, s.rules) {
		var parts []*Person
		live := false
		for _, id := range group {
			live = live || len(ev.held[id]) > 0 && !nobody[id]
			parts = append(parts, holding(ev.heard[id]).Named(id))
			for _, said := range ev.held[id] {
				parts = append(parts, said.Named(id))
			}
		}
		if live {
			p := Profile{Identifiers: group, Person: Merge(parts...)}
			p.Person.Lists = s.listsOf(group)
			people = append(people, p)
		}
	}
	return people
}

// Members returns the live persons of whom the expression holds at an instant.
func (s *Store) Members(e syntax.Expr, scope syntax.Scope, now profile.Instant) []Profile {
	return slices.DeleteFunc(s.People(), func(p Profile) bool { return !Eval(e, p.Person, scope, now) })
}
