package identity

import (
	"cmp"
	"fmt"
	"slices"
)

// Explanation says why two nodes are in one profile, or what keeps them apart.
type Explanation struct {
	// Together says that the two are in one profile.
	Together bool
	// Path leads from the first node to the second. Of two in one profile it is the
	// path by which they were united: of all paths, the one whose weakest edge is
	// the strongest. Of others it is one with the fewest edges that unite nothing;
	// where several have as few, their first edges in order decide. It is nil where
	// no evidence joins the two, and for a node and itself. But where a veto stands
	// between their profiles, and nothing else joins these, it is one Hop that says
	// so.
	Path []Hop
	// Truncated says that not all evidence was read, for it is much, and that
	// there may be a path, or one with fewer edges that unite nothing.
	Truncated bool
}

// Hop is one step of an Explanation.
type Hop struct {
	From, To Token
	// Edge is the evidence. Of a veto that nothing else joins it has the Pair alone.
	Edge Edge
	// Rule is what keeps the edge from uniting its ends; 0 if they are united.
	Rule Rule
	// Namespace is the one that Rule is about, as in Refusal.
	Namespace string
	// Against names, for RuleUnique, RuleLimit and RuleVeto, two nodes that may not
	// meet: one that evidence stronger than Edge had united with From, then one
	// that it had united with To. Zero otherwise.
	Against [2]Token
}

// Explain says why two nodes are in one profile or in two. It reads the graph as
// it is, the partition included, from one goroutine, and is safe for concurrent
// use as far as the Graph is. The errors are those of the Graph, or say that the
// partition is not the one that the evidence makes.
//
// It reads the profiles of the two and, of two that are apart, those between
// them: about 10,000 nodes and 100,000 edges at most. A generic node has a great
// many edges that tell little, so its edges are read only if it is one of the
// two, and then 1,000 of them.
func (r *Rules) Explain(g Graph, a, b Token) (Explanation, error) {
	x := &explainer{region: newRegion(r, g)}
	va, err := x.vertex(a)
	if err != nil {
		return Explanation{}, err
	}
	vb, err := x.vertex(b)
	if err != nil {
		return Explanation{}, err
	}
	ca, err := x.component(va)
	if err != nil {
		return Explanation{}, err
	}
	cb, err := x.component(vb)
	if err != nil {
		return Explanation{}, err
	}
	if ca == cb {
		path, err := x.within(va, vb)
		return Explanation{Together: true, Path: path}, err
	}
	crossings, truncated, err := x.search(va, vb)
	if err != nil {
		return Explanation{}, err
	}
	if crossings == nil {
		return Explanation{Path: x.vetoHop(va, vb), Truncated: truncated}, nil
	}
	path, err := x.along(va, vb, crossings)
	return Explanation{Path: path, Truncated: truncated}, err
}

// explainer is one call of Explain.
type explainer struct {
	*region
	read int // edges
}

// within returns the path between two vertices of one component.
//
// Every live edge within a component unites its ends, or finds them united: one
// that is skipped keeps its ends apart for good. So the greedy over the edges
// within makes what the greedy over all of them made.
func (x *explainer) within(from, to int32) ([]Hop, error) {
	if from == to {
		return nil, nil
	}
	links, err := x.links(x.components[x.vertices[from].component].members)
	if err != nil {
		return nil, err
	}
	f := newForest(x.region)
	tree := map[int32][]link{}
	for _, l := range links {
		if f.find(l.weak) != f.find(l.strong) {
			f.unite(l.weak, l.strong)
			tree[l.weak] = append(tree[l.weak], l)
			tree[l.strong] = append(tree[l.strong], l)
		}
	}
	if f.find(from) != f.find(to) {
		return nil, fmt.Errorf("identity: nodes %v and %v share a profile, and no evidence joins them", x.vertices[from].Token, x.vertices[to].Token)
	}
	// Backwards, so that each vertex knows its next one.
	next := map[int32]link{to: {}}
	for queue := []int32{to}; len(queue) > 0; queue = queue[1:] {
		for _, l := range tree[queue[0]] {
			v := l.weak + l.strong - queue[0]
			if _, reached := next[v]; !reached {
				next[v] = l
				queue = append(queue, v)
			}
		}
	}
	var path []Hop
	for v := from; v != to; {
		l := next[v]
		p := Pair{Weak: x.vertices[l.weak].Token, Strong: x.vertices[l.strong].Token}
		e, _, err := x.graph.Edge(p)
		if err != nil {
			return nil, fmt.Errorf("identity: edge %v %v: %w", p.Weak, p.Strong, err)
		}
		far := l.weak + l.strong - v
		path = append(path, Hop{From: x.vertices[v].Token, To: x.vertices[far].Token, Edge: e})
		v = far
	}
	return path, nil
}

// links returns the live links within a set of vertices, in order.
func (x *explainer) links(members []int32) ([]link, error) {
	var links []link
	if err := x.between(members, func(l link) { links = append(links, l) }); err != nil {
		return nil, err
	}
	slices.SortFunc(links, x.compare)
	return links, nil
}

