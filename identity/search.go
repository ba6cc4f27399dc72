package identity

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// The bounds of what Explain reads in search of a path between two components.
const (
	maxSearchNodes = 10_000
	maxSearchEdges = 100_000
	maxHubEdges    = 1_000 // of a generic node that is one of the two
)

// crossing is an edge with evidence between two components, in the direction in
// which the search or the path takes it.
type crossing struct {
	from, to int32
	edge     Edge
}

// search returns the edges that lead from the component of one vertex to that of
// another, as few as can be, in the order of the path; nil where there are none.
// It goes out from both, by one edge more at a time, so that a generic node that
// both know is found though its own edges are not read.
func (x *explainer) search(a, b int32) (path []crossing, truncated bool, err error) {
	near, far := x.newSide(a), x.newSide(b)
	best, met := unseen, int32(none)
	for {
		s, other := near, far
		if !s.worth(other, best) || other.worth(s, best) && len(other.frontier) < len(s.frontier) {
			s, other = other, s
		}
		if !s.worth(other, best) {
			break
		}
		reached, err := x.advance(s)
		if err != nil {
			return nil, false, err
		}
		for _, c := range reached {
			if o, both := other.reached[c]; both && s.depth+o.depth < best {
				best, met = s.depth+o.depth, c
			}
		}
	}
	if met == none {
		return nil, near.unread < unseen && far.unread < unseen, nil
	}
	path = near.trail(x, met)
	slices.Reverse(path)
	for _, c := range far.trail(x, met) {
		path = append(path, crossing{from: c.to, to: c.from, edge: c.edge})
	}
	// A shorter path would lead through two nodes whose edges were not read. One
	// that only one side has come to is not yet as far as the other's next edge.
	hidden := min(near.unread, near.depth+1) + 1 + min(far.unread, far.depth+1)
	return path, hidden < best, nil
}

// side is what the search has reached from one of the two nodes.
type side struct {
	start    int32
	reached  map[int32]arrival // by component
	frontier []int32           // components whose edges come next
	depth    int               // edges from the start to the frontier
	unread   int               // the least depth of a node with edges not read; unseen: none
}

// arrival is how a side came to a component: by which edge, and how many there
// are from the start.
type arrival struct {
	by    crossing
	depth int
}

const unseen = math.MaxInt / 4 // so that sums do not overflow

func (x *explainer) newSide(v int32) *side {
	c := x.vertices[v].component
	return &side{start: v, reached: map[int32]arrival{c: {}}, frontier: []int32{c}, unread: unseen}
}

// worth reports whether a side, with one edge more, may find a path shorter than
// the best one. While none is known that takes anything that comes next, unless
// the other side has seen all that there is on its own. Then it takes a node that
// the other side knows and has not read; without one the first path is the best.
func (s *side) worth(other *side, best int) bool {
	switch {
	case len(s.frontier) == 0:
		return false
	case best == unseen:
		return len(other.frontier) > 0 || other.unread < unseen
	default:
		return s.depth+1+other.unread < best
	}
}

// advance reads the edges of a side's frontier and returns the new one, in the
// order of the edges that lead there.
func (x *explainer) advance(s *side) ([]int32, error) {
	var members []int32
	for _, c := range s.frontier {
		members = append(members, x.components[c].members...)
	}
	// Hubs last: what they lead to is the least telling.
	slices.SortFunc(members, func(v, w int32) int {
		m, n := &x.vertices[v], &x.vertices[w]
		return cmp.Or(cmp.Compare(m.Partners, n.Partners), m.Identifier.Compare(n.Identifier))
	})
	var found []crossing
	for _, v := range members {
		complete, err := x.cross(v, v == s.start, func(c crossing) { found = append(found, c) })
		if err != nil {
			return nil, err
		}
		if !complete {
			s.unread = min(s.unread, s.depth)
		}
	}
	slices.SortFunc(found, x.order)
	s.depth++
	s.frontier = nil
	for _, f := range found {
		c := x.vertices[f.to].component
		if _, again := s.reached[c]; !again {
			s.reached[c] = arrival{by: f, depth: s.depth}
			s.frontier = append(s.frontier, c)
		}
	}
	return s.frontier, nil
}

// trail returns the edges that led to a component, the last one first.
func (s *side) trail(x *explainer, c int32) (path []crossing) {
	for c != x.vertices[s.start].component {
		by := s.reached[c].by
		path = append(path, by)
		c = x.vertices[by.from].component
	}
	return path
}

// cross visits the evidence that leads from a vertex to other components. It
// reports false if it left some unread.
func (x *explainer) cross(v int32, start bool, visit func(crossing)) (complete bool, err error) {
	most := maxSearchEdges - x.read
	switch {
	case !x.end(v).generic():
	case start:
		most = min(most, maxHubEdges)
	default:
		return false, nil
	}
	t := x.vertices[v].Token
	complete = true
	x.edges = x.edges[:0] // so that no other read falls into the iteration
	for e, err := range x.graph.Edges(t) {
		if err != nil {
			return false, fmt.Errorf("identity: edges of %v: %w", t, err)
		}
		if e.Weak != t && e.Strong != t {
			return false, fmt.Errorf("identity: edges of %v: got one between %v and %v", t, e.Weak, e.Strong)
		}
		if most == 0 {
			complete = false
			break
		}
		most--
		x.read++
		if e.joins() && e.Weak != e.Strong {
			x.edges = append(x.edges, e)
		}
	}
	for _, e := range x.edges {
		far := e.far(t)
		if _, known := x.index[far]; !known && len(x.vertices) >= maxSearchNodes {
			complete = false
			continue
		}
		w, err := x.vertex(far)
		if err != nil {
			return false, err
		}
		c, err := x.component(w)
		if err != nil {
			return false, err
		}
		if c != x.vertices[v].component {
			visit(crossing{from: v, to: w, edge: e})
		}
	}
	return complete, nil
}

// joins reports whether the edge is evidence that its ends are one, unlinked or
// not.
func (e *Edge) joins() bool { return e.counts() || e.Seen || e.Match.Weak }

// order compares crossings by the order of edges, those that were unlinked last.
func (x *explainer) order(c, d crossing) int {
	if u := c.edge.Decision == Unlink; u != (d.edge.Decision == Unlink) {
		if u {
			return 1
		}
		return -1
	}
	p, q := c.edge.place(), d.edge.place()
	cw, cs := x.identifiers(c)
	dw, ds := x.identifiers(d)
	return cmp.Or(
		cmp.Compare(p.class, q.class),
		cmp.Compare(x.rules.Rank(cw.Namespace), x.rules.Rank(dw.Namespace)),
		cmp.Compare(x.rules.Rank(cs.Namespace), x.rules.Rank(ds.Namespace)),
		p.compareTime(q),
		cw.Compare(dw),
		cs.Compare(ds),
	)
}

// identifiers returns those of a crossing's ends.
func (x *explainer) identifiers(c crossing) (weak, strong profile.Identifier) {
	weak, strong = x.vertices[c.from].Identifier, x.vertices[c.to].Identifier
	if x.rules.Compare(weak, strong) < 0 {
		weak, strong = strong, weak
	}
	return weak, strong
}
