package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Store is a whole Portrait in memory. It keeps what every event, link and veto
// said by itself and works out each answer from all of them.
type Store struct {
	rules  Rules
	schema *profile.Schema
	clean  func(*profile.Event) []profile.Identifier

	accepted  []accepted
	taken     map[eventKey]string // the content of the event that took the key
	decisions map[[2]profile.Identifier]decided
	vetoes    map[[2]profile.Identifier]bool
}

// accepted is an event that was taken in.
type accepted struct {
	identifiers []profile.Identifier // strongest first
	stamp       profile.Stamp
	said        *Person // what it says by itself
}

// eventKey is what makes an event the same as another.
type eventKey struct {
	source  string
	message string // the message ID, or "content" and the content
	day     int64  // of the sender's own time, counted from 1970; 0 without one
}

// decided is the last decision about a pair.
type decided struct {
	decision Decision
	at       profile.Stamp
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
// normalised, valid, distinct and in any order; it must be a pure function.
func NewStore(rules Rules, schema *profile.Schema, clean func(*profile.Event) []profile.Identifier) *Store {
	return &Store{
		rules: rules, schema: schema, clean: clean,
		taken:     map[eventKey]string{},
		decisions: map[[2]profile.Identifier]decided{},
		vetoes:    map[[2]profile.Identifier]bool{},
	}
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
	s.accepted = append(s.accepted, accepted{ids, e.Stamp(), person})
	return Accepted
}

// Link decides that two clean identifiers are one person.
func (s *Store) Link(a, b profile.Identifier, at profile.Stamp) { s.decide(a, b, Linked, at) }

// Unlink decides that what was seen of two clean identifiers does not count.
func (s *Store) Unlink(a, b profile.Identifier, at profile.Stamp) { s.decide(a, b, Unlinked, at) }

// decide keeps the latest decision about a pair.
func (s *Store) decide(a, b profile.Identifier, d Decision, at profile.Stamp) {
	before, found := s.decisions[pair(a, b)]
	if c := at.Compare(before.at); !found || c > 0 || c == 0 && d > before.decision {
		s.decisions[pair(a, b)] = decided{d, at}
	}
}

// Veto keeps two clean identifiers apart for good.
func (s *Store) Veto(a, b profile.Identifier) { s.vetoes[pair(a, b)] = true }

// People returns every live person, ordered by their first identifier.
func (s *Store) People() []Profile {
	held := map[profile.Identifier][]*Person{} // the events, by the identifier that holds them
	edges := map[[2]profile.Identifier]Edge{}
	partners := map[profile.Identifier]map[profile.Identifier]bool{}
	for _, e := range s.accepted {
		home := e.identifiers[0]
		held[home] = append(held[home], e.said)
		for _, id := range e.identifiers {
			if partners[id] == nil {
				partners[id] = map[profile.Identifier]bool{}
			}
		}
		for _, id := range e.identifiers[1:] {
			partners[home][id] = true
			partners[id][home] = true
			edge := edges[pair(home, id)]
			edge.A, edge.B = home, id
			edge.First = earlier(edge.Seen, edge.First, e.stamp)
			edge.Seen = true
			edges[pair(home, id)] = edge
		}
	}
	for p, d := range s.decisions {
		edge := edges[p]
		edge.A, edge.B = p[0], p[1]
		edge.Decision, edge.Decided = d.decision, d.at
		edges[p] = edge
	}
	var nodes []Node
	for id, with := range partners {
		nodes = append(nodes, Node{Identifier: id, Partners: len(with)})
	}
	groups := Partition(nodes, slices.Collect(maps.Values(edges)), slices.Collect(maps.Keys(s.vetoes)), s.rules)

	var people []Profile
	for _, group := range groups {
		var parts []*Person
		live := false
		for _, id := range group {
			generic := s.rules.Generic(Node{Identifier: id, Partners: len(partners[id])})
			live = live || len(held[id]) > 0 && !generic
			parts = append(parts, held[id]...)
		}
		if live {
			people = append(people, Profile{Identifiers: group, Person: Merge(parts...)})
		}
	}
	return people
}

// Members returns the live persons of whom the expression holds at an instant.
func (s *Store) Members(e syntax.Expr, scope syntax.Scope, now profile.Instant) []Profile {
	return slices.DeleteFunc(s.People(), func(p Profile) bool { return !Eval(e, p.Person, scope, now) })
}

// pair returns the one key of a pair, whichever way round it is named.
func pair(a, b profile.Identifier) [2]profile.Identifier {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return [2]profile.Identifier{a, b}
}

// content writes down all that an event says, but neither when it was received
// nor a correction of its time, which change when it is sent again. Identifiers
// count in any order and however often repeated.
func content(e *profile.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %q %q %q", e.Type, e.Source, e.MessageID, e.Name)
	ids := slices.SortedFunc(slices.Values(e.Identifiers), profile.Identifier.Compare)
	for _, id := range slices.Compact(ids) {
		fmt.Fprintf(&b, " %q:%q", id.Namespace, id.Value)
	}
	if t := e.OriginalTime(); !t.IsZero() {
		fmt.Fprintf(&b, " at %d", profile.InstantOf(t))
	}
	for _, said := range []map[string]profile.Value{e.Properties, e.Traits} {
		b.WriteString(" |")
		for _, name := range slices.Sorted(maps.Keys(said)) {
			fmt.Fprintf(&b, " %q=", name)
			writeValue(&b, said[name])
		}
	}
	return b.String()
}

// writeValue writes a value so that different values are written differently.
func writeValue(b *strings.Builder, v profile.Value) {
	if v.Kind() != profile.KindList && v.Kind() != profile.KindSet {
		fmt.Fprintf(b, "%v %q", v.Kind(), v)
		return
	}
	fmt.Fprintf(b, "%v [", v.Kind())
	for _, e := range v.Elements() {
		writeValue(b, e)
		b.WriteByte(',')
	}
	b.WriteByte(']')
}
