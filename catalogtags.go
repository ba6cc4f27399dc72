package portrait

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// tag is one live label, or one tracked segment.
type tag struct {
	segment bool
	def     tags.Definition
	rule    syntax.Expr // checked
	program *tags.Program
	field   segment.FieldID
	// values are the bitmaps of who has which value; nil for a tag without.
	values *traitIndex
	// filling is set until the tag has been evaluated over every profile: it is
	// kept by commits, but nobody can read it yet.
	filling bool
	// former is who has the tag as readers of the feed know it, while it is being
	// filled, by the encoded value or under "" for a tag without; see tracked.go.
	former map[string]segment.FieldID
}

func (c *catalog) addTags(what string, defs []tags.Definition) []error {
	var faults []error
	seen := map[string]bool{}
	for t := range c.labels() { // those that are in have another kind
		seen[t.def.Name] = true
	}
	for _, d := range defs {
		if err := d.Validate(); err != nil {
			faults = append(faults, err)
			continue
		}
		if seen[d.Name] {
			faults = append(faults, fmt.Errorf("%s %q is declared twice", what, d.Name))
			continue
		}
		seen[d.Name] = true
		t := &tag{segment: what == "segment", def: d}
		if t.segment && d.Kind() != tags.ByRule {
			faults = append(faults, fmt.Errorf("segment %q: it wants a rule", d.Name))
			continue
		}
		if d.Query {
			if t.segment {
				faults = append(faults, fmt.Errorf("segment %q: a tracked segment is kept live, query is of tags", d.Name))
				continue
			}
			c.asked = append(c.asked, t)
			continue
		}
		faults = append(faults, c.addTold(d)...)
		c.tags = append(c.tags, t)
	}
	order := func(a, b *tag) int { return a.compare(b.segment, b.def.Name) }
	slices.SortFunc(c.tags, order)
	slices.SortFunc(c.asked, order)
	return faults
}

// addTold declares the attributes that keep what is told of a tag.
func (c *catalog) addTold(d tags.Definition) []error {
	var faults []error
	for name, a := range d.Attributes() {
		if _, ok := c.traits[name]; ok {
			faults = append(faults, fmt.Errorf("tag %q: trait %q is its own and cannot be declared", d.Name, name))
			continue
		}
		c.fold.Attributes[name] = a
		c.traits[name] = syntax.TraitInfo{Kind: a.Kind, Elem: a.Elem, Policy: a.Policy}
		c.told[name] = struct{}{}
	}
	return faults
}

// compare orders tags before segments, each by name.
func (t *tag) compare(segment bool, name string) int {
	switch {
	case t.segment == segment:
		return strings.Compare(t.def.Name, name)
	case segment:
		return -1
	}
	return 1
}

// what says what is declared under the name, for messages.
func (t *tag) what() string {
	if t.segment {
		return "segment"
	}
	return "tag"
}

// use says what the field of the tag is for.
func (t *tag) use() fieldUse {
	if t.segment {
		return useSegment
	}
	return useTag
}

func (c *catalog) checkTags() []error {
	var faults []error
	for t := range c.labels() {
		t.rule, _ = t.def.Holds("", c)
	}
	faults = append(faults, c.checkAsked()...)
	rules := make([]syntax.Expr, len(c.tags))
	for i, t := range c.tags {
		if err := t.def.Check(c); err != nil {
			if t.segment {
				err = fmt.Errorf("segment: %w", err)
			}
			faults = append(faults, err)
			continue
		}
		var err error
		if rules[i], err = syntax.Check(t.rule, c); err != nil {
			faults = append(faults, fmt.Errorf("%s %q: %w", t.what(), t.def.Name, err))
			continue
		}
		x := t.def.Operand()
		if x == nil {
			continue
		}
		checked, err := syntax.Check(&syntax.Exists{X: x, Pos: -1}, c)
		if err != nil {
			faults = append(faults, fmt.Errorf("tag %q: %w", t.def.Name, err))
			continue
		}
		x = checked.(*syntax.Exists).X
		kind, elem, _ := syntax.OperandKind(x, c)
		if kind == profile.KindPoint {
			faults = append(faults, fmt.Errorf("tag %q: a point is no value of a tag", t.def.Name))
		}
		t.values = &traitIndex{
			name: t.def.Name, label: t, info: syntax.TraitInfo{Kind: kind, Elem: elem, Compute: x},
			values: newValueFields(),
		}
	}
	if len(faults) > 0 {
		return faults
	}
	for i, t := range c.tags {
		t.rule = rules[i]
	}
	return nil
}

// checkAsked holds the query tags against the model.
func (c *catalog) checkAsked() []error {
	var faults []error
	for _, t := range c.asked {
		if err := t.def.Check(c); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

// labels yields the tags, the tracked segments and the query tags.
func (c *catalog) labels() iter.Seq[*tag] {
	return func(yield func(*tag) bool) {
		for _, list := range [...][]*tag{c.tags, c.asked} {
			for _, t := range list {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// labelled returns what is declared under a name, query tags among it, or nil.
func (c *catalog) labelled(segment bool, name string) *tag {
	if t := c.label(segment, name); t != nil || segment {
		return t
	}
	return c.query(name)
}

// query returns a query tag, or nil.
func (c *catalog) query(name string) *tag {
	i, ok := slices.BinarySearchFunc(c.asked, name, func(t *tag, n string) int { return strings.Compare(t.def.Name, n) })
	if !ok {
		return nil
	}
	return c.asked[i]
}

// tag returns what rules ask for by a name and what is kept live: a tag or a tracked
// segment, which have no name in common. It is nil where there is neither.
func (c *catalog) tag(name string) *tag {
	if t := c.label(false, name); t != nil {
		return t
	}
	return c.label(true, name)
}

// label returns a tag or a tracked segment, or nil.
func (c *catalog) label(segment bool, name string) *tag {
	i, ok := slices.BinarySearchFunc(c.tags, name, func(t *tag, n string) int { return t.compare(segment, n) })
	if !ok {
		return nil
	}
	return c.tags[i]
}
