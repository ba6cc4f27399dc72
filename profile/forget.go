package profile

import "slices"

// Forget removes the attributes whose value is gone, from lists and sets the
// elements that are, and from consents their words; it reports whether there was one. It is for erasing people whom
// somebody else's attributes name: the state is no longer what its events fold into.
func (s *State) Forget(gone func(Value) bool) bool {
	changed := false
	kept := make([]attr, 0, len(s.attrs))
	for _, a := range s.attrs {
		switch {
		case a.policy == consents:
			// What the person said stays; how it was heard may name somebody.
			for _, field := range [...]int{regSource, regMessage, regPolicy, regMethod} {
				if gone(a.value.list[field]) {
					changed = true
					a.value = List(slices.Clone(a.value.list)...)
					a.value.list[field] = String("")
				}
			}
		case a.policy == Sum || a.over:
		case gone(a.value):
			changed = true
			continue
		default:
			rest, hit := a.value.Without(gone)
			if hit && len(rest.list) == 0 {
				changed = true
				continue
			}
			a.value, changed = rest, changed || hit
		}
		kept = append(kept, a)
	}
	s.attrs = kept
	return changed
}

// Without returns a list or a set without the elements that are gone, and those of its
// elements likewise, and whether there was one; any other value as it is. v stays what it is.
func (v Value) Without(gone func(Value) bool) (rest Value, hit bool) {
	if v.kind != KindList && v.kind != KindSet {
		return v, false
	}
	left := make([]Value, 0, len(v.list))
	for _, e := range v.list {
		if gone(e) {
			hit = true
			continue
		}
		e, within := e.Without(gone)
		left, hit = append(left, e), hit || within
	}
	switch {
	case !hit:
		return v, false
	case v.kind == KindSet:
		return Set(left...), true
	}
	return List(left...), true
}
