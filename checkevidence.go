package portrait

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/profile"
)

// readEvidence checks every node against its edges and vetoes, and gathers which edges are
// live: those that either end lets through, for what the naive rules make of its edges.
func (c *checker) readEvidence(ctx context.Context) error {
	// What is found is told once it is known that every end knows of its edges.
	var found []string
	more, tell := false, c.tell
	c.tell = func(difference string) error {
		if more = more || len(found) == maxDifferences; !more {
			found = append(found, difference)
		}
		return nil
	}
	lost, err := c.readEvidenceWith(ctx, nil)
	c.tell = tell
	if err != nil {
		return err
	}
	if more || len(lost) > 0 {
		// Ends that do not know of their edges are told of them.
		_, err = c.readEvidenceWith(ctx, lost)
		return err
	}
	for _, difference := range found {
		if err := tell(difference); err != nil {
			return err
		}
	}
	return nil
}

// readEvidenceWith is readEvidence with halves of edges that are not stored, in the order of
// their ends. It returns those that it misses.
func (c *checker) readEvidenceWith(ctx context.Context, told []half) (lost []half, err error) {
	readers := make([]*evidenceReader, c.ranges)
	if err := c.spread(ctx, c.ranges, func(c *inspector, i int) error {
		readers[i] = &evidenceReader{inspector: c, told: told}
		return readers[i].readRange(i)
	}); err != nil {
		return nil, err
	}
	c.ties, c.vetoed = nil, nil
	for _, r := range readers {
		c.ties, r.passed = append(c.ties, r.passed...), nil
		c.vetoed = append(c.vetoed, r.vetoed...)
		lost = append(lost, r.lost...)
	}
	slices.Sort(c.ties)
	c.ties = twice(c.ties)
	slices.SortFunc(lost, func(a, b half) int {
		return cmp.Or(compareTokens(a.of, b.of), compareTokens(a.other, b.other))
	})
	return lost, nil
}

// twice returns of ascending pairs those that are there twice, each once.
func twice(pairs []uint64) []uint64 {
	n := 0
	for i := 1; i < len(pairs); i++ {
		if pairs[i] == pairs[i-1] {
			pairs[n] = pairs[i]
			n++
		}
	}
	return slices.Clip(pairs[:n])
}

// evidenceReader reads the evidence of one range of nodes.
type evidenceReader struct {
	*inspector
	told, lost     []half // see readEvidenceWith
	passed, vetoed []uint64
}

// half is one of the two records of an edge or a veto: as one of its ends has it.
type half struct {
	of, other identity.Token
	value     []byte
}

// readRange goes through the nodes of a range beside their edges and vetoes.
func (c *evidenceReader) readRange(i int) error {
	edges, stopEdges := iter.Pull2(c.halves(keys.Edge, i))
	defer stopEdges()
	vetoes, stopVetoes := iter.Pull2(c.halves(keys.Veto, i))
	defer stopVetoes()
	ofEdges, err, _ := edges()
	if err != nil {
		return err
	}
	ofVetoes, err, _ := vetoes()
	if err != nil {
		return err
	}
	// take returns the halves of one node, after those of nodes that are not there.
	take := func(held *[]half, next func() ([]half, error, bool), stray func(half) error, of identity.Token) (own []half, err error) {
		for len(*held) > 0 && err == nil {
			order := compareTokens((*held)[0].of, of)
			if order > 0 {
				return own, nil
			}
			if order == 0 {
				own = *held
			} else {
				for _, h := range *held {
					if err := stray(h); err != nil {
						return nil, err
					}
				}
			}
			*held, err, _ = next()
		}
		return own, err
	}
	for at := range c.roster.parts[i] {
		n := &c.roster.parts[i][at]
		e, err := take(&ofEdges, edges, c.strayEdge, n.token)
		if err != nil {
			return err
		}
		v, err := take(&ofVetoes, vetoes, c.strayVeto, n.token)
		if err != nil {
			return err
		}
		for at, _ := slices.BinarySearchFunc(c.told, n.token, func(h half, t identity.Token) int { return compareTokens(h.of, t) }); at < len(c.told) && c.told[at].of == n.token; at++ {
			e = append(e, c.told[at])
		}
		if n.quiet && len(e)+len(v) == 0 {
			continue
		}
		if err := c.checkNode(n.token, c.roster.first[i]+uint32(at), e, v); err != nil {
			return err
		}
	}
	past := identity.Token(bytes.Repeat([]byte{0xff}, keys.TokenLen))
	if _, err := take(&ofEdges, edges, c.strayEdge, past); err != nil {
		return err
	}
	_, err = take(&ofVetoes, vetoes, c.strayVeto, past)
	return err
}

