package oracle

import (
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// decided is the last decision about a pair.
type decided struct {
	decision Decision
	at       profile.Stamp
}

// vetoed is the last word on whether a pair is kept apart.
type vetoed struct {
	apart bool
	at    profile.Stamp
}

// Link decides that two clean identifiers are one person.
func (s *Store) Link(a, b profile.Identifier, at profile.Stamp) { s.decide(a, b, Linked, at) }

// Unlink decides that what was found out about two clean identifiers does not
// count.
func (s *Store) Unlink(a, b profile.Identifier, at profile.Stamp) { s.decide(a, b, Unlinked, at) }

// Withdraw takes earlier decisions about two clean identifiers back.
func (s *Store) Withdraw(a, b profile.Identifier, at profile.Stamp) { s.decide(a, b, Withdrawn, at) }

// decide keeps the latest decision about a pair. Of one identifier there is
// nothing to decide.
func (s *Store) decide(a, b profile.Identifier, d Decision, at profile.Stamp) {
	before := s.decisions[pair(a, b)]
	c := at.Compare(before.at)
	if a != b && (before.decision == Undecided || c > 0 || c == 0 && d.weight() > before.decision.weight()) {
		s.decisions[pair(a, b)] = decided{d, at}
	}
}

// Veto keeps two clean identifiers apart, on any path, until the veto is taken
// back. At one instant the veto stands.
func (s *Store) Veto(a, b profile.Identifier, at profile.Stamp) {
	if before, found := s.vetoes[pair(a, b)]; !found || at.Compare(before.at) >= 0 {
		s.vetoes[pair(a, b)] = vetoed{true, at}
	}
}

// WithdrawVeto takes earlier vetoes of two clean identifiers back.
func (s *Store) WithdrawVeto(a, b profile.Identifier, at profile.Stamp) {
	if before, found := s.vetoes[pair(a, b)]; !found || at.Compare(before.at) > 0 {
		s.vetoes[pair(a, b)] = vetoed{false, at}
	}
}

// Match says what record linkage found out about two clean identifiers, in the
// place of what it said before.
func (s *Store) Match(a, b profile.Identifier, m Match) {
	if a != b {
		s.matches[pair(a, b)] = m
	}
}

// evidence is all that bears on who is one person.
type evidence struct {
	nodes  []Node
	edges  []Edge
	vetoes [][2]profile.Identifier
	held   map[profile.Identifier][]*Person // the events, by the identifier that holds them
	heard  map[profile.Identifier][]heard   // the consents, by every identifier that heard them
}

// evidence gathers what everything said.
func (s *Store) evidence() evidence {
	nodes := map[profile.Identifier]Node{}
	edges := map[[2]profile.Identifier]Edge{}
	held := map[profile.Identifier][]*Person{}
	words := map[profile.Identifier][]heard{}
	for _, e := range s.accepted {
		home := e.identifiers[0]
		held[home] = append(held[home], e.said)
		for _, id := range e.identifiers {
			n := nodes[id]
			if !n.Dated || e.stamp.At < n.Since {
				n.Dated, n.Since = true, e.stamp.At
			}
			nodes[id] = n
			for _, h := range e.consents {
				// A grant is heard by whom the event is sure to be of.
				if h.Status != profile.ConsentGranted || id == home || slices.Contains(e.tied, id) {
					words[id] = append(words[id], h)
				}
			}
		}
		for _, id := range e.tied {
			edge := edges[pair(home, id)]
			edge.First = earlier(edge.Seen, edge.First, e.stamp)
			edge.Last = later(edge.Seen, edge.Last, e.stamp)
			edge.Seen = true
			edges[pair(home, id)] = edge
		}
	}
	for p, d := range s.decisions {
		edge := edges[p]
		edge.Decision, edge.Decided = d.decision, d.at
		edges[p] = edge
	}
	for p, m := range s.matches {
		edge := edges[p]
		edge.Match = m
		edges[p] = edge
	}
	ev := evidence{held: held, heard: words}
	for p, edge := range edges {
		edge.A, edge.B = p[0], p[1]
		ev.edges = append(ev.edges, edge)
		for _, id := range p {
			n := nodes[id]
			if edge.Seen {
				n.Partners++
			}
			nodes[id] = n
		}
	}
	for id, n := range nodes {
		n.Identifier = id
		n.Barred = !slices.Contains(s.clean(&profile.Event{Identifiers: []profile.Identifier{id}}), id)
		ev.nodes = append(ev.nodes, n)
	}
	for p, v := range s.vetoes {
		if v.apart {
			ev.vetoes = append(ev.vetoes, p)
		}
	}
	return ev
}

// pair returns the one key of a pair, whichever way round it is named.
func pair(a, b profile.Identifier) [2]profile.Identifier {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return [2]profile.Identifier{a, b}
}
