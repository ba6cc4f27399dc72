package portrait

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// Plan tells what an Apply changes, or would change.
type Plan struct {
	// Changes are in words, one a declaration. Empty when the model is the
	// store's already.
	Changes []string
	// Regroupings are the profiles that other identity rules merge, split or take
	// away, all of them.
	Regroupings []Regrouping
}

// ApplyOption modifies one Apply.
type ApplyOption uint8

// DryRun makes Apply check the model and report the plan, and change nothing.
const DryRun ApplyOption = 1

// Apply makes a model the store's own, whole or not at all. New and changed
// tags and indexes are filled over all profiles before Apply returns, while
// events flow; they can be read once they are complete. Where it is broken off
// by ctx or a crash, Open finishes it.
//
// Other identity rules regroup the identifiers that are in: the plan lists every
// profile that merges, splits or disappears. This is done before Apply returns,
// in one step for readers, while no events are taken in; where it fails half way
// the store refuses writes until it is reopened, which finishes it. It holds all
// identifiers and what was seen of them in memory; see [identity.Rules.Partition].
// Events stay with the identifier that was their strongest when they came.
//
// What the store can no longer honour is refused with an error that wraps
// ErrModel: once events are in, the type or merge policy of a declared trait
// cannot change, for the events of before are not kept; nor can normalisers that
// would spell identifiers otherwise which are in.
// Namespaces, traits, events and tags may be added at any time, and tags change
// freely. A newly declared event property is folded from then on.
func (db *DB) Apply(ctx context.Context, m Model, opts ...ApplyOption) (*Plan, error) {
	if err := db.gate.enter(); err != nil {
		return nil, err
	}
	defer db.gate.leave()
	if err := db.lock(ctx); err != nil {
		return nil, err
	}
	plan, err := db.applyLocked(ctx, m, slices.Contains(opts, DryRun))
	db.unlock()
	if err != nil || slices.Contains(opts, DryRun) {
		return plan, err
	}
	return plan, db.fill(ctx)
}

// DefineTag adds a tag to the store's model, or changes the rule of the one of
// that name, as Apply does.
func (db *DB) DefineTag(ctx context.Context, def tags.Definition) error {
	if err := db.gate.enter(); err != nil {
		return err
	}
	defer db.gate.leave()
	if err := db.lock(ctx); err != nil {
		return err
	}
	m := db.cat.Load().model
	m.Tags = slices.DeleteFunc(slices.Clone(m.Tags), func(d tags.Definition) bool { return d.Name == def.Name })
	m.Tags = append(m.Tags, def)
	_, err := db.applyLocked(ctx, m, false)
	db.unlock()
	if err != nil {
		return err
	}
	return db.fill(ctx)
}

// Model returns the model in force.
// It is the caller's own: changing it changes nothing until it is applied.
func (db *DB) Model() Model { return db.cat.Load().model.clone() }

func (db *DB) applyLocked(ctx context.Context, m Model, dry bool) (*Plan, error) {
	next, err := db.newCatalog(m)
	if err != nil {
		return nil, err
	}
	data, err := m.stored()
	if err != nil {
		return nil, err
	}
	hasData, err := db.hasNodes()
	if err != nil {
		return nil, err
	}
	cur := db.cat.Load()
	plan, err := cur.plan(next, hasData)
	if err != nil {
		return nil, err
	}
	var rules *recast
	if hasData && !sameIdentity(cur, next) {
		if rules, err = db.planRecast(ctx, next); err != nil {
			return nil, err
		}
		plan.regroup(rules.regroupings())
	}
	if dry || len(plan.Changes) == 0 {
		return plan, nil
	}
	if rules != nil {
		if begun, err := rules.run(data); err != nil {
			if begun {
				db.halt(err)
			}
			return nil, err
		}
	}
	t := db.begin()
	t.inherit(cur, next)
	t.batch.Set(keys.AppendMeta(nil, metaModel), data)
	t.settled, t.next = true, next
	if rules != nil {
		t.batch.Delete(keys.AppendMeta(nil, metaRecast))
	}
	if err := t.finish(false); err != nil {
		if rules != nil {
			db.halt(err)
		}
		return nil, err
	}
	return plan, nil
}

