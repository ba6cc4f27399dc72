package portrait

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/idlist"
	"github.com/portraitdb/portrait/internal/keys"
)

// readLists reads the identifiers of the uploaded lists, and finds out by them who is in
// each.
func (c *checker) readLists() error {
	for _, l := range c.v.epoch.lists {
		if l.hidden {
			continue
		}
		held, err := c.readList(l)
		if err != nil {
			return err
		}
		for _, ordinal := range sortedKeys(c.people) {
			if !slices.ContainsFunc(c.members[ordinal], func(t identity.Token) bool { return held[t] }) {
				continue
			}
			p := c.people[ordinal]
			if p.Lists == nil {
				p.Lists = map[string]bool{}
			}
			p.Lists[l.about.Name] = true
		}
	}
	for ordinal, p := range c.people {
		if c.states[ordinal] != nil {
			c.states[ordinal] = c.states[ordinal].InLists(sortedKeys(p.Lists))
		}
	}
	return nil
}

// readList reads the identifiers of one list.
func (c *checker) readList(l *list) (held map[identity.Token]bool, err error) {
	held = map[identity.Token]bool{}
	prefix := keys.AppendListParts(nil, uint32(l.field))
	for kv, err := range c.v.epoch.snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			return nil, err
		}
		if len(kv.Key) != len(prefix)+2 || len(kv.Value) == 0 || len(kv.Value)%keys.TokenLen != 0 {
			return nil, fmt.Errorf("%w: part of list %q: key of %d bytes, value of %d", ErrCorrupt, l.about.Name, len(kv.Key), len(kv.Value))
		}
		var last []byte
		for part := range slices.Chunk(kv.Value, keys.TokenLen) {
			token := identity.Token(part)
			switch {
			case !bytes.HasPrefix(part, kv.Key[len(prefix):]) || bytes.Compare(part, last) <= 0:
				c.differ("list %q: an identifier is not in its place", l.about.Name)
			case c.nodes[token] == nil:
				c.differ("list %q: it holds an identifier that is not there", l.about.Name)
			}
			held[token], last = true, part
		}
	}
	if int64(len(held)) != l.about.Identifiers {
		c.differ("list %q: it says %d identifiers and holds %d", l.about.Name, l.about.Identifiers, len(held))
	}
	return held, nil
}

// checkLists compares the bitmaps of the uploaded lists with who is in them.
func (c *checker) checkLists() error {
	for _, l := range c.v.epoch.lists {
		if l.hidden {
			continue
		}
		var want []uint32
		for _, ordinal := range sortedKeys(c.people) {
			if c.people[ordinal].Lists[l.about.Name] {
				want = append(want, ordinal)
			}
		}
		if err := c.checkBits(fmt.Sprintf("list %q", l.about.Name), l.field, want); err != nil {
			return err
		}
	}
	for _, name := range c.v.epoch.cat.lists {
		if findList(c.v.epoch.lists, name) == nil {
			c.differ("list %q: %s asks of it, and it is not there", name, c.v.epoch.cat.asksList(name))
		}
	}
	return c.checkStrayParts()
}

// checkStrayParts looks for identifiers of lists that are not there.
func (c *checker) checkStrayParts() error {
	lists := slices.SortedFunc(slices.Values(c.v.epoch.lists), func(a, b *list) int { return cmp.Compare(a.field, b.field) })
	from := []byte{keys.ListPart}
	end := keys.End(from)
	for i := range len(lists) + 1 {
		to, after := end, end
		if i < len(lists) {
			to = keys.AppendListParts(nil, uint32(lists[i].field))
			after = keys.End(to)
		}
		for _, err := range c.v.epoch.snap.Scan(from, to) {
			if err != nil {
				return err
			}
			c.differ("identifiers of a list that is not there")
			break
		}
		from = after
	}
	return nil
}

// checkMatches recomputes the match indexes.
func (c *checker) checkMatches() error {
	want := map[string]identity.Token{}
	for token, n := range c.nodes {
		keyring := c.v.epoch.cat.match[n.id.Namespace]
		if keyring == nil {
			continue
		}
		for kind, t := range keyring.Tokens(n.id.Value) {
			want[string(keys.AppendMatch(nil, xxhash.Sum64String(n.id.Namespace), byte(kind), keys.Token(t)))] = token
		}
	}
	declared := map[string]bool{}
	for _, n := range c.v.epoch.cat.identity().Namespaces {
		for _, name := range n.Match {
			kind, _ := idlist.ParseKind(name)
			declared[string(keys.AppendMatches(nil, xxhash.Sum64String(n.Name), byte(kind)))] = true
		}
	}
	err := c.scan(keys.Match, func(key, value []byte) error {
		if _, ok := keys.ReadMatch(key); !ok {
			return fmt.Errorf("%w: match key of %d bytes", ErrCorrupt, len(key))
		}
		if !declared[string(key[:10])] {
			return nil // of an Apply that was broken off
		}
		switch token, ok := want[string(key)]; {
		case !ok:
			c.differ("match index: an entry leads to an identifier that is not there")
		case !bytes.Equal(token[:], value):
			c.differ("match index: an entry leads to another identifier than its own")
		}
		delete(want, string(key))
		return nil
	})
	if len(want) > 0 {
		c.differ("match index: %d entries are missing", len(want))
	}
	return err
}
