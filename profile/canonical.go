package profile

import (
	"iter"
	"slices"
	"strings"
)

// Name tells the state whose it is: the identifier that its events fold into. The state
// keeps id, which must not change; it is no part of what is stored.
func (s *State) Name(id *Identifier) { s.named, s.spaces = id, nil }

// Canonical returns the identifier that stands for the person in whatever must not
// depend on the order of arrival: of those whose states were combined the one with the
// earliest event, of equals the least. It is nil where no state with events was named.
func (s *State) Canonical() *Identifier {
	if s.events == 0 {
		return nil
	}
	return s.named
}

// Namespaces yields the namespaces of the identifiers whose states were combined, with
// events or without, ascending and each once.
func (s *State) Namespaces() iter.Seq[string] {
	return func(yield func(string) bool) {
		if s.spaces == nil && s.named != nil {
			yield(s.named.Namespace)
			return
		}
		for _, name := range s.spaces {
			if !yield(name) {
				return
			}
		}
	}
}

// rename takes over the name of a state that is about to be absorbed.
func (s *State) rename(d *State) {
	if d.named == nil {
		return
	}
	s.addNamespaces(d)
	switch {
	case s.named == nil || s.events == 0 && d.events > 0:
		s.named = d.named
	case d.events == 0:
	default:
		if c := d.first.Compare(s.first); c < 0 || c == 0 && d.named.Compare(*s.named) < 0 {
			s.named = d.named
		}
	}
}

// addNamespaces takes over the namespaces of a state. The list is never changed in place:
// copies of the state share it.
func (s *State) addNamespaces(d *State) {
	if s.named == nil {
		s.spaces = d.spaces
		return
	}
	if s.spaces == nil && d.spaces == nil {
		// As mostly: of two identifiers, which are known by their names alone.
		if a, b := s.named.Namespace, d.named.Namespace; a != b {
			s.spaces = []string{min(a, b), max(a, b)}
		}
		return
	}
	mine := s.spaces
	if mine == nil {
		mine = []string{s.named.Namespace}
	}
	for name := range d.Namespaces() {
		if at, has := slices.BinarySearchFunc(mine, name, strings.Compare); !has {
			mine = slices.Insert(slices.Clip(mine), at, name)
		}
	}
	s.spaces = mine
}
