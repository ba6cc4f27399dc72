// Package identity decides who is who: which identifiers are worth anything, and
// which of them belong to one person.
//
// # Nodes and evidence
//
// Every identifier is a node. Each event links its weaker identifiers to its
// strongest one; a person's decision (Link, Unlink, Withdraw) is a register on a
// pair, as is the result of record linkage (Match), and a veto keeps two nodes
// apart on any path. That is all the evidence there is, and folding it in is
// order-free.
//
// An edge counts if an event saw it or linkage found a weak match, unless a person
// unlinked it, and if a person linked it.
//
// # Filters
//
// What a node has been seen with may take edges of it out, before any is united.
// Each filter looks at the node's own edges that count and at nothing else:
//
//   - a node is generic when it has been seen with more than
//     Namespace.MaxPartners others, and barred when the rules do not allow the
//     identifier any more: no edge is live at all;
//   - a node under [Shared] that was seen with two values of one unique namespace
//     has no live edge but those that a person linked;
//   - a quota ([Newest], Namespace.MaxEdges, Namespace.Lookup) admits some of the
//     partners that it is about, and a person's links besides;
//   - a node under [Never] has no live edge to a person, a contact or an account,
//     but those that a person linked.
//
// An edge is live if it counts and both ends let it through. [Rules.Bar] says
// what takes one out.
//
// # The partition
//
// A profile is a set of nodes, and the sets are a function of the evidence
// alone. Take the live edges in ascending order of
//
//  1. manual before event, event before linkage,
//  2. the priority of the weaker namespace, then of the stronger,
//  3. the first event's stamp (of a manual edge: the decision's; of one by
//     linkage: the heavier match),
//  4. the identifiers, weaker then stronger, bytewise,
//
// and unite the two ends of each, unless the union would hold more values of a
// namespace than it allows (in all, or first seen within one stretch of time),
// both ends of a veto, or more nodes than a profile may have. Whatever holds for a
// set holds for each part of it, so that an edge that is skipped could not have
// been taken later either.
//
// After a change of the evidence [Rules.Judge] brings the filters of the two nodes
// up to date, and [Rules.Regroup] the partition, by replaying only the region that
// the change can reach; the result is the same as taking all edges from the start.
//
// # Use
//
// [New] checks a [Config] and returns immutable [Rules]. [Rules.Select] turns
// the identifiers of an event into clean ones, strongest first, and says what it
// dropped and why. The package holds no state and touches no disk: the evidence
// is read through the [Graph] that the caller passes.
package identity
