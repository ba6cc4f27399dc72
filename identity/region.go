package identity

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// region is the part of the graph that one call of Regroup has read. Vertices
// and components are numbered in the order of reading; nothing that comes out
// depends on the numbers.
type region struct {
	rules      *Rules
	graph      Graph
	index      map[Token]int32
	vertices   []vertex
	components []component
	edges      []Edge // of scan
}

// vertex is a node that was read.
type vertex struct {
	Node
	ns        *namespace // nil: not declared, and so generic
	out       bool       // generic or barred: no edge is live
	vetoes    []Token
	component int32 // the old one; none until it is read
}

const none = -1

// component is a set of the old partition.
type component struct {
	members []int32
	inside  bool   // being replayed
	links   []link // live ones between members, ascending; see sweep.shadow
	next    int    // the first of links that is still to come
	loaded  bool   // links are read
}

// link is a live edge between two vertices that were read.
type link struct {
	weak, strong int32
	place
}

func newRegion(r *Rules, g Graph) *region {
	const usual = 8 // nodes at both ends of an edge
	return &region{
		rules: r, graph: g,
		index:      make(map[Token]int32, usual),
		vertices:   make([]vertex, 0, usual),
		components: make([]component, 0, 2),
	}
}

// vertex reads a node, once.
func (g *region) vertex(t Token) (int32, error) {
	if v, ok := g.index[t]; ok {
		return v, nil
	}
	n, err := readNode(g.graph, t)
	if err != nil {
		return none, err
	}
	var vetoes []Token
	if n.Vetoed {
		if vetoes, err = g.graph.Vetoed(t); err != nil {
			return none, fmt.Errorf("identity: vetoes of %v: %w", t, err)
		}
	}
	v, ns := int32(len(g.vertices)), g.rules.byName[n.Identifier.Namespace]
	g.index[t] = v
	g.vertices = append(g.vertices, vertex{
		Node:      n,
		ns:        ns,
		out:       n.Barred || end{&n, ns}.generic(),
		vetoes:    vetoes,
		component: none,
	})
	return v, nil
}

// apart reports whether there is a veto between two vertices.
func (g *region) apart(a, b int32) bool {
	return slices.Contains(g.vertices[a].vetoes, g.vertices[b].Token)
}

// component reads the old component of a vertex with all its members, once.
func (g *region) component(v int32) (int32, error) {
	if c := g.vertices[v].component; c != none {
		return c, nil
	}
	tokens, err := g.list(v)
	if err != nil {
		return none, err
	}
	c := int32(len(g.components))
	members := make([]int32, 0, len(tokens))
	for _, t := range tokens {
		m, err := g.vertex(t)
		if err != nil {
			return none, err
		}
		if g.vertices[m].component != none {
			return none, fmt.Errorf("identity: component of %v: node %v is in another one", g.vertices[v].Token, t)
		}
		g.vertices[m].component = c
		members = append(members, m)
	}
	if g.vertices[v].component != c {
		return none, fmt.Errorf("identity: component of %v: the node itself is missing", g.vertices[v].Token)
	}
	g.components = append(g.components, component{members: members})
	return c, nil
}

// list returns the tokens of the old component of a vertex.
func (g *region) list(v int32) ([]Token, error) {
	tokens, err := g.graph.Component(g.vertices[v].Token)
	if err != nil {
		return nil, fmt.Errorf("identity: component of %v: %w", g.vertices[v].Token, err)
	}
	return tokens, nil
}

// inside reports whether a vertex is being replayed.
func (g *region) inside(v int32) bool {
	c := g.vertices[v].component
	return c != none && g.components[c].inside
}

// end returns a vertex as an end of edges, until the next vertex is read.
func (g *region) end(v int32) end { return end{&g.vertices[v].Node, g.vertices[v].ns} }

// link returns the live link between two vertices; ok is false when the edge is
// not live.
func (g *region) link(e *Edge, a, b int32) (l link, ok bool) {
	if a == b || !e.counts() || g.vertices[a].out || g.vertices[b].out {
		return link{}, false
	}
	if x, y := &g.vertices[a], &g.vertices[b]; x.ns.rank < y.ns.rank || x.ns.rank == y.ns.rank && x.Identifier.Compare(y.Identifier) < 0 {
		a, b = b, a
	}
	l = link{weak: a, strong: b, place: e.place()}
	if l.class != byHand && (g.vertices[a].ns.filters || g.vertices[b].ns.filters) && barred(e, g.end(a), g.end(b)) {
		return link{}, false
	}
	return l, true
}

