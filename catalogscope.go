package portrait

import (
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
)

// What follows shows rules what the names in them mean under a catalog.

// Trait implements syntax.Scope.
func (c *catalog) Trait(name string) (syntax.TraitInfo, bool) {
	info, ok := c.traits[name]
	return info, ok
}

// Tag implements syntax.Scope.
func (c *catalog) Tag(name, value string) (syntax.Expr, bool) {
	t := c.tag(name)
	if t == nil {
		t = c.query(name)
	}
	switch {
	case t == nil || t.filling:
		return nil, false
	case value != "":
		return t.def.Holds(value, c)
	}
	return t.rule, true
}

// Interest implements syntax.Scope.
func (c *catalog) Interest(name string) (syntax.InterestInfo, bool) {
	info, ok := c.interests[name]
	return info, ok
}

// Place implements syntax.Scope.
func (c *catalog) Place(name string) (syntax.Area, bool) {
	area, ok := c.places[name]
	return area, ok
}

// Purpose implements syntax.Scope.
func (c *catalog) Purpose(name string) (syntax.Purpose, bool) {
	p, ok := c.purposes[name]
	return p, ok
}

// Kept implements syntax.Scope.
func (c *catalog) Kept(f *syntax.Fold) (uint32, bool) {
	if c.needs != nil {
		c.needs.add(f, c.zone.String())
		return 0, true
	}
	e := c.folds.find(f.Key(c.zone.String()))
	if e == nil || !keeps(e.keep, f.Keep) {
		return 0, false
	}
	return e.id, true
}

// WeekStart implements syntax.Scope.
func (c *catalog) WeekStart() time.Weekday { return c.week }

// Folded implements syntax.Scope.
func (c *catalog) Folded(event, property string) (number, unique bool) {
	f := c.fold.Events[event]
	return slices.Contains(f.Numbers, property), slices.Contains(f.Uniques, property)
}

// Zone implements syntax.Scope.
func (c *catalog) Zone() *time.Location { return c.zone }

// Names implements syntax.Scope.
func (c *catalog) Names(kind string) []string {
	switch kind {
	case "trait":
		return sortedKeys(c.traits)
	case "interest":
		return sortedKeys(c.interests)
	case "place":
		return sortedKeys(c.places)
	case "purpose":
		return sortedKeys(c.purposes)
	case "namespace":
		var names []string
		for _, n := range c.identity().Namespaces {
			names = append(names, n.Name)
		}
		return names
	}
	if tag, ok := strings.CutPrefix(kind, "value of "); ok {
		if t := c.labelled(false, tag); t != nil {
			return t.def.Values()
		}
		return nil
	}
	names := make([]string, 0, len(c.tags))
	for t := range c.labels() {
		if !t.filling {
			names = append(names, t.def.Name)
		}
	}
	return names
}