// along returns the path that takes some crossings, and between them leads
// through the components.
func (x *explainer) along(from, to int32, crossings []crossing) ([]Hop, error) {
	var path []Hop
	for _, c := range crossings {
		steps, err := x.within(from, c.from)
		if err != nil {
			return nil, err
		}
		hop, err := x.barred(c)
		if err != nil {
			return nil, err
		}
		path = append(append(path, steps...), hop)
		from = c.to
	}
	steps, err := x.within(from, to)
	return append(path, steps...), err
}

// barred returns the hop over an edge between two components, with what bars it.
func (x *explainer) barred(c crossing) (Hop, error) {
	from, to := &x.vertices[c.from], &x.vertices[c.to]
	hop := Hop{From: from.Token, To: to.Token, Edge: c.edge}
	if hop.Rule, hop.Namespace = x.rules.Bar(c.edge, from.Node, to.Node); hop.Rule != 0 {
		return hop, nil
	}
	// The edge was skipped at its place in the order, when the sets at its ends
	// were what the links before it made of their components.
	at, _ := x.link(&c.edge, c.from, c.to)
	then := newForest(x.region)
	for _, v := range [...]int32{c.from, c.to} {
		links, err := x.links(x.components[x.vertices[v].component].members)
		if err != nil {
			return Hop{}, err
		}
		for _, l := range links {
			if x.compare(l, at) < 0 {
				then.unite(l.weak, l.strong)
			}
		}
	}
	rule, ns := then.bars(c.from, c.to)
	if rule == 0 {
		return Hop{}, fmt.Errorf("identity: nodes %v and %v are in two profiles, and no rule keeps the edge from uniting them", hop.From, hop.To)
	}
	if hop.Rule = rule; ns != nil {
		hop.Namespace = ns.name
	}
	hop.Against = x.against(then, c, rule, ns)
	return hop, nil
}

// against finds two vertices that may not meet, one on each side of a crossing:
// of several those with the least identifiers.
func (x *explainer) against(f *forest, c crossing, rule Rule, ns *namespace) [2]Token {
	near, far := x.byName(f.members(c.from)), x.byName(f.members(c.to))
	switch rule {
	case RuleVeto:
		return x.firstApart(near, far)
	case RuleUnique, RuleLimit:
		crowd := x.crowd(slices.Concat(near, far), ns)
		// Neither side breaks the limit alone, so the crowd is of both.
		in := func(v int32) bool { return slices.Contains(crowd, v) }
		v, w := slices.IndexFunc(near, in), slices.IndexFunc(far, in)
		if v >= 0 && w >= 0 {
			return [2]Token{x.vertices[near[v]].Token, x.vertices[far[w]].Token}
		}
	}
	return [2]Token{}
}

// crowd returns the vertices that are together too many values of a namespace:
// where its limit is one of a time, those of the first stretch that holds too many.
func (x *explainer) crowd(vs []int32, ns *namespace) []int32 {
	vs = slices.DeleteFunc(vs, func(v int32) bool {
		return x.vertices[v].ns != ns || ns.per > 0 && !x.vertices[v].Dated
	})
	if ns.per == 0 {
		return vs
	}
	slices.SortFunc(vs, func(v, w int32) int { return cmp.Compare(x.vertices[v].Since, x.vertices[w].Since) })
	for i := range vs[:max(0, len(vs)-ns.limit)] {
		from, to := x.vertices[vs[i]].Since, x.vertices[vs[i+ns.limit]].Since
		if uint64(to)-uint64(from) < ns.per {
			return vs[i : i+ns.limit+1]
		}
	}
	return nil
}

// firstApart returns the first two vertices of two lists with a veto between
// them; none gives zero tokens.
func (x *explainer) firstApart(near, far []int32) [2]Token {
	for _, v := range near {
		if len(x.vertices[v].vetoes) == 0 {
			continue
		}
		for _, w := range far {
			if x.apart(v, w) {
				return [2]Token{x.vertices[v].Token, x.vertices[w].Token}
			}
		}
	}
	return [2]Token{}
}

// vetoHop returns the hop that says that two components are apart by a veto alone:
// that between the two vertices themselves, or the first one. It returns nil if
// there is none.
func (x *explainer) vetoHop(from, to int32) []Hop {
	near, far := x.byName(x.members(from)), x.byName(x.members(to))
	against := x.firstApart(slices.Insert(near, 0, from), slices.Insert(far, 0, to))
	if against == ([2]Token{}) {
		return nil
	}
	a, b := &x.vertices[from], &x.vertices[to]
	edge := Edge{Pair: x.rules.Pair(a.Node, b.Node)}
	return []Hop{{From: a.Token, To: b.Token, Edge: edge, Rule: RuleVeto, Against: against}}
}

func (x *explainer) members(v int32) []int32 {
	return slices.Clone(x.components[x.vertices[v].component].members)
}

// byName sorts vertices by their identifiers.
func (x *explainer) byName(vs []int32) []int32 {
	slices.SortFunc(vs, func(a, b int32) int {
		return x.vertices[a].Identifier.Compare(x.vertices[b].Identifier)
	})
	return vs
}
