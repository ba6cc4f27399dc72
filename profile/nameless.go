package profile

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/civil"
)

// Nameless returns what may stay of a person whom nobody is to be known by: numbers, at
// the grain of civil days in the zone. That is the count of events; of event
// names that are declared, in the schema or when the events came, their counts and the folds of their numbers; attributes under Sum; and the series
// that count, add up or compare numbers. All other attributes go, and every value of a
// property that is no number or boolean. What counted such values is kept as given up:
// it reads as missing, and not as none. Of event names that are not declared nothing is left.
//
// Times become the beginning of their day, and what tells messages apart becomes 0. The
// result has no name, shares no memory with s that holds more than numbers, and is not
// what any events fold into.
func (s *State) Nameless(sc *Schema, zone *time.Location) *State {
	day := func(at Instant) Instant { return Instant(civil.Today(int64(at), zone).Start(zone)) }
	n := &State{events: s.events, overflow: s.overflow &^ overflowAttrs}
	if s.events > 0 {
		n.first.At, n.last.At = day(s.first.At), day(s.last.At)
	}
	for _, a := range s.attrs {
		if a.policy == Sum {
			n.attrs = append(n.attrs, a)
		}
	}
	for i := range s.counters {
		c := &s.counters[i]
		_, declared := sc.Events[c.name]
		if !declared && !s.declared(c.name).declared {
			continue // Whoever sends a name chooses it.
		}
		one := c.nameless(day)
		if last := len(n.counters) - 1; last >= 0 && n.counters[last].name == c.name {
			one.join(&n.counters[last]) // what was counted before the name was declared
			n.counters = n.counters[:last]
		}
		n.counters = append(n.counters, one)
	}
	for i := range s.series {
		if one, ok := s.series[i].nameless(day); ok {
			n.series = append(n.series, one)
		}
	}
	return n
}

func (c *counter) nameless(day func(Instant) Instant) counter {
	n := counter{name: c.name, declared: true, count: c.count, numbers: slices.Clone(c.numbers)}
	n.first.At, n.last.At = day(c.first.At), day(c.last.At)
	for i := range n.numbers {
		m := &n.numbers[i]
		m.minAt, m.maxAt = day(m.minAt), day(m.maxAt)
		m.firstAt, m.lastAt = Stamp{At: day(m.firstAt.At)}, Stamp{At: day(m.lastAt.At)}
	}
	for _, u := range c.uniques {
		n.uniques = append(n.uniques, unique{prop: u.prop, over: true})
	}
	return n
}

// nameless returns what stays of a series, if anything does.
func (s *series) nameless(day func(Instant) Instant) (series, bool) {
	out := series{id: s.id, Series: Series{kind: s.kind}}
	var body []byte
	left := uint64(len(s.body)) // no fewer than the cells to come: later ones have greater ties
	for c := s.cells(); c.next(); left-- {
		bucket := out.dayOf(c.bucket, day)
		one, ok := c.nameless(appendZigzag(nil, bucket), bucket, left, day)
		switch {
		case !ok:
			continue
		case body == nil:
			body = one
		default:
			body = out.kind.join(nil, string(body), string(one))
		}
		out.oldest = bucket
	}
	out.body = string(body)
	return out, len(body) > 0
}

// dayOf returns the bucket in which the day of a bucket begins.
func (k kind) dayOf(bucket int64, day func(Instant) Instant) int64 {
	f := Fold{Form: k.form, Grain: k.grain}
	switch k.grain {
	case ByMinute, ByHour:
		return f.Bucket(day(Instant(k.base(bucket))))
	}
	return bucket
}

// nameless takes a cell, and appends what stays of it.
func (c *cells) nameless(dst []byte, bucket int64, tie uint64, day func(Instant) Instant) ([]byte, bool) {
	switch c.form {
	case Tally:
		return binary.AppendUvarint(dst, c.tally()), true
	case Presence:
		return dst, true
	case Times:
		first, last := c.times()
		return c.appendTimes(dst, bucket, day(first), day(last)), true
	case Numbers:
		return appendNumbers(dst, c.numbers()), true
	case FirstDay:
		return appendOpening(dst, c.opening()), true
	case Ends:
		e := c.ends()
		for _, v := range [...]Value{e.first.Value, e.last.Value} {
			if v.Kind() != KindNumber && v.Kind() != KindBool {
				return dst, false
			}
		}
		// Ties say only which came first, among those of a day.
		several := e.first.compare(e.last) < 0
		e.last.At = Stamp{At: day(e.last.At.At), Tie: 2*tie + 1}
		if e.first.At = (Stamp{At: day(e.first.At.At), Tie: 2 * tie}); !several {
			e.first.At = e.last.At
		}
		return c.appendEnds(dst, bucket, e), true
	case Keys, Sums, Scores, Trace, Stays:
		c.skip()
		return append(dst, 0), true // Given up: it reads as missing.
	}
	c.skip()
	return dst, false
}
