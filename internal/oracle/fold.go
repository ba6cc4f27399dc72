package oracle

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// Fold looks at every event and returns the person that they make under a
// schema. It fails on an event that the schema refuses, naming the field; what a
// valid event is besides is not its business.
func Fold(events []profile.Event, schema *profile.Schema) (*Person, error) {
	whole := empty()
	for chunk := range slices.Chunk(events, 1000) { // so that memory stays small
		parts := []*Person{whole}
		for i := range chunk {
			p, err := told(&chunk[i], schema)
			if err != nil {
				return nil, fmt.Errorf("message %q: %w", chunk[i].MessageID, err)
			}
			parts = append(parts, p)
		}
		whole = Merge(parts...)
	}
	heard := holding(consentsIn(events, schema.Purposes))
	whole.Consents, whole.LostConsents = heard.Consents, heard.LostConsents
	return whole, nil
}

// told returns what one event says by itself.
func told(e *profile.Event, schema *profile.Schema) (*Person, error) {
	p := empty()
	stamp := e.Stamp()
	p.Events, p.First, p.Last = 1, stamp, stamp
	p.History = []profile.Event{*e}
	for i := range schema.Folds {
		f := &schema.Folds[i]
		if s := gather(p.History, gatheringOf(f)); len(s.Buckets) > 0 || len(s.Spans) > 0 {
			p.Series[f.ID] = s
		}
	}
	for name, v := range e.Traits {
		declaration, declared := schema.Attributes[name]
		if !declared && name == profile.GroupsTrait {
			declaration, declared = profile.Attribute{Kind: profile.KindSet, Policy: profile.Union}, true
		}
		a, counts, err := tell(v, declaration, stamp)
		if err != nil {
			return nil, fmt.Errorf("traits.%s: %w", name, err)
		}
		if counts {
			p.Attributes[AttributeKey{name, declaration.Policy, declared}] = a
		}
	}
	if name, counted := countedName(e); counted {
		folds, declared := schema.Events[name]
		c, err := count(e, folds, stamp)
		if err != nil {
			return nil, err
		}
		p.Counters[CounterKey{name, declared}] = c
	}
	p.bound()
	return p, nil
}

// count returns what one event says of its name.
func count(e *profile.Event, folds profile.Folds, stamp profile.Stamp) (Counter, error) {
	c := Counter{Count: 1, First: stamp, Last: stamp, Numbers: map[string]Number{}, Uniques: map[string]UniqueSet{}}
	for _, property := range folds.Numbers {
		v := e.Properties[property]
		if v.IsNull() {
			continue
		}
		sum, err := amount(v)
		if err != nil {
			return Counter{}, fmt.Errorf("properties.%s: %w", property, err)
		}
		f := v.Number()
		c.Numbers[property] = Number{
			Count: 1, Sum: sum, Min: f, Max: f, MinAt: stamp.At, MaxAt: stamp.At,
			First: f, Last: f, FirstAt: stamp, LastAt: stamp,
		}
	}
	for _, property := range folds.Uniques {
		v := e.Properties[property]
		if v.IsNull() {
			continue
		}
		if err := sound(v, profile.KindNull); err != nil {
			return Counter{}, fmt.Errorf("properties.%s: %w", property, err)
		}
		c.Uniques[property] = UniqueSet{Values: []profile.Value{v}}
	}
	return c, nil
}

// tell returns what one telling of an attribute says; counts is false when its
// policy passes over it.
func tell(v profile.Value, d profile.Attribute, stamp profile.Stamp) (a Attribute, counts bool, err error) {
	if v.IsNull() {
		return Attribute{Stamp: stamp}, d.Policy == profile.Latest, nil
	}
	switch d.Policy {
	case profile.Sum:
		sum, err := amount(v)
		return Attribute{Sum: sum}, true, err
	case profile.Union:
		set, err := shape(v, profile.KindSet, d.Elem)
		return Attribute{Value: set}, true, err
	}
	v, err = shape(v, d.Kind, d.Elem)
	blank := v.Kind() == profile.KindString && v.Text() == "" ||
		v.Kind() >= profile.KindList && len(v.Elements()) == 0
	return Attribute{Value: v, Stamp: stamp}, d.Policy != profile.NonEmpty || !blank, err
}

// amount returns a number as millionths.
func amount(v profile.Value) (*big.Int, error) {
	if v.Kind() != profile.KindNumber {
		return nil, fmt.Errorf("want a number, got %v", v.Kind())
	}
	n, ok := millionths(v.Number())
	if !ok {
		return nil, fmt.Errorf("want a number up to 1e18, got %v", v)
	}
	return n, nil
}
