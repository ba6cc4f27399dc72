package identity

import (
	"fmt"
	"slices"
)

// Judge says what a change of the evidence about one pair does to the filters of
// its two ends. Call it whenever See, Decide or a new Match changed an edge, or
// the edge was erased: the Graph must already show the edge as it is now (none
// when it was erased) and the partner counts that follow from it, and the ends
// with Shared and Admitted as they were. before is the edge as it was, the zero
// Edge if there was none.
//
// It returns the ends whose Shared or Admitted changed, which have to be stored
// before anything else is asked of the rules, and the pairs that Regroup then has
// to hear of: the pair itself when its edge begins to count, begins or ceases to
// be live, takes another place in the order or makes an end generic; pairs of
// other edges that begin or cease to be live with it; and an end paired with
// itself when its Shared changed. Each event or decision may have several pairs
// judged, one after the other, and regrouped together.
//
// An event costs the reading of the two ends, of the edge, and of the partners that
// the quotas of the ends let through. All edges of an end are read only when one
// that was let through goes away or moves back (by an Unlink, a Withdraw, a lighter
// Match), when a partner of a unique namespace comes to a value under Shared that
// is not shared yet, which without an Unlink happens once for each unique namespace
// and once more, and when a shared value may cease to be so. It is safe for
// concurrent use as far as the Graph is.
func (r *Rules) Judge(g Graph, p Pair, before Edge) (nodes []Node, changed []Pair, err error) {
	if p.Weak == p.Strong {
		return nil, nil, fmt.Errorf("identity: a pair of node %v with itself has no edge", p.Weak)
	}
	weak, err := readNode(g, p.Weak)
	if err != nil {
		return nil, nil, err
	}
	strong, err := readNode(g, p.Strong)
	if err != nil {
		return nil, nil, err
	}
	if r.Compare(weak.Identifier, strong.Identifier) < 0 {
		weak, strong = strong, weak
		p = Pair{Weak: weak.Token, Strong: strong.Token}
	}
	after, err := readEdge(g, p)
	if err != nil || r.idle(&before, &after, weak.Identifier.Namespace, strong.Identifier.Namespace) {
		return nil, nil, err
	}
	before.Pair = p
	j := &judge{rules: r, graph: g}
	return j.judge(weak, strong, before, after)
}

// idle reports whether a change of an edge cannot matter to anything, such as one
// more sighting of what was seen before.
func (r *Rules) idle(before, after *Edge, a, b string) bool {
	counts := after.counts()
	switch {
	case before.Seen != after.Seen || before.counts() != counts:
		return false
	case counts && before.place() != after.place():
		return false
	default:
		return before.Last == after.Last || r.Conflict(a) != Newest && r.Conflict(b) != Newest
	}
}

// judge is one call of Judge.
type judge struct {
	rules   *Rules
	graph   Graph
	nodes   []Node
	changed []Pair
}

// judge compares the edge as it was between its ends as they were with the edge as
// it is between its ends as they become.
func (j *judge) judge(weakNode, strongNode Node, was, is Edge) ([]Node, []Pair, error) {
	weak, strong, before, after := j.rules.end(&weakNode), j.rules.end(&strongNode), &was, &is
	// With the first sighting each end has one partner more. An end that this made
	// generic has its component replayed, whether or not the edge itself was live.
	turned := after.Seen && !before.Seen && (weak.turned() || strong.turned())
	oldWeak, oldStrong := *weak.Node, *strong.Node
	wasLive := before.counts() && !barred(before, end{&oldWeak, weak.ns}, end{&oldStrong, strong.ns})
	if err := j.update(weak, strong, before, after); err != nil {
		return nil, nil, err
	}
	if err := j.update(strong, weak, before, after); err != nil {
		return nil, nil, err
	}
	isLive := after.counts() && !barred(after, weak, strong)
	moved := isLive && wasLive && before.place() != after.place()
	if turned || moved || isLive != wasLive || after.counts() && !before.counts() {
		j.changed = append(j.changed, after.Pair)
	}
	return j.nodes, j.changed, nil
}

// barred reports whether an end takes an edge out.
func barred(e *Edge, weak, strong end) bool {
	rule, _ := bar(e, weak, strong)
	return rule != 0
}

