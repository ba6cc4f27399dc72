package oracle

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/portraitdb/portrait/profile"
)

// Diff lists what differs between two persons, in words and in a fixed order:
// each line names the place and says what a has and what b has. Of equals it is
// empty.
func Diff(a, b *Person) []string {
	var d differences
	d.say(a.Events != b.Events, "events", "", a.Events, b.Events)
	d.say(a.First != b.First, "first event", "", at(a.First), at(b.First))
	d.say(a.Last != b.Last, "last event", "", at(a.Last), at(b.Last))
	d.say(a.LostAttributes != b.LostAttributes, "undeclared attributes lost", "", a.LostAttributes, b.LostAttributes)
	d.say(a.LostEvents != b.LostEvents, "undeclared event names lost", "", a.LostEvents, b.LostEvents)

	d.say(a.LostConsents != b.LostConsents, "purposes lost", "", a.LostConsents, b.LostConsents)
	for _, purpose := range slices.Sorted(maps.Keys(both(a.Consents, b.Consents))) {
		x, y := consentTexts(a.Consents[purpose]), consentTexts(b.Consents[purpose])
		d.say(!slices.Equal(x, y), "consents to ", strconv.Quote(purpose), x, y)
	}
	keys := slices.SortedFunc(maps.Keys(both(a.Attributes, b.Attributes)), func(x, y AttributeKey) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Policy, y.Policy), cmp.Compare(declared(x.Declared), declared(y.Declared)))
	})
	for _, key := range keys {
		place := fmt.Sprintf("attribute %q (%v, %s)", key.Name, key.Policy, declared(key.Declared))
		x, xok := a.Attributes[key]
		y, yok := b.Attributes[key]
		if d.present(place, xok, yok) {
			d.attribute(place, x, y)
		}
	}
	names := slices.SortedFunc(maps.Keys(both(a.Counters, b.Counters)), func(x, y CounterKey) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(declared(x.Declared), declared(y.Declared)))
	})
	for _, key := range names {
		place := fmt.Sprintf("event %q (%s)", key.Name, declared(key.Declared))
		x, xok := a.Counters[key]
		y, yok := b.Counters[key]
		if d.present(place, xok, yok) {
			d.counter(place, x, y)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(both(a.Series, b.Series))) {
		place := fmt.Sprintf("fold %d", id)
		x, xok := a.Series[id]
		y, yok := b.Series[id]
		if d.present(place, xok, yok) {
			d.series(place, x, y)
		}
	}
	return d
}

// differences collects the lines.
type differences []string

// say adds a line when the two differ; what is added to the place.
func (d *differences) say(differ bool, place, what string, a, b any) {
	if differ {
		*d = append(*d, fmt.Sprintf("%s%s: %v, against %v", place, what, a, b))
	}
}

// present adds a line when only one side has the place, and reports whether both
// have it.
func (d *differences) present(place string, a, b bool) bool {
	if a != b {
		words := map[bool]string{true: "present", false: "missing"}
		d.say(true, place, "", words[a], words[b])
	}
	return a && b
}

func (d *differences) attribute(place string, a, b Attribute) {
	d.say(!a.Value.Equal(b.Value), place, "", spelled(a.Value), spelled(b.Value))
	d.say(a.Stamp != b.Stamp, place, " told", at(a.Stamp), at(b.Stamp))
	d.say(!sameSum(a.Sum, b.Sum), place, " millionths", a.Sum, b.Sum)
	d.say(a.Lost != b.Lost, place, " lost", a.Lost, b.Lost)
}

func (d *differences) counter(place string, a, b Counter) {
	d.say(a.Count != b.Count, place, " count", a.Count, b.Count)
	d.say(a.First != b.First, place, " first", at(a.First), at(b.First))
	d.say(a.Last != b.Last, place, " last", at(a.Last), at(b.Last))
	for _, property := range slices.Sorted(maps.Keys(both(a.Numbers, b.Numbers))) {
		place := fmt.Sprintf("%s number %q", place, property)
		x, xok := a.Numbers[property]
		y, yok := b.Numbers[property]
		if d.present(place, xok, yok) {
			d.number(place, x, y)
		}
	}
	for _, property := range slices.Sorted(maps.Keys(both(a.Uniques, b.Uniques))) {
		place := fmt.Sprintf("%s values of %q", place, property)
		x, xok := a.Uniques[property]
		y, yok := b.Uniques[property]
		if d.present(place, xok, yok) {
			d.say(x.Lost != y.Lost, place, " lost", x.Lost, y.Lost)
			d.say(!slices.EqualFunc(x.Values, y.Values, profile.Value.Equal), place, "", x.Values, y.Values)
		}
	}
}

