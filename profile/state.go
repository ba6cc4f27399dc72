package profile

import (
	"slices"
	"strings"
)

// State is what a set of events folds into: the state of one node, or the
// combination of the states of several. Combine is associative and commutative,
// the zero State is its identity, and folding events one by one in any order,
// split over any number of states and combined, gives the same State.
//
// A State that was handed out is immutable: Fold and Combine return new ones
// and share what they did not change.
type State struct {
	events   uint64    // events folded
	first    Stamp     // of the earliest event; meaningless while events is 0
	last     Stamp     // of the latest
	attrs    []attr    // sorted by (name, policy)
	counters []counter // sorted by event name
	overflow overflow  // which bounded forms gave up, see overflow
}

// overflow is a set of bounded forms that took in more than they may hold. It
// is absorbing: once set, the form reads as missing.
type overflow uint8

const (
	overflowAttrs  overflow = 1 << iota // undeclared attributes
	overflowEvents                      // undeclared event names
)

// attr is one attribute under one merge policy.
type attr struct {
	name   string
	policy Policy
	value  Value   // Latest, First, NonEmpty, Max, Min: the winner; Union: a set
	stamp  Stamp   // of the winner; unused for Sum and Union
	sum    Decimal // Sum only
	over   bool    // Union only: more than maxSetElements, absorbing
}

// counter is what is kept of one event name.
type counter struct {
	name        string
	count       uint64
	first, last Stamp
	numbers     []number // sorted by property
	uniques     []unique // sorted by property
}

// number is the fold of one numeric property of one event name.
type number struct {
	prop            string
	count           uint64
	sum             Decimal
	min, max        float64
	minAt, maxAt    Instant // earliest event that had the extreme
	first, last     float64
	firstAt, lastAt Stamp
}

// unique is the set of distinct values of one property of one event name.
type unique struct {
	prop   string
	values []Value // sorted; nil when over
	over   bool
}

// Policy says how the values told for one attribute, over all events and all
// identifiers of a person, become one. Each is order-free.
type Policy uint8

// The merge policies. The zero value is Latest.
const (
	Latest   Policy = iota // the value of the latest event; null unsets it
	First                  // the value of the earliest event
	Max                    // the greatest value
	Min                    // the least value
	Sum                    // a counter: every value told is added (numbers only)
	Union                  // the set of all values told
	NonEmpty               // the latest value that is neither null, "" nor an empty list
)

var policyNames = [...]string{"latest", "first", "max", "min", "sum", "union", "nonEmpty"}

// String returns the policy's name as the model file writes it.
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return "policy(?)"
}

// ParsePolicy returns the policy of that name.
func ParsePolicy(name string) (Policy, bool) {
	i := slices.Index(policyNames[:], name)
	return Policy(max(i, 0)), i >= 0
}

// Events returns how many events the state holds.
func (s *State) Events() uint64 { return s.events }

// Span returns the stamps of the earliest and the latest event; ok is false
// while the state holds none.
func (s *State) Span() (first, last Stamp, ok bool) { return s.first, s.last, s.events > 0 }

// Attr returns the value of an attribute under a policy; ok is false when it is
// missing, unset or overflowed. A Sum reads as the nearest number.
func (s *State) Attr(name string, p Policy) (v Value, ok bool) {
	i, ok := slices.BinarySearchFunc(s.attrs, name, func(a attr, name string) int {
		if c := strings.Compare(a.name, name); c != 0 {
			return c
		}
		return int(a.policy) - int(p)
	})
	if !ok {
		return Value{}, false
	}
	a := &s.attrs[i]
	switch {
	case p == Sum:
		return Number(a.sum.Float64()), true
	case a.over || a.value.IsNull():
		return Value{}, false
	}
	return a.value, true
}

// EventStats is the lifetime count of one event name.
type EventStats struct {
	Count       uint64
	First, Last Instant
}

// Event returns the count of an event name. Where the person never had the
// event, Count is 0 and ok is true; ok is false only when the name was dropped
// because the state held too many undeclared names.
func (s *State) Event(name string) (st EventStats, ok bool) {
	c := s.counter(name)
	if c == nil {
		return EventStats{}, s.overflow&overflowEvents == 0
	}
	return EventStats{Count: c.count, First: c.first.At, Last: c.last.At}, true
}

// NumberStats is the lifetime fold of one numeric property of one event name.
// Count counts the events that had the property.
type NumberStats struct {
	Count           uint64
	Sum             Decimal
	Min, Max        float64
	MinAt, MaxAt    Instant // of the earliest event that had the extreme
	First, Last     float64
	FirstAt, LastAt Instant
}

// Number returns the fold of a declared numeric property; ok is false when no
// event had it.
func (s *State) Number(event, prop string) (st NumberStats, ok bool) {
	c := s.counter(event)
	if c == nil {
		return NumberStats{}, false
	}
	i, ok := slices.BinarySearchFunc(c.numbers, prop, func(n number, p string) int { return strings.Compare(n.prop, p) })
	if !ok {
		return NumberStats{}, false
	}
	n := &c.numbers[i]
	return NumberStats{
		Count: n.count, Sum: n.sum, Min: n.min, Max: n.max, MinAt: n.minAt, MaxAt: n.maxAt,
		First: n.first, Last: n.last, FirstAt: n.firstAt.At, LastAt: n.lastAt.At,
	}, true
}

// Unique returns how many distinct values a declared unique property had; ok is
// false when more than 1,000 were seen (the count is then not kept).
func (s *State) Unique(event, prop string) (n int, ok bool) {
	c := s.counter(event)
	if c == nil {
		return 0, true
	}
	i, found := slices.BinarySearchFunc(c.uniques, prop, func(u unique, p string) int { return strings.Compare(u.prop, p) })
	if !found {
		return 0, true
	}
	return len(c.uniques[i].values), !c.uniques[i].over
}

func (s *State) counter(name string) *counter {
	i, ok := slices.BinarySearchFunc(s.counters, name, func(c counter, n string) int { return strings.Compare(c.name, n) })
	if !ok {
		return nil
	}
	return &s.counters[i]
}
