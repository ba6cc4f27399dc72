package oracle

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/profile"
)

// Merge returns what several persons are together: the person that all their
// events make. The parts stay as they are; the outcome shares values with them.
func Merge(parts ...*Person) *Person {
	whole := empty()
	attributes := map[AttributeKey][]Attribute{}
	counters := map[CounterKey][]Counter{}
	series := map[uint32][]Series{}
	for _, p := range parts {
		if p.Events > 0 {
			whole.First = earlier(whole.Events > 0, whole.First, p.First)
			whole.Last = later(whole.Events > 0, whole.Last, p.Last)
		}
		whole.Events += p.Events
		whole.LostAttributes = whole.LostAttributes || p.LostAttributes
		whole.LostEvents = whole.LostEvents || p.LostEvents
		whole.Stored = whole.Stored || p.Stored
		whole.History = append(whole.History, p.History...)
		for id, s := range p.Series {
			series[id] = append(series[id], s)
		}
		for key, a := range p.Attributes {
			attributes[key] = append(attributes[key], a)
		}
		for key, c := range p.Counters {
			counters[key] = append(counters[key], c)
		}
	}
	whole.uniteConsents(parts)
	for key, told := range attributes {
		whole.Attributes[key] = settle(key.Policy, told)
	}
	for key, cs := range counters {
		whole.Counters[key] = sumUp(cs)
	}
	slices.SortFunc(whole.History, inOrder)
	for id, parts := range series {
		whole.Series[id] = unitedSeries(parts)
	}
	whole.bound()
	whole.Canonical = canonical(parts)
	for _, p := range parts {
		maps.Copy(whole.Namespaces, p.Namespaces)
	}
	return whole
}

// canonical finds the part with the earliest event.
func canonical(parts []*Person) profile.Identifier {
	var best *Person
	for _, p := range parts {
		if p.Events == 0 || p.Canonical == (profile.Identifier{}) {
			continue
		}
		switch {
		case best == nil:
			best = p
		case p.First.Compare(best.First) != 0:
			if p.First.Compare(best.First) < 0 {
				best = p
			}
		case p.Canonical.Compare(best.Canonical) < 0:
			best = p
		}
	}
	if best == nil {
		return profile.Identifier{}
	}
	return best.Canonical
}

// inOrder orders events by stamp, and those of one stamp by what they say.
func inOrder(a, b profile.Event) int {
	if c := a.Stamp().Compare(b.Stamp()); c != 0 {
		return c
	}
	return strings.Compare(content(&a), content(&b))
}

// bound drops the undeclared names where there are too many of them, or ever were.
func (p *Person) bound() {
	names := 0
	for key := range p.Attributes {
		if !key.Declared {
			names++
		}
	}
	if p.LostAttributes = p.LostAttributes || names > maxUndeclared; p.LostAttributes {
		maps.DeleteFunc(p.Attributes, func(key AttributeKey, _ Attribute) bool { return !key.Declared })
	}
	names = 0
	for key := range p.Counters {
		if !key.Declared {
			names++
		}
	}
	if p.LostEvents = p.LostEvents || names > maxUndeclared; p.LostEvents {
		maps.DeleteFunc(p.Counters, func(key CounterKey, _ Counter) bool { return !key.Declared })
	}
}

