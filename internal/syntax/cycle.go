package syntax

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// dependency is what a rule or a computed trait reads by name, and that has a rule or
// a computation of its own.
type dependency struct {
	kind        dependencyKind
	name, value string // the value of a tag
}

type dependencyKind uint8

const (
	tagDependency dependencyKind = iota
	traitDependency
)

// String names the dependency as it is written.
func (d dependency) String() string {
	switch {
	case d.kind == traitDependency:
		return string(appendName(nil, d.name))
	case d.value != "":
		return string(appendExpr(nil, &TagRef{Name: d.name, Value: d.value}, precOr))
	}
	return quote(d.name)
}

// tag checks that a tag is known and that its rule, followed through all that it
// names, does not come back to itself.
func (c *checker) tag(e *TagRef) {
	if !c.outside("tag()", e.Pos) {
		return
	}
	if _, ok := c.scope.Tag(e.Name, ""); !ok {
		hint := c.suggest(e.Name, "tag")
		c.fault(e.Pos, hint, "unknown tag %s", quote(shorten(e.Name)))
		return
	}
	if _, ok := c.scope.Tag(e.Name, e.Value); !ok {
		c.fault(e.Pos, c.valuesHint(e), "tag %s has no value %s", quote(shorten(e.Name)), quote(shorten(e.Value)))
		return
	}
	c.follow(dependency{name: e.Name, value: e.Value}, e.Pos)
	switch name := quote(shorten(e.Name)); {
	case c.asked && !c.within || !relativeTag(e, c.scope, c.relative):
	case c.within:
		c.fault(e.Pos, "", "tag %s says how profiles stand, and cannot stand within percentile(), rank() or ntile()", name)
	default:
		c.fault(e.Pos, askedHelp, "tag %s is answered when it is asked, and cannot be part of what is kept live", name)
	}
}

// valuesHint says which values a tag has, where it declares them.
func (c *checker) valuesHint(e *TagRef) string {
	const most = 20
	values := c.scope.Names("value of " + e.Name)
	if len(values) == 0 || c.full() {
		return ""
	}
	if hint := suggest(e.Value, values); hint != "" {
		return hint
	}
	more := ""
	if len(values) > most {
		more = fmt.Sprintf(" and %d more", len(values)-most)
		values = values[:most]
	}
	return "its values are " + strings.Join(values, ", ") + more
}

// follow refuses what depends on itself.
func (c *checker) follow(d dependency, pos Pos) {
	path := c.cycle(d, nil)
	switch {
	case len(path) > maxTags:
		c.fault(pos, "", "%s that depend on each other are nested deeper than %d", kindsOf(path), maxTags)
	case path != nil:
		hint := "a tag cannot depend on itself"
		if d.kind == traitDependency {
			hint = "a trait cannot depend on itself"
		}
		names := make([]string, len(path))
		for i, d := range path {
			names[i] = d.String()
		}
		c.fault(pos, hint, "the %s form a cycle: %s", kindsOf(path), strings.Join(names, " -> "))
	}
}

// kindsOf says what is on a way.
func kindsOf(path []dependency) string {
	of := func(kind dependencyKind) bool {
		return slices.ContainsFunc(path, func(d dependency) bool { return d.kind == kind })
	}
	switch {
	case !of(traitDependency):
		return "tags"
	case !of(tagDependency):
		return "traits"
	}
	return "tags and traits"
}

// cycle returns what lies on a way from d back to one on the way to it, a way
// that is too long, or nil. What is unknown further down is no concern of this
// expression.
func (c *checker) cycle(d dependency, way []dependency) []dependency {
	if i := slices.Index(way, d); i >= 0 {
		return append(slices.Clone(way[i:]), d)
	}
	if height, ok := c.heights[d]; ok {
		if len(way)+height <= maxTags {
			return nil
		}
		return c.chain(d, way)
	}
	next, ok := c.dependencies(d)
	if !ok {
		return nil
	}
	if len(way) == maxTags {
		return append(slices.Clone(way), d)
	}
	way = append(way, d)
	height := 1
	for _, n := range next {
		if path := c.cycle(n, way); path != nil {
			return path
		}
		height = max(height, 1+c.heights[n])
	}
	c.heights[d] = height
	return nil
}

// chain returns a way with the longest one on from what has a known height.
func (c *checker) chain(d dependency, way []dependency) []dependency {
	way = append(slices.Clone(way), d)
	for height := c.heights[d]; height > 1; height-- {
		next, _ := c.dependencies(way[len(way)-1])
		for _, n := range next {
			if c.heights[n] == height-1 {
				way = append(way, n)
				break
			}
		}
	}
	return way
}

// dependencies returns what a tag or trait depends on, sorted; ok is false where it is
// unknown, or a trait that computes nothing.
func (c *checker) dependencies(d dependency) (on []dependency, ok bool) {
	v := visitor{
		expr: func(e Expr) bool {
			if t, ok := e.(*TagRef); ok {
				on = append(on, dependency{name: t.Name, value: t.Value})
			}
			return true
		},
		operand: func(x Operand) bool {
			if t, ok := x.(*Trait); ok {
				on = append(on, dependency{kind: traitDependency, name: t.Name})
			}
			return true
		},
	}
	if d.kind == traitDependency {
		info, ok := c.scope.Trait(d.name)
		if !ok || info.Compute == nil || operandWithinLimits(info.Compute) != nil {
			return nil, false
		}
		v.visitOperand(info.Compute)
	} else {
		rule, ok := c.scope.Tag(d.name, d.value)
		if !ok || withinLimits(rule) != nil {
			return nil, false
		}
		v.visit(rule)
	}
	slices.SortFunc(on, func(a, b dependency) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value))
	})
	return slices.Compact(on), true
}
