package oracle

import (
	"math"
	"math/big"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// gathering says which events an operand looks at, and what it makes of them.
type gathering struct {
	form     profile.Form
	grain    profile.Grain
	zone     *time.Location
	choices  []choice
	property string // the values that are folded, the link of a trace
	by       string
	k        int // Recent, Oldest: how many values; 0 keeps all
	gap      time.Duration
	level    int // Stays
	hours    []profile.Hours
	halfLife time.Duration
	since    profile.Instant
}

// choice selects events, and says what they add to an interest.
type choice struct {
	selects  func(*profile.Event) bool
	property string
	weight   float64
	by       string
}

// gather returns what all the events come to.
func gather(events []profile.Event, g gathering) Series {
	s := Series{Form: g.form, Grain: g.grain, K: g.k, Gap: g.gap, Level: g.level, Buckets: map[int64]Bucket{}}
	parts := map[int64][]Bucket{}
	for i := range events {
		e := &events[i]
		at := e.Stamp().At
		if _, counted := countedName(e); !counted || at < g.since {
			continue
		}
		number := g.bucket(at)
		if g.form == profile.Stays {
			day, counts := g.night(at)
			if !counts {
				continue
			}
			number = day
		}
		for _, b := range g.said(e) {
			parts[number] = append(parts[number], b)
			if g.form == profile.Spans {
				s.Spans = append(s.Spans, Span{First: at, Last: at, Events: 1})
			}
		}
	}
	s.Spans = coalesced(s.Spans, g.gap)
	for number, bs := range parts {
		if g.form != profile.Spans {
			s.Buckets[number] = s.bounded(joined(g.form, bs))
		}
	}
	return s.firstAlone()
}

// bucket returns which bucket an instant belongs to.
func (g gathering) bucket(at profile.Instant) int64 {
	switch g.grain {
	case profile.ByMinute:
		return bucketAt(at, time.Minute)
	case profile.ByHour:
		return bucketAt(at, time.Hour)
	case profile.ByDay:
		return dayAt(at, g.zone)
	case profile.ByHalfLife:
		return bucketAt(at, g.halfLife)
	}
	return 0
}

// said returns what one event adds to its bucket: nothing where it is not looked
// at, or has nothing to fold.
func (g gathering) said(e *profile.Event) (adds []Bucket) {
	at := e.Stamp()
	var selects uint64
	for i, p := range g.choices {
		if !p.selects(e) {
			continue
		}
		selects |= 1 << i
		if g.form == profile.Scores {
			adds = append(adds, g.scored(e, p)...)
		}
	}
	if selects == 0 || g.form == profile.Scores {
		return adds
	}
	values := valuesOf(e, g.property)
	switch g.form {
	case profile.Tally:
		return []Bucket{{Count: 1}}
	case profile.Presence, profile.Spans:
		return []Bucket{{}}
	case profile.Times:
		return []Bucket{{First: at.At, Last: at.At}}
	case profile.Trace:
		t := Traced{At: at, Selects: selects}
		if len(values) == 1 && values[0].Equal(e.Properties[g.property]) {
			t.Link = values[0]
		}
		return []Bucket{{Traced: []Traced{t}}}
	case profile.Numbers:
		for _, v := range values {
			if sum, ok := millionthsOf(v); ok {
				adds = append(adds, Bucket{Count: 1, Sum: sum, Min: v.Number(), Max: v.Number()})
			}
		}
	case profile.FirstDay:
		b := Bucket{Sum: new(big.Int)}
		for _, v := range values {
			if sum, ok := millionthsOf(v); ok {
				b.Count, b.Sum = 1, b.Sum.Add(b.Sum, sum)
			}
		}
		return []Bucket{b}
	case profile.Ends:
		for _, v := range values {
			adds = append(adds, Bucket{Earliest: Sighting{v, at}, Latest: Sighting{v, at}})
		}
	case profile.Keys:
		for _, v := range values {
			adds = append(adds, Bucket{Keys: []Key{{Value: v, Count: 1}}})
		}
	case profile.Recent, profile.Oldest:
		for _, v := range values {
			adds = append(adds, Bucket{Keys: []Key{{Value: v, At: at}}})
		}
	case profile.Stays:
		for _, v := range values {
			if v.Kind() == profile.KindPoint {
				adds = append(adds, Bucket{Stays: []Stayed{g.stayed(v, at.At)}})
			}
		}
	case profile.Sums:
		sum, ok := millionthsOf(e.Properties[g.by])
		for _, v := range values {
			if ok {
				adds = append(adds, Bucket{Keys: []Key{{Value: v, Sum: sum}}})
			}
		}
	}
	return adds
}

// scored returns what one event adds to an interest, which is more the later it
// comes in its half-life.
func (g gathering) scored(e *profile.Event, p choice) (adds []Bucket) {
	weight := p.weight
	if p.by != "" {
		by := e.Properties[p.by]
		if _, ok := millionthsOf(by); !ok {
			return nil
		}
		weight = float64(weight * by.Number())
	}
	for _, v := range valuesOf(e, p.property) {
		adds = append(adds, Bucket{Keys: []Key{{Value: v, Sum: score(weight, e.Stamp().At, g.halfLife)}}})
	}
	return adds
}

// choices returns what filters of the language select.
func (w *world) choices(filters ...syntax.Filter) (choices []choice) {
	for _, f := range filters {
		choices = append(choices, choice{selects: func(e *profile.Event) bool {
			return named(f.Event, e) && (f.Where == nil || w.holds(f.Where, fieldsOf(e)))
		}})
	}
	return choices
}

// named reports whether an event is counted under the name, or under any.
func named(name string, e *profile.Event) bool {
	counted, ok := countedName(e)
	return ok && (name == syntax.AnyEvent || name == counted)
}

// gatheringOf returns what a schema asks to be kept.
func gatheringOf(f *profile.Fold) gathering {
	g := gathering{
		form: f.Form, grain: f.Grain, zone: f.Zone, property: f.Property, by: f.By,
		halfLife: max(f.HalfLife, time.Microsecond), since: f.Since,
	}
	switch f.Form {
	case profile.Recent, profile.Oldest:
		g.k = min(max(f.K, 1), maxElements)
	case profile.Spans:
		g.grain, g.gap = profile.WholeLife, f.Gap
	case profile.FirstDay:
		g.grain = profile.ByDay
	case profile.Stays:
		g.grain, g.level, g.hours = profile.ByDay, f.Level, f.Hours
	}
	for _, filter := range f.Filters {
		g.choices = append(g.choices, choice{
			selects:  func(e *profile.Event) bool { return named(filter.Event, e) && (filter.Match == nil || filter.Match(e)) },
			property: filter.Property, weight: filter.Weight, by: filter.By,
		})
	}
	return g
}

// countedName returns the name that an event is counted under; counted is false
// of those that are not.
func countedName(e *profile.Event) (name string, counted bool) {
	name = map[profile.Type]string{
		profile.Track:  e.Name,
		profile.Page:   "$page",
		profile.Screen: "$screen",
	}[e.Type]
	return name, name != ""
}

// valuesOf returns the scalars that an event has as a property: of a list the
// distinct elements.
func valuesOf(e *profile.Event, property string) (values []profile.Value) {
	v := e.Properties[property]
	elements := v.Elements()
	if v.Kind() < profile.KindList {
		elements = []profile.Value{v}
	}
	for _, x := range elements {
		if !x.IsNull() && sound(x, profile.KindNull) == nil && !slices.ContainsFunc(values, x.Equal) {
			values = append(values, x)
		}
	}
	return values
}

// millionthsOf returns a number as millionths; ok is false for what is none, and
// beyond 1e18.
func millionthsOf(v profile.Value) (n *big.Int, ok bool) {
	if v.Kind() != profile.KindNumber || math.IsNaN(v.Number()) {
		return nil, false
	}
	return millionths(v.Number())
}
