package identity

import (
	"maps"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// Strip returns an event without the identifiers that are gone: without those that it
// names, and without the traits and properties whose whole value is one, in whatever
// spelling. gone is asked about cleaned identifiers. It returns e itself where there is
// none, and otherwise a copy that shares with e what did not change; e stays as it is.
func (r *Rules) Strip(e *profile.Event, gone func(profile.Identifier) bool) *profile.Event {
	isGone := func(id profile.Identifier) bool {
		clean, err := r.Clean(id)
		return err == nil && gone(clean)
	}
	names := func(_ string, v profile.Value) bool {
		if v.Kind() != profile.KindString && v.Kind() != profile.KindNumber {
			return false
		}
		return slices.ContainsFunc(r.byRank, func(ns *namespace) bool {
			return isGone(profile.Identifier{Namespace: ns.name, Value: v.String()})
		})
	}
	out := *e
	changed := false
	if slices.ContainsFunc(e.Identifiers, isGone) {
		changed = true
		out.Identifiers = slices.DeleteFunc(slices.Clone(e.Identifiers), isGone)
	}
	for _, fields := range [...]*map[string]profile.Value{&out.Traits, &out.Properties} {
		for name, v := range *fields {
			if names(name, v) {
				changed = true
				*fields = maps.Clone(*fields)
				maps.DeleteFunc(*fields, names)
				break
			}
		}
	}
	if !changed {
		return e
	}
	return &out
}
