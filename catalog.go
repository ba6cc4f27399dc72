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
	"github.com/portraitdb/portrait/tags"
)

// catalog is a model made ready to run. It is immutable but for the values that
// traitIndex learns.
type catalog struct {
	model  Model
	host   hostFuncs
	zone   *time.Location
	week   time.Weekday // that weeks begin on
	rules  *identity.Rules
	match  matchKeys
	fold   *profile.Schema
	folds  *foldSet
	cover  coverage // of the event log
	traits map[string]syntax.TraitInfo
	// computed are the programs of the traits that are not told.
	computed   map[string]*tags.Value
	interests  map[string]syntax.InterestInfo
	places     map[string]syntax.Area
	purposes   map[string]syntax.Purpose
	sensitive  sensitivity
	told       map[string]struct{} // attributes that keep what is told of tags
	tags       []*tag              // sorted: tags, then tracked segments, each by name
	asked      []*tag              // query tags, sorted by name
	indexes    []*traitIndex       // sorted by name
	timed      readers             // what may change with the clock alone
	lotReaders readers             // what reads who is canonical
	// What a change of an attribute, of what is counted of an event name, of an uploaded
	// list, or of a fold can move.
	attrReaders, eventReaders map[string]readers
	listReaders               map[string]readers
	foldReaders               map[uint32]readers
	lists                     []string // that anything here asks of, but for query tags; sorted
	// needs is set while the catalog is being made: which folds its operands ask for.
	needs demands
}

// readers are positions in catalog.tags and catalog.indexes.
type readers struct{ tags, indexes []int }

