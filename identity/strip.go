package identity

import (
	"maps"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// Strip returns an event without the identifiers that are gone: without those that it
// names, and without the traits, properties and elements of theirs that are one, in
// whatever spelling. gone is asked about cleaned identifiers. It returns e itself where there is
// none, and otherwise a copy that shares with e what did not change; e stays as it is.
func (r *Rules) Strip(e *profile.Event, gone func(profile.Identifier) bool) *profile.Event {
	isGone := func(id profile.Identifier) bool { return r.isGone(id, gone) }
	out := *e
	changed := false
	if slices.ContainsFunc(e.Identifiers, isGone) {
		changed = true
		out.Identifiers = slices.DeleteFunc(slices.Clone(e.Identifiers), isGone)
	}
	for _, fields := range [...]*map[string]profile.Value{&out.Traits, &out.Properties} {
		if rest, hit := r.stripFields(*fields, gone); hit {
			*fields, changed = rest, true
		}
	}
	if !changed {
		return e
	}
	return &out
}

// stripFields returns the fields without those that spell somebody who is gone, and with
// lists and sets that lack such elements.
func (r *Rules) stripFields(fields map[string]profile.Value, gone func(profile.Identifier) bool) (rest map[string]profile.Value, hit bool) {
	spells := func(v profile.Value) bool { return r.Spells(v, gone) }
	for name, v := range fields {
		left, within := v.Without(spells)
		if !within && !spells(v) {
			continue
		}
		if rest == nil {
			rest = maps.Clone(fields)
		}
		if within {
			rest[name] = left
		} else {
			delete(rest, name)
		}
	}
	return rest, rest != nil
}

// leastSpelt is the least number that may spell somebody: a smaller one is as likely a
// quantity or a price, of people who have nothing to do with whoever has it as an identifier.
const leastSpelt = 1_000_000

// Spells reports whether a value is, in whatever spelling, an identifier of any
// namespace that is gone. Numbers below a million are none.
func (r *Rules) Spells(v profile.Value, gone func(profile.Identifier) bool) bool {
	switch v.Kind() {
	case profile.KindString:
	case profile.KindNumber:
		if v.Number() < leastSpelt {
			return false
		}
	default:
		return false
	}
	return slices.ContainsFunc(r.byRank, func(ns *namespace) bool {
		return r.isGone(profile.Identifier{Namespace: ns.name, Value: v.String()}, gone)
	})
}

func (r *Rules) isGone(id profile.Identifier, gone func(profile.Identifier) bool) bool {
	clean, err := r.Clean(id)
	return err == nil && gone(clean)
}
