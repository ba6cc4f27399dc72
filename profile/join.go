package profile

import (
	"cmp"
	"slices"
	"strings"
)

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
	c := b.stamp.Compare(a.stamp) // Latest, NonEmpty, consents
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
