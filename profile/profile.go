package profile

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Profile is one person as known at one epoch: a copy that the caller owns.
type Profile struct {
	// ID is today's ID of the person.
	ID ID
	// Identifiers are the names that the person goes by, strongest first.
	Identifiers []Identifier
	// Traits are the known traits by name, ascending. A trait that is missing,
	// unset or overflowed is left out.
	Traits []Trait
	// Masked are the traits that the model declares and whoever asked may not read,
	// ascending, whether or not the person has them.
	Masked []string
	// Tags are the names of the tags that the person has, ascending.
	Tags []string
	// TagValues are the values of those of them that have values, by name: a scalar, or
	// a list or set of several.
	TagValues map[string]Value
	// Events is how many events were folded, of whatever name; 0 where whoever asked may not
	// read what all events say.
	Events uint64
	// First and Last are when the earliest and the latest event happened, in
	// UTC; zero while Events is 0.
	First, Last time.Time
	// Counters are what is kept of each event name, ascending.
	Counters []Counter
}

// Trait is one named value of a profile.
type Trait struct {
	Name  string
	Value Value
}

// Trait returns the value of a trait; ok is false when it is missing.
func (p *Profile) Trait(name string) (v Value, ok bool) {
	i, ok := slices.BinarySearchFunc(p.Traits, name, func(t Trait, n string) int { return strings.Compare(t.Name, n) })
	if !ok {
		return Value{}, false
	}
	return p.Traits[i].Value, true
}

// Counter is what is kept of one event name.
type Counter struct {
	// Event is the name of the event.
	Event string
	EventStats
	// Numbers are the folds of the declared numeric properties that occurred,
	// ascending by property.
	Numbers []PropertyNumber
	// Uniques are the counts of distinct values of the declared unique
	// properties that occurred, ascending by property.
	Uniques []PropertyUnique
}

// PropertyNumber is the fold of one numeric property.
type PropertyNumber struct {
	Property string
	NumberStats
}

// PropertyUnique counts the distinct values of one property.
type PropertyUnique struct {
	Property string
	// Count is how many there were; 0 when Overflowed.
	Count int
	// Overflowed says that there were more than 1,000, which is not counted.
	Overflowed bool
}

// Attributes yields the attributes that have a value, each with its policy,
// ascending by name and policy. It may be ranged over again; the values stay
// valid.
func (s *State) Attributes() iter.Seq2[Trait, Policy] {
	return func(yield func(Trait, Policy) bool) {
		for i := range s.attrs {
			a := &s.attrs[i]
			if i > 0 && s.attrs[i-1].twin(a) || a.policy == consents {
				continue // United with the one before, or none.
			}
			if v, ok := s.Attr(a.name, a.policy); ok && !yield(Trait{Name: a.name, Value: v}, a.policy) {
				return
			}
		}
	}
}

// Counters yields what is kept of each event name, ascending. It may be ranged
// over again; what it yields belongs to the caller.
func (s *State) Counters() iter.Seq[Counter] {
	return func(yield func(Counter) bool) {
		for i := range s.counters {
			name := s.counters[i].name
			if i > 0 && s.counters[i-1].name == name {
				continue // United with the one before.
			}
			c := Counter{Event: name}
			c.EventStats, _ = s.Event(name)
			d := s.declared(name)
			for j := range d.numbers {
				c.Numbers = append(c.Numbers, PropertyNumber{d.numbers[j].prop, d.numbers[j].stats()})
			}
			for _, u := range d.uniques {
				c.Uniques = append(c.Uniques, PropertyUnique{u.prop, len(u.values), u.over})
			}
			if !yield(c) {
				return
			}
		}
	}
}

// AttributeNames yields the names of all attributes that the state holds
// anything of, tombstones and overflowed sets too, and of purposes, ascending. Of the state of
// one event these are the attributes that it may change.
func (s *State) AttributeNames() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range s.attrs {
			if name := s.attrs[i].name; (i == 0 || s.attrs[i-1].name != name) && !yield(name) {
				return
			}
		}
	}
}

// EventNames yields the names of all events that the state counts, ascending.
func (s *State) EventNames() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range s.counters {
			if name := s.counters[i].name; (i == 0 || s.counters[i-1].name != name) && !yield(name) {
				return
			}
		}
	}
}

// SeriesIDs yields the numbers of the folds that the state holds a series of,
// ascending. Of the state of one event these are the folds that it may change.
func (s *State) SeriesIDs() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := range s.series {
			if !yield(s.series[i].id) {
				return
			}
		}
	}
}

// SameBounds reports whether both states gave up the same maps of undeclared
// names. Where they did not, every undeclared name may read differently.
func (s *State) SameBounds(o *State) bool { return s.overflow == o.overflow }

// SameSeries reports whether both states keep the same under the ID of a Fold. Where an
// event said nothing new it costs next to nothing.
func (s *State) SameSeries(o *State, id uint32) bool { return s.Series(id) == o.Series(id) }

// Overflowed lists, in words, the bounded forms that took in more than 1,000
// entries and therefore read as missing; of a Fold, named by its ID, that is at least
// one bucket. It is nil when there are none.
func (s *State) Overflowed() []string {
	var list []string
	if s.overflow&overflowAttrs != 0 {
		list = append(list, "undeclared attributes")
	}
	if s.overflow&overflowEvents != 0 {
		list = append(list, "undeclared events")
	}
	if s.overflow&overflowConsents != 0 {
		list = append(list, "purposes of consents")
	}
	for i := range s.attrs {
		if s.attrs[i].over {
			list = append(list, "attribute "+strconv.Quote(s.attrs[i].name))
		}
	}
	for _, c := range s.counters {
		for _, u := range c.uniques {
			if u.over {
				list = append(list, "unique "+strconv.Quote(u.prop)+" of event "+strconv.Quote(c.name))
			}
		}
	}
	for i := range s.series {
		if one := &s.series[i]; one.Overflowed(math.MinInt64, math.MaxInt64) {
			list = append(list, "fold "+strconv.FormatUint(uint64(one.id), 10))
		}
	}
	return list
}
