package portrait

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/segment"
)

// listedNodes are the nodes that one uploaded list names.
type listedNodes struct {
	name    string
	field   segment.FieldID
	numbers bitRow
}

func (l *listedNodes) has(number uint32) bool {
	word := int(number >> 6)
	return word < len(l.numbers) && l.numbers[word]>>(number&63)&1 == 1
}

// readLists reads the identifiers of the uploaded lists.
func (c *inspector) readLists() error {
	for _, l := range c.v.epoch.lists {
		if l.hidden {
			continue
		}
		numbers, err := c.readList(l)
		if err != nil {
			return err
		}
		c.listed = append(c.listed, listedNodes{l.about.Name, l.field, numbers})
	}
	return nil
}

// readList reads the identifiers of one list.
func (c *inspector) readList(l *list) (numbers bitRow, err error) {
	prefix := keys.AppendListParts(nil, uint32(l.field))
	held := int64(0)
	err = c.between(prefix, keys.End(prefix), func(key, value []byte) error {
		if len(key) != len(prefix)+2 || len(value) == 0 || len(value)%keys.TokenLen != 0 {
			return fmt.Errorf("%w: part of list %q: key of %d bytes, value of %d", ErrCorrupt, l.about.Name, len(key), len(value))
		}
		var last []byte
		for part := range slices.Chunk(value, keys.TokenLen) {
			number, there := c.roster.find(identity.Token(part))
			switch {
			case !bytes.HasPrefix(part, key[len(prefix):]) || bytes.Compare(part, last) <= 0:
				c.differ("list %q: an identifier is not in its place", l.about.Name)
			case !there:
				c.differ("list %q: it holds an identifier that is not there", l.about.Name)
			}
			if last = part; there {
				numbers.set(number)
			}
			held++
		}
		return nil
	})
	if err == nil && held != l.about.Identifiers {
		c.differ("list %q: it says %d identifiers and holds %d", l.about.Name, l.about.Identifiers, held)
	}
	return numbers, err
}

// checkLists makes sure that the lists are there that rules ask of, and no parts of others.
// Who is in them is compared with the rest of the index.
func (c *inspector) checkLists() error {
	for _, name := range c.v.epoch.cat.lists {
		if findList(c.v.epoch.lists, name) == nil {
			c.differ("list %q: %s asks of it, and it is not there", name, c.v.epoch.cat.asksList(name))
		}
	}
	return c.checkStrayParts()
}

// checkStrayParts looks for identifiers of lists that are not there.
func (c *inspector) checkStrayParts() error {
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
