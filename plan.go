package portrait

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/identity"
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
	// Moves are who gains and loses each tag and tracked segment that is new, changed
	// or dropped, also because of what its rule refers to. Only a DryRun works them
	// out, over profiles as they are grouped now.
	Moves []segment.Move
	// Analysis is what the rules of the tags mean beside each other: which never hold,
	// are equal, contained in each other, contradictory. Only a DryRun works it out.
	Analysis tags.Analysis
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

// plan compares two models and refuses what data forbids.
func (c *catalog) plan(next *catalog, hasData bool) (*Plan, error) {
	p := &Plan{}
	say := func(format string, args ...any) { p.Changes = append(p.Changes, fmt.Sprintf(format, args...)) }
	if c.model.Zone != next.model.Zone {
		say("zone: %q becomes %q", c.model.Zone, next.model.Zone)
	}
	c.planIdentity(next, hasData, say)
	c.planEvents(next, hasData, say)
	if err := c.planTraits(next, hasData, say); err != nil {
		return nil, err
	}
	c.planInterests(next, say)
	c.planPlaces(next, say)
	c.planPurposes(next, say)
	c.planTags(next, say)
	c.planSince(next, say)
	if c.week != next.week {
		say("week: begins on %s", weekdays[next.week])
	}
	if !jsonEqual(roleFiles(c.model.Roles), roleFiles(next.model.Roles)) {
		say("roles: changed")
	}
	if !jsonEqual(c.model.Log.file(), next.model.Log.file()) {
		say("log: changed")
	}
	return p, nil
}

// planEvents says which properties of events are folded otherwise.
func (c *catalog) planEvents(next *catalog, hasData bool, say func(string, ...any)) {
	since := ""
	if hasData {
		since = "; events taken in before are not counted in it"
	}
	for _, name := range sortedKeys(next.model.Events) {
		if _, ok := c.model.Events[name]; !ok && len(next.model.Events[name].Numbers)+len(next.model.Events[name].Uniques) == 0 {
			say("event %q: declared", name)
		}
	}
	for _, name := range sortedKeys(next.fold.Events) {
		old, now := c.fold.Events[name], next.fold.Events[name]
		for _, prop := range lacking(now.Numbers, old.Numbers) {
			say("event %q: property %q is folded from now on%s", name, prop, since)
		}
		for _, prop := range lacking(now.Uniques, old.Uniques) {
			say("event %q: the values of property %q are counted from now on%s", name, prop, since)
		}
	}
	for _, name := range sortedKeys(c.fold.Events) {
		old, now := c.fold.Events[name], next.fold.Events[name]
		for _, prop := range lacking(old.Numbers, now.Numbers) {
			say("event %q: property %q is not folded any more", name, prop)
		}
		for _, prop := range lacking(old.Uniques, now.Uniques) {
			say("event %q: the values of property %q are not counted any more", name, prop)
		}
	}
}

// lacking returns what one list has and another has not.
func lacking(has, in []string) []string {
	return slices.DeleteFunc(slices.Clone(has), func(s string) bool { return slices.Contains(in, s) })
}

// planSince says of what is new, or reads what is new, from when on it is complete: the
// log has no events of before, or had none when an older one brought in what both read.
func (c *catalog) planSince(next *catalog, say func(string, ...any)) {
	fresh := map[uint32]bool{}
	for _, e := range c.folds.fresh(next.folds) {
		fresh[e.id] = true
	}
	tell := func(known bool, what, name string, deps tags.Deps) {
		since := next.since(deps, func(id uint32) bool { return fresh[id] || !known })
		if since > firstInstant {
			say("%s %q: events before %s are not in it", what, name, since)
		}
	}
	for _, name := range sortedKeys(next.computed) {
		old, ok := c.traits[name]
		tell(ok && sameOperand(old.Compute, next.traits[name].Compute), "trait", name, next.computed[name].Deps())
	}
	for _, t := range next.tags {
		old := c.label(t.segment, t.def.Name)
		tell(old != nil && c.sameRule(next, old, t), t.what(), t.def.Name, t.program.Deps())
	}
}

