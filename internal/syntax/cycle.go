package syntax

import (
	"slices"
	"strings"
)

// tag checks that a tag is known and that its rule, followed through every tag
// that it names, does not come back to itself.
func (c *checker) tag(e *TagRef) {
	rule, ok := c.scope.Tag(e.Name, e.Value)
	if !ok {
		hint := c.suggest(e.Name, "tag")
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
	if height, ok := c.heights[name]; ok {
		if len(way)+height <= maxTags {
			return nil
		}
		return c.chain(name, way)
	}
	if len(way) == maxTags {
		return append(slices.Clone(way), name)
	}
	if withinLimits(rule) != nil {
		return nil
	}
	way = append(way, name)
	height := 1
	for _, next := range Read(rule).Tags {
		nextRule, ok := c.scope.Tag(next, "")
		if !ok {
			continue
		}
		if path := c.cycle(next, nextRule, way); path != nil {
			return path
		}
		height = max(height, 1+c.heights[next])
	}
	c.heights[name] = height
	return nil
}

// chain returns a way with the longest one on from a tag whose height is known.
func (c *checker) chain(name string, way []string) []string {
	way = append(slices.Clone(way), name)
	for height := c.heights[name]; height > 1; height-- {
		rule, _ := c.scope.Tag(way[len(way)-1], "")
		for _, next := range Read(rule).Tags {
			if c.heights[next] == height-1 {
				way = append(way, next)
				break
			}
		}
	}
	return way
}
