package portrait_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/crowd"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/profile"
)

// crowdRun is one stream in one store.
type crowdRun struct {
	model  portrait.Model
	rules  *identity.Rules
	people int // who are in the stream
	stream []crowd.Sighting
	truth  crowd.Truth
	// named is what counts of each event's identifiers, strongest first.
	named [][]profile.Identifier
	// partners is with whom events named an identifier; the strongest of an event is
	// the partner of the others.
	partners map[profile.Identifier]map[profile.Identifier]bool
	// edges are what ties pairs, the weaker first; since is when an identifier was
	// first named; holders are the strongest of some event.
	edges   map[[2]profile.Identifier]oracle.Edge
	since   map[profile.Identifier]profile.Instant
	holders map[profile.Identifier]bool
	// group is the profile of each identifier that has one, members what each holds.
	group   map[profile.Identifier]int
	members [][]profile.Identifier
	// refused and warned add up what Ingest says of pairs that it did not unite.
	refused, warned int
}

func newCrowd(t *testing.T, m portrait.Model, people int, stream []crowd.Sighting) *crowdRun {
	t.Helper()
	rules, err := identity.New(m.Identity)
	if err != nil {
		t.Fatal(err)
	}
	c := &crowdRun{
		model: m, rules: rules, people: people, stream: stream, truth: crowd.TruthOf(stream),
		partners: map[profile.Identifier]map[profile.Identifier]bool{},
		edges:    map[[2]profile.Identifier]oracle.Edge{},
		since:    map[profile.Identifier]profile.Instant{},
		holders:  map[profile.Identifier]bool{},
	}
	for i := range stream {
		kept, _ := rules.Select(crowd.Named(&stream[i].Event))
		c.named = append(c.named, kept)
		stamp := stream[i].Event.Stamp()
		for k, id := range kept {
			if since, ok := c.since[id]; !ok || stamp.At < since {
				c.since[id] = stamp.At
			}
			if k == 0 {
				c.holders[id] = true
				continue
			}
			c.meet(id, kept[0], stamp)
			c.meet(kept[0], id, stamp)
		}
	}
	return c
}

// meet notes that an event named two identifiers. Each pair is met from both
// sides; its edge stands under the weaker one.
func (c *crowdRun) meet(a, b profile.Identifier, at profile.Stamp) {
	if c.partners[a] == nil {
		c.partners[a] = map[profile.Identifier]bool{}
	}
	c.partners[a][b] = true
	if c.rules.Compare(a, b) < 0 {
		return
	}
	e, seen := c.edges[[2]profile.Identifier{a, b}]
	if !seen {
		e = oracle.Edge{A: a, B: b, Seen: true, First: at, Last: at}
	}
	if at.Compare(e.First) < 0 {
		e.First = at
	}
	if at.Compare(e.Last) > 0 {
		e.Last = at
	}
	c.edges[[2]profile.Identifier{a, b}] = e
}

// partition reads who everybody is.
func (c *crowdRun) partition(t *testing.T, db *portrait.DB) {
	t.Helper()
	c.group, c.members = map[profile.Identifier]int{}, nil
	for p, err := range allProfiles(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range p.Identifiers {
			if _, twice := c.group[id]; twice {
				t.Errorf("%s is in two profiles", id)
			}
			c.group[id] = len(c.members)
		}
		c.members = append(c.members, p.Identifiers)
	}
}

// defined returns the partition of all identifiers by the definition.
func (c *crowdRun) defined() [][]profile.Identifier {
	conflicts := map[identity.Policy]oracle.Conflict{
		identity.Demote: oracle.Demote, identity.Newest: oracle.Newest, identity.Shared: oracle.Shared,
		identity.Refuse: oracle.Refuse, identity.Never: oracle.Never,
	}
	rules := oracle.Rules{Namespaces: map[string]oracle.Namespace{}, MaxNodes: 200}
	for _, n := range c.model.Identity.Namespaces {
		rules.Namespaces[n.Name] = oracle.Namespace{
			Rank: n.Priority, Unique: n.Unique, MaxPartners: maxPartners[n.Name], Lookup: n.Lookup, Conflict: conflicts[n.Conflict],
			Personal: n.Kind == identity.Person || n.Kind == identity.Contact,
		}
	}
	var nodes []oracle.Node
	for id, since := range c.since {
		nodes = append(nodes, oracle.Node{Identifier: id, Partners: len(c.partners[id]), Since: since, Dated: true})
	}
	return oracle.Partition(nodes, slices.Collect(maps.Values(c.edges)), nil, rules)
}

// accounts are the accounts that an identifier was seen with.
func (c *crowdRun) accounts(id profile.Identifier) []profile.Identifier {
	var users []profile.Identifier
	for p := range c.partners[id] {
		if p.Namespace == "user_id" {
			users = append(users, p)
		}
	}
	return users
}
