package profile

import "slices"

// Combine returns the state of the events of both. It is associative and
// commutative. The result is immutable and may share memory with both, or be
// one of them.
func (s *State) Combine(o *State) *State {
	switch {
	case o.isZero():
		return s
	case s.isZero():
		return o
	}
	c := s.Clone()
	c.Absorb(o)
	return c
}

func (s *State) isZero() bool {
	return s.named == nil && s.events == 0 && s.overflow == 0 && len(s.attrs) == 0 && len(s.counters) == 0 && len(s.series) == 0
}

// Clone returns a copy that the caller owns and may change by Absorb. Texts and
// values are shared, since they are immutable.
func (s *State) Clone() *State {
	c := *s
	c.attrs = slices.Clone(s.attrs)
	c.counters = slices.Clone(s.counters)
	c.series = slices.Clone(s.series)
	numbers, uniques := 0, 0
	for i := range c.counters {
		numbers += len(c.counters[i].numbers)
		uniques += len(c.counters[i].uniques)
	}
	if numbers+uniques == 0 {
		return &c
	}
	ns, us := make([]number, 0, numbers), make([]unique, 0, uniques)
	for i := range c.counters {
		k := &c.counters[i]
		k.numbers, ns = cut(k.numbers, ns)
		k.uniques, us = cut(k.uniques, us)
	}
	return &c
}

// cut copies src to the end of slab and returns the copy, which cannot grow
// over its neighbour, and the longer slab.
func cut[T any](src, slab []T) (part, rest []T) {
	if len(src) == 0 {
		return nil, slab
	}
	n := len(slab)
	slab = append(slab, src...)
	return slab[n:len(slab):len(slab)], slab
}

// Absorb folds d into s in place: s becomes s.Combine(d). The caller must own
// s, as the result of Clone, and use it alone; d must not be s and is neither
// changed nor shared. Absorbing the state of one event costs a few binary
// searches and allocates only for names that are new to s.
//
// A state with a name is that of an identifier, see Name, and one without holds events of
// one: of both consents the later counts. Of what two identifiers hold both count.
func (s *State) Absorb(d *State) {
	join, across := (*attr).join, s.named != nil && d.named != nil
	if across {
		join = (*attr).unite
	}
	s.rename(d)
	if d.events > 0 {
		s.absorbSpan(d)
	}
	over := s.overflow | d.overflow
	attrs, counters := d.attrs, d.counters
	if over != 0 {
		s.giveUp(over)
		if over&overflowAttrs != 0 {
			attrs = declaredOnly(attrs, func(a *attr) bool { return a.declared })
		}
		if over&overflowEvents != 0 {
			counters = declaredOnly(counters, func(c *counter) bool { return c.declared })
		}
	}
	s.attrs = absorb(s.attrs, attrs, (*attr).compare, join, nil)
	s.counters = absorb(s.counters, counters, (*counter).compare, (*counter).join, (*counter).own)
	if len(d.series) > 0 {
		s.absorbSeries(d.series)
	}
	s.trim(across)
}

func (s *State) absorbSpan(d *State) {
	if s.events == 0 || d.first.Compare(s.first) < 0 {
		s.first = d.first
	}
	if s.events == 0 || d.last.Compare(s.last) > 0 {
		s.last = d.last
	}
	s.events += d.events
}

// absorb joins the sorted src into the sorted dst, which it owns. own, unless
// nil, makes an entry copied from src independent of it.
func absorb[T any](dst, src []T, compare func(a, b *T) int, join func(into, from *T), own func(*T)) []T {
	missing, at := 0, 0
	for i := range src {
		lo, hi := at, len(dst)
		for lo < hi {
			if mid := int(uint(lo+hi) >> 1); compare(&dst[mid], &src[i]) < 0 {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		at = lo
		if at < len(dst) && compare(&dst[at], &src[i]) == 0 {
			join(&dst[at], &src[i])
			at++
		} else {
			missing++
		}
	}
	// What is new moves in from the back, so that each entry moves once at most.
	r := len(dst) - 1
	dst = slices.Grow(dst, missing)[:len(dst)+missing]
	for i := len(src) - 1; missing > 0; i-- {
		order := -1
		for r >= 0 {
			if order = compare(&dst[r], &src[i]); order <= 0 {
				break
			}
			dst[r+missing] = dst[r]
			r--
		}
		if r >= 0 && order == 0 {
			continue // Joined above.
		}
		dst[r+missing] = src[i]
		if own != nil {
			own(&dst[r+missing])
		}
		missing--
	}
	return dst
}

// trim gives up the forms that hold too many undeclared names. Of purposes it is each
// identifier by itself that may hold too many, and not all of a person's together.
func (s *State) trim(across bool) {
	s.trimConsents(across)
	var over overflow
	if len(s.attrs) > maxUndeclared && count(s.attrs, func(a *attr) bool { return !a.declared }) > maxUndeclared {
		over |= overflowAttrs
	}
	if len(s.counters) > maxUndeclared && count(s.counters, func(c *counter) bool { return !c.declared }) > maxUndeclared {
		over |= overflowEvents
	}
	if over != 0 {
		s.giveUp(over)
	}
}

// giveUp marks the forms as overflowed and drops all their entries: which of
// them came first must not matter.
func (s *State) giveUp(over overflow) {
	if fresh := over &^ s.overflow; fresh != 0 {
		if fresh&overflowAttrs != 0 {
			s.attrs = slices.DeleteFunc(s.attrs, func(a attr) bool { return !a.declared })
		}
		if fresh&overflowEvents != 0 {
			s.counters = slices.DeleteFunc(s.counters, func(c counter) bool { return !c.declared })
		}
		s.overflow |= over
	}
}

func count[T any](list []T, is func(*T) bool) (n int) {
	for i := range list {
		if is(&list[i]) {
			n++
		}
	}
	return n
}

// declaredOnly returns the declared entries of a list that it must not change.
func declaredOnly[T any](list []T, declared func(*T) bool) []T {
	if count(list, declared) == len(list) {
		return list
	}
	var kept []T
	for i := range list {
		if declared(&list[i]) {
			kept = append(kept, list[i])
		}
	}
	return kept
}