// turned reports whether the latest partner made the node generic.
func (n end) turned() bool { return n.ns != nil && n.Partners == n.ns.partners+1 }

// update brings the filters of one end up to date, and notes what follows.
func (j *judge) update(n, far end, before, after *Edge) error {
	if n.ns == nil || !n.ns.filters {
		return nil
	}
	shared, err := j.sharing(n, far, before, after)
	if err != nil {
		return err
	}
	admitted, err := j.admission(n, far, before, after)
	if err != nil {
		return err
	}
	if shared == n.Shared && slices.Equal(admitted, n.Admitted) {
		return nil
	}
	old := *n.Node
	n.Shared, n.Admitted = shared, admitted
	j.nodes = append(j.nodes, *n.Node)
	if n.Shared != old.Shared {
		j.changed = append(j.changed, Pair{n.Token, n.Token})
	}
	return j.swapped(end{&old, n.ns}, n, far.Token)
}

// swapped notes the edges of a node, but for the one that changed, that begin or
// cease to be live as its quotas let other partners through.
func (j *judge) swapped(old, now end, except Token) error {
	for _, t := range slices.Concat(old.Admitted, now.Admitted) {
		if t == except || old.admits(t) == now.admits(t) {
			continue
		}
		far, err := j.node(t)
		if err != nil {
			return err
		}
		e, err := readEdge(j.graph, j.rules.Pair(*now.Node, *far.Node))
		if err != nil {
			return err
		}
		if j.rules.Live(e, *old.Node, *far.Node) != j.rules.Live(e, *now.Node, *far.Node) {
			j.changed = append(j.changed, e.Pair)
		}
	}
	return nil
}

// sharing returns what Shared of a node is after the change of one edge.
func (j *judge) sharing(n, far end, before, after *Edge) (bool, error) {
	if n.ns.conflict != Shared || far.ns == nil || !far.ns.unique || before.firm() == after.firm() {
		return n.Shared, nil
	}
	if n.Shared == after.firm() {
		return n.Shared, nil // one more makes no less, and one less no more
	}
	edges, err := j.edges(n)
	if err != nil {
		return false, err
	}
	return j.shared(n, edges)
}

// shared works out Shared of a node under that policy from its edges.
func (j *judge) shared(n end, edges []Edge) (bool, error) {
	seen := make(map[*namespace]bool)
	for i := range edges {
		if !edges[i].firm() {
			continue
		}
		far, err := j.node(edges[i].far(n.Token))
		if err != nil {
			return false, err
		}
		if far.ns == nil || !far.ns.unique {
			continue
		}
		if seen[far.ns] {
			return true, nil
		}
		seen[far.ns] = true
	}
	return false, nil
}

// Refilter works Shared and Admitted of a node out from all its edges and returns
// the node with them. Judge comes to the same, one change at a time; Refilter is for
// the node whose edges changed at large, such as the partners of one that was
// erased. It costs the reading of all edges of a node whose namespace has a policy
// or a quota, and of their far ends.
func (r *Rules) Refilter(g Graph, t Token) (Node, error) {
	j := &judge{rules: r, graph: g}
	n, err := j.node(t)
	if err != nil {
		return Node{}, err
	}
	n.Shared, n.Admitted = false, nil
	if n.ns == nil || !n.ns.filters {
		return *n.Node, nil
	}
	edges, err := j.edges(n)
	if err != nil {
		return Node{}, err
	}
	if n.ns.conflict == Shared {
		if n.Shared, err = j.shared(n, edges); err != nil {
			return Node{}, err
		}
	}
	if n.ns.lookup || n.ns.quotas != nil {
		if n.Admitted, err = j.admitted(n, edges); err != nil {
			return Node{}, err
		}
	}
	return *n.Node, nil
}

// node reads a node. The caller owns it.
func (j *judge) node(t Token) (end, error) {
	n, err := readNode(j.graph, t)
	if err != nil {
		return end{}, err
	}
	return j.rules.end(&n), nil
}

// edges reads the edges of a node that count.
func (j *judge) edges(n end) ([]Edge, error) {
	var edges []Edge
	err := readEdges(&edges, j.graph.Edges(n.Token), n.Token)
	return edges, err
}
