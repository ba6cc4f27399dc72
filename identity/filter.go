package identity

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// policies are what a namespace's declaration makes of the edges of its values,
// ready for use. Each is a function of a node's own edges that count; none asks
// what the far end makes of them.
type policies struct {
	conflict Policy
	auth     int
	lookup   bool
	quotas   []quota // by namespace.index of the partner; nil: none
	filters  bool    // some edge of a value may be taken out by what follows
}

// quota is how many partners a value may have.
type quota struct {
	rule Rule // RuleNewest, RuleMaxEdges or RuleLookup; 0: any number
	most int
}

// quota returns that of a value of the namespace towards partners of another.
// That of a lookup covers partners of all namespaces together, and any other
// those of the one namespace. to is nil for one that is not declared.
func (ns *namespace) quota(to *namespace) quota {
	switch {
	case ns.lookup:
		return quota{RuleLookup, 1}
	case ns.quotas == nil || to == nil:
		return quota{}
	default:
		return ns.quotas[to.index]
	}
}

// maxAuth is the greatest level of authentication that an event may have.
const maxAuth = math.MaxUint8

// compilePolicies makes the policies of all namespaces ready and returns their
// faults.
func (r *Rules) compilePolicies(c Config) (faults []error) {
	for i, decl := range c.Namespaces {
		ns := r.byRank[i] // not sorted yet
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("identity: namespace %q: %w", decl.Name, fmt.Errorf(format, args...)))
		}
		if int(decl.Conflict) >= len(policyNames) {
			fault("unknown policy %d", decl.Conflict)
		}
		if decl.Auth < 0 || decl.Auth > maxAuth {
			fault("auth %d: want 0 to %d", decl.Auth, maxAuth)
		}
		ns.policies = policies{conflict: decl.Conflict, auth: decl.Auth, lookup: decl.Lookup}
		quotas := make([]quota, len(c.Namespaces))
		limited := false
		for _, name := range slices.Sorted(maps.Keys(decl.MaxEdges)) {
			to, n := r.byName[name], decl.MaxEdges[name]
			switch {
			case to == nil:
				fault("max edges: namespace %q is not declared", name)
			case n < 0 || n > math.MaxInt32:
				fault("max edges: %d of %q: want 0 to %d", n, name, math.MaxInt32)
			case n > 0:
				quotas[to.index], limited = quota{RuleMaxEdges, n}, true
			}
		}
		if decl.Lookup && limited {
			fault("lookup with max edges: a lookup has one edge anyway")
		}
		if decl.Lookup && decl.Conflict == Newest {
			fault("lookup with the policy newest: want one of them")
		}
		if decl.Conflict == Newest {
			for _, to := range r.byRank {
				if to.unique {
					quotas[to.index], limited = quota{RuleNewest, 1}, true
				}
			}
		}
		if limited {
			ns.quotas = quotas
		}
		ns.filters = limited || decl.Lookup || decl.Conflict == Shared || decl.Conflict == Never
	}
	return faults
}

// microseconds is how long a duration is at the resolution of instants: two of
// them are less than d apart when they are less than that apart.
func microseconds(d time.Duration) uint64 {
	return (uint64(max(d, 0)) + uint64(time.Microsecond) - 1) / uint64(time.Microsecond)
}

// Conflict returns the policy of a namespace; Demote for one that is not
// declared.
func (r *Rules) Conflict(namespace string) Policy {
	if ns := r.byName[namespace]; ns != nil {
		return ns.conflict
	}
	return Demote
}

// Auth returns the level of authentication that an event must have to tie a value
// of one namespace to a value of the other: the greater of what the two ask for.
// An event below it leaves no evidence about the pair: See must not be called.
func (r *Rules) Auth(a, b string) int {
	level := 0
	for _, name := range [...]string{a, b} {
		if ns := r.byName[name]; ns != nil {
			level = max(level, ns.auth)
		}
	}
	return level
}

// Windowed reports whether the limit of a namespace is one of a time, so that
// the partition depends on Node.Since of its values.
func (r *Rules) Windowed(namespace string) bool {
	ns := r.byName[namespace]
	return ns != nil && ns.per > 0
}

// Generic reports whether a node has been seen with more partners than its
// namespace allows. It then links nothing, and is no profile of its own. A node
// of a namespace that is not declared is generic too.
func (r *Rules) Generic(n Node) bool {
	return r.end(&n).generic()
}

// Names reports whether a node names somebody, so that events of it make a
// profile: it is neither generic nor barred.
func (r *Rules) Names(n Node) bool { return !n.Barred && !r.Generic(n) }

// Live reports whether an edge may unite anything: it counts, and neither end
// takes it out.
func (r *Rules) Live(e Edge, a, b Node) bool {
	rule, _ := r.Bar(e, a, b)
	return rule == 0 && e.counts()
}

// Bar returns what takes an edge between two nodes out before any union is
// tried; 0 when nothing does, so that an edge that counts is live. The ends may be
// given in either order. Of several reasons it is the first of
//
//  1. RuleUnlinked: a person decided so;
//  2. RuleGeneric, then RuleBarred: an end links nothing at all;
//  3. RuleShared, RuleNewest, RuleMaxEdges, RuleLookup, RuleNever: an end does not
//     let this edge through. None of them holds against a Link.
//
// The namespace is that of the end that takes the edge out, the weaker one where
// both do for the same reason; empty of RuleUnlinked.
func (r *Rules) Bar(e Edge, a, b Node) (rule Rule, namespace string) {
	if r.Compare(a.Identifier, b.Identifier) < 0 {
		a, b = b, a
	}
	return bar(&e, r.end(&a), r.end(&b))
}

// end is one end of an edge.
type end struct {
	*Node
	ns *namespace // nil: not declared
}

func (r *Rules) end(n *Node) end { return end{n, r.byName[n.Identifier.Namespace]} }

func (n end) generic() bool { return n.ns == nil || n.Partners > n.ns.partners }

// bar is Bar for ends in their order.
func bar(e *Edge, weak, strong end) (Rule, string) {
	if e.Decision == Unlink {
		return RuleUnlinked, ""
	}
	w, s := weak.bars(strong, e.manual()), strong.bars(weak, e.manual())
	switch {
	case w != 0 && (s == 0 || w <= s): // the constants are in the order of precedence
		return w, weak.Identifier.Namespace
	case s != 0:
		return s, strong.Identifier.Namespace
	default:
		return 0, ""
	}
}

// bars returns the first reason for which one end does not let an edge through.
func (n end) bars(far end, manual bool) Rule {
	switch {
	case n.generic():
		return RuleGeneric
	case n.Barred:
		return RuleBarred
	case manual || !n.ns.filters:
		return 0
	case n.ns.conflict == Shared && n.Shared:
		return RuleShared
	}
	if q := n.ns.quota(far.ns); q.rule != 0 && !n.admits(far.Token) {
		return q.rule
	}
	if n.ns.conflict == Never && far.ns != nil && far.ns.kind.personal() {
		return RuleNever
	}
	return 0
}

// personal reports whether a value of the kind stands for a human being.
func (k Kind) personal() bool { return k == Person || k == Contact || k == Account }

// admits reports whether a partner is among those that the quotas let through.
func (n *Node) admits(partner Token) bool {
	_, found := slices.BinarySearchFunc(n.Admitted, partner, compareTokens)
	return found
}

func compareTokens(a, b Token) int { return bytes.Compare(a[:], b[:]) }