// halves yields the records of pairs, those of one end at a time.
func (c *evidenceReader) halves(space byte, i int) iter.Seq2[[]half, error] {
	return func(yield func([]half, error) bool) {
		var held []half
		lower, upper := c.bounds(space, i)
		for kv, err := range c.v.epoch.snap.Scan(lower, upper) {
			if err != nil {
				yield(nil, err)
				return
			}
			a, b, ok := keys.Pair(kv.Key)
			if !ok {
				c.differ("a record of a pair: its key has %d bytes", len(kv.Key))
				continue
			}
			if len(held) > 0 && held[0].of != identity.Token(a) {
				if err := c.ended(); err != nil {
					yield(nil, err)
					return
				}
				if !yield(held, nil) {
					return
				}
				held = nil
			}
			held = append(held, half{a, b, bytes.Clone(kv.Value)})
		}
		if len(held) > 0 {
			yield(held, nil)
		}
	}
}

func (c *evidenceReader) strayEdge(h half) error {
	c.differ("edge %s: an end is not there", h.of)
	return nil
}

func (c *evidenceReader) strayVeto(h half) error {
	v, err := decodeVeto(h.value)
	if err == nil && !v.withdrawn {
		c.differ("veto %s: an end is not there", h.of)
	}
	return err
}

// seenNode is a node with what its edges and vetoes come to.
type seenNode struct {
	node
	number   uint32
	since    profile.Instant // of its evidence, if dated
	dated    bool
	partners int // counted from the edges
	linked   bool
	vetoed   bool
}

// evidence is a node as the naive implementation sees it.
func (n *seenNode) evidence() oracle.Node {
	return oracle.Node{Identifier: n.id, Partners: n.partners, Since: n.since, Dated: n.dated, Barred: n.barred}
}

// seen reads a node that is in the roster.
func (c *inspector) seen(token identity.Token, number uint32) (*seenNode, error) {
	head, state, err := c.head(token)
	if err == nil && head == nil {
		err = fmt.Errorf("%w: node %s is not there any more", ErrCorrupt, token)
	}
	if err == nil {
		err = head.readState(state)
	}
	if err != nil {
		return nil, err
	}
	e := head.evidence()
	return &seenNode{node: *head, number: number, since: e.Since, dated: e.Dated}, nil
}

// checkNode holds a node against its edges and vetoes.
func (c *evidenceReader) checkNode(token identity.Token, number uint32, edges, vetoes []half) error {
	n, err := c.seen(token, number)
	if err != nil {
		return err
	}
	var known []oracle.Edge
	others := map[profile.Identifier]identity.Token{}
	for _, h := range edges {
		e, id, ok, err := c.edge(n, h)
		if err != nil {
			return err
		}
		if ok {
			known, others[id] = append(known, e), h.other
		}
	}
	for _, h := range vetoes {
		if err := c.veto(n, h); err != nil {
			return err
		}
	}
	if int(n.node.partners) != n.partners {
		c.differ("node %s: counts %d partners, has %d", n.id, n.node.partners, n.partners)
	}
	if n.linked && !n.node.linked {
		c.differ("node %s: has edges and does not say so", n.id)
	}
	if n.vetoed != n.node.vetoed {
		c.differ("node %s: vetoes: says %t, has %t", n.id, n.node.vetoed, n.vetoed)
	}
	if err := c.checkFilters(n, known); err != nil {
		return err
	}
	for _, e := range c.rules.Passing(n.evidence(), known) {
		other := e.A
		if other == n.id {
			other = e.B
		}
		if at, ok := c.roster.find(others[other]); ok {
			c.passed = append(c.passed, pairOf(number, at))
		}
	}
	return nil
}

