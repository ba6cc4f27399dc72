package portrait

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// catalog is a model made ready to run. It is immutable but for the values that
// traitIndex learns.
type catalog struct {
	model   Model
	host    hostFuncs
	zone    *time.Location
	rules   *identity.Rules
	fold    *profile.Schema
	traits  map[string]syntax.TraitInfo
	tags    []*tag        // sorted by name
	indexes []*traitIndex // sorted by name
	// reads lists what a change of an attribute or of an event name can move.
	attrReaders, eventReaders map[string]readers
}

// readers are positions in catalog.tags and catalog.indexes.
type readers struct{ tags, indexes []int }

// tag is one live label.
type tag struct {
	def     tags.Definition
	rule    syntax.Expr // checked
	program *tags.Program
	field   segment.FieldID
	// filling is set until the tag has been evaluated over every profile: it is
	// kept by commits, but nobody can read it yet.
	filling bool
}

// newCatalog checks a model whole and compiles it. Fields are not assigned.
func newCatalog(m Model, host hostFuncs) (*catalog, error) {
	m = m.clone()
	c := &catalog{
		model:        m,
		host:         host,
		traits:       map[string]syntax.TraitInfo{},
		attrReaders:  map[string]readers{},
		eventReaders: map[string]readers{},
	}
	var err error
	if c.zone, err = m.location(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	var faults []error
	if m.Identity.Normalizers != nil || m.Identity.Blockers != nil {
		faults = append(faults, errors.New("identity: functions are no part of a model: set Options.Normalizers and Options.Blockers"))
	}
	if c.rules, err = identity.New(c.identity()); err != nil {
		faults = append(faults, err)
	}
	c.fold = &profile.Schema{Attributes: map[string]profile.Attribute{}, Events: map[string]profile.Folds{}}
	for name, f := range m.Events {
		if err := validName("event", name); err != nil {
			faults = append(faults, err)
		}
		c.fold.Events[name] = f
	}
	faults = append(faults, c.addTraits(m.Traits)...)
	faults = append(faults, c.addTags(m.Tags)...)
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	c.connect()
	return c, nil
}

// identity returns the model's identity rules with the default namespaces where
// it declares none.
func (c *catalog) identity() identity.Config {
	config := c.model.Identity
	if len(config.Namespaces) == 0 {
		config.Namespaces = identity.Default().Namespaces
	}
	config.Normalizers, config.Blockers = c.host.normalizers, c.host.blockers
	return config
}

// hostFuncs are the functions of the host that a model may name.
type hostFuncs struct {
	normalizers map[string]func(string) (string, bool)
	blockers    map[string]func(string) bool
}

func (db *DB) newCatalog(m Model) (*catalog, error) {
	return newCatalog(m, hostFuncs{db.opts.Normalizers, db.opts.Blockers})
}

func validName(what, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fmt.Errorf("%s without a name", what)
	case len(name) > 256:
		return fmt.Errorf("%s %.20q...: the name has %d bytes, the most is 256", what, name, len(name))
	case !utf8.ValidString(name):
		return fmt.Errorf("%s %q: the name is not valid UTF-8", what, name)
	}
	return nil
}

func (c *catalog) addTraits(traits map[string]Trait) []error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(traits)) {
		t := traits[name]
		if err := validName("trait", name); err != nil {
			faults = append(faults, err)
			continue
		}
		var info syntax.TraitInfo
		if t.Compute != "" {
			agg, err := t.aggregate(name)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			info.Aggregate = agg
			info.Kind = aggregateKind(agg.Fn)
		} else {
			info = syntax.TraitInfo{Kind: t.kind(), Elem: t.elem(), Policy: t.Merge}
			if err := validAttribute(name, info); err != nil {
				faults = append(faults, err)
				continue
			}
			c.fold.Attributes[name] = profile.Attribute{Kind: info.Kind, Elem: info.Elem, Policy: info.Policy}
		}
		c.traits[name] = info
		if t.Index {
			ix, err := newTraitIndex(name, info)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			c.indexes = append(c.indexes, ix)
		}
	}
	// A computed trait is checked once all declarations are known.
	for _, name := range slices.Sorted(maps.Keys(traits)) {
		if a := c.traits[name].Aggregate; a != nil {
			if _, err := syntax.Check(&syntax.Exists{X: a, Pos: a.Pos}, c); err != nil {
				faults = append(faults, fmt.Errorf("trait %q: %w", name, err))
			}
		}
	}
	return faults
}

