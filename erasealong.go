package portrait

import (
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// companion is somebody who is not one with those who go, and was seen with them.
type companion struct {
	nodes []*node
	root  identity.Token
	// needs are the other companions that it was seen with.
	needs []identity.Token
	stays bool
}

// meetCompanions notes that those go along of whom nothing tells but the evidence of those
// who go, whatever parted the two: nothing else would ever reach them. Whoever has events
// of their own goes only where nothing but a bound of the model kept them out, or the model
// no longer allows them, and where they were not seen since, for who is asked about that:
// they would have been one person without it. Whom a rule or a decision made another
// person stays then, and so does everybody who was seen with somebody who stays.
func (e *eraser) meetCompanions(seen func(*profile.State) bool) error {
	found := map[identity.Token]*companion{}
	var all []*companion
	for _, n := range e.inOrder() {
		more, err := e.companionsOf(n, found)
		if err != nil {
			return err
		}
		all = append(all, more...)
	}
	for _, c := range all {
		if err := e.weigh(c, found, seen); err != nil {
			return err
		}
	}
	for again := true; again; {
		again = false
		for _, c := range all {
			for _, root := range c.needs {
				if !c.stays && found[root].stays {
					c.stays, again = true, true
				}
			}
		}
	}
	for _, c := range all {
		if c.stays {
			continue
		}
		if err := e.meet(c.nodes[0]); err != nil {
			return err
		}
	}
	return nil
}

// companionsOf returns those that a node was seen with, but for those who are found.
func (e *eraser) companionsOf(n *node, found map[identity.Token]*companion) (more []*companion, err error) {
	for edge, err := range (graph{e.t}).Edges(n.token) {
		if err != nil {
			return nil, err
		}
		if e.gone[otherEnd(edge, n.token)] != nil || !together(edge) {
			continue
		}
		other, err := e.t.must(otherEnd(edge, n.token))
		if err != nil {
			return nil, err
		}
		comp, err := e.t.component(other)
		if err != nil {
			return nil, err
		}
		if found[comp.root] != nil {
			continue
		}
		c := &companion{root: comp.root}
		for _, token := range comp.members {
			one, err := e.t.must(token)
			if err != nil {
				return nil, err
			}
			c.nodes = append(c.nodes, one)
		}
		found[c.root] = c
		more = append(more, c)
	}
	return more, nil
}

// together reports whether an edge says that its ends are of one person: one that says that
// they are not says nothing else of them.
func together(edge identity.Edge) bool {
	return edge.Seen || edge.Match.Weak || edge.Decision == identity.Link
}

// otherEnd returns whom an edge joins a node to.
func otherEnd(edge identity.Edge, token identity.Token) identity.Token {
	if edge.Weak == token {
		return edge.Strong
	}
	return edge.Weak
}

// weigh says whether somebody stays, as far as the other companions do not decide it.
func (e *eraser) weigh(c *companion, found map[identity.Token]*companion, seen func(*profile.State) bool) error {
	own := false
	for _, n := range c.nodes {
		if len(e.t.holdsOf(n.token)) > 0 {
			c.stays = true // It was not asked for.
			return nil
		}
		if n.state.Events() > 0 {
			own = true
			c.stays = c.stays || seen != nil && seen(n.state)
		}
		for edge, err := range (graph{e.t}).Edges(n.token) {
			if err != nil {
				return err
			}
			if e.gone[otherEnd(edge, n.token)] != nil || !together(edge) {
				continue
			}
			far, err := e.t.must(otherEnd(edge, n.token))
			if err != nil {
				return err
			}
			if far.root == c.root {
				continue
			}
			if found[far.root] == nil {
				c.stays = true
			}
			if c.stays {
				return nil
			}
			c.needs = append(c.needs, far.root)
		}
	}
	if !own || c.stays {
		return nil
	}
	bounded, err := e.bounded(c)
	c.stays = !bounded
	return err
}

// bounded reports whether nothing but bounds keeps somebody with events of their own from
// being one with those who go. Where events of theirs name these, they are somebody by
// themselves: who goes lent them a telephone, say.
func (e *eraser) bounded(c *companion) (bool, error) {
	for _, n := range c.nodes {
		if n.barred {
			continue
		}
		hops, truncated, err := e.t.cat.rules.Around(graph{e.t}, n.token)
		if err != nil || truncated {
			return false, err
		}
		for _, hop := range hops {
			if e.gone[hop.To] == nil {
				continue
			}
			switch hop.Rule {
			case identity.RuleNodes, identity.RuleLimit, identity.RuleMaxEdges:
				if hop.Edge.Strong == n.token {
					return false, nil
				}
			default:
				return false, nil
			}
		}
	}
	return true, nil
}
