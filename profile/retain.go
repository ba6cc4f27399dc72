package profile

import "time"

// Kept is Attr of an attribute that is kept for so long after the time of the event that
// told it: from then on it is missing, see Policy.Retains. Zero keeps it for ever. A value is
// kept until an instant; one that is missing, or has no end, until Never.
func (s *State) Kept(name string, p Policy, retain time.Duration, now Instant) (v Value, ok bool, until Instant) {
	v, ok = s.Attr(name, p)
	if !ok || retain <= 0 {
		return v, ok, Never
	}
	told, _ := s.Told(name, p)
	end := endOf(told.At, retain)
	if now >= end {
		return Value{}, false, Never
	}
	return v, true, end
}

// endOf returns when what was told at an instant is kept no longer.
func endOf(at Instant, retain time.Duration) Instant {
	if at > Never-Instant(retain.Microseconds()) {
		return Never
	}
	return at + Instant(retain.Microseconds())
}

// Retains reports whether an attribute can be kept for a while under the policy: whether
// the value that counts says, by its time alone, that no other does. What was told before
// the latest is gone once that is; and what was told after the first is not the first, so
// that nothing takes its place. Of the greatest, the least and the union other values would
// be left, and of a sum those that were added since, which a State does not keep.
func (p Policy) Retains() bool { return p == Latest || p == NonEmpty || p == First }

// Forgo takes the values away that Kept has for missing at an instant, and later, of
// attributes that the schema retains for a while; it reports whether there was one. What
// told them stays as a tombstone, so that no other value comes in their place.
func (s *State) Forgo(sc *Schema, now Instant) bool {
	changed := false
	for i := range s.attrs {
		a := &s.attrs[i]
		decl := sc.Attributes[a.name]
		if decl.Retain > 0 && a.policy == decl.Policy && a.policy.Retains() && !a.value.IsNull() && now >= endOf(a.stamp.At, decl.Retain) {
			a.value, changed = Value{}, true
		}
	}
	return changed
}