func validAttribute(name string, info syntax.TraitInfo) error {
	switch {
	case info.Policy == profile.Sum && info.Kind != profile.KindNumber:
		return fmt.Errorf("trait %q: merge sum wants type number, not %s", name, info.Kind)
	case info.Kind == profile.KindSet && (info.Elem == profile.KindSet || info.Elem == profile.KindList || info.Elem == profile.KindNull):
		return fmt.Errorf("trait %q: a set of %s cannot be declared", name, info.Elem)
	case (info.Policy == profile.Max || info.Policy == profile.Min) && info.Kind == profile.KindPoint:
		return fmt.Errorf("trait %q: places have no %s", name, info.Policy)
	}
	return nil
}

// aggregateKind returns the kind of an aggregate's value.
func aggregateKind(fn syntax.Fn) profile.Kind {
	if fn == syntax.FirstTime || fn == syntax.LastTime {
		return profile.KindTime
	}
	return profile.KindNumber
}

func (c *catalog) addTags(defs []tags.Definition) []error {
	var faults []error
	seen := map[string]bool{}
	for _, d := range defs {
		if err := d.Validate(); err != nil {
			faults = append(faults, err)
			continue
		}
		if seen[d.Name] {
			faults = append(faults, fmt.Errorf("tag %q is declared twice", d.Name))
			continue
		}
		seen[d.Name] = true
		c.tags = append(c.tags, &tag{def: d, rule: d.Rule.Tree()})
	}
	slices.SortFunc(c.tags, func(a, b *tag) int { return strings.Compare(a.def.Name, b.def.Name) })
	for _, t := range c.tags {
		checked, err := syntax.Check(t.rule, c)
		if err == nil {
			t.program, err = tags.Compile(t.rule, c)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("tag %q: %w", t.def.Name, t.def.Rule.Locate(err)))
			continue
		}
		t.rule = checked
	}
	return faults
}

// connect builds the lists of readers, and declares the event names that they
// read.
func (c *catalog) connect() {
	declare := func(event string) {
		if _, ok := c.fold.Events[event]; !ok {
			c.fold.Events[event] = profile.Folds{}
		}
	}
	for i, t := range c.tags {
		deps := t.program.Deps()
		for _, name := range deps.Events {
			declare(name)
		}
		for _, name := range deps.Attributes {
			r := c.attrReaders[name]
			r.tags = append(r.tags, i)
			c.attrReaders[name] = r
		}
		for _, name := range deps.Events {
			r := c.eventReaders[name]
			r.tags = append(r.tags, i)
			c.eventReaders[name] = r
		}
	}
	for i, ix := range c.indexes {
		if a := ix.info.Aggregate; a != nil {
			declare(a.Event)
			r := c.eventReaders[a.Event]
			r.indexes = append(r.indexes, i)
			c.eventReaders[a.Event] = r
			continue
		}
		r := c.attrReaders[ix.name]
		r.indexes = append(r.indexes, i)
		c.attrReaders[ix.name] = r
	}
}

// tag returns a tag that may be read, or nil.
func (c *catalog) tag(name string) *tag {
	i, ok := slices.BinarySearchFunc(c.tags, name, func(t *tag, n string) int { return strings.Compare(t.def.Name, n) })
	if !ok {
		return nil
	}
	return c.tags[i]
}

// Trait implements syntax.Scope.
func (c *catalog) Trait(name string) (syntax.TraitInfo, bool) {
	info, ok := c.traits[name]
	return info, ok
}

// Tag implements syntax.Scope.
func (c *catalog) Tag(name string) (syntax.Expr, bool) {
	t := c.tag(name)
	if t == nil || t.filling {
		return nil, false
	}
	return t.rule, true
}

// Folded implements syntax.Scope.
func (c *catalog) Folded(event, property string) (number, unique bool) {
	f := c.fold.Events[event]
	return slices.Contains(f.Numbers, property), slices.Contains(f.Uniques, property)
}

// Zone implements syntax.Scope.
func (c *catalog) Zone() *time.Location { return c.zone }

// Names implements syntax.Scope.
func (c *catalog) Names(kind string) []string {
	if kind == "trait" {
		return slices.Sorted(maps.Keys(c.traits))
	}
	names := make([]string, 0, len(c.tags))
	for _, t := range c.tags {
		if !t.filling {
			names = append(names, t.def.Name)
		}
	}
	return names
}
