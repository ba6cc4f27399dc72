package crowd

import (
	"slices"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Use is how one person used an identifier.
type Use struct {
	Person      int
	First, Last time.Time // by event time
	Events      int
}

// Truth says who used which identifier.
type Truth map[profile.Identifier][]Use

// TruthOf returns who really used each identifier of a stream, the e-mail
// addresses and phone numbers in traits among them. An event that came twice
// counts once. What machines and mistakes named is not used by anybody for that,
// and placeholders are not in it.
func TruthOf(stream []Sighting) Truth {
	t := Truth{}
	for i := range stream {
		s := &stream[i]
		if s.Person == nobody || s.Is("again") {
			continue
		}
		for _, id := range Named(&s.Event) {
			if !IsPlaceholder(id) {
				t.note(id, s.Person, s.Event.Time)
			}
		}
	}
	for _, uses := range t {
		slices.SortFunc(uses, func(a, b Use) int { return a.Person - b.Person })
	}
	return t
}

func (t Truth) note(id profile.Identifier, person int, at time.Time) {
	for i := range t[id] {
		if u := &t[id][i]; u.Person == person {
			u.Events++
			if at.Before(u.First) {
				u.First = at
			}
			if at.After(u.Last) {
				u.Last = at
			}
			return
		}
	}
	t[id] = append(t[id], Use{Person: person, First: at, Last: at, Events: 1})
}

// Persons returns who used an identifier, ascending. The caller owns the result.
func (t Truth) Persons(id profile.Identifier) []int {
	var persons []int
	for _, u := range t[id] {
		persons = append(persons, u.Person)
	}
	return persons
}

// Named returns what an event names its person by: its identifiers, and the
// e-mail address and phone number among the traits of an identify call. The
// caller owns the result.
func Named(e *profile.Event) []profile.Identifier {
	ids := slices.Clone(e.Identifiers)
	if e.Type != profile.Identify {
		return ids
	}
	for _, ns := range [...]string{"email", "phone"} {
		if v, ok := e.Traits[ns]; ok {
			ids = append(ids, profile.Identifier{Namespace: ns, Value: v.Text()})
		}
	}
	return ids
}