// edge reads one edge of a node, of which it has one half, and the other end's identifier;
// false if it is not whole.
func (c *evidenceReader) edge(n *seenNode, h half) (e oracle.Edge, other profile.Identifier, ok bool, err error) {
	partner, _, err := c.head(h.other)
	if err != nil {
		return e, other, false, err
	}
	if partner == nil {
		c.differ("edge %s: an end is not there", h.of)
		return e, other, false, nil
	}
	other, n.linked = partner.id, true
	back, there, err := c.v.epoch.snap.GetTo(nil, keys.AppendEdge(nil, h.other, h.of))
	if err != nil {
		return e, other, false, err
	}
	weak, strong, pair, value := n.id, other, identity.Pair{Weak: h.of, Strong: h.other}, h.value
	if len(value) == 0 {
		weak, strong, pair, value = other, n.id, identity.Pair{Weak: h.other, Strong: h.of}, back
	}
	if !there || (len(h.value) > 0) == (len(back) > 0) {
		c.differ("edge of %s and %s: has only one direction", weak, strong)
	}
	if !there && len(h.value) > 0 {
		c.lost = append(c.lost, half{of: h.other, other: h.of})
	}
	if len(value) == 0 {
		return e, other, false, nil
	}
	read, err := decodeEdge(pair, value)
	if err != nil {
		return e, other, false, err
	}
	if len(h.value) > 0 && weaker(strong, weak, c.rules) {
		c.differ("edge of %s and %s: leads from the stronger to the weaker", weak, strong)
	}
	if read.Seen {
		n.partners++
		if !n.dated || n.since > read.First.At {
			c.differ("node %s: was named earlier than it says", n.id)
		}
	}
	return naiveEdge(weak, strong, &read), other, true, nil
}

// naiveEdge is an edge as the naive implementation sees it.
func naiveEdge(weak, strong profile.Identifier, e *identity.Edge) oracle.Edge {
	return oracle.Edge{
		A: weak, B: strong, Seen: e.Seen, First: e.First, Last: e.Last,
		Decision: oracle.Decision(e.Decision), Decided: e.Decided,
		Match: oracle.Match{Weak: e.Match.Weak, Weight: e.Match.Weight},
	}
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

// veto reads one veto of a node, of which it has one half.
func (c *evidenceReader) veto(n *seenNode, h half) error {
	v, err := decodeVeto(h.value)
	if err != nil {
		return err
	}
	back, there, err := c.v.epoch.snap.GetTo(nil, keys.AppendVeto(nil, h.other, h.of))
	if err != nil {
		return err
	}
	switch {
	case !there:
		c.differ("veto of %s and %s: has only one direction", h.of, h.other)
	case compareTokens(h.of, h.other) < 0:
		// Of a damaged one the other end's reading tells.
		if w, err := decodeVeto(back); err == nil && v != w {
			c.differ("veto of %s and %s: says one thing in one direction, another in the other", h.of, h.other)
		}
	}
	if v.withdrawn {
		return nil
	}
	at, ok := c.roster.find(h.other)
	if !ok {
		c.differ("veto %s: an end is not there", h.of)
		return nil
	}
	n.vetoed = true
	c.vetoed = append(c.vetoed, uint64(n.number)<<32|uint64(at))
	return nil
}

// checkFilters compares what a node's policies make of its edges.
func (c *evidenceReader) checkFilters(n *seenNode, edges []oracle.Edge) error {
	shared, admitted := c.rules.Filtered(n.evidence(), edges)
	if n.shared != shared {
		c.differ("node %s: shared: says %t, is %t", n.id, n.shared, shared)
	}
	have := make([]profile.Identifier, 0, len(n.admitted))
	for _, t := range n.admitted {
		other, _, err := c.head(t)
		if err != nil {
			return err
		}
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
	return nil
}
