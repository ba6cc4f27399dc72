package portrait

import (
	"maps"
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// reads reports whether a name may stand in an expression. Unknown ones may: that they are
// not known is found out elsewhere.
func (a *access) reads(m syntax.Mention) bool {
	switch m.Kind {
	case syntax.MentionTrait:
		_, known := a.cat.traits[m.Name]
		return !known || a.trait(m.Name)
	case syntax.MentionTag:
		return a.cat.labelledAny(m.Name) == nil || a.tag(m.Name)
	case syntax.MentionPurpose:
		return permits(a.role.Purposes, m.Name)
	case syntax.MentionEvent:
		return a.events() && a.event(m.Name)
	case syntax.MentionInterest:
		return a.events() && !slices.ContainsFunc(a.cat.interests[m.Name].Sources, func(s syntax.InterestSource) bool { return !a.event(s.Event) })
	case syntax.MentionNames:
		return permits(a.role.Namespaces, privacy.All)
	}
	return a.events()
}

// trait reports whether the values of a trait may be read. A nil access reads everything.
func (a *access) trait(name string) bool {
	if a == nil {
		return true
	}
	return permits(a.role.Traits, name) && (a.role.Sensitive || !a.cat.sensitive[name])
}

// tag reports whether it may be read who has a tag or is in a tracked segment.
func (a *access) tag(name string) bool {
	switch {
	case a == nil || slices.Contains(a.role.Tags, name):
		return true
	case !slices.Contains(a.role.Tags, privacy.All):
		return false
	}
	t := a.cat.labelledAny(name)
	return a.role.Sensitive || len(a.cat.sensitive) == 0 || t == nil || !a.cat.tagReveals(t, map[string]bool{})
}

// events reports whether what events say may be read.
func (a *access) events() bool { return a == nil || slices.Contains(a.role.Traits, privacy.All) }

// event reports whether the properties of the events of a name may be read: sensitive
// traits may be computed from them.
func (a *access) event(name string) bool {
	if a == nil || a.role.Sensitive || len(a.cat.veiled) == 0 {
		return true
	}
	return name != profile.AnyEvent && !a.cat.veiled[name] && !a.cat.veiled[profile.AnyEvent]
}

// namespace reports whether identifiers of a namespace are shown.
func (a *access) namespace(name string) bool { return a == nil || permits(a.role.Namespaces, name) }

// whole reports whether nothing of a person is hidden.
func (a *access) whole() bool {
	return a == nil || a.events() && slices.Contains(a.role.Tags, privacy.All) && permits(a.role.Namespaces, privacy.All) &&
		(a.role.Sensitive || len(a.cat.sensitive) == 0)
}

// hide takes out of a profile what may not be read.
func (a *access) hide(p *profile.Profile) {
	if a.whole() {
		return
	}
	p.Identifiers = slices.DeleteFunc(p.Identifiers, func(id profile.Identifier) bool { return !a.namespace(id.Namespace) })
	p.Traits = slices.DeleteFunc(p.Traits, func(t profile.Trait) bool { return !a.trait(t.Name) })
	p.Tags = slices.DeleteFunc(p.Tags, func(name string) bool { return !a.tag(name) })
	maps.DeleteFunc(p.TagValues, func(name string, _ profile.Value) bool { return !a.tag(name) })
	if !a.events() {
		p.Counters = nil
	}
	for i := range p.Counters {
		if c := &p.Counters[i]; !a.event(c.Event) {
			c.Numbers, c.Uniques = nil, nil
		}
	}
	for _, name := range sortedKeys(a.cat.model.Traits) {
		if !a.trait(name) {
			p.Masked = append(p.Masked, name)
		}
	}
}

// strip takes out of an event of somebody what may not be read, and who else it names: an
// event goes on naming what was split from the person since.
func (a *access) strip(e profile.Event, m *member) profile.Event {
	if a == nil {
		return e
	}
	e.Identifiers = slices.DeleteFunc(slices.Clone(e.Identifiers), func(id profile.Identifier) bool {
		clean, err := a.cat.rules.Clean(id)
		return err != nil || !a.namespace(id.Namespace) || !slices.ContainsFunc(m.nodes, func(n *node) bool { return n.id == clean })
	})
	if a.whole() {
		return e
	}
	e.Traits = maps.Clone(e.Traits)
	maps.DeleteFunc(e.Traits, func(name string, _ profile.Value) bool { return !a.trait(name) || !a.spells(name) })
	if !a.event(e.CountedName()) {
		e.Properties = nil
	}
	return e
}

// spells reports whether a trait may be shown whose values are identifiers.
func (a *access) spells(trait string) bool {
	for _, n := range a.cat.identity().Namespaces {
		if n.Trait == trait && !a.namespace(n.Name) {
			return false
		}
	}
	return true
}

// veilExplanation takes out of an explanation why somebody has a tag, where that tells
// what may not be read.
func (a *access) veilExplanation(e *tags.Explanation, done map[*tags.Explanation]bool) {
	if a.whole() || done[e] {
		return
	}
	done[e] = true
	tree, err := syntax.Parse(e.Text)
	if ref, ok := tree.(*syntax.TagRef); err == nil && ok {
		t := a.cat.labelledAny(ref.Name)
		if t == nil || slices.ContainsFunc(syntax.Mentions(t.rule), func(m syntax.Mention) bool { return !a.reads(m) }) {
			e.Parts = nil
			return
		}
	}
	for _, part := range e.Parts {
		a.veilExplanation(part, done)
	}
}
