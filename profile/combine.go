package profile

import (
	"cmp"
	"slices"
	"strings"
)

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
	return s.events == 0 && s.overflow == 0 && len(s.attrs) == 0 && len(s.counters) == 0
}

// Clone returns a copy that the caller owns and may change by Absorb. Texts and
// values are shared, since they are immutable.
func (s *State) Clone() *State {
	c := *s
	c.attrs = slices.Clone(s.attrs)
	c.counters = slices.Clone(s.counters)
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
func (s *State) Absorb(d *State) {
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
	s.attrs = absorb(s.attrs, attrs, (*attr).compare, (*attr).join, nil)
	s.counters = absorb(s.counters, counters, (*counter).compare, (*counter).join, (*counter).own)
	s.trim()
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

// trim gives up the forms that hold too many undeclared names.
func (s *State) trim() {
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

func (a *attr) compare(b *attr) int {
	if c := strings.Compare(a.name, b.name); c != 0 {
		return c
	}
	if a.policy != b.policy {
		return cmp.Compare(a.policy, b.policy)
	}
	return compareBool(a.declared, b.declared)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// twin reports whether b is the same attribute but for being declared.
func (a *attr) twin(b *attr) bool { return a.name == b.name && a.policy == b.policy }

// join folds b into a, both under one policy.
func (a *attr) join(b *attr) {
	switch a.policy {
	case Sum:
		a.sum = a.sum.Add(b.sum)
	case Union:
		over := a.over || b.over
		if !over {
			a.value, over = a.value.union(b.value)
		}
		if over {
			a.value, a.over = Value{}, true
		}
	default:
		if a.yields(b) {
			a.value, a.stamp = b.value, b.stamp
		}
	}
}

// yields reports whether the register b wins over a. Each policy is a total
// order, so that it does not matter which of the two came first.
func (a *attr) yields(b *attr) bool {
	switch a.policy {
	case First:
		return cmp.Or(b.stamp.Compare(a.stamp), b.value.Compare(a.value)) < 0
	case Max:
		return cmp.Or(b.value.Compare(a.value), a.stamp.Compare(b.stamp)) > 0
	case Min:
		return cmp.Or(b.value.Compare(a.value), b.stamp.Compare(a.stamp)) < 0
	}
	c := b.stamp.Compare(a.stamp)
	return c > 0 || c == 0 && b.value.Compare(a.value) > 0
}

// union returns the union of two sets; over says that it has too many elements.
func (v Value) union(o Value) (u Value, over bool) {
	list, over := unite(v.list, o.list)
	return Value{kind: KindSet, list: list}, over
}

// unite merges two sorted lists of distinct values. It returns one of them
// where that holds the other; neither is changed.
func unite(a, b []Value) (u []Value, over bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	missing, at := 0, 0
	for _, v := range b {
		i, ok := slices.BinarySearchFunc(a[at:], v, Value.Compare)
		at += i
		if !ok {
			missing++
		}
	}
	switch {
	case len(a)+missing > maxElements:
		return nil, true
	case missing == 0:
		return a, false
	}
	u = make([]Value, 0, len(a)+missing)
	for len(a) > 0 && len(b) > 0 {
		c := a[0].Compare(b[0])
		if c <= 0 {
			u = append(u, a[0])
			a = a[1:]
			if c == 0 {
				b = b[1:]
			}
			continue
		}
		u = append(u, b[0])
		b = b[1:]
	}
	return append(append(u, a...), b...), false
}

func (c *counter) compare(d *counter) int {
	if o := strings.Compare(c.name, d.name); o != 0 {
		return o
	}
	return compareBool(c.declared, d.declared)
}

// join folds d into c, both of one event name.
func (c *counter) join(d *counter) {
	c.count += d.count
	if d.first.Compare(c.first) < 0 {
		c.first = d.first
	}
	if d.last.Compare(c.last) > 0 {
		c.last = d.last
	}
	if len(d.numbers) > 0 {
		c.numbers = absorb(c.numbers, d.numbers, (*number).compare, (*number).join, nil)
	}
	if len(d.uniques) > 0 {
		c.uniques = absorb(c.uniques, d.uniques, (*unique).compare, (*unique).join, nil)
	}
}

// own makes the counter independent of the one that it was copied from.
func (c *counter) own() {
	c.numbers, c.uniques = slices.Clone(c.numbers), slices.Clone(c.uniques)
}

func (n *number) compare(m *number) int { return strings.Compare(n.prop, m.prop) }

// join folds m into n, both of one property.
func (n *number) join(m *number) {
	n.count += m.count
	n.sum = n.sum.Add(m.sum)
	if m.min < n.min || m.min == n.min && m.minAt < n.minAt {
		n.min, n.minAt = m.min, m.minAt
	}
	if m.max > n.max || m.max == n.max && m.maxAt < n.maxAt {
		n.max, n.maxAt = m.max, m.maxAt
	}
	if c := m.firstAt.Compare(n.firstAt); c < 0 || c == 0 && m.first < n.first {
		n.first, n.firstAt = m.first, m.firstAt
	}
	if c := m.lastAt.Compare(n.lastAt); c > 0 || c == 0 && m.last > n.last {
		n.last, n.lastAt = m.last, m.lastAt
	}
}

func (u *unique) compare(v *unique) int { return strings.Compare(u.prop, v.prop) }

// join folds v into u, both of one property.
func (u *unique) join(v *unique) {
	over := u.over || v.over
	if !over {
		u.values, over = unite(u.values, v.values)
	}
	if over {
		u.values, u.over = nil, true
	}
}
