package portrait

import (
	"maps"
	"slices"
	"strings"
	"time"

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
	case syntax.MentionNames, syntax.MentionLot:
		return a.names()
	}
	return a.events()
}

// trait reports whether the values of a trait may be read: what a told tag keeps goes with
// the tag, and "*" has no trait whose values are identifiers that are not shown. A nil
// access reads everything.
func (a *access) trait(name string) bool {
	if a == nil {
		return true
	}
	if tag, _ := tags.ToldTag(name); tag != "" {
		return a.tag(tag)
	}
	switch {
	case a.cat.sensitive.traits[name] && !a.role.Sensitive:
		return false
	case slices.Contains(a.role.Traits, name):
		return true
	}
	return slices.Contains(a.role.Traits, privacy.All) && a.spells(name)
}

// tag reports whether it may be read who has a tag or is in a tracked segment. Of a name
// that the model has no more nobody knows what it read.
func (a *access) tag(name string) bool {
	switch {
	case a == nil || slices.Contains(a.role.Tags, name):
		return true
	case !slices.Contains(a.role.Tags, privacy.All):
		return false
	}
	if purpose, ok := strings.CutPrefix(name, syntax.ConsentPrefix); ok {
		return permits(a.role.Purposes, purpose)
	}
	if a.cat.labelledAny(name) == nil {
		return a.role.Sensitive || len(a.cat.sensitive.traits) == 0
	}
	s := a.cat.sensitive.labels[name]
	return s == nil || a.role.Sensitive && !slices.ContainsFunc(s.traits, func(name string) bool { return !a.trait(name) })
}

// events reports whether what events say may be read.
func (a *access) events() bool { return a == nil || slices.Contains(a.role.Traits, privacy.All) }

// event reports whether the properties of the events of a name may be read: sensitive
// traits may be computed from them.
func (a *access) event(name string) bool {
	return a == nil || a.role.Sensitive || !a.cat.sensitive.veiled.touches(name)
}

// hears reports whether it may be read that events of a name happened, and when.
func (a *access) hears(name string) bool {
	return a.events() && (a == nil || a.role.Sensitive || !a.cat.sensitive.hushed.touches(name))
}

// text reports whether what names all that may be shown as it is written.
func (a *access) text(named []syntax.Mention) bool {
	return a == nil || !slices.ContainsFunc(named, func(m syntax.Mention) bool {
		switch m.Kind {
		case syntax.MentionTrait:
			return !a.trait(m.Name)
		case syntax.MentionTag:
			return !a.tag(m.Name)
		}
		return !a.reads(m)
	})
}

// namespace reports whether identifiers of a namespace are shown.
func (a *access) namespace(name string) bool { return a == nil || permits(a.role.Namespaces, name) }

// names reports whether all identifiers may be read, and what is made of them: whoever may
// ask of lots at will knows the hash of an identifier, and finds out which it is.
func (a *access) names() bool { return a == nil || permits(a.role.Namespaces, privacy.All) }

// everything reports whether all of a person may be read but for what is sensitive.
func (a *access) everything() bool {
	return a.events() && (a == nil || slices.Contains(a.role.Tags, privacy.All) &&
		a.names() && permits(a.role.Purposes, privacy.All))
}

// whole reports whether nothing of a person is hidden.
func (a *access) whole() bool {
	return a == nil || a.everything() && (a.role.Sensitive || len(a.cat.sensitive.traits) == 0)
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
	p.Counters = slices.DeleteFunc(p.Counters, func(c profile.Counter) bool { return !a.hears(c.Event) })
	for i := range p.Counters {
		if c := &p.Counters[i]; !a.event(c.Event) {
			c.Numbers, c.Uniques = nil, nil
		}
	}
	if !a.hears(profile.AnyEvent) {
		p.Events, p.First, p.Last = 0, time.Time{}, time.Time{}
	}
	for _, name := range sortedKeys(a.cat.model.Traits) {
		if !a.trait(name) {
			p.Masked = append(p.Masked, name)
		}
	}
}

// strip takes out of an event of somebody what may not be read, and who else it names: an
// event goes on naming what was split from the person since. ok is false where not even
// that it happened may be read.
func (a *access) strip(e profile.Event, m *member) (stripped profile.Event, ok bool) {
	if a == nil {
		return e, true
	}
	e.Identifiers = slices.DeleteFunc(slices.Clone(e.Identifiers), func(id profile.Identifier) bool {
		clean, err := a.cat.rules.Clean(id)
		return err != nil || !a.namespace(id.Namespace) || !slices.ContainsFunc(m.nodes, func(n *node) bool { return n.id == clean })
	})
	if a.whole() {
		return e, true
	}
	e.Traits = maps.Clone(e.Traits)
	maps.DeleteFunc(e.Traits, func(name string, _ profile.Value) bool { return !a.trait(name) })
	e.Consent = slices.DeleteFunc(slices.Clone(e.Consent), func(c profile.Consent) bool { return !permits(a.role.Purposes, c.Purpose) })
	if !a.event(e.CountedName()) {
		e.Properties = nil
	}
	return e, a.hears(e.CountedName())
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
