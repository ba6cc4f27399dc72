package portrait

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/profile"
)

func (c *checker) readNodes() error {
	return c.scan(keys.Node, func(key, value []byte) error {
		token, err := tokenOf(key)
		if err != nil {
			return err
		}
		head, state, err := splitNode(token, value)
		if err != nil {
			return err
		}
		n := &checkedNode{node: head}
		if n.person, err = oracle.Decode(state); err != nil {
			c.differ("node %s: its state cannot be read: %v", head.id, err)
			n.person = oracle.Merge()
		}
		n.person = n.person.Named(head.id)
		if err := n.readState(bytes.Clone(state)); err != nil {
			return fmt.Errorf("node %s: %w", head.id, err)
		}
		if c.v.db.tokens.Token(head.id) != token {
			c.differ("node %s: its token is not that of its identifier", head.id)
		}
		clean, err := c.v.epoch.cat.rules.Clean(head.id)
		switch {
		case (err != nil) != head.barred:
			c.differ("node %s: barred: says %t, but the rules %v", head.id, head.barred, err)
		case err == nil && clean != head.id:
			c.differ("node %s: its identifier is not clean", head.id)
		}
		c.nodes[token], c.byID[head.id] = n, n
		return nil
	})
}

// tokenOf returns the token of a key that holds one and nothing else.
func tokenOf(key []byte) (identity.Token, error) {
	if len(key) != 1+keys.TokenLen {
		return identity.Token{}, fmt.Errorf("%w: key %x of %d bytes", ErrCorrupt, key[:1], len(key))
	}
	return identity.Token(key[1:]), nil
}

func (c *checker) readEdges() error {
	halves := map[identity.Pair]int{} // an edge is stored under either end
	rules := naiveRules(c.v.epoch.cat.identity())
	err := c.scan(keys.Edge, func(key, value []byte) error {
		a, b, _ := keys.Pair(key)
		x, y := c.nodes[a], c.nodes[b]
		if x == nil || y == nil {
			c.differ("edge %s: an end is not there", identity.Token(a))
			return nil
		}
		x.linked = true
		if len(value) == 0 {
			halves[identity.Pair{Weak: b, Strong: a}]++
			return nil
		}
		e, err := decodeEdge(identity.Pair{Weak: a, Strong: b}, value)
		if err != nil {
			return err
		}
		halves[e.Pair]++
		if weaker(y.id, x.id, rules) {
			c.differ("edge of %s and %s: leads from the stronger to the weaker", x.id, y.id)
		}
		if e.Seen {
			x.partners++
			y.partners++
			for _, end := range [...]*checkedNode{x, y} {
				if n := end.node.evidence(); !n.Dated || n.Since > e.First.At {
					c.differ("node %s: was named earlier than it says", end.id)
				}
			}
		}
		c.edges = append(c.edges, oracle.Edge{
			A: x.id, B: y.id, Seen: e.Seen, First: e.First, Last: e.Last,
			Decision: oracle.Decision(e.Decision), Decided: e.Decided,
			Match: oracle.Match{Weak: e.Match.Weak, Weight: e.Match.Weight},
		})
		return nil
	})
	if err != nil {
		return err
	}
	for pair, n := range halves {
		if n != 2 {
			c.differ("edge of %s and %s: has only one direction", c.nodes[pair.Weak].id, c.nodes[pair.Strong].id)
		}
	}
	for _, n := range c.nodes {
		if int(n.node.partners) != n.partners {
			c.differ("node %s: counts %d partners, has %d", n.id, n.node.partners, n.partners)
		}
		if n.linked && !n.node.linked {
			c.differ("node %s: has edges and does not say so", n.id)
		}
	}
	return nil
}

// weaker reports whether one identifier is weaker than another.
func weaker(a, b profile.Identifier, rules oracle.Rules) bool {
	rank := func(id profile.Identifier) int {
		if ns, declared := rules.Namespaces[id.Namespace]; declared {
			return ns.Rank
		}
		return math.MaxInt
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Compare(b)) > 0
}