func (d *differences) number(place string, a, b Number) {
	d.say(a.Count != b.Count, place, " count", a.Count, b.Count)
	d.say(!sameSum(a.Sum, b.Sum), place, " millionths", a.Sum, b.Sum)
	d.say(a.Min != b.Min, place, " min", a.Min, b.Min)
	d.say(a.MinAt != b.MinAt, place, " min at", a.MinAt, b.MinAt)
	d.say(a.Max != b.Max, place, " max", a.Max, b.Max)
	d.say(a.MaxAt != b.MaxAt, place, " max at", a.MaxAt, b.MaxAt)
	d.say(a.First != b.First, place, " first", a.First, b.First)
	d.say(a.FirstAt != b.FirstAt, place, " first at", at(a.FirstAt), at(b.FirstAt))
	d.say(a.Last != b.Last, place, " last", a.Last, b.Last)
	d.say(a.LastAt != b.LastAt, place, " last at", at(a.LastAt), at(b.LastAt))
}

func (d *differences) series(place string, a, b Series) {
	d.say(a.Form != b.Form, place, " form", a.Form, b.Form)
	d.say(a.Grain != b.Grain, place, " grain", a.Grain, b.Grain)
	d.say(a.K != b.K, place, " values", a.K, b.K)
	d.say(a.Gap != b.Gap, place, " gap", a.Gap, b.Gap)
	d.say(a.Level != b.Level, place, " level", a.Level, b.Level)
	d.say(!slices.Equal(a.Spans, b.Spans), place, " spans", a.Spans, b.Spans)
	for _, number := range slices.Sorted(maps.Keys(both(a.Buckets, b.Buckets))) {
		place := fmt.Sprintf("%s bucket %d", place, number)
		x, xok := a.Buckets[number]
		y, yok := b.Buckets[number]
		if !d.present(place, xok, yok) {
			continue
		}
		d.say(x.Count != y.Count, place, " count", x.Count, y.Count)
		d.say(x.First != y.First || x.Last != y.Last, place, " times", []profile.Instant{x.First, x.Last}, []profile.Instant{y.First, y.Last})
		d.say(!sameSum(x.Sum, y.Sum), place, " millionths", x.Sum, y.Sum)
		d.say(x.Min != y.Min || x.Max != y.Max, place, " extremes", []float64{x.Min, x.Max}, []float64{y.Min, y.Max})
		d.say(x.Earliest.compare(y.Earliest) != 0, place, " first", x.Earliest, y.Earliest)
		d.say(x.Latest.compare(y.Latest) != 0, place, " last", x.Latest, y.Latest)
		d.say(x.Lost != y.Lost, place, " lost", x.Lost, y.Lost)
		d.say(!slices.EqualFunc(x.Keys, y.Keys, Key.equal), place, " keys", x.Keys, y.Keys)
		d.say(!slices.EqualFunc(x.Traced, y.Traced, func(s, t Traced) bool { return s.compare(t) == 0 }), place, " events", x.Traced, y.Traced)
		d.say(!slices.EqualFunc(x.Stays, y.Stays, Stayed.equal), place, " cells", x.Stays, y.Stays)
	}
}

func (k Key) equal(o Key) bool {
	return k.Value.Equal(o.Value) && k.Count == o.Count && sameSum(k.Sum, o.Sum) && k.At == o.At
}

// declared says whether a name was declared.
func declared(yes bool) string {
	if yes {
		return "declared"
	}
	return "undeclared"
}

// both returns the keys of two maps.
func both[K comparable, V any](a, b map[K]V) map[K]bool {
	keys := map[K]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	return keys
}

// sameSum compares two sums; none is none.
func sameSum(a, b *big.Int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Cmp(b) == 0
}

// at is a stamp that is written only where it is told.
type at profile.Stamp

func (s at) String() string { return fmt.Sprintf("%v/%x", s.At, s.Tie) }

// spelled is a value that is written, with its kind, only where it is told.
type spelled profile.Value

func (s spelled) String() string { return written(profile.Value(s)) }

// written writes a value with its kind.
func written(v profile.Value) string { return fmt.Sprintf("%v %q", v.Kind(), v) }