// regroup adds what other identity rules do to profiles.
func (p *Plan) regroup(all []Regrouping) {
	p.Regroupings = all
	before, after := 0, 0
	for _, g := range all {
		before += len(g.Before)
		after += len(g.After)
	}
	if len(all) > 0 {
		p.Changes = append(p.Changes, fmt.Sprintf("identity: %d profiles become %d", before, after))
	}
}

// hasNodes reports whether the store holds identifiers, by events or by
// decisions.
func (db *DB) hasNodes() (bool, error) {
	prefix := []byte{keys.Node}
	for _, err := range db.current.Load().snap.Scan(prefix, keys.End(prefix)) {
		return err == nil, err
	}
	return false, nil
}

// plan compares two models and refuses what data forbids.
func (c *catalog) plan(next *catalog, hasData bool) (*Plan, error) {
	p := &Plan{}
	say := func(format string, args ...any) { p.Changes = append(p.Changes, fmt.Sprintf(format, args...)) }
	if c.model.Zone != next.model.Zone {
		say("zone: %q becomes %q", c.model.Zone, next.model.Zone)
	}
	c.planIdentity(next, hasData, say)
	for _, name := range sortedKeys(next.fold.Events) {
		old, now := c.fold.Events[name], next.fold.Events[name]
		for _, prop := range slices.Concat(now.Numbers, now.Uniques) {
			if !slices.Contains(slices.Concat(old.Numbers, old.Uniques), prop) {
				since := ""
				if hasData {
					since = "; events taken in before are not counted in it"
				}
				say("event %q: property %q is folded from now on%s", name, prop, since)
			}
		}
	}
	for _, name := range sortedKeys(c.fold.Events) {
		old, now := c.fold.Events[name], next.fold.Events[name]
		for _, prop := range slices.Concat(old.Numbers, old.Uniques) {
			if !slices.Contains(slices.Concat(now.Numbers, now.Uniques), prop) {
				say("event %q: property %q is not folded any more", name, prop)
			}
		}
	}
	if err := c.planTraits(next, hasData, say); err != nil {
		return nil, err
	}
	for _, t := range next.tags {
		switch old := c.tag(t.def.Name); {
		case old == nil:
			say("tag %q: new", t.def.Name)
		case !c.sameRule(next, old, t):
			say("tag %q: new rule", t.def.Name)
		case old.def.Description != t.def.Description:
			say("tag %q: new description", t.def.Name)
		case old.def.Version != t.def.Version:
			say("tag %q: version %d becomes %d", t.def.Name, old.def.Version, t.def.Version)
		}
	}
	for _, t := range c.tags {
		if next.tag(t.def.Name) == nil {
			say("tag %q: dropped", t.def.Name)
		}
	}
	return p, nil
}

// sameIdentity reports whether two models declare the same identity rules.
func sameIdentity(a, b *catalog) bool {
	return jsonEqual(identityFileOf(a.identity()), identityFileOf(b.identity()))
}

// planIdentity says which identity rules change, and what of them governs only
// the events to come: an event lies where the rules of its time put it.
func (c *catalog) planIdentity(next *catalog, hasData bool, say func(string, ...any)) {
	old, now := identityFileOf(c.identity()), identityFileOf(next.identity())
	byName := map[string]namespaceFile{}
	for _, n := range now.Namespaces {
		byName[n.Name] = n
	}
	for _, n := range old.Namespaces {
		m, ok := byName[n.Name]
		delete(byName, n.Name)
		switch {
		case !ok:
			say("namespace %q: dropped", n.Name)
		case !jsonEqual(n, m):
			say("namespace %q: changed", n.Name)
		}
		if !ok || !hasData {
			continue
		}
		if n.Priority != m.Priority {
			say("namespace %q: events of before stay with the identifier that was their strongest", n.Name)
		}
		if n.Trait != m.Trait || n.Auth != m.Auth || !jsonEqual(n.Normalize, m.Normalize) {
			say("namespace %q: what trait, auth and normalize say holds for events from now on", n.Name)
		}
	}
	if old.MaxNodes != now.MaxNodes || old.MaxIdentifiers != now.MaxIdentifiers {
		say("identity: new limits")
	}
	for _, name := range sortedKeys(byName) {
		say("namespace %q: new", name)
	}
}

