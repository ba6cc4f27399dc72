package oracle

import (
	"cmp"

	"github.com/portraitdb/portrait/profile"
)

// Node is one identifier.
type Node struct {
	Identifier profile.Identifier
	Partners   int             // distinct identifiers that events ever tied it to
	Since      profile.Instant // the time of the earliest event that named it
	Dated      bool            // an event named it
	Barred     bool            // the rules do not allow it any more: it ties nothing
}

// Decision is what a person decided about a pair.
type Decision uint8

// The decisions. Their numbers are those of package identity.
const (
	Undecided Decision = iota
	Linked
	Unlinked
	Withdrawn // whatever was decided before is taken back
)

// weight orders decisions of one instant: the heaviest holds.
func (d Decision) weight() int {
	switch d {
	case Unlinked:
		return 3
	case Linked:
		return 2
	case Withdrawn:
		return 1
	default:
		return 0
	}
}

// Match is what record linkage found out about a pair.
type Match struct {
	Weak   bool // it ties the two, weakly; otherwise it is a suggestion
	Weight int32
}

// Edge is the evidence about one pair of identifiers.
type Edge struct {
	A, B        profile.Identifier // in any order
	Seen        bool               // an event tied them
	First, Last profile.Stamp      // of the earliest and the latest such event
	Decision    Decision
	Decided     profile.Stamp // when; meaningless while Undecided
	Match       Match
}

// class is the sort of evidence that an edge counts by, the strongest first.
type class uint8

const (
	manual  class = iota // a person linked the two
	event                // an event tied them
	linkage              // they are only alike
	nothing              // it does not count
)

func (e Edge) class() class {
	switch {
	case e.Decision == Linked:
		return manual
	case e.Decision == Unlinked:
		return nothing
	case e.Seen:
		return event
	case e.Match.Weak:
		return linkage
	default:
		return nothing
	}
}

// partner returns the other end of an edge of the identifier; ok is false where
// the edge is none of its edges.
func (e Edge) partner(of profile.Identifier) (other profile.Identifier, ok bool) {
	switch of {
	case e.A:
		return e.B, true
	case e.B:
		return e.A, true
	default:
		return profile.Identifier{}, false
	}
}

// Incident returns the edges of each identifier.
func Incident(edges []Edge) map[profile.Identifier][]Edge {
	of := map[profile.Identifier][]Edge{}
	for _, e := range edges {
		of[e.A] = append(of[e.A], e)
		of[e.B] = append(of[e.B], e)
	}
	return of
}

// strength orders edges, the strongest first: by class; the rank of the weaker
// end, then of the stronger; the time of the decision or of the first event, or
// of matches the weight, the heaviest first; the identifiers, the weaker first.
func (r Rules) strength(x, y Edge) int {
	xWeak, xStrong := r.ends(x)
	yWeak, yStrong := r.ends(y)
	inClass := 0
	switch x.class() {
	case manual:
		inClass = x.Decided.Compare(y.Decided)
	case event:
		inClass = x.First.Compare(y.First)
	case linkage:
		inClass = cmp.Compare(y.Match.Weight, x.Match.Weight)
	}
	return cmp.Or(
		cmp.Compare(x.class(), y.class()),
		cmp.Compare(r.rank(xWeak), r.rank(yWeak)),
		cmp.Compare(r.rank(xStrong), r.rank(yStrong)),
		inClass,
		xWeak.Compare(yWeak),
		xStrong.Compare(yStrong),
	)
}

// ends returns the ends of an edge, the weaker first.
func (r Rules) ends(e Edge) (weak, strong profile.Identifier) {
	if r.stronger(e.A, e.B) < 0 {
		return e.B, e.A
	}
	return e.A, e.B
}
