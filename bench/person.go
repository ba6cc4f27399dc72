package main

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// namespaces are what every person of the identity suite has one value of,
// strongest first, under the rules of identity.Default.
var namespaces = [...]string{"user_id", "email", "phone", "device_id", "anonymous_id"}

// identifier is the one that a person has in a namespace.
func identifier(person uint32, space int) profile.Identifier {
	id := profile.Identifier{Namespace: namespaces[space]}
	switch id.Namespace {
	case "user_id":
		id.Value = customerID(person)
	case "email":
		id.Value = fmt.Sprintf("c%d@example.cn", person)
	case "phone":
		id.Value = fmt.Sprintf("86139%08d", person)
	case "device_id":
		id.Value = fmt.Sprintf("%08x-77b1-4a4e-9a3e-1f0c8d1b2a3c", person)
	default:
		id.Value = fmt.Sprintf("4a4e77b1-%08x", person)
	}
	return id
}

// nodeNumber numbers the identifiers of all people.
func nodeNumber(person uint32, space int) uint32 {
	return person*uint32(len(namespaces)) + uint32(space)
}

// plainModel declares who is who and nothing else: no trait, no tag.
func plainModel(spaces ...identity.Namespace) portrait.Model {
	cfg := identity.Default()
	for _, s := range spaces {
		for i := range cfg.Namespaces {
			if cfg.Namespaces[i].Name == s.Name {
				s.Priority = cfg.Namespaces[i].Priority
				cfg.Namespaces[i] = s
			}
		}
	}
	return portrait.Model{Identity: cfg}
}

// visit is one event of a person: its identifiers are a bit each.
type visit struct {
	person uint32
	named  uint8
}

// visits draws events of people: with one identifier, any of theirs, or with the
// user_id and one or two others, of which the store has seen all together.
func visits(n, people, identifiers int, seed uint64) []visit {
	rng := rand.New(rand.NewPCG(6, seed))
	out := make([]visit, n)
	for i := range out {
		out[i].person = uint32(rng.IntN(people))
		if identifiers == 1 {
			out[i].named = 1 << rng.IntN(len(namespaces))
			continue
		}
		out[i].named = 1
		for want := 2 + rng.IntN(2); bits.OnesCount8(out[i].named) < want; {
			out[i].named |= 1 << rng.IntN(len(namespaces))
		}
	}
	return out
}

// strongest is the namespace that the event lies in.
func (v visit) strongest() int { return bits.TrailingZeros8(v.named) }

// event is a visit as an event; seq makes it another than all others.
func (v visit) event(seq int) profile.Event {
	e := profile.Event{MessageID: "v-" + strconv.Itoa(seq), Name: "Product Viewed", Time: later.Add(time.Duration(seq) * time.Millisecond)}
	for space := range namespaces {
		if v.named&(1<<space) != 0 {
			e.Identifiers = append(e.Identifiers, identifier(v.person, space))
		}
	}
	return e
}

// arrival is the event that makes a person, with all identifiers.
func arrival(person uint32) profile.Event {
	e := visit{person: person, named: 1<<len(namespaces) - 1}.event(int(person))
	e.MessageID, e.Time = "a-"+strconv.Itoa(int(person)), opened.Add(time.Duration(person)*time.Millisecond)
	return e
}
