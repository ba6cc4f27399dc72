package identity

import "iter"

// Graph is the evidence and the partition as they are stored. Each call of Judge,
// Refilter and Regroup reads it from one goroutine; every method may read from disk. An error ends the call
// that met it and is returned as it is, wrapped with what was being read.
type Graph interface {
	// Node returns a node that some edge, component or change names, or that another
	// node admits.
	Node(t Token) (Node, error)
	// Edge returns the evidence about a pair; ok is false where there is none.
	Edge(p Pair) (e Edge, ok bool, err error)
	// Edges yields the evidence about all pairs that the node is an end of, each
	// once, in any order. An error comes at most once, last, with a zero Edge.
	Edges(t Token) iter.Seq2[Edge, error]
	// Vetoed returns the nodes that may never share a profile with the node, in any
	// order. It is called only for one with Node.Vetoed. Each of two vetoed nodes
	// names the other, and is marked.
	Vetoed(t Token) ([]Token, error)
	// Component returns the nodes of the profile that the node belonged to before
	// the change, the node itself among them; only itself for a new one. The
	// slice is not changed and not kept.
	Component(t Token) ([]Token, error)
}

// Change is what became of the partition. Only components that differ are in
// it, so both sides cover the same nodes, and are empty when nothing changed.
// Members are in the order of their identifiers, bytewise, and components in
// that of their first members.
type Change struct {
	// Old are the components as they were.
	Old [][]Token
	// New are the components that took their place.
	New [][]Token
	// Refused lists the changed edges that count and whose ends are in different
	// components all the same, each once, in the order given: those that were
	// skipped, and those that Bar takes out.
	Refused []Refusal
}

// Refusal says why an edge unites nothing.
type Refusal struct {
	// Pair is the edge's key.
	Pair Pair
	// Rule is one that the union would break at the edge's place in the order, or
	// what Bar says.
	Rule Rule
	// Namespace is that of the broken RuleUnique or RuleLimit, or of the end whose
	// policy or property took the edge out; empty otherwise.
	Namespace string
}

// Rule is a reason for which an edge unites nothing.
type Rule uint8

// The rules. The first ones are conditions on a profile, in the order in which
// they are tried; an edge is skipped that would break one. The others take an
// edge out before, by what one of its ends is or has been seen with.
const (
	RuleNodes    Rule = iota + 1 // at most Config.MaxNodes nodes
	RuleUnique                   // one value of a unique namespace
	RuleLimit                    // at most Namespace.Limit values of a namespace
	RuleVeto                     // never both ends of a veto
	RuleGeneric                  // more partners than Namespace.MaxPartners
	RuleBarred                   // the rules do not allow the identifier any more
	RuleShared                   // seen with two values of a unique namespace, under Shared
	RuleNewest                   // seen with another one later, under Newest
	RuleMaxEdges                 // Namespace.MaxEdges values come first
	RuleLookup                   // Namespace.Lookup: another edge comes first
	RuleNever                    // a value under Never, and a person's
	RuleAuth                     // the event's level of authentication was too low
	RuleUnlinked                 // a person decided so
)

var ruleNames = [...]string{
	"none", "max_nodes", "unique", "limit", "veto", "generic", "barred", "shared",
	"newest", "max_edges", "lookup", "never", "auth", "unlinked",
}

// String returns the rule's name, such as "max_nodes" or "unique".
func (r Rule) String() string {
	if int(r) < len(ruleNames) {
		return ruleNames[r]
	}
	return "rule(?)"
}
