package identity

import (
	"cmp"

	"github.com/portraitdb/portrait/profile"
)

// Node is what the rules need to know of one identifier.
type Node struct {
	// Token is the node's key.
	Token Token
	// Identifier is clean.
	Identifier profile.Identifier
	// Partners is with how many distinct identifiers events ever linked the node,
	// erased ones included. It never goes down.
	Partners int
	// Vetoed says that a veto names the node, so that Graph.Vetoed has to be asked.
	Vetoed bool
	// Since is the time of the earliest event that named the node; Dated is false
	// while none did. It counts in limits with a window.
	Since profile.Instant
	Dated bool
	// Barred says that the rules do not allow the identifier any more, since they
	// changed after it was seen. It then is as good as generic.
	Barred bool
	// Shared and Admitted are what the node's policies make of its own edges. They
	// follow from the edges that count alone, whether or not the node or a partner
	// is generic or barred; Rules.Judge keeps them up to date. Shared is that of the
	// policy of that name. Admitted lists, ascending, the partners that a quota of
	// the node lets through (Newest, MaxEdges, Lookup); those that no quota is about
	// are not in it. The rules neither change nor keep the slice.
	Shared   bool
	Admitted []Token
}

// Pair is the key of an edge: its two ends, the stronger one by Rules.Compare as
// Strong. Make it with Rules.Pair.
type Pair struct {
	Weak, Strong Token
}

// Pair returns the key of the edge between two nodes. Only their tokens and
// identifiers are used.
func (r *Rules) Pair(a, b Node) Pair {
	if r.Compare(a.Identifier, b.Identifier) < 0 {
		a, b = b, a
	}
	return Pair{Weak: a.Token, Strong: b.Token}
}

// Decision is what a person decided about a pair.
type Decision uint8

// The decisions about a pair.
const (
	None     Decision = iota // nobody decided
	Link                     // the two are one
	Unlink                   // the edge between the two does not count
	Withdraw                 // the decisions before are taken back: as if nobody had decided
)

// String returns the decision's name.
func (d Decision) String() string {
	switch d {
	case Link:
		return "link"
	case Unlink:
		return "unlink"
	case Withdraw:
		return "withdraw"
	default:
		return "none"
	}
}

// Edge is the evidence that two identifiers are one person's. The zero Edge with
// a Pair is no evidence yet. Folding sightings and decisions in, in any order,
// gives the same Edge.
type Edge struct {
	Pair
	// Seen says that an event named both. First and Last are then the stamps of
	// the earliest and the latest such event.
	Seen        bool
	First, Last profile.Stamp
	// Decision is the latest decision about the pair, and Decided its stamp. It
	// holds against events before and after it.
	Decision Decision
	Decided  profile.Stamp
	// Match is what record linkage says of the pair.
	Match Match
}

// Match is the result of record linkage about a pair: a suggestion for a person
// to decide on, or a weak edge, which counts after all that was seen and never
// against a unique namespace or a veto. The zero Match is none.
type Match struct {
	// Weak says that the match counts as an edge; else it is a suggestion only.
	Weak bool
	// Weight is the evidence for the match in thousandths of a bit. Of weak edges
	// the heavier one comes first.
	Weight int32
	// Model is the version of the model that found it; 0 is no match at all.
	Model uint64
}

// See folds one event in that named both ends, with the authentication that
// Rules.Auth asks for. It reports whether the edge changed, and so has to be stored
// and judged.
func (e *Edge) See(at profile.Stamp) bool {
	before := *e
	if !e.Seen || at.Compare(e.First) < 0 {
		e.First = at
	}
	if !e.Seen || at.Compare(e.Last) > 0 {
		e.Last = at
	}
	e.Seen = true
	return *e != before
}

// Decide folds a decision in: the one with the greater stamp wins; where the
// stamps are equal Unlink goes before Link, and Link before Withdraw. A Withdraw
// that wins leaves the pair as if nobody had decided, and holds against decisions
// of before. None is no decision and changes nothing. It reports whether the edge
// changed.
func (e *Edge) Decide(d Decision, at profile.Stamp) bool {
	if d.weight() == 0 {
		return false
	}
	if c := at.Compare(e.Decided); e.Decision != None && (c < 0 || c == 0 && d.weight() <= e.Decision.weight()) {
		return false
	}
	e.Decision, e.Decided = d, at
	return true
}

// weight is the order of decisions of one stamp; that of None is 0.
func (d Decision) weight() int {
	switch d {
	case Unlink:
		return 3
	case Link:
		return 2
	case Withdraw:
		return 1
	default:
		return 0
	}
}

// far returns the other end of an edge.
func (e *Edge) far(t Token) Token {
	if e.Weak == t {
		return e.Strong
	}
	return e.Weak
}

// counts reports whether the edge is live as far as it alone can tell.
func (e *Edge) counts() bool {
	return (e.Seen || e.Match.Weak) && e.Decision != Unlink || e.Decision == Link
}

func (e *Edge) manual() bool { return e.Decision == Link }

// firm reports whether the edge counts for more than linkage says of it.
func (e *Edge) firm() bool {
	return e.Seen && e.Decision != Unlink || e.Decision == Link
}

// class is what kind of evidence an edge rests on, the strongest first.
type class uint8

const (
	byHand class = iota
	byEvent
	byLinkage
)

// place is where an edge stands in the order of edges, as far as the edge alone
// can tell. at is zero of an edge by linkage, and weight of any other.
type place struct {
	at     profile.Stamp
	weight int32
	class  class
}

// place is that of an edge that counts.
func (e *Edge) place() place {
	switch {
	case e.manual():
		return place{class: byHand, at: e.Decided}
	case e.Seen:
		return place{class: byEvent, at: e.First}
	default:
		return place{class: byLinkage, weight: e.Match.Weight}
	}
}

// compareTime orders two places of one class: the earlier first, or the heavier.
func (p place) compareTime(q place) int {
	if c := p.at.Compare(q.at); c != 0 {
		return c
	}
	return cmp.Compare(q.weight, p.weight)
}