// compare is the order in which edges are taken. Two links are equal only when
// they have the same ends.
func (g *region) compare(l, m link) int {
	if l.class != m.class {
		return cmp.Compare(l.class, m.class)
	}
	// Live links have no generic ends, so every namespace is declared.
	lw, ls, mw, ms := &g.vertices[l.weak], &g.vertices[l.strong], &g.vertices[m.weak], &g.vertices[m.strong]
	return cmp.Or(
		cmp.Compare(lw.ns.rank, mw.ns.rank),
		cmp.Compare(ls.ns.rank, ms.ns.rank),
		l.compareTime(m.place),
		lw.Identifier.Compare(mw.Identifier),
		ls.Identifier.Compare(ms.Identifier),
	)
}

// scan visits the live links of a vertex. The far end is read, its component is
// not. A vertex that is out has none, and its edges, which may be many, stay
// unread.
func (g *region) scan(v int32, visit func(l link, far int32)) error {
	if g.vertices[v].out {
		return nil
	}
	t := g.vertices[v].Token
	g.edges = g.edges[:0]
	if err := readEdges(&g.edges, g.graph.Edges(t), t); err != nil {
		return err
	}
	for i := range g.edges {
		e := &g.edges[i]
		far := e.far(t)
		if !g.mayBeLive(v, far, e) {
			continue
		}
		f, err := g.vertex(far)
		if err != nil {
			return err
		}
		if l, ok := g.link(e, v, f); ok {
			visit(l, f)
		}
	}
	return nil
}

// mayBeLive is false of an edge that one need not know the far end of to know
// that it is not live.
func (g *region) mayBeLive(v int32, far Token, e *Edge) bool {
	n := &g.vertices[v]
	if !n.ns.filters || e.manual() {
		return true
	}
	return (n.ns.conflict != Shared || !n.Shared) && (!n.ns.lookup || n.admits(far))
}

// readNode reads a node and holds it against what was asked for.
func readNode(g Graph, t Token) (Node, error) {
	n, err := g.Node(t)
	if err != nil {
		return Node{}, fmt.Errorf("identity: node %v: %w", t, err)
	}
	if n.Token != t {
		return Node{}, fmt.Errorf("identity: node %v: got node %v", t, n.Token)
	}
	return n, nil
}

// readEdge reads what is known of a pair: an edge that does not count if nothing is.
func readEdge(g Graph, p Pair) (Edge, error) {
	e, _, err := g.Edge(p)
	if err != nil {
		return Edge{}, fmt.Errorf("identity: edge %v %v: %w", p.Weak, p.Strong, err)
	}
	e.Pair = p
	return e, nil
}

// readEdges appends those edges of a node that count to dst, all before any of them
// is used, so that no other read falls into the iteration.
func readEdges(dst *[]Edge, edges iter.Seq2[Edge, error], t Token) error {
	for e, err := range edges {
		if err != nil {
			return fmt.Errorf("identity: edges of %v: %w", t, err)
		}
		if e.Weak != t && e.Strong != t {
			return fmt.Errorf("identity: edges of %v: got one between %v and %v", t, e.Weak, e.Strong)
		}
		if e.counts() {
			*dst = append(*dst, e)
		}
	}
	return nil
}

// between visits the live links among the members of one set, some of them
// twice. The member with the most partners is not scanned: each link has another
// end, which is, and a hub may have thousands of edges that lead elsewhere.
func (g *region) between(members []int32, visit func(link)) error {
	if len(members) < 2 {
		return nil
	}
	hub := slices.MaxFunc(members, func(a, b int32) int { return cmp.Compare(g.vertices[a].Partners, g.vertices[b].Partners) })
	in := make(map[int32]bool, len(members))
	for _, m := range members {
		in[m] = true
	}
	for _, m := range members {
		if m == hub {
			continue
		}
		err := g.scan(m, func(l link, far int32) {
			if in[far] {
				visit(l)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
