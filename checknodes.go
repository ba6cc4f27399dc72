package portrait

import (
	"context"
	"fmt"
	"math"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
)

// readNodes fills the roster.
func (c *checker) readNodes(ctx context.Context) error {
	err := c.spread(ctx, c.ranges, func(c *inspector, i int) error {
		return c.scanRange(keys.Node, i, func(key, value []byte) error {
			n, err := c.readNode(key, value)
			if err == nil && n != nil {
				c.roster.parts[i] = append(c.roster.parts[i], *n)
			}
			return err
		})
	})
	c.roster.number()
	return err
}

// readNode checks a node by itself; nil if its key was destroyed.
func (c *inspector) readNode(key, value []byte) (*rosterNode, error) {
	token, err := tokenOf(key)
	if err != nil {
		return nil, err
	}
	head, state, err := splitNode(token, value)
	if err != nil {
		return nil, err
	}
	if head.lost {
		c.differ("node %s: is there, and its key was destroyed", token)
		return nil, nil
	}
	if err := head.readState(state); err != nil {
		return nil, fmt.Errorf("node %s: %w", head.id, err)
	}
	if c.v.db.tokens.Token(head.id) != token {
		c.differ("node %s: its token is not that of its identifier", head.id)
	}
	clean, err := c.v.epoch.cat.rules.Kept(head.id)
	switch {
	case (err != nil) != head.barred:
		c.differ("node %s: barred: says %t, but the rules %v", head.id, head.barred, err)
	case err == nil && clean != head.id:
		c.differ("node %s: its identifier is not clean", head.id)
	}
	n := &rosterNode{
		hears: hearsOfConsents(head.state),
		token: token, ordinal: unnumbered, events: uint32(min(head.state.Events(), math.MaxUint32)),
		quiet: !head.linked && !head.vetoed && !head.shared && head.partners == 0 && len(head.admitted) == 0,
	}
	if head.numbered {
		n.ordinal = head.ordinal
	}
	return n, nil
}

// tokenOf returns the token of a key that holds one and nothing else.
func tokenOf(key []byte) (identity.Token, error) {
	if len(key) != 1+keys.TokenLen {
		return identity.Token{}, fmt.Errorf("%w: key %x of %d bytes", ErrCorrupt, key[:1], len(key))
	}
	return identity.Token(key[1:]), nil
}

// head reads a node without its state, which it returns as bytes that are valid until the
// next call; nil if the node is not there.
func (c *inspector) head(token identity.Token) (*node, []byte, error) {
	data, ok, err := c.v.epoch.snap.GetTo(c.buf[:0], keys.AppendNode(nil, token))
	if c.buf = data; err != nil || !ok {
		return nil, nil, err
	}
	n, state, err := splitNode(token, data)
	if err != nil || n.lost {
		return nil, nil, err
	}
	return &n, state, nil
}

// checkOrdinals compares the way from ordinals to nodes with the nodes.
func (c *inspector) checkOrdinals() error {
	number := uint32(0)
	for _, part := range c.roster.parts {
		for _, n := range part {
			switch {
			case n.ordinal == unnumbered:
			case n.ordinal >= c.byOrdinal.bound:
				c.differ("ordinal %d: not handed out yet", n.ordinal)
			case c.byOrdinal.at(n.ordinal) != 0:
				c.differ("ordinal %d: given twice", n.ordinal)
			default:
				c.byOrdinal.set(n.ordinal, number+1)
			}
			number++
		}
	}
	leads := ordinalSet{}
	if err := c.scan(keys.Ordinal, func(key, value []byte) error {
		ordinal, ok := keys.ReadOrdinal(key)
		if !ok || len(value) != keys.TokenLen {
			return fmt.Errorf("%w: ordinal record of %d and %d bytes", ErrCorrupt, len(key), len(value))
		}
		if owner := c.byOrdinal.at(ordinal); owner != 0 && c.roster.at(owner-1).token == identity.Token(value) {
			leads.add(ordinal)
		}
		return nil
	}); err != nil {
		return err
	}
	for ordinal, owner := range c.byOrdinal.all() {
		if !leads.has(ordinal) {
			c.differ("ordinal %d: does not lead to node %s", ordinal, c.roster.at(owner-1).token)
		}
	}
	return nil
}
