package profile

import (
	"cmp"
	"strings"
)

// State is what a set of events folds into: the state of one node, or the
// combination of the states of several. Combine is associative and commutative,
// the zero State is its identity, and folding events one by one in any order,
// split over any number of states and combined, gives the same State.
//
// A State that was handed out is immutable and safe for concurrent use. Only
// Absorb changes one, and only its owner may call that, see Clone.
//
// A State is a product of independent monoids: the span; one register, sum or
// set per declared attribute; one counter per declared event name; one series of buckets
// per Fold; and two maps for undeclared names that are either of at most 1,000 keys or given up as a
// whole. An entry that was folded while its name was not declared therefore
// stays apart from one that was folded after, and reading unites the two.
type State struct {
	events   uint64      // events folded
	first    Stamp       // of the earliest event; zero while events is 0
	last     Stamp       // of the latest
	attrs    []attr      // sorted by (name, policy, declared)
	counters []counter   // sorted by (event name, declared)
	series   []series    // sorted by (id, kind); none is empty
	overflow overflow    // which bounded forms gave up, see overflow
	named    *Identifier // see Name
	spaces   []string    // see Namespaces; nil: that of named alone
	lists    *[]string   // see InLists
}

// overflow is a set of bounded forms that took in more than they may hold. It
// is absorbing: once set, the form reads as missing.
type overflow uint8

const (
	overflowAttrs    overflow = 1 << iota // undeclared attributes
	overflowEvents                        // undeclared event names
	overflowConsents                      // purposes
	overflowKnown    = 1<<iota - 1
)

// attr is one attribute under one merge policy.
type attr struct {
	name     string
	value    Value   // Latest, First, NonEmpty, Max, Min: the winner; Union: a set; consents: registers
	stamp    Stamp   // of the winner; zero for Sum and Union
	sum      Decimal // Sum only
	policy   Policy
	declared bool // an undeclared one is under Latest
	over     bool // Union only: more than maxElements, absorbing; value is then null
}

// counter is what is kept of one event name.
type counter struct {
	name        string
	count       uint64 // at least 1
	first, last Stamp
	numbers     []number // sorted by property; owned by the state
	uniques     []unique // sorted by property; owned by the state
	declared    bool     // an undeclared one has neither numbers nor uniques
}

// number is the fold of one numeric property of one event name.
type number struct {
	prop            string
	count           uint64 // at least 1
	sum             Decimal
	min, max        float64
	minAt, maxAt    Instant // earliest event that had the extreme
	first, last     float64
	firstAt, lastAt Stamp
}

// unique is the set of distinct values of one property of one event name.
type unique struct {
	prop   string
	values []Value // sorted and distinct, immutable; nil when over
	over   bool    // more than maxElements, absorbing
}

// Events returns how many events the state holds.
func (s *State) Events() uint64 { return s.events }

// Span returns the stamps of the earliest and the latest event; ok is false
// while the state holds none.
func (s *State) Span() (first, last Stamp, ok bool) { return s.first, s.last, s.events > 0 }

// Attr returns the value of an attribute under a policy; ok is false when it is
// missing, unset or overflowed. A Sum reads as the nearest number.
func (s *State) Attr(name string, p Policy) (v Value, ok bool) {
	i := find(len(s.attrs), func(i int) int {
		a := &s.attrs[i]
		return cmp.Or(strings.Compare(a.name, name), cmp.Compare(a.policy, p))
	})
	if i < 0 {
		return Value{}, false
	}
	a := &s.attrs[i]
	if i+1 < len(s.attrs) && a.twin(&s.attrs[i+1]) {
		both := *a
		both.join(&s.attrs[i+1])
		a = &both
	}
	return a.read()
}

// read returns what the attribute reads as.
func (a *attr) read() (v Value, ok bool) {
	switch {
	case a.policy == Sum:
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
// event, Count is 0 and ok is true; ok is false when the state does not hold the
// name but has given up too many undeclared ones, of which it may have been one.
func (s *State) Event(name string) (st EventStats, ok bool) {
	i := s.counter(name)
	if i < 0 {
		return EventStats{}, s.overflow&overflowEvents == 0
	}
	c := &s.counters[i]
	st = EventStats{Count: c.count, First: c.first.At, Last: c.last.At}
	if i+1 < len(s.counters) && s.counters[i+1].name == name {
		o := &s.counters[i+1]
		st.Count += o.count
		st.First, st.Last = min(st.First, o.first.At), max(st.Last, o.last.At)
	}
	return st, true
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
	c := s.declared(event)
	if c == nil {
		return NumberStats{}, false
	}
	i := find(len(c.numbers), func(i int) int { return strings.Compare(c.numbers[i].prop, prop) })
	if i < 0 {
		return NumberStats{}, false
	}
	return c.numbers[i].stats(), true
}

func (n *number) stats() NumberStats {
	return NumberStats{
		Count: n.count, Sum: n.sum, Min: n.min, Max: n.max, MinAt: n.minAt, MaxAt: n.maxAt,
		First: n.first, Last: n.last, FirstAt: n.firstAt.At, LastAt: n.lastAt.At,
	}
}

// Unique returns how many distinct values a declared unique property had; ok is
// false when more than 1,000 were seen (the count is then not kept).
func (s *State) Unique(event, prop string) (n int, ok bool) {
	c := s.declared(event)
	if c == nil {
		return 0, true
	}
	i := find(len(c.uniques), func(i int) int { return strings.Compare(c.uniques[i].prop, prop) })
	if i < 0 {
		return 0, true
	}
	return len(c.uniques[i].values), !c.uniques[i].over
}

// counter returns the place of the first counter of an event name, or -1.
func (s *State) counter(name string) int {
	return find(len(s.counters), func(i int) int { return strings.Compare(s.counters[i].name, name) })
}

// find returns the first of n sorted places for which compare is 0, or -1. It
// moves no entries, which are large, and walks short lists, where that is
// faster than a search.
func find(n int, compare func(i int) int) int {
	const walk = 12
	lo, hi := 0, n
	for hi-lo > walk {
		if mid := int(uint(lo+hi) >> 1); compare(mid) < 0 {
			lo = mid + 1
		} else {
			hi = mid + 1
		}
	}
	for ; lo < hi; lo++ {
		if c := compare(lo); c >= 0 {
			if c > 0 {
				break
			}
			return lo
		}
	}
	return -1
}

// declared returns the counter of a declared event name, the only one that has
// folds of properties, or nil.
func (s *State) declared(name string) *counter {
	i := s.counter(name)
	if i < 0 {
		return nil
	}
	if i+1 < len(s.counters) && s.counters[i+1].name == name {
		i++
	}
	return &s.counters[i]
}
