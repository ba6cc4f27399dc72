package profile

import "slices"

// InLists returns the state with the names of the uploaded lists that the person is in,
// for rules to ask. They are no part of what is stored, nor of what Combine makes: they
// are told last. The result shares memory with s, which stays as it is, and is not to be
// changed; it keeps names.
func (s *State) InLists(names []string) *State {
	if len(names) == 0 && s.lists == nil {
		return s
	}
	c := *s
	c.lists = &names
	return &c
}

// Listed reports whether InLists has told that the person is in a list.
func (s *State) Listed(name string) bool { return s.lists != nil && slices.Contains(*s.lists, name) }