// since returns from when on what reads some folds is complete, of those that count.
func (c *catalog) since(deps tags.Deps, counts func(id uint32) bool) profile.Instant {
	since := firstInstant
	for i := range c.folds.list {
		if e := &c.folds.list[i]; slices.Contains(deps.Folds, e.id) && counts(e.id) {
			since = max(since, e.since)
		}
	}
	return since
}

func (c *catalog) planInterests(next *catalog, say func(string, ...any)) {
	old, now := fileOf(c.model).Interests, fileOf(next.model).Interests
	for _, name := range sortedKeys(now) {
		switch was, ok := old[name]; {
		case !ok:
			say("interest %q: new", name)
		case !jsonEqual(was, now[name]):
			say("interest %q: changed", name)
		}
	}
	for _, name := range sortedKeys(old) {
		if _, ok := now[name]; !ok {
			say("interest %q: dropped", name)
		}
	}
}

func (c *catalog) planPlaces(next *catalog, say func(string, ...any)) {
	for _, name := range sortedKeys(next.places) {
		switch was, ok := c.places[name]; {
		case !ok:
			say("place %q: new", name)
		case was.String() != next.places[name].String():
			say("place %q: changed", name)
		}
	}
	for _, name := range sortedKeys(c.places) {
		if _, ok := next.places[name]; !ok {
			say("place %q: dropped", name)
		}
	}
}

func (c *catalog) planTags(next *catalog, say func(string, ...any)) {
	for t := range next.labels() {
		switch old := c.labelled(t.segment, t.def.Name); {
		case old == nil:
			say("%s %q: new", t.what(), t.def.Name)
		case old.def.Query != t.def.Query:
			say("%s %q: %s", t.what(), t.def.Name, map[bool]string{true: "answered when it is asked from now on", false: "kept live from now on"}[t.def.Query])
		case t.def.Query && c.spell(old.rule) != next.spell(t.rule), !t.def.Query && !c.sameRule(next, old, t):
			say("%s %q: new rule", t.what(), t.def.Name)
		case old.def.Description != t.def.Description:
			say("%s %q: new description", t.what(), t.def.Name)
		case old.def.Version != t.def.Version:
			say("%s %q: version %d becomes %d", t.what(), t.def.Name, old.def.Version, t.def.Version)
		case !jsonEqual(old.def, t.def):
			say("%s %q: new particulars", t.what(), t.def.Name)
		}
	}
	for t := range c.labels() {
		if next.labelled(t.segment, t.def.Name) == nil {
			say("%s %q: dropped", t.what(), t.def.Name)
		}
	}
}

// sameIdentity reports whether two models declare the same identity rules.
func sameIdentity(a, b *catalog) bool {
	// What lists may name a value by regroups nobody.
	plain := func(c identity.Config) identity.Config {
		c.Namespaces = slices.Clone(c.Namespaces)
		for i := range c.Namespaces {
			c.Namespaces[i].Match = nil
		}
		return c
	}
	return jsonEqual(identityFileOf(plain(a.identity())), identityFileOf(plain(b.identity())))
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
			if hasData && now.Compute == nil && now.Policy != profile.Latest {
				say("trait %q: what was told before is not in its %s", name, now.Policy)
			}
			continue
		}
		computed := old.Compute != nil && now.Compute != nil
		changed := !computed && (old.Kind != now.Kind || old.Elem != now.Elem || old.Policy != now.Policy || (old.Compute == nil) != (now.Compute == nil))
		if changed && hasData {
			return fmt.Errorf("%w: trait %q: its type and merge policy cannot change once events are in; declare a new trait", ErrModel, name)
		}
		if changed || computed && (old.Kind != now.Kind || !sameOperand(old.Compute, now.Compute)) {
			say("trait %q: changed", name)
		}
		if was, is := c.model.Traits[name].Sensitive, next.model.Traits[name].Sensitive; was != is {
			say("trait %q: sensitive: %t", name, is)
		}
		if !changed && old.Retain != now.Retain {
			say("trait %q: kept for %s", name, keptFor(now.Retain))
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

func sameOperand(a, b syntax.Operand) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return syntax.PrintOperand(a) == syntax.PrintOperand(b)
}

