package portrait

import (
	"context"
	"fmt"
	"math"

	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/profile"
)

// checkPeople recomputes what is known of everybody, in the order of their IDs, and
// compares it with the index, span by span.
func (c *checker) checkPeople(ctx context.Context) error {
	numbered := make(bitRow, (c.roster.count()+63)/64) // by the root of the component
	for ordinal, owner := range c.byOrdinal.all() {
		root := c.roster.root[owner-1]
		if numbered[root>>6]>>(root&63)&1 == 0 {
			numbered.set(root)
			c.ids.add(ordinal)
		}
	}
	if err := c.checkUnnumbered(ctx, numbered); err != nil {
		return err
	}
	for from := uint64(0); ; from += c.span {
		to := from + c.span
		last := to >= uint64(c.byOrdinal.bound)
		if last {
			to = math.MaxUint32 + 1 // what is stored there nobody belongs in
		}
		p, err := c.placeAll(ctx, from, min(to, uint64(c.byOrdinal.bound)))
		if err != nil {
			return err
		}
		if err := c.checkIndex(ctx, p, to); err != nil || last {
			return err
		}
	}
}

// checkUnnumbered looks at the components that have no ordinal, which is right as long as
// they are not live.
func (c *checker) checkUnnumbered(ctx context.Context, numbered bitRow) error {
	count := uint64(c.roster.count())
	return c.spread(ctx, int((count+c.batch-1)/c.batch), func(c *inspector, i int) error {
		for n := uint64(i) * c.batch; n < min(uint64(i+1)*c.batch, count); n++ {
			if root := uint32(n); c.roster.root[root] == root && numbered[root>>6]>>(root&63)&1 == 0 {
				if err := c.checkGroup(nil, unnumbered, root); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// placeAll recomputes the profiles of a span, and where they belong.
func (c *checker) placeAll(ctx context.Context, from, to uint64) (*places, error) {
	parts := make([]*places, (max(to, from)-from+c.batch-1)/c.batch)
	err := c.spread(ctx, len(parts), func(c *inspector, i int) error {
		first := from + uint64(i)*c.batch
		in := c.newPlaces(uint32(first))
		for ordinal := range c.ids.from(uint32(first)) {
			if uint64(ordinal) >= first+c.batch {
				break
			}
			if err := c.ended(); err != nil {
				return err
			}
			if err := c.checkGroup(in, ordinal, c.roster.root[c.byOrdinal.at(ordinal)-1]); err != nil {
				return err
			}
		}
		parts[i] = in
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := c.newPlaces(uint32(from))
	for i, p := range parts {
		all.join(p)
		parts[i] = nil
	}
	for _, ordinal := range all.live.ordinals(all.base) {
		c.live.add(ordinal)
	}
	return all, nil
}

// checkGroup recomputes what is known of a component, and notes its place if it is live.
func (c *inspector) checkGroup(in *places, ordinal, root uint32) error {
	members := c.roster.members(nil, root)
	parts := make([]*oracle.Person, len(members))
	fast := &profile.State{}
	live := false
	var first profile.Identifier
	for i, number := range members {
		person, n, err := c.known(number)
		if err != nil {
			return err
		}
		if i == 0 {
			first = n.id
		}
		parts[i], fast = person, fast.Combine(n.state)
		generic := c.rules.Generic(oracle.Node{Identifier: n.id, Partners: int(n.partners)})
		live = live || person.Events > 0 && !n.barred && !generic
		if want := c.roster.at(root).token; n.root != want {
			c.differ("node %s: belongs to component %s, should to %s", n.id, n.root, want)
		}
	}
	if !live {
		return nil
	}
	if ordinal == unnumbered {
		c.differ("profile of %s: has no ordinal", first)
		return nil
	}
	person := oracle.Merge(parts...)
	// The combined state of the fast path, read back by the naive decoder.
	combined, err := oracle.Decode(fast.Append(nil))
	if err != nil {
		c.differ("profile of %s: its combined state cannot be read: %v", first, err)
	} else {
		for _, d := range oracle.Diff(combined, person) {
			c.differ("profile of %s: %s", first, d)
		}
	}
	c.place(in, ordinal, members, person, fast)
	return nil
}

// known reads what is known of a node, by either implementation.
func (c *inspector) known(number uint32) (*oracle.Person, *node, error) {
	token := c.roster.at(number).token
	n, state, err := c.head(token)
	if err == nil && n == nil {
		err = fmt.Errorf("%w: node %s is not there any more", ErrCorrupt, token)
	}
	if err != nil {
		return nil, nil, err
	}
	person, err := oracle.Decode(state)
	if err != nil {
		c.differ("node %s: its state cannot be read: %v", n.id, err)
		person = oracle.Merge()
	}
	if err := n.readState(state); err != nil {
		return nil, nil, fmt.Errorf("node %s: %w", n.id, err)
	}
	for key := range c.matchKeys(n.id) {
		c.matches.add(key, token[:])
	}
	return person.Named(n.id), n, nil
}
