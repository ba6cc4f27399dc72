package oracle

import (
	"math"
	"math/big"

	"github.com/portraitdb/portrait/profile"
)

// Bounds of what one person may hold. Beyond a bound the form is dropped whole,
// so that the outcome does not depend on which element came last.
const (
	maxUndeclared = 1000 // attribute names, and event names, that no model declares
	maxElements   = 1000 // of one union attribute, of one set of distinct values
	maxPurposes   = 100  // of one identifier
)

// Person is what is known of one person, or of one identifier of theirs.
type Person struct {
	Events      uint64        // how many events
	First, Last profile.Stamp // of the earliest and the latest; zero without events
	// Canonical is the identifier of the earliest event, of equals the least; of a person
	// with events who was not made of named parts the zero Identifier.
	Canonical profile.Identifier
	// Namespaces are those of the identifiers of the named parts.
	Namespaces map[string]bool
	Attributes map[AttributeKey]Attribute
	Counters   map[CounterKey]Counter
	// LostAttributes says that there were more undeclared attribute names than a
	// person may hold: all of them were dropped.
	LostAttributes bool
	// LostEvents says the same of undeclared event names.
	LostEvents bool
	// Consents are what each identifier holds of each purpose, by the latest event: of a
	// person several, of one identifier one. Names that begin with "$" are objections.
	Consents map[string][]profile.ConsentRecord
	// LostConsents says that an identifier heard of more purposes than it may hold: none
	// of the person's is granted.
	LostConsents bool
	// History are the events themselves, of a person who was folded from events.
	History []profile.Event
	// Stored says that the person was read from a state, which has Series in the
	// place of the events: by the number of the fold.
	Stored bool
	Series map[uint32]Series
	// Lists are the uploaded lists that the person is in.
	Lists map[string]bool
}

// AttributeKey names one attribute under one merge policy. What was told while
// the name was declared is kept apart from the rest, and read together with it.
type AttributeKey struct {
	Name     string
	Policy   profile.Policy
	Declared bool
}

// CounterKey names one event name. What was counted while the name was declared
// is kept apart from the rest, and read together with it.
type CounterKey struct {
	Name     string
	Declared bool
}

// Attribute is what was told of one attribute, made one by its policy.
type Attribute struct {
	Value profile.Value // the value that counts: null when it was unset or lost
	Stamp profile.Stamp // of the event that told it; zero for Sum and Union
	Sum   *big.Int      // Sum only: millionths
	Lost  bool          // Union only: it had too many elements
}

// Counter is what is kept of one event name.
type Counter struct {
	Count       uint64
	First, Last profile.Stamp
	Numbers     map[string]Number    // by property
	Uniques     map[string]UniqueSet // by property
}

// Number is the fold of one numeric property over the events that had it.
type Number struct {
	Count           uint64
	Sum             *big.Int // millionths
	Min, Max        float64
	MinAt, MaxAt    profile.Instant // of the earliest event that had the extreme
	First, Last     float64
	FirstAt, LastAt profile.Stamp
}

// UniqueSet is the set of distinct values of one property.
type UniqueSet struct {
	Values []profile.Value // sorted, distinct; nil when Lost
	Lost   bool            // there were too many
}

// empty returns a person of whom nothing is known.
func empty() *Person {
	return &Person{Attributes: map[AttributeKey]Attribute{}, Counters: map[CounterKey]Counter{}, Series: map[uint32]Series{}, Consents: map[string][]profile.ConsentRecord{}, Namespaces: map[string]bool{}}
}

// attribute returns the value of an attribute; ok is false when it is missing.
func (p *Person) attribute(name string, policy profile.Policy) (v profile.Value, ok bool) {
	var told []Attribute
	for _, declared := range []bool{false, true} {
		if a, ok := p.Attributes[AttributeKey{name, policy, declared}]; ok {
			told = append(told, a)
		}
	}
	if len(told) == 0 {
		return profile.Value{}, false
	}
	a := told[0]
	if len(told) > 1 || policy == profile.Sum || policy == profile.Union {
		a = settle(policy, told)
	}
	if policy == profile.Sum {
		return profile.Number(nearest(a.Sum, 1)), true
	}
	return a.Value, !a.Value.IsNull()
}

// told returns when the value that counts of an attribute was told: the last time, and
// under First the first.
func (p *Person) told(name string, policy profile.Policy) (at profile.Instant) {
	at = math.MinInt64
	for key, a := range p.Attributes {
		if key.Name == name && key.Policy == policy {
			at = max(at, a.Stamp.At)
		}
	}
	return at
}

// counter returns what is kept of an event name; ok is false when that is
// nothing.
func (p *Person) counter(name string) (c Counter, ok bool) {
	var parts []Counter
	for _, declared := range []bool{false, true} {
		if c, ok := p.Counters[CounterKey{name, declared}]; ok {
			parts = append(parts, c)
		}
	}
	switch len(parts) {
	case 0:
		return Counter{}, false
	case 1:
		return parts[0], true
	}
	return sumUp(parts), true
}
