package profile

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// The names under which page and screen calls are counted, whatever their Name.
const (
	PageEvent   = "$page"
	ScreenEvent = "$screen"
)

// Stamp returns the place of the event in time: At is Time, or Received where
// that is zero. Tie is the 64-bit xxHash (seed 0) of Source, a zero byte and
// MessageID; without a MessageID it is the first eight bytes of ContentHash,
// read little-endian. Both are part of the stored form and never change.
func (e *Event) Stamp() Stamp {
	at := e.Time
	if at.IsZero() {
		at = e.Received
	}
	if e.MessageID == "" {
		h := e.ContentHash()
		return Stamp{At: InstantOf(at), Tie: binary.LittleEndian.Uint64(h[:])}
	}
	var buf [128]byte
	b := append(buf[:0], e.Source...)
	b = append(b, 0)
	b = append(b, e.MessageID...)
	return Stamp{At: InstantOf(at), Tie: xxhash.Sum64(b)}
}

// CountedName returns the name that the event is counted under: Name for Track,
// PageEvent, ScreenEvent, and "" for the types that are not counted by name.
func (e *Event) CountedName() string {
	switch e.Type {
	case Track:
		return e.Name
	case Page:
		return PageEvent
	case Screen:
		return ScreenEvent
	}
	return ""
}

// Lift returns the State of one valid event: the generator of the monoid. The
// State shares the texts and lists of the event. An error is a *FieldError.
//
// Every event counts in Events and in the Span. Besides,
//
//   - Traits fold into attributes, whatever the event's type. A declared one is
//     coerced to its kind (a time also reads RFC 3339 text and "2006-01-02", a
//     set also a list or a single element, a list also a set) or refused. An
//     undeclared one folds as Latest. A null is a tombstone under Latest and is
//     ignored under every other policy; NonEmpty also ignores "", and empty
//     lists and sets.
//   - A Track counts under its Name, a Page under PageEvent, a Screen under
//     ScreenEvent; Identify, Group and Alias are not counted by name.
//   - Of a counted event, the properties declared as numbers and as uniques
//     fold; null and absent ones do not count. Undeclared properties do not fold.
//   - Consents are kept by purpose, whether or not the Schema declares that.
//   - A counted event folds into every one of Folds that selects it. Properties
//     that a Fold cannot take in are passed over, and never refuse the event.
//
// An attribute or event name is declared when the Schema names it; GroupsTrait
// always is. Declared and undeclared entries of one name, from before and after
// a change of the Schema, are kept apart and united when read.
func (sc *Schema) Lift(e *Event) (*State, error) {
	at := e.Stamp()
	// A state and its only counter, in one allocation.
	one := &struct {
		s State
		c [1]counter
	}{}
	s := &one.s
	s.events, s.first, s.last = 1, at, at
	if len(e.Traits) > 0 {
		if err := sc.liftTraits(s, e.Traits, at); err != nil {
			return nil, err
		}
	}
	if len(e.Consent) > 0 {
		s.attrs = absorb(s.attrs, sc.liftConsents(e, at), (*attr).compare, (*attr).join, nil)
	}
	if name := e.CountedName(); name != "" {
		folds, declared := sc.Events[name]
		one.c[0] = counter{name: name, declared: declared, count: 1, first: at, last: at}
		if err := one.c[0].lift(folds, e.Properties, at); err != nil {
			return nil, err
		}
		s.counters = one.c[:]
		if len(sc.Folds) > 0 {
			s.series = sc.liftSeries(e, name, at)
		}
	}
	s.trim(false)
	return s, nil
}