// newCatalog checks a model whole and compiles it. What profiles keep for it has the
// numbers of have, as far as that has it. Fields are not assigned.
func newCatalog(m Model, host hostFuncs, have *foldSet) (*catalog, error) {
	m = m.clone()
	c := &catalog{
		model:        m,
		host:         host,
		traits:       map[string]syntax.TraitInfo{},
		computed:     map[string]*tags.Value{},
		interests:    map[string]syntax.InterestInfo{},
		places:       map[string]syntax.Area{},
		purposes:     map[string]syntax.Purpose{},
		told:         map[string]struct{}{},
		attrReaders:  map[string]readers{},
		eventReaders: map[string]readers{},
		listReaders:  map[string]readers{},
		foldReaders:  map[uint32]readers{},
		needs:        demands{},
	}
	var err error
	if c.zone, err = m.location(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	if c.week, err = m.weekStart(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	var faults []error
	if m.Identity.Normalizers != nil || m.Identity.Blockers != nil {
		faults = append(faults, errors.New("identity: functions are no part of a model: set Options.Normalizers and Options.Blockers"))
	}
	if c.rules, err = identity.New(c.identity()); err != nil {
		faults = append(faults, err)
	}
	faults = append(faults, c.addMatches(host.key)...)
	c.fold = &profile.Schema{Attributes: map[string]profile.Attribute{}, Events: map[string]profile.Folds{}}
	for name, f := range m.Events {
		if err := validName("event", name); err != nil {
			faults = append(faults, err)
		}
		c.fold.Events[name] = f
	}
	faults = append(faults, m.Log.validate()...)
	faults = append(faults, c.addInterests(m.Interests)...)
	faults = append(faults, c.addPlaces(m.Places)...)
	faults = append(faults, c.addPurposes(m.Purposes)...)
	c.host.before = nil // which need not outlive its epochs
	faults = append(faults, c.addTraits(m.Traits)...)
	labels, err := m.labels()
	faults = append(faults, err)
	faults = append(faults, c.addTags("tag", labels)...)
	consents, err := m.consentTags()
	faults = append(faults, err)
	faults = append(faults, c.addTags("tag", consents)...)
	faults = append(faults, c.addTags("segment", m.Segments)...)
	// Each is checked once all declarations are known, which also tells what profiles
	// have to keep.
	faults = append(faults, c.checkInterests()...)
	c.indexes = append(c.indexes, newNamespaceIndex())
	faults = append(faults, c.checkTraits()...)
	faults = append(faults, c.checkTags()...)
	faults = append(faults, c.checkRoles()...)
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	c.folds, c.needs = have.with(c.needs), nil
	if err := errors.Join(c.compile()...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	c.connect()
	c.sense()
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
	key         [32]byte // the store's
	// before is the catalog in force, or nil, whose areas are taken over.
	before *catalog
}

// extent returns the area of a place: that of before, where it was declared alike.
func (h *hostFuncs) extent(p tags.Place) (syntax.Area, error) {
	if h.before != nil {
		i := slices.IndexFunc(h.before.model.Places, func(old tags.Place) bool { return old.Name == p.Name })
		if i >= 0 && h.before.model.Places[i].Equal(p) {
			return h.before.places[p.Name], nil
		}
	}
	return p.Extent()
}

func (db *DB) newCatalog(m Model, have *foldSet) (*catalog, error) {
	c, err := newCatalog(m, hostFuncs{db.opts.Normalizers, db.opts.Blockers, db.key, db.cat.Load()}, have)
	if err == nil && db.store.Sealed() {
		err = c.unsealed()
	}
	return c, err
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

func (c *catalog) addInterests(interests []tags.Interest) []error {
	var faults []error
	for _, i := range interests {
		if err := i.Validate(); err != nil {
			faults = append(faults, err)
			continue
		}
		if _, twice := c.interests[i.Name]; twice {
			faults = append(faults, fmt.Errorf("interest %q is declared twice", i.Name))
			continue
		}
		c.interests[i.Name] = i.Info()
	}
	return faults
}

func (c *catalog) addPlaces(places []tags.Place) []error {
	var faults []error
	for _, p := range places {
		area, err := c.host.extent(p)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if _, twice := c.places[p.Name]; twice {
			faults = append(faults, fmt.Errorf("place %q is declared twice", p.Name))
			continue
		}
		c.places[p.Name] = area
	}
	return faults
}

// checkInterests holds the conditions on events against the model.
func (c *catalog) checkInterests() []error {
	var faults []error
	for _, i := range c.model.Interests {
		info := c.interests[i.Name]
		for n, source := range info.Sources {
			if source.Where == nil {
				continue
			}
			checked, err := syntax.CheckWhere(source.Where, c)
			if err != nil {
				faults = append(faults, fmt.Errorf("interest %q, event %q: where: %w", i.Name, source.Event, i.Sources[n].Where.Locate(err)))
				continue
			}
			info.Sources[n].Where = checked
		}
	}
	return faults
}

func (c *catalog) addTraits(traits map[string]Trait) []error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(traits)) {
		t := traits[name]
		if err := validName("trait", name); err != nil {
			faults = append(faults, err)
			continue
		}
		if t.Compute != "" {
			x, err := t.operand(name)
			if err == nil && t.Retain != 0 {
				err = fmt.Errorf("trait %q: a computed trait has no retain: its windows, or those of what it computes, say how long", name)
			}
			if err != nil {
				faults = append(faults, err)
				continue
			}
			c.traits[name] = syntax.TraitInfo{Kind: t.Type, Compute: x}
			continue
		}
		info := syntax.TraitInfo{Kind: t.kind(), Elem: t.elem(), Policy: t.Merge, Retain: t.Retain}
		if err := validAttribute(name, info); err != nil {
			faults = append(faults, err)
			continue
		}
		c.fold.Attributes[name] = profile.Attribute{Kind: info.Kind, Elem: info.Elem, Policy: info.Policy, Retain: info.Retain}
		c.traits[name] = info
	}
	return faults
}

// checkTraits holds what computed traits compute against the model.
func (c *catalog) checkTraits() []error {
	var faults []error
	kinds := map[string]syntax.TraitInfo{}
	for _, name := range sortedKeys(c.traits) {
		info := c.traits[name]
		if info.Compute == nil {
			continue
		}
		checked, err := syntax.Check(&syntax.Exists{X: info.Compute, Pos: -1}, c)
		if err != nil {
			faults = append(faults, fmt.Errorf("trait %q: %w", name, syntax.Locate(err, c.model.Traits[name].Compute)))
			continue
		}
		declared := info.Kind
		info.Compute = checked.(*syntax.Exists).X
		info.Kind, info.Elem, _ = syntax.OperandKind(info.Compute, c)
		switch {
		case declared == profile.KindNull || declared == info.Kind:
		case info.Kind == syntax.Any && declared < profile.KindList:
			info.Kind = declared
		default:
			faults = append(faults, fmt.Errorf("trait %q: %s is no %s", name, c.model.Traits[name].Compute, declared))
		}
		kinds[name] = info
	}
	maps.Copy(c.traits, kinds)
	for _, name := range sortedKeys(c.traits) {
		if !c.model.Traits[name].Index || len(faults) > 0 {
			continue
		}
		ix, err := newTraitIndex(name, c.traits[name])
		if err != nil {
			faults = append(faults, err)
			continue
		}
		c.indexes = append(c.indexes, ix)
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
	case info.Retain != 0 && (info.Retain < minRetain || info.Retain > maxRetain):
		return fmt.Errorf("trait %q: retain %s: want an hour to 200 years", name, info.Retain)
	case info.Retain != 0 && !info.Policy.Retains():
		return fmt.Errorf("trait %q: retain wants merge latest, nonEmpty or first, not %s: of other values that it took in it does not know when they were told", name, info.Policy)
	}
	return nil
}

// compile makes the programs, and the folds that they read.
func (c *catalog) compile() []error {
	var faults []error
	for _, e := range c.folds.list {
		f, err := tags.NewFold(e.spec, e.id, c)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		f.Keep, f.Since = e.keep, max(f.Since, e.since)
		c.fold.Folds = append(c.fold.Folds, f)
	}
	for _, name := range sortedKeys(c.traits) {
		x := c.traits[name].Compute
		if x == nil {
			continue
		}
		value, err := tags.CompileValue(x, c)
		if err != nil {
			faults = append(faults, fmt.Errorf("trait %q: %w", name, err))
		}
		c.computed[name] = value
	}
	for _, ix := range c.indexes {
		var err error
		if ix.computed, err = c.program(ix); err != nil {
			faults = append(faults, err)
		}
	}
	for _, t := range c.tags {
		var err error
		if t.program, err = tags.Compile(t.rule, c); err == nil && t.values != nil {
			t.values.computed, err = tags.CompileValue(t.values.info.Compute, c)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %q: %w", t.what(), t.def.Name, t.def.Rule.Locate(err)))
		}
	}
	for _, t := range c.asked {
		rule := t.rule
		if x := t.def.Operand(); x != nil {
			rule = &syntax.And{X: []syntax.Expr{rule, &syntax.Exists{X: x, Pos: -1}}}
		}
		var err error
		if t.program, err = tags.CompileAsked(rule, c); err != nil {
			faults = append(faults, fmt.Errorf("tag %q: %w", t.def.Name, t.def.Rule.Locate(err)))
		}
	}
	return faults
}

// connect builds the lists of readers, and declares the event names that they
// read.
func (c *catalog) connect() {
	for i, t := range c.tags {
		enter := func(r readers) readers {
			if len(r.tags) == 0 || r.tags[len(r.tags)-1] != i {
				r.tags = append(r.tags, i)
			}
			return r
		}
		c.read(t.program.Deps(), enter)
		if t.values != nil {
			c.read(t.values.computed.Deps(), enter)
		}
	}
	for i, ix := range c.indexes {
		deps := tags.Deps{Attributes: []string{ix.name}, Timed: ix.info.Retain > 0}
		if ix.computed != nil {
			deps = ix.computed.Deps()
		}
		c.read(deps, func(r readers) readers {
			r.indexes = append(r.indexes, i)
			return r
		})
	}
	for _, value := range c.computed {
		c.declare(value.Deps())
		c.lists = append(c.lists, value.Deps().Lists...)
	}
	for _, t := range c.asked {
		c.declare(t.program.Deps())
	}
	slices.Sort(c.lists)
	c.lists = slices.Compact(c.lists)
}

// read enters a reader wherever what it reads may change.
func (c *catalog) read(deps tags.Deps, enter func(readers) readers) {
	c.declare(deps)
	for _, name := range deps.Attributes {
		c.attrReaders[name] = enter(c.attrReaders[name])
	}
	for _, name := range deps.Counted {
		c.eventReaders[name] = enter(c.eventReaders[name])
	}
	for _, id := range deps.Folds {
		c.foldReaders[id] = enter(c.foldReaders[id])
	}
	for _, name := range deps.Lists {
		c.listReaders[name] = enter(c.listReaders[name])
	}
	c.lists = append(c.lists, deps.Lists...)
	if deps.Timed {
		c.timed = enter(c.timed)
	}
	if deps.Canonical {
		c.lotReaders = enter(c.lotReaders)
	}
}

// declare makes the counts of event names ones that are kept for ever.
func (c *catalog) declare(deps tags.Deps) {
	for _, event := range deps.Counted {
		if _, ok := c.fold.Events[event]; !ok {
			c.fold.Events[event] = profile.Folds{}
		}
	}
}