// sameRule reports whether a tag means the same under both models, so that its
// bitmap can be kept: its rule with all that it refers to written out, over the same
// folds.
func (c *catalog) sameRule(next *catalog, a, b *tag) bool {
	return c.zone.String() == next.zone.String() && c.week == next.week && c.spell(a.rule) == next.spell(b.rule) &&
		slices.Equal(a.program.Deps().Folds, b.program.Deps().Folds) &&
		(a.values == nil) == (b.values == nil) && (a.values == nil || c.sameIndex(next, a.values, b.values))
}

// sameIndex reports whether what an index holds stays right under the next model.
func (c *catalog) sameIndex(next *catalog, a, b *traitIndex) bool {
	if a.name == namespaceIndex {
		return true
	}
	if a.column != b.column || a.info.Kind != b.info.Kind || a.info.Elem != b.info.Elem || a.info.Policy != b.info.Policy || a.info.Retain != b.info.Retain ||
		(a.computed == nil) != (b.computed == nil) {
		return false
	}
	return a.computed == nil || c.zone.String() == next.zone.String() && c.week == next.week &&
		c.spell(&syntax.Exists{X: a.info.Compute}) == next.spell(&syntax.Exists{X: b.info.Compute}) &&
		slices.Equal(a.computed.Deps().Folds, b.computed.Deps().Folds)
}

// spell writes an expression with everything that its names stand for.
func (c *catalog) spell(e syntax.Expr) string {
	s := speller{cat: c, done: map[string]bool{}}
	s.expr(e)
	return s.text.String()
}

// speller writes each name out once, however often it is mentioned.
type speller struct {
	cat  *catalog
	text strings.Builder
	done map[string]bool // by kind and name
}

func (s *speller) expr(e syntax.Expr) {
	s.text.WriteString(syntax.Print(e))
	reads := syntax.Read(e)
	for _, name := range reads.Traits {
		if s.first("trait", name) {
			info := s.cat.traits[name]
			fmt.Fprintf(&s.text, " %v %v %v %v", info.Kind, info.Elem, info.Policy, info.Retain)
			s.operand(info.Compute)
		}
	}
	for _, name := range reads.Places {
		if s.first("place", name) {
			s.text.WriteString(s.cat.places[name].String())
		}
	}
	for _, name := range reads.Purposes {
		if s.first("purpose", name) {
			fmt.Fprintf(&s.text, " %+v", s.cat.purposes[name])
		}
	}
	for _, name := range reads.Tags {
		if t := s.cat.tag(name); t != nil && s.first("tag", name) {
			s.expr(t.rule)
			if t.values != nil { // The same people may have other values.
				s.operand(t.values.info.Compute)
			}
		}
		if t := s.cat.query(name); t != nil && s.first("tag", name) {
			s.expr(t.rule)
			s.operand(t.def.Operand())
		}
	}
}

func (s *speller) operand(x syntax.Operand) {
	if x != nil {
		s.text.WriteByte(' ')
		s.expr(&syntax.Exists{X: x})
	}
}

func (s *speller) first(kind, name string) bool {
	key := kind + " " + name
	if s.done[key] {
		return false
	}
	s.done[key] = true
	fmt.Fprintf(&s.text, "\n%s %q:", kind, name)
	return true
}

// keptFor says for how long a value is kept.
func keptFor(retain time.Duration) string {
	if retain == 0 {
		return "ever"
	}
	return syntax.PrintSpan(retain)
}