// settle makes one of what was told of one attribute, in the parts, by its policy.
func settle(policy profile.Policy, told []Attribute) Attribute {
	byTime := slices.SortedFunc(slices.Values(told), func(a, b Attribute) int {
		return cmp.Or(a.Stamp.Compare(b.Stamp), a.Value.Compare(b.Value))
	})
	byValue := slices.SortedFunc(slices.Values(told), func(a, b Attribute) int {
		return cmp.Or(a.Value.Compare(b.Value), a.Stamp.Compare(b.Stamp))
	})
	var one Attribute
	switch policy {
	case profile.Latest, profile.NonEmpty:
		one = byTime[len(byTime)-1]
	case profile.First:
		one = byTime[0]
	case profile.Min:
		one = byValue[0]
	case profile.Max:
		greatest := byValue[len(byValue)-1].Value
		one = byValue[slices.IndexFunc(byValue, func(a Attribute) bool { return a.Value.Equal(greatest) })]
	case profile.Sum:
		one.Sum = new(big.Int)
		for _, a := range told {
			one.Sum.Add(one.Sum, a.Sum)
		}
	case profile.Union:
		var sets []UniqueSet
		for _, a := range told {
			sets = append(sets, UniqueSet{Values: a.Value.Elements(), Lost: a.Lost})
		}
		if all := union(sets); all.Lost {
			one.Lost = true
		} else {
			one.Value = profile.Set(all.Values...)
		}
	}
	return one
}

// sumUp makes one of what the parts know of one event name.
func sumUp(parts []Counter) Counter {
	whole := Counter{Numbers: map[string]Number{}, Uniques: map[string]UniqueSet{}}
	numbers := map[string][]Number{}
	uniques := map[string][]UniqueSet{}
	for i, c := range parts {
		whole.Count += c.Count
		whole.First = earlier(i > 0, whole.First, c.First)
		whole.Last = later(i > 0, whole.Last, c.Last)
		for property, n := range c.Numbers {
			numbers[property] = append(numbers[property], n)
		}
		for property, u := range c.Uniques {
			uniques[property] = append(uniques[property], u)
		}
	}
	for property, ns := range numbers {
		whole.Numbers[property] = foldNumbers(ns)
	}
	for property, us := range uniques {
		whole.Uniques[property] = union(us)
	}
	return whole
}

// foldNumbers makes one of what the parts know of one numeric property.
func foldNumbers(parts []Number) Number {
	whole := Number{Sum: new(big.Int)}
	for _, n := range parts {
		whole.Count += n.Count
		whole.Sum.Add(whole.Sum, n.Sum)
	}
	least := slices.MinFunc(parts, func(a, b Number) int {
		return cmp.Or(cmp.Compare(a.Min, b.Min), cmp.Compare(a.MinAt, b.MinAt))
	})
	greatest := slices.MinFunc(parts, func(a, b Number) int {
		return cmp.Or(cmp.Compare(b.Max, a.Max), cmp.Compare(a.MaxAt, b.MaxAt))
	})
	first := slices.MinFunc(parts, func(a, b Number) int {
		return cmp.Or(a.FirstAt.Compare(b.FirstAt), cmp.Compare(a.First, b.First))
	})
	last := slices.MaxFunc(parts, func(a, b Number) int {
		return cmp.Or(a.LastAt.Compare(b.LastAt), cmp.Compare(a.Last, b.Last))
	})
	whole.Min, whole.MinAt = least.Min, least.MinAt
	whole.Max, whole.MaxAt = greatest.Max, greatest.MaxAt
	whole.First, whole.FirstAt = first.First, first.FirstAt
	whole.Last, whole.LastAt = last.Last, last.LastAt
	return whole
}

// union makes one set of several, or a lost one when there are too many elements.
func union(sets []UniqueSet) UniqueSet {
	var all []profile.Value
	for _, s := range sets {
		if s.Lost {
			return UniqueSet{Lost: true}
		}
		all = append(all, s.Values...)
	}
	slices.SortFunc(all, profile.Value.Compare)
	all = slices.CompactFunc(all, profile.Value.Equal)
	if len(all) > maxElements {
		return UniqueSet{Lost: true}
	}
	return UniqueSet{Values: all}
}

// earlier returns the earlier of b and, where there is one, a.
func earlier(have bool, a, b profile.Stamp) profile.Stamp {
	if have && a.Compare(b) < 0 {
		return a
	}
	return b
}

// later returns the later of b and, where there is one, a.
func later(have bool, a, b profile.Stamp) profile.Stamp {
	if have && a.Compare(b) > 0 {
		return a
	}
	return b
}
