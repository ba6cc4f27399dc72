// Package identity decides who is who: which identifiers are worth anything, and
// which of them belong to one person.
//
// # Nodes and evidence
//
// Every identifier is a node. Each event links its weaker identifiers to its
// strongest one; a person's decision (Link, Unlink) is a register on a pair, and
// a veto keeps two nodes apart on any path. That is all the evidence there is,
// and folding it in is order-free.
//
// # The partition
//
// A profile is a set of nodes, and the sets are a function of the evidence
// alone. Take the live edges in ascending order of
//
//  1. manual before event,
//  2. the priority of the weaker namespace, then of the stronger,
//  3. the first event's stamp (of a manual edge: the decision's),
//  4. the identifiers, weaker then stronger, bytewise,
//
// and unite the two ends of each, unless the union would hold more values of a
// namespace than it allows, both ends of a veto, or more nodes than a profile
// may have. An edge is live unless it was unlinked or one of its ends is
// generic, which is to say has been seen with too many partners.
//
// [Rules.Regroup] brings the partition up to date after a change by replaying
// only the region that the change can reach; the result is the same as taking
// all edges from the start.
//
// # Use
//
// [New] checks a [Config] and returns immutable [Rules]. [Rules.Select] turns
// the identifiers of an event into clean ones, strongest first, and says what it
// dropped and why. The package holds no state and touches no disk: the evidence
// is read through the [Graph] that the caller passes.
package identity
