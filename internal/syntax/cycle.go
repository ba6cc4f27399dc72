package syntax

import (
	"slices"
	"strings"
)

// tag checks that a tag is known and that its rule, followed through every tag
// that it names, does not come back to itself.
func (c *checker) tag(e *TagRef) {
	rule, ok := c.scope.Tag(e.Name)
	if !ok {
		hint := suggest(e.Name, c.scope.Names("tag"))
		c.fault(e.Pos, hint, "unknown tag %s", quote(shorten(e.Name)))
		return
	}
	path := c.cycle(e.Name, rule, nil)
	switch {
	case len(path) > maxTags:
		c.fault(e.Pos, "", "tags that depend on tags are nested deeper than %d", maxTags)
	case path != nil:
		for i, name := range path {
			path[i] = quote(name)
		}
		c.fault(e.Pos, "a tag cannot depend on itself", "the tags form a cycle: %s", strings.Join(path, " -> "))
	}
}

// cycle returns the names on a way from a tag back to one on the way to it, a way
// that is too long, or nil. Unknown tags further down are no concern of this expression.
func (c *checker) cycle(name string, rule Expr, way []string) []string {
	if i := slices.Index(way, name); i >= 0 {
		return append(slices.Clone(way[i:]), name)
	}
	if len(way) == maxTags {
		return append(slices.Clone(way), name)
	}
	if c.settled[name] || withinLimits(rule) != nil {
		return nil
	}
	way = append(way, name)
	for _, next := range Read(rule).Tags {
		nextRule, ok := c.scope.Tag(next)
		if !ok {
			continue
		}
		if path := c.cycle(next, nextRule, way); path != nil {
			return path
		}
	}
	c.settled[name] = true
	return nil
}