func (c *catalog) planTraits(next *catalog, hasData bool, say func(string, ...any)) error {
	for _, name := range sortedKeys(next.model.Traits) {
		now := next.traits[name]
		old, ok := c.traits[name]
		if !ok {
			say("trait %q: new", name)
			if hasData && now.Aggregate == nil && now.Policy != profile.Latest {
				say("trait %q: what was told before is not in its %s", name, now.Policy)
			}
			continue
		}
		changed := old.Kind != now.Kind || old.Elem != now.Elem || old.Policy != now.Policy || (old.Aggregate == nil) != (now.Aggregate == nil)
		if changed && hasData {
			return fmt.Errorf("%w: trait %q: its type and merge policy cannot change once events are in; declare a new trait", ErrModel, name)
		}
		if changed || !sameAggregate(old.Aggregate, now.Aggregate) {
			say("trait %q: changed", name)
		}
		if was, is := c.traitIndex(name) != nil, next.traitIndex(name) != nil; was != is {
			say("trait %q: indexed: %t", name, is)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.model.Traits)) {
		if _, ok := next.model.Traits[name]; !ok {
			say("trait %q: dropped", name)
		}
	}
	return nil
}

func jsonEqual(a, b any) bool {
	x, errx := json.Marshal(a)
	y, erry := json.Marshal(b)
	return errx == nil && erry == nil && string(x) == string(y)
}

func sameAggregate(a, b *syntax.Aggregate) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Fn == b.Fn && a.Event == b.Event && a.Property == b.Property
}

// sameRule reports whether a tag means the same under both models, so that its
// bitmap can be kept: its rule with all that it refers to written out.
func (c *catalog) sameRule(next *catalog, a, b *tag) bool {
	return c.zone.String() == next.zone.String() && c.spell(a.rule) == next.spell(b.rule)
}

// spell writes an expression with everything that its names stand for.
func (c *catalog) spell(e syntax.Expr) string {
	var b strings.Builder
	b.WriteString(syntax.Print(e))
	reads := syntax.Read(e)
	for _, name := range reads.Traits {
		info := c.traits[name]
		fmt.Fprintf(&b, "\n%q %v %v %v", name, info.Kind, info.Elem, info.Policy)
		if a := info.Aggregate; a != nil {
			fmt.Fprintf(&b, " %d %q %q", a.Fn, a.Event, a.Property)
		}
	}
	for _, name := range reads.Tags {
		if t := c.tag(name); t != nil {
			fmt.Fprintf(&b, "\ntag %q: %s", name, c.spell(t.rule))
		}
	}
	return b.String()
}

// inherit gives the next catalog the fields that keep their meaning, makes new
// ones for the rest, to be filled, and drops what nothing uses any more.
func (t *txn) inherit(cur, next *catalog) {
	for _, tg := range next.tags {
		if old := cur.tag(tg.def.Name); old != nil {
			if cur.sameRule(next, old, tg) {
				tg.field, tg.filling = old.field, old.filling
				continue
			}
			t.dropField(old.field)
		}
		tg.field, tg.filling = t.newField(fieldRecord{Use: useTag, Name: tg.def.Name, Filling: true}, segment.Bitmap), true
	}
	for _, old := range cur.tags {
		if next.tag(old.def.Name) == nil {
			t.dropField(old.field)
		}
	}
	for _, ix := range next.indexes {
		if old := cur.traitIndex(ix.name); old != nil && old.column == ix.column &&
			old.info.Kind == ix.info.Kind && old.info.Elem == ix.info.Elem && old.info.Policy == ix.info.Policy &&
			sameAggregate(old.info.Aggregate, ix.info.Aggregate) {
			ix.field, ix.values, ix.filling = old.field, old.values, old.filling
			continue
		}
		if old := cur.traitIndex(ix.name); old != nil {
			t.dropIndex(old)
		}
		rec := fieldRecord{Use: useExists, Name: ix.name, Filling: true}
		kind := segment.Bitmap
		if ix.column {
			rec.Use, kind = useColumn, segment.Column
		}
		ix.field, ix.filling = t.newField(rec, kind), true
	}
	for _, old := range cur.indexes {
		if next.traitIndex(old.name) == nil {
			t.dropIndex(old)
		}
	}
}

func (t *txn) dropIndex(ix *traitIndex) {
	t.dropField(ix.field)
	if ix.column {
		return
	}
	for _, f := range (valuesView{ix}).All() {
		t.dropField(f)
	}
}
