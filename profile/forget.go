package profile

import "slices"

// Forget removes the attributes whose value is gone, and from those under Union the
// elements that are; it reports whether there was one. It is for erasing people whom
// somebody else's attributes name: the state is no longer what its events fold into.
func (s *State) Forget(gone func(Value) bool) bool {
	changed := false
	kept := make([]attr, 0, len(s.attrs))
	for _, a := range s.attrs {
		switch {
		case a.policy == Sum || a.over:
		case a.policy != Union && gone(a.value):
			changed = true
			continue
		case a.policy == Union && slices.ContainsFunc(a.value.Elements(), gone):
			changed = true
			rest := slices.DeleteFunc(slices.Clone(a.value.Elements()), gone)
			if len(rest) == 0 {
				continue
			}
			a.value = Set(rest...)
		}
		kept = append(kept, a)
	}
	s.attrs = kept
	return changed
}
