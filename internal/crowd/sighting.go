package crowd

import (
	"cmp"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/profile"
)

// Sighting is one event of a stream with the truth about it.
type Sighting struct {
	Event profile.Event
	// Person is the index of the true person who acted; -1 for a machine, and for
	// a desk that made a mistake.
	Person int
	// Note says in words what the event is and what was done to it, such as "browse
	// late": a kind (browse, login, alias, order, view, guest, shop, logout,
	// machine, mistake), then marks (kiosk, placeholder, late, doubled, again).
	Note string
}

// Is reports whether a word stands in the note.
func (s *Sighting) Is(word string) bool {
	for w := range strings.FieldsSeq(s.Note) {
		if w == word {
			return true
		}
	}
	return false
}

// Stream lets people live and returns what was seen of them, in order of arrival.
// The same people and options give the same stream. The events share nothing
// with each other but the identifiers and values of an event that comes twice.
func Stream(people []Person, o Options) []Sighting {
	if len(people) == 0 {
		return nil
	}
	s := stream{belongings: settle(people, o.withDefaults(len(people)))}
	for _, v := range s.visits() {
		s.visit(v)
	}
	s.mistakes()
	s.machines()
	s.noise()
	slices.SortStableFunc(s.seen, func(a, b Sighting) int {
		return cmp.Or(a.Event.Received.Compare(b.Event.Received), cmp.Compare(a.Event.MessageID, b.Event.MessageID))
	})
	return s.seen
}
