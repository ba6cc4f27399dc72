package oracle

import (
	"cmp"
	"math"

	"github.com/portraitdb/portrait/profile"
)

// Rules are the rules of identity, every default filled in.
type Rules struct {
	// Namespaces by name. An identifier of any other is generic, and weaker than
	// all of these.
	Namespaces map[string]Namespace
	// MaxNodes is how many identifiers one person may have; 0 is no bound.
	MaxNodes int
}

// Namespace is what the rules say of one namespace.
type Namespace struct {
	Rank     int  // smaller is stronger
	Personal bool // it names a person, a contact or an account
	Unique   bool // the same as a Limit of 1 without Per
	Limit    int  // how many of its values one person may have; 0 is no bound
	// Per makes the limit one of a time, in microseconds: no stretch of that length
	// may hold the first sightings of more than Limit values. 0 is ever.
	Per         int64
	MaxPartners int            // with more distinct partners an identifier is generic; 0 is no bound
	Conflict    Conflict       // what becomes of a value that several people were seen with
	MaxEdges    map[string]int // by namespace, how many of its values a value is tied to; 0 is no bound
	Lookup      bool           // a value is tied to one other only
	Auth        int            // the level that an event needs to tie a value
}

// Conflict says what becomes of a value that several people were seen with.
type Conflict uint8

// The ways to settle a conflict.
const (
	Demote Conflict = iota // the strongest evidence unites, the rest is skipped
	Newest                 // it goes to the one of a unique namespace it was seen with last
	Shared                 // it is nobody's once it was seen with two of a unique namespace
	Refuse                 // as Demote
	Never                  // it is never tied to anything personal
)

// unique reports whether a person may have one value of the namespace only.
func (n Namespace) unique() bool { return n.Unique || n.Limit == 1 && n.Per == 0 }

// Generic reports whether an identifier has had too many partners to name one
// person, or is of no declared namespace.
func (r Rules) Generic(n Node) bool {
	namespace, known := r.Namespaces[n.Identifier.Namespace]
	return !known || namespace.MaxPartners > 0 && n.Partners > namespace.MaxPartners
}

// Auth returns the level that an event needs to tie values of two namespaces to
// each other: the greater of what they ask for.
func (r Rules) Auth(a, b string) int {
	return max(r.Namespaces[a].Auth, r.Namespaces[b].Auth)
}

// stronger orders identifiers, the strongest first: by rank, then by their bytes.
func (r Rules) stronger(a, b profile.Identifier) int {
	return cmp.Or(cmp.Compare(r.rank(a), r.rank(b)), a.Compare(b))
}

func (r Rules) rank(id profile.Identifier) int {
	if namespace, known := r.Namespaces[id.Namespace]; known {
		return namespace.Rank
	}
	return math.MaxInt
}
