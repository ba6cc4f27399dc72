package crowd

import (
	"math"
	"slices"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// placeholders are values that clients send in place of an identifier.
var placeholders = [...]string{
	"null", "undefined", "0", "anonymous", "00000000-0000-0000-0000-000000000000", "NaN", "0x0", "-1", "[object Object]",
}

// Of addresses and numbers there are placeholders of their own.
var contactPlaceholders = map[string]string{"email": "noreply@shop.example", "phone": "13800138000"}

// IsPlaceholder reports whether a stream uses an identifier as a placeholder:
// it is nobody's.
func IsPlaceholder(id profile.Identifier) bool {
	return slices.Contains(placeholders[:], id.Value) || contactPlaceholders[id.Namespace] == id.Value
}

// placeholder returns a placeholder of a namespace.
func (s *stream) placeholder(namespace string) profile.Identifier {
	value, ok := contactPlaceholders[namespace]
	if !ok {
		value = placeholders[s.r.IntN(len(placeholders))]
	}
	return profile.Identifier{Namespace: namespace, Value: value}
}

// machines adds what no person did: monitors with an ID of their own, crawlers
// without any.
func (s *stream) machines() {
	span := time.Duration(s.o.Days) * 24 * time.Hour
	s.mark = ""
	for i := range int(math.Round(float64(len(s.seen)) * s.o.Machine)) {
		s.at = s.o.Start.Add(s.moment(span))
		ids := []profile.Identifier{{Namespace: "anonymous_id", Value: "monitor"}}
		if i%4 == 3 {
			ids = []profile.Identifier{s.placeholder("user_id"), s.placeholder("anonymous_id")}
		}
		s.act("machine", nobody, profile.Event{Type: profile.Page, Name: "Home", Identifiers: ids})
	}
}

// mistakes adds what a desk gets wrong: it writes the address of one person into
// the account, or to the cookie, of another.
func (s *stream) mistakes() {
	s.mark = ""
	span := time.Duration(s.o.Days) * 24 * time.Hour
	for range int(math.Round(float64(len(s.people)) * s.o.Mistake)) {
		a, b := s.r.IntN(len(s.people)), s.r.IntN(len(s.people))
		if s.people[a].Household == s.people[b].Household {
			continue
		}
		p, other := &s.residents[a], &s.residents[b]
		id := profile.Identifier{Namespace: "user_id", Value: p.user}
		if p.user == "" {
			id = s.devices[p.devices[0]].identifiers()[0]
		}
		s.at = s.o.Start.Add(s.moment(span))
		s.act("mistake", nobody, profile.Event{
			Type: profile.Identify, Identifiers: []profile.Identifier{id, {Namespace: "email", Value: other.emails[0]}},
		})
	}
}

// noise breaks identifiers, and lets events come late and twice.
func (s *stream) noise() {
	for i := range s.seen {
		seen := &s.seen[i]
		e := &seen.Event
		if seen.Person != nobody && s.chance(s.o.Placeholder) {
			s.breakOne(e)
			seen.Note += " placeholder"
		}
		if s.chance(s.o.Late) {
			e.Received = e.Received.Add(time.Hour + s.moment(4*24*time.Hour))
			seen.Note += " late"
		}
		if s.chance(s.o.Double) {
			seen.Note += " doubled"
			again := *seen
			again.Event.Received = e.Received.Add(time.Second + s.moment(24*time.Hour))
			again.Note += " again"
			s.seen = append(s.seen, again)
		}
	}
}

// breakOne puts a placeholder for one identifier of an event, or beside the only
// one.
func (s *stream) breakOne(e *profile.Event) {
	i := s.r.IntN(len(e.Identifiers))
	if len(e.Identifiers) > 1 {
		e.Identifiers[i] = s.placeholder(e.Identifiers[i].Namespace)
		return
	}
	namespace := [...]string{"user_id", "email", "phone", "device_id"}[s.r.IntN(4)]
	e.Identifiers = append(e.Identifiers, s.placeholder(namespace))
}

// Mistakes returns the pairs of identifiers that the desk tied together, each of
// which somebody has to take back.
func Mistakes(stream []Sighting) [][2]profile.Identifier {
	var pairs [][2]profile.Identifier
	for i := range stream {
		if s := &stream[i]; s.Is("mistake") && !s.Is("again") {
			pairs = append(pairs, [2]profile.Identifier(s.Event.Identifiers))
		}
	}
	return pairs
}
