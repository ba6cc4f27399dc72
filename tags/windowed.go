package tags

import (
	"cmp"
	"slices"
	"sort"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// windowed is a fold over the buckets of a series that a window has.
type windowed struct {
	id     uint32
	fn     syntax.Fn
	n      int // Top, Latest, Earliest: how many values at most
	by     bool
	window window
}

func (o *windowed) read(st *profile.State, now profile.Instant) reading {
	s := st.Series(o.id)
	from, to := o.window.at(now)
	v, ok := o.value(s, from, to)
	return reading{value: v, ok: ok, until: o.window.change(s, from, to)}
}

// value folds the buckets from one to another; ok is false where nothing is there to
// fold, or too much was.
func (o *windowed) value(s profile.Series, from, to int64) (v profile.Value, ok bool) {
	switch o.fn {
	case syntax.Count:
		return profile.Number(float64(s.Count(from, to))), true
	case syntax.FirstTime, syntax.LastTime:
		first, last, ok := s.Times(from, to)
		if o.fn == syntax.FirstTime {
			return profile.TimeAt(first), ok
		}
		return profile.TimeAt(last), ok
	case syntax.FirstOf, syntax.LastOf:
		first, last, ok := s.Ends(from, to)
		if o.fn == syntax.FirstOf {
			return first, ok
		}
		return last, ok
	case syntax.Unique, syntax.MostFrequent, syntax.Top:
		return o.keys(s, from, to)
	case syntax.Latest, syntax.Earliest:
		seen := s.Seen(from, to, o.n)
		list := make([]profile.Value, len(seen))
		for i := range seen {
			list[i] = seen[i].Value
		}
		return profile.List(list...), len(list) > 0
	}
	n, _ := s.Numbers(from, to)
	return o.number(&n)
}

// number is the value of what some buckets hold, of a count or a number.
func (o *windowed) number(n *profile.NumberFold) (v profile.Value, ok bool) {
	if o.fn == syntax.Count {
		return profile.Number(float64(n.Count)), true
	}
	if n.Count == 0 {
		return profile.Value{}, false
	}
	switch o.fn {
	case syntax.SumOf:
		return profile.Number(n.Sum.Float64()), true
	case syntax.AvgOf:
		return profile.Number(n.Sum.Div(n.Count)), true
	case syntax.MinOf:
		return profile.Number(n.Min), true
	case syntax.MaxOf:
		return profile.Number(n.Max), true
	}
	return profile.Value{}, false
}

// lists reports whether the value is made of a list of values, which costs more.
func (o *windowed) lists() bool {
	switch o.fn {
	case syntax.Unique, syntax.MostFrequent, syntax.Top, syntax.Latest, syntax.Earliest:
		return true
	}
	return false
}

// keys folds the values of a property: how many there are, or those that most events
// had, of equals the least.
func (o *windowed) keys(s profile.Series, from, to int64) (v profile.Value, ok bool) {
	keys, ok := s.Keys(from, to)
	switch {
	case !ok:
		return profile.Value{}, false
	case o.fn == syntax.Unique:
		return profile.Number(float64(len(keys))), true
	case len(keys) == 0:
		return profile.Value{}, false
	}
	order := func(a, b profile.KeyFold) int { return cmp.Compare(b.Count, a.Count) }
	if o.by {
		order = func(a, b profile.KeyFold) int { return b.Sum.Compare(a.Sum) }
	}
	// The keys come by value, so that of equals the least stays first.
	keys = slices.Clone(keys)
	slices.SortStableFunc(keys, order)
	if o.fn == syntax.MostFrequent {
		return keys[0].Value, true
	}
	list := make([]profile.Value, min(o.n, len(keys)))
	for i := range list {
		list[i] = keys[i].Value
	}
	return profile.List(list...), true
}

// witnesses are the events that showed the values of latest and earliest.
func (o *windowed) witnesses(st *profile.State, now profile.Instant) []profile.Stamp {
	if o.fn != syntax.Latest && o.fn != syntax.Earliest {
		return nil
	}
	var stamps []profile.Stamp
	from, to := o.window.at(now)
	for _, seen := range st.Series(o.id).Seen(from, to, o.n) {
		stamps = append(stamps, seen.At)
	}
	return stamps
}

// test implements tester. Where the value only sinks or only rises as buckets leave,
// the one whose loss decides is found by bisection.
func (o *windowed) test(p predicate, st *profile.State, now profile.Instant) answer {
	s := st.Series(o.id)
	from, to := o.window.at(now)
	if t, ok := p.(*threshold); ok && o.adds() {
		var room [maxTails]profile.TailFold
		if tails, ok := s.Tails(from, to, room[:0]); ok {
			return o.testTails(t, s, tails, from, to)
		}
	}
	v, ok := o.value(s, from, to)
	a := answer{ok: p.holds(v, ok), until: profile.Never, exact: true}
	if s.Empty() || !o.window.timed() {
		return a
	}
	loss, exact := o.loss(p, s, from, to)
	if gain := o.window.gain(s, to); gain <= loss {
		loss, exact = gain, false
	}
	return answer{ok: a.ok, until: loss, exact: exact || loss == profile.Never}
}

// maxTails is of how many buckets what is left as they leave is kept in hand.
const maxTails = 100

// adds reports whether the value is of counts or numbers that add up bucket by bucket.
func (o *windowed) adds() bool {
	switch o.fn {
	case syntax.Count, syntax.SumOf, syntax.MinOf, syntax.MaxOf:
		return true
	}
	return false
}

// testTails is test on what the window has left as its buckets leave, the newest
// bucket first, which is read off in one go.
func (o *windowed) testTails(t *threshold, s profile.Series, tails []profile.TailFold, from, to int64) answer {
	var none, whole profile.NumberFold
	if len(tails) > 0 {
		whole = tails[len(tails)-1].NumberFold
	}
	v, ok := o.number(&whole)
	a := answer{ok: t.holds(v, ok), until: profile.Never, exact: true}
	if s.Empty() || !o.window.timed() {
		return a
	}
	var loss profile.Instant
	way := o.wayOf(&whole)
	if exact := way != 0; !exact {
		loss, a.exact = o.window.loss(s, from, to), false
	} else {
		loss = o.window.decisive(t, from, to, func(bucket int64) int {
			n := &none
			// The last of them that begins at the bucket or after it.
			if i := sort.Search(len(tails), func(i int) bool { return tails[i].Bucket < bucket }); i > 0 {
				n = &tails[i-1].NumberFold
			}
			v, ok := o.number(n)
			if !ok || v.Kind() != t.value.Kind() {
				return gone
			}
			return way * v.Compare(t.value)
		}, way)
	}
	if gain := o.window.gain(s, to); gain <= loss {
		loss, a.exact = gain, false
	}
	a.until, a.exact = loss, a.exact || loss == profile.Never
	return a
}

// wayOf is way for what adds up.
func (o *windowed) wayOf(n *profile.NumberFold) int {
	switch {
	case o.fn == syntax.Count || o.fn == syntax.MaxOf:
		return 1
	case o.fn == syntax.MinOf:
		return -1
	case n.Min >= 0:
		return 1
	case n.Max <= 0:
		return -1
	}
	return 0
}

// loss returns the instant at which buckets leave and, if it is exact, with them the
// answer changes.
func (o *windowed) loss(p predicate, s profile.Series, from, to int64) (at profile.Instant, exact bool) {
	t, isThreshold := p.(*threshold)
	if !isThreshold {
		return o.window.loss(s, from, to), false
	}
	way := o.way(s, from, to)
	if way == 0 {
		return o.window.loss(s, from, to), false
	}
	return o.window.decisive(t, from, to, func(bucket int64) int {
		v, ok := o.value(s, bucket, to)
		if !ok || v.Kind() != t.value.Kind() {
			return gone
		}
		return way * v.Compare(t.value)
	}, way), true
}

// way returns in which direction the value goes as buckets leave: 1 down, -1 up, 0
// where it may go either way.
func (o *windowed) way(s profile.Series, from, to int64) int {
	switch o.fn {
	case syntax.Count, syntax.MaxOf:
		return 1
	case syntax.MinOf, syntax.FirstTime:
		return -1
	case syntax.Unique:
		if !s.Overflowed(from, to) {
			return 1
		}
	case syntax.SumOf:
		n, _ := s.Numbers(from, to)
		return o.wayOf(&n)
	}
	return 0
}
