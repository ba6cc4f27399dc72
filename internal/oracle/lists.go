package oracle

import (
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// List makes an uploaded list hold some identifiers, and no others.
func (s *Store) List(name string, ids ...profile.Identifier) {
	if s.lists == nil {
		s.lists = map[string]map[profile.Identifier]bool{}
	}
	s.lists[name] = map[profile.Identifier]bool{}
	for _, id := range ids {
		s.lists[name][id] = true
	}
}

// Listed returns the identifiers of an uploaded list, in order.
func (s *Store) Listed(name string) []profile.Identifier {
	var ids []profile.Identifier
	for id := range s.lists[name] {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, profile.Identifier.Compare)
	return ids
}

// listsOf returns the lists that hold one of some identifiers.
func (s *Store) listsOf(ids []profile.Identifier) map[string]bool {
	in := map[string]bool{}
	for name, list := range s.lists {
		in[name] = slices.ContainsFunc(ids, func(id profile.Identifier) bool { return list[id] })
	}
	return in
}