// liftTraits folds the traits in the order of their names, so that of several
// faults always the same one is reported.
func (sc *Schema) liftTraits(s *State, traits map[string]Value, at Stamp) error {
	s.attrs = make([]attr, 0, len(traits))
	for name, v := range traits {
		s.attrs = append(s.attrs, attr{name: name, value: v, stamp: at})
	}
	slices.SortFunc(s.attrs, func(a, b attr) int { return strings.Compare(a.name, b.name) })
	kept := s.attrs[:0]
	for _, a := range s.attrs {
		decl, declared := sc.attribute(a.name)
		a.policy, a.declared = decl.Policy, declared
		keep, f := a.lift(decl)
		if f != nil {
			return f.at("traits." + a.name)
		}
		if keep {
			kept = append(kept, a)
		}
	}
	clear(s.attrs[len(kept):])
	s.attrs = kept
	return nil
}

// lift turns the told value into the policy's form; keep is false where the
// policy ignores it.
func (a *attr) lift(decl Attribute) (keep bool, f *fault) {
	if a.value.IsNull() {
		return a.policy == Latest, nil
	}
	switch a.policy {
	case Sum:
		if a.value.kind != KindNumber {
			return false, &fault{ReasonTraitType, "want number, got " + a.value.kind.String()}
		}
		a.sum, f = exact(a.value)
		a.value, a.stamp = Value{}, Stamp{}
		return f == nil, f
	case Union:
		a.value, f = asSet(a.value, decl.Elem)
		a.stamp = Stamp{}
		return f == nil, f
	}
	if a.value, f = coerce(a.value, decl); f != nil {
		return false, f
	}
	return a.policy != NonEmpty || !a.value.empty(), nil
}

// empty reports whether NonEmpty passes over the value.
func (v Value) empty() bool {
	switch v.kind {
	case KindNull:
		return true
	case KindString:
		return v.str == ""
	case KindList, KindSet:
		return len(v.list) == 0
	}
	return false
}

// lift folds the declared properties of one event.
func (c *counter) lift(folds Folds, props map[string]Value, at Stamp) error {
	for _, p := range folds.Numbers {
		v := props[p]
		i, twice := slices.BinarySearchFunc(c.numbers, p, func(n number, p string) int { return strings.Compare(n.prop, p) })
		if v.IsNull() || twice {
			continue
		}
		sum, f := exact(v)
		if f != nil {
			return f.at("properties." + p)
		}
		if c.numbers == nil {
			c.numbers = make([]number, 0, len(folds.Numbers))
		}
		c.numbers = slices.Insert(c.numbers, i, oneNumber(p, v.Number(), sum, at))
	}
	var values []Value // of all uniques, each of which takes one
	for _, p := range folds.Uniques {
		v := props[p]
		i, twice := slices.BinarySearchFunc(c.uniques, p, func(u unique, p string) int { return strings.Compare(u.prop, p) })
		if v.IsNull() || twice {
			continue
		}
		if v.kind >= KindList {
			return &FieldError{Field: "properties." + p, Reason: ReasonNotAScalar, Detail: "got " + v.kind.String()}
		}
		if f := v.check(0); f != nil {
			return f.at("properties." + p)
		}
		if c.uniques == nil {
			c.uniques = make([]unique, 0, len(folds.Uniques))
			values = make([]Value, 0, len(folds.Uniques))
		}
		values = append(values, v)
		c.uniques = slices.Insert(c.uniques, i, unique{prop: p, values: slices.Clip(values[len(values)-1:])})
	}
	return nil
}

// oneNumber is the fold of a property that one event had.
func oneNumber(prop string, v float64, sum Decimal, at Stamp) number {
	return number{
		prop: prop, count: 1, sum: sum, min: v, max: v, minAt: at.At, maxAt: at.At,
		first: v, last: v, firstAt: at, lastAt: at,
	}
}

// exact returns a number as a decimal.
func exact(v Value) (Decimal, *fault) {
	f := v.Number()
	switch {
	case v.kind != KindNumber:
		return Decimal{}, &fault{ReasonNotANumber, "got " + v.kind.String()}
	case math.IsNaN(f) || math.IsInf(f, 0):
		return Decimal{}, &fault{ReasonNotANumber, "got " + v.String()}
	}
	d, ok := DecimalOf(f)
	if !ok {
		return Decimal{}, &fault{ReasonOutOfRange, "beyond 1e18"}
	}
	return d, nil
}
