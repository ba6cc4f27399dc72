package profile

import (
	"math/big"
	"slices"
)

// Count returns how many events a Tally counts. It allocates nothing.
func (s Series) Count(from, to int64) (n uint64) {
	// The inner loop of most rules.
	for c := s.of(Tally); c.next() && c.bucket >= from; {
		if count := c.uint(); c.bucket <= to {
			n = addCount(n, count)
		}
	}
	return n
}

// Days returns how many buckets hold an event: of Presence, on how many days there
// was one. It allocates nothing.
func (s Series) Days(from, to int64) (n int) {
	for c := s.cells(); c.in(from, to); c.skip() {
		n++
	}
	return n
}

// Times returns when the earliest and the latest event happened, of Times; ok is
// false where there is none. It allocates nothing.
func (s Series) Times(from, to int64) (first, last Instant, ok bool) {
	for c := s.of(Times); c.in(from, to); {
		f, l := c.times()
		if !ok {
			first, last, ok = f, l, true
		}
		first, last = min(first, f), max(last, l)
	}
	return first, last, ok
}

// NumberFold is what Numbers keeps of a property. Of a list or set every distinct
// number in it counts.
type NumberFold struct {
	Count    uint64
	Sum      Decimal
	Min, Max float64
}

// Numbers returns the fold of a property, of Numbers; ok is false where no event had
// it. It allocates nothing.
func (s Series) Numbers(from, to int64) (n NumberFold, ok bool) {
	for c := s.of(Numbers); c.in(from, to); ok = true {
		if m := c.numbers(); ok {
			n.join(m)
		} else {
			n = m
		}
	}
	return n, ok
}

// TailFold is what the buckets from one on hold, up to the last one asked for.
type TailFold struct {
	Bucket int64
	NumberFold
}

// Tails appends to dst, the newest bucket first, what the buckets from each one on hold,
// of Tally, of which it counts the events, and of Numbers: what a window has left once
// the buckets before have left. ok is false where dst has no room for all of them. It
// allocates nothing.
func (s Series) Tails(from, to int64, dst []TailFold) (tails []TailFold, ok bool) {
	var all TailFold
	counts := s.form == Tally
	c := s.cells()
	if !counts && s.form != Numbers {
		return dst, true
	}
	for n := 0; c.in(from, to); n++ {
		if len(dst) == cap(dst) {
			return dst, false
		}
		all.Bucket = c.bucket
		switch {
		case counts:
			all.Count = addCount(all.Count, c.uint())
		case n == 0:
			all.NumberFold = c.numbers()
		default:
			all.join(c.numbers())
		}
		dst = append(dst, all)
	}
	return dst, true
}

// Ends returns the property in the earliest and in the latest event that had it, of
// Ends; ok is false where none had. Of several values under one stamp the first is the
// least and the last the greatest. It allocates nothing.
func (s Series) Ends(from, to int64) (first, last Value, ok bool) {
	var all ends
	for c := s.of(Ends); c.in(from, to); ok = true {
		if e := c.ends(); ok {
			all.join(e)
		} else {
			all = e
		}
	}
	return all.first.Value, all.last.Value, ok
}

// KeyFold is what Keys and Sums keep of one value of a property.
type KeyFold struct {
	Value Value
	Count uint64  // Keys: how many events had it
	Sum   Decimal // Sums: the sum of By
}

// Keys returns the values of a property, of Keys and Sums, ascending; nil where there
// are none. ok is false when one of the buckets had more than 1,000 and gave up. The
// slice belongs to the caller.
func (s Series) Keys(from, to int64) (keys []KeyFold, ok bool) {
	if s.form != Keys && s.form != Sums {
		return nil, true
	}
	several := false
	for c := s.cells(); c.in(from, to); {
		n := c.length()
		if n == 0 {
			return nil, false
		}
		several = several || len(keys) > 0
		keys = slices.Grow(keys, n)
		for range n {
			keys = append(keys, c.key())
		}
	}
	if !several {
		return keys, true
	}
	slices.SortFunc(keys, func(a, b KeyFold) int { return a.Value.Compare(b.Value) })
	kept := keys[:1]
	for _, k := range keys[1:] {
		if last := &kept[len(kept)-1]; last.Value.Equal(k.Value) {
			last.Count, last.Sum = addCount(last.Count, k.Count), last.Sum.Add(k.Sum)
		} else {
			kept = append(kept, k)
		}
	}
	clear(keys[len(kept):])
	return kept, true
}

