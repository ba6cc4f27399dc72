package portrait

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/profile"
)

// uniteTies is how many ties are united in one piece of work, if no more hang together.
const uniteTies = 512

// unite recomputes who is one person. Whatever a chain of live edges ties is one piece of
// evidence, and looked at by itself: what is not tied cannot be one person.
func (c *checker) unite(ctx context.Context) error {
	for _, t := range c.ties {
		c.roster.tie(uint32(t>>32), uint32(t))
	}
	pieceOf := func(t uint64) uint32 { return c.roster.piece(uint32(t)) }
	slices.SortFunc(c.ties, func(a, b uint64) int { return cmp.Or(cmp.Compare(pieceOf(a), pieceOf(b)), cmp.Compare(a, b)) })
	var batches [][]uint64
	for from, i := 0, 1; i <= len(c.ties); i++ {
		if i == len(c.ties) || i-from >= uniteTies && pieceOf(c.ties[i]) != pieceOf(c.ties[i-1]) {
			batches = append(batches, c.ties[from:i])
			from = i
		}
	}
	err := c.spread(ctx, len(batches), func(c *inspector, i int) error {
		for ties := batches[i]; len(ties) > 0; {
			n := 1
			for n < len(ties) && pieceOf(ties[n]) == pieceOf(ties[0]) {
				n++
			}
			if err := c.unitePiece(ties[:n]); err != nil {
				return err
			}
			ties = ties[n:]
		}
		return nil
	})
	c.ties, c.vetoed = nil, nil
	return err
}

// unitePiece cuts one piece of evidence into components.
func (c *inspector) unitePiece(ties []uint64) error {
	var numbers []uint32
	for _, t := range ties {
		numbers = append(numbers, uint32(t>>32), uint32(t))
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	nodes := make([]oracle.Node, len(numbers))
	byID := make(map[profile.Identifier]uint32, len(numbers))
	ids := make(map[uint32]profile.Identifier, len(numbers))
	for i, number := range numbers {
		n, err := c.seen(c.roster.at(number).token, number)
		if err != nil {
			return err
		}
		nodes[i], byID[n.id], ids[number] = n.evidence(), number, n.id
	}
	live := make([]oracle.Edge, len(ties))
	for i, t := range ties {
		e, err := c.tied(uint32(t>>32), uint32(t), ids)
		if err != nil {
			return err
		}
		live[i] = e
	}
	for _, group := range oracle.Unite(nodes, live, c.vetoes(numbers, ids), c.rules) {
		members := make([]uint32, len(group))
		for i, id := range group {
			members[i] = byID[id]
		}
		slices.Sort(members)
		c.roster.join(members)
	}
	return nil
}

// tied reads the edge of two nodes, which is stored under either and said under one.
func (c *inspector) tied(a, b uint32, ids map[uint32]profile.Identifier) (oracle.Edge, error) {
	for range 2 {
		pair := identity.Pair{Weak: c.roster.at(a).token, Strong: c.roster.at(b).token}
		value, ok, err := c.v.epoch.snap.GetTo(c.buf[:0], keys.AppendEdge(nil, pair.Weak, pair.Strong))
		if c.buf = value; err != nil {
			return oracle.Edge{}, err
		}
		if ok && len(value) > 0 {
			e, err := decodeEdge(pair, value)
			return naiveEdge(ids[a], ids[b], &e), err
		}
		a, b = b, a
	}
	return oracle.Edge{}, fmt.Errorf("%w: the edge of %s and %s is not there any more", ErrCorrupt, c.roster.at(a).token, c.roster.at(b).token)
}

// vetoes returns the vetoes among some nodes, whose numbers ascend.
func (c *inspector) vetoes(numbers []uint32, ids map[uint32]profile.Identifier) (among [][2]profile.Identifier) {
	for _, n := range numbers {
		at, _ := slices.BinarySearch(c.vetoed, uint64(n)<<32)
		for _, pair := range c.vetoed[at:] {
			if uint32(pair>>32) != n {
				break
			}
			if other, ok := ids[uint32(pair)]; ok {
				among = append(among, [2]profile.Identifier{ids[n], other})
			}
		}
	}
	return among
}

// checkComponents compares the records of components with who is one person.
func (c *checker) checkComponents(ctx context.Context) error {
	return c.spread(ctx, c.ranges, func(c *inspector, i int) error {
		part, number := c.roster.parts[i], c.roster.first[i]
		// until checks the nodes before a token, which have no record.
		until := func(stop func(identity.Token) bool) {
			for len(part) > 0 && stop(part[0].token) {
				c.checkComponent(number, nil)
				part, number = part[1:], number+1
			}
		}
		err := c.scanRange(keys.Component, i, func(key, value []byte) error {
			root, err := tokenOf(key)
			if err != nil {
				return err
			}
			have, err := decodeComponent(value)
			if err != nil {
				return err
			}
			until(func(t identity.Token) bool { return compareTokens(t, root) < 0 })
			if len(part) == 0 || part[0].token != root || c.roster.root[number] != number {
				c.differ("component %s: nobody's", root)
				return nil
			}
			c.checkComponent(number, have)
			part, number = part[1:], number+1
			return nil
		})
		if err == nil {
			until(func(identity.Token) bool { return true })
		}
		return err
	})
}

// checkComponent compares a component with its record, of which a node by itself has none.
func (c *inspector) checkComponent(number uint32, have []identity.Token) {
	if c.roster.root[number] != number {
		return
	}
	members := c.roster.members(nil, number)
	want := make([]identity.Token, len(members))
	for i, m := range members {
		want[i] = c.roster.at(m).token
	}
	if have == nil {
		have = want[:1]
	}
	if !slices.Equal(have, want) {
		c.differ("component of node %s: %d nodes are stored, %d belong together", want[0], len(have), len(want))
	}
}