func (c *checker) readVetoes() error {
	halves := map[identity.Pair][]veto{} // a veto is stored under either end
	err := c.scan(keys.Veto, func(key, value []byte) error {
		v, err := decodeVeto(value)
		if err != nil {
			return err
		}
		a, b, _ := keys.Pair(key)
		pair := identity.Pair{Weak: a, Strong: b}
		if bytes.Compare(a[:], b[:]) > 0 {
			pair = identity.Pair{Weak: b, Strong: a}
		}
		halves[pair] = append(halves[pair], v)
		if v.withdrawn {
			return nil
		}
		x, y := c.nodes[a], c.nodes[b]
		if x == nil || y == nil {
			c.differ("veto %s: an end is not there", identity.Token(a))
			return nil
		}
		x.vetoed = true
		if bytes.Compare(a[:], b[:]) < 0 {
			c.veto = append(c.veto, [2]profile.Identifier{x.id, y.id})
		}
		return nil
	})
	for pair, both := range halves {
		switch {
		case len(both) != 2:
			c.differ("veto of %s and %s: has only one direction", pair.Weak, pair.Strong)
		case both[0] != both[1]:
			c.differ("veto of %s and %s: says one thing in one direction, another in the other", pair.Weak, pair.Strong)
		}
	}
	for _, n := range c.nodes {
		if n.vetoed != n.node.vetoed {
			c.differ("node %s: vetoes: says %t, has %t", n.id, n.node.vetoed, n.vetoed)
		}
	}
	return err
}

func (c *checker) readComponents() error {
	return c.scan(keys.Component, func(key, value []byte) error {
		root, err := tokenOf(key)
		if err != nil {
			return err
		}
		c.components[root], err = decodeComponent(value)
		return err
	})
}

func (c *checker) readOrdinals() error {
	return c.scan(keys.Ordinal, func(key, value []byte) error {
		ordinal, ok := keys.ReadOrdinal(key)
		if !ok || len(value) != keys.TokenLen {
			return fmt.Errorf("%w: ordinal record of %d and %d bytes", ErrCorrupt, len(key), len(value))
		}
		c.ordinals[ordinal] = identity.Token(value)
		return nil
	})
}

// checkSuppressed makes sure that nobody is in who is suppressed.
func (c *checker) checkSuppressed() error {
	return c.scan(keys.Suppression, func(key, value []byte) error {
		token, err := tokenOf(key)
		if err != nil {
			return err
		}
		s, err := decodeSuppression(value)
		if err != nil {
			return err
		}
		if n := c.nodes[token]; n != nil && s.lifted == profile.Never {
			c.differ("node %s: is suppressed, and there", n.id)
		}
		return nil
	})
}

// naiveRules restates identity rules with their defaults.
func naiveRules(config identity.Config) oracle.Rules {
	r := oracle.Rules{Namespaces: map[string]oracle.Namespace{}, MaxNodes: config.MaxNodes}
	if r.MaxNodes == 0 {
		r.MaxNodes = 200
	}
	partners := map[identity.Kind]int{identity.Contact: 100, identity.Device: 20, identity.Cookie: 20}
	conflicts := map[identity.Policy]oracle.Conflict{
		identity.Demote: oracle.Demote, identity.Newest: oracle.Newest, identity.Shared: oracle.Shared,
		identity.Refuse: oracle.Refuse, identity.Never: oracle.Never,
	}
	for _, n := range config.Namespaces {
		ns := oracle.Namespace{
			Rank: n.Priority, Unique: n.Unique, Limit: n.Limit, Per: n.Per.Microseconds(), MaxPartners: n.MaxPartners,
			Conflict: conflicts[n.Conflict], MaxEdges: n.MaxEdges, Lookup: n.Lookup, Auth: n.Auth,
			Personal: n.Kind == identity.Person || n.Kind == identity.Contact || n.Kind == identity.Account,
		}
		if ns.MaxPartners == 0 {
			ns.MaxPartners = partners[n.Kind]
		}
		if ns.MaxPartners == 0 {
			ns.MaxPartners = 10_000
			if n.Conflict == identity.Newest {
				ns.MaxPartners = 100
			}
		}
		r.Namespaces[n.Name] = ns
	}
	return r
}

// evidence is a node as the naive implementation sees it.
func (n *checkedNode) evidence() oracle.Node {
	e := n.node.evidence()
	return oracle.Node{Identifier: n.id, Partners: n.partners, Since: e.Since, Dated: e.Dated, Barred: n.barred}
}

