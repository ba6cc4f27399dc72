package portrait

import (
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/spelling"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/segment"
)

// What follows tells rules which lists somebody is in. That is no part of a state: it is
// read from the bitmaps of the lists before a rule is evaluated that asks.

// listed returns those of some lists that a profile is in.
func (e *epoch) listed(ordinal uint32, names []string) ([]string, error) {
	return listsOf(e.lists, e.root, e, ordinal, names)
}

// enlist finds out which of some lists a profile is in.
func (e *epoch) enlist(m *member, names []string) (err error) {
	m.lists, err = e.listed(m.ordinal, names)
	return err
}

// enlist finds out which lists a person was in before the transaction, of those that the
// catalog asks of.
func (t *txn) enlist(p *person) (err error) {
	p.lists, err = listsOf(t.db.lists, t.db.index.Root(), t, p.ordinal, t.cat.lists)
	return err
}

func listsOf(lists []*list, root *segment.Root, from segment.Loader, ordinal uint32, names []string) (in []string, err error) {
	for _, name := range names {
		l := findList(lists, name)
		if l == nil {
			continue
		}
		on, err := root.Contains(from, l.field, ordinal)
		if err != nil {
			return nil, err
		}
		if on {
			in = append(in, name)
		}
	}
	return in, nil
}

// LoadShard implements segment.Loader for the writer: the durable form as of the last
// commit.
func (t *txn) LoadShard(f segment.FieldID, shard uint32) ([]byte, error) {
	data, ok, err := t.db.store.GetTo(nil, keys.AppendShard(nil, uint32(f), shard))
	if err != nil || !ok {
		return nil, err
	}
	return data, nil
}

// asksList returns what is declared that asks of a list, for messages; "" for nothing but
// query tags.
func (c *catalog) asksList(name string) string {
	if !slices.Contains(c.lists, name) {
		return ""
	}
	for _, t := range c.tags {
		if slices.Contains(t.program.Deps().Lists, name) || t.values != nil && slices.Contains(t.values.computed.Deps().Lists, name) {
			return fmt.Sprintf("%s %q", t.what(), t.def.Name)
		}
	}
	for _, trait := range sortedKeys(c.computed) {
		if slices.Contains(c.computed[trait].Deps().Lists, name) {
			return fmt.Sprintf("trait %q", trait)
		}
	}
	return ""
}

// checkLists refuses a catalog that asks of a list which is not there.
func (c *catalog) checkLists(e *epoch) error {
	for _, name := range c.lists {
		if findList(e.lists, name) == nil {
			fault := e.unknownList(name, &syntax.InList{Name: name})
			return fmt.Errorf("%w: %s asks of a list: %w", ErrModel, c.asksList(name), fault)
		}
	}
	return nil
}

// unknownList says that an expression asks of a list that is not there.
func (e *epoch) unknownList(name string, in syntax.Expr) *syntax.Error {
	fault := &syntax.Error{Offset: -1, Msg: fmt.Sprintf("unknown list %q", name), Text: syntax.Print(in), Hint: "DB.Lists uploads one"}
	if in, ok := in.(*syntax.InList); ok {
		fault.Offset = int(in.Pos)
	}
	var names []string
	for _, l := range e.lists {
		if !l.hidden {
			names = append(names, l.about.Name)
		}
	}
	if near := spelling.Nearest(name, names); near != "" {
		fault.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	return fault
}