// SeenFold is a value that Recent keeps with the stamp of the last event that had it,
// or Oldest with that of the first.
type SeenFold struct {
	Value Value
	At    Stamp
}

// Seen returns the k values seen last, of Recent, the last first; or seen first, of
// Oldest, the first first; of equal stamps the least value first. They are distinct,
// and no more than the K of the Fold. The slice belongs to the caller.
func (s Series) Seen(from, to int64, k int) []SeenFold {
	if s.form != Recent && s.form != Oldest {
		return nil
	}
	var all []SeenFold
	for c := s.cells(); c.in(from, to); {
		all = appendSeen(all, &c)
	}
	return s.firstSeen(all, min(k, int(s.param)))
}

// SpanFold is a run of events without a pause longer than the Gap of the Fold.
type SpanFold struct {
	First, Last Instant
	// Events is how many they were; 0 of a run that began before what Expire has kept,
	// whose First is then the last microsecond before that.
	Events uint64
}

// Spans returns the runs of events, of Spans, ascending. The slice belongs to the
// caller.
func (s Series) Spans() []SpanFold {
	if s.form != Spans {
		return nil
	}
	var all []SpanFold
	for w := (spans{scan: scan{s: s.body}, gap: s.param}); w.next(); {
		all = append(all, w.span)
	}
	slices.Reverse(all)
	return all
}

// ScoreFold is the score that one key has from the events of one bucket, as it was at
// the beginning of the bucket: the number nearest to the sum that is kept.
type ScoreFold struct {
	Bucket int64
	Key    Value
	Score  float64
}

// Scores returns the scores of all keys, of Scores, ascending by bucket, then key. ok
// is false when one of the buckets had more than 1,000 keys and gave up. The slice
// belongs to the caller.
func (s Series) Scores(from, to int64) (scores []ScoreFold, ok bool) {
	c := s.of(Scores)
	for c.in(from, to) {
		n := c.length()
		if n == 0 {
			return nil, false
		}
		at := len(scores)
		for range n {
			key, sum := c.scored()
			scores = append(scores, ScoreFold{Bucket: c.bucket, Key: key, Score: scoreOf(sum)})
		}
		slices.Reverse(scores[at:])
	}
	slices.Reverse(scores)
	return scores, true
}

// Totals returns the scores of all keys together, of Scores, one for each bucket,
// ascending, with a null Key: the number nearest to the exact total. ok is as in
// Scores. The slice belongs to the caller.
func (s Series) Totals(from, to int64) (totals []ScoreFold, ok bool) {
	c := s.of(Scores)
	for c.in(from, to) {
		n := c.length()
		if n == 0 {
			return nil, false
		}
		var total Decimal
		for range n {
			_, sum := c.scored()
			total = total.Add(sum)
		}
		totals = append(totals, ScoreFold{Bucket: c.bucket, Score: scoreOf(total)})
	}
	slices.Reverse(totals)
	return totals, true
}

// scoreOf returns the number nearest to a count of 2^-30.
func scoreOf(d Decimal) float64 {
	if n, ok := d.small(); ok {
		return float64(n) / scoreUnit
	}
	f, _ := new(big.Float).SetInt(d.Big()).Float64()
	return f / scoreUnit
}

// TraceFold is one event that a Trace keeps.
type TraceFold struct {
	Stamp
	// Selects has bit i set where filter i of the Fold selects the event.
	Selects uint64
	// Link is the Property of the event; null where it had none, or one that is no
	// scalar.
	Link Value
}

// Trace returns the events, of Trace, ascending by stamp, then Selects and Link. ok is
// false when one of the buckets had more than 1,000 events and gave up. The slice
// belongs to the caller.
func (s Series) Trace(from, to int64) (events []TraceFold, ok bool) {
	c := s.of(Trace)
	for c.in(from, to) {
		n := len(events)
		events = appendTrace(events, &c)
		if n == len(events) {
			return nil, false
		}
	}
	slices.Reverse(events)
	return events, true
}

// Overflowed reports whether a bucket had more than 1,000 keys, events or cells and gave
// up.
// It allocates nothing.
func (s Series) Overflowed(from, to int64) bool {
	switch s.form {
	case Keys, Sums, Scores, Trace, Stays:
		for c := s.cells(); c.in(from, to); c.skip() {
			if c.i < len(c.s) && c.s[c.i] == 0 {
				return true
			}
		}
	}
	return false
}