// partition recomputes who is one person, and compares components and IDs.
func (c *checker) partition() error {
	rules := naiveRules(c.v.epoch.cat.identity())
	nodes := make([]oracle.Node, 0, len(c.nodes))
	edges := oracle.Incident(c.edges)
	for _, n := range c.nodes {
		nodes = append(nodes, n.evidence())
		c.checkFilters(n, edges[n.id], rules)
	}
	for _, group := range oracle.Partition(nodes, c.edges, c.veto, rules) {
		c.checkGroup(group, rules)
	}
	for root := range c.components {
		c.differ("component %s: nobody's", root)
	}
	return nil
}

// checkFilters compares what a node's policies make of its edges.
func (c *checker) checkFilters(n *checkedNode, edges []oracle.Edge, rules oracle.Rules) {
	shared, admitted := rules.Filtered(n.evidence(), edges)
	if n.shared != shared {
		c.differ("node %s: shared: says %t, is %t", n.id, n.shared, shared)
	}
	have := make([]profile.Identifier, 0, len(n.admitted))
	for _, t := range n.admitted {
		other := c.nodes[t]
		if other == nil {
			c.differ("node %s: admits node %s, which is not there", n.id, t)
			continue
		}
		have = append(have, other.id)
	}
	slices.SortFunc(have, profile.Identifier.Compare)
	slices.SortFunc(admitted, profile.Identifier.Compare)
	if !slices.Equal(have, admitted) {
		c.differ("node %s: admits %v, should %v", n.id, have, admitted)
	}
}

func (c *checker) checkGroup(group []profile.Identifier, rules oracle.Rules) {
	tokens := make([]identity.Token, len(group))
	parts := make([]*oracle.Person, len(group))
	live, numbered, ordinal := false, false, uint32(0)
	for i, id := range group {
		n := c.byID[id]
		tokens[i], parts[i] = n.token, n.person
		live = live || n.person.Events > 0 && !n.barred && !rules.Generic(n.evidence())
		if n.numbered && (!numbered || n.ordinal < ordinal) {
			numbered, ordinal = true, n.ordinal
		}
	}
	slices.SortFunc(tokens, func(a, b identity.Token) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range group {
		if n := c.byID[id]; n.root != tokens[0] {
			c.differ("node %s: belongs to component %s, should to %s", id, n.root, tokens[0])
		}
	}
	have, ok := c.components[tokens[0]]
	if delete(c.components, tokens[0]); !ok {
		have = tokens[:1]
	}
	if !slices.Equal(have, tokens) {
		c.differ("component of %s: %d nodes are stored, %d belong together", group[0], len(have), len(tokens))
	}
	if !live {
		return
	}
	if !numbered {
		c.differ("profile of %s: has no ordinal", group[0])
		return
	}
	if c.people[ordinal] != nil {
		c.differ("profile of %s: shares ordinal %d with another", group[0], ordinal)
	}
	c.people[ordinal] = oracle.Merge(parts...)
	c.members[ordinal] = tokens
	// The combined state of the fast path, read back by the naive decoder.
	fast := &profile.State{}
	for _, id := range group {
		fast = fast.Combine(c.byID[id].state)
	}
	c.states[ordinal] = fast
	combined, err := oracle.Decode(fast.Append(nil))
	if err != nil {
		c.differ("profile of %s: its combined state cannot be read: %v", group[0], err)
		return
	}
	for _, d := range oracle.Diff(combined, c.people[ordinal]) {
		c.differ("profile of %s: %s", group[0], d)
	}
}

// checkOrdinals compares the way from ordinals to nodes with the nodes.
func (c *checker) checkOrdinals() error {
	owners := map[uint32]bool{}
	for _, n := range c.nodes {
		if !n.numbered {
			continue
		}
		if owners[n.ordinal] {
			c.differ("ordinal %d: given twice", n.ordinal)
		}
		owners[n.ordinal] = true
		if n.ordinal >= c.v.epoch.meta.nextOrdinal {
			c.differ("ordinal %d: not handed out yet", n.ordinal)
		}
		if token, ok := c.ordinals[n.ordinal]; !ok || token != n.token {
			c.differ("ordinal %d: does not lead to node %s", n.ordinal, n.id)
		}
	}
	return nil
}
