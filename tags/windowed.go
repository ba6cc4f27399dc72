package tags

import (
	"cmp"
	"slices"

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
	n, ok := s.Numbers(from, to)
	if !ok || n.Count == 0 {
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

// test implements tester. A count that only loses buckets only sinks, so the bucket
// whose loss decides is found by bisection.
func (o *windowed) test(p predicate, st *profile.State, now profile.Instant) answer {
	s := st.Series(o.id)
	from, to := o.window.at(now)
	v, ok := o.value(s, from, to)
	held := p.holds(v, ok)
	if s.Empty() || !o.window.timed() {
		return always(held)
	}
	gain := o.window.gain(s, to)
	t, isThreshold := p.(*threshold)
	if o.fn != syntax.Count || !isThreshold || t.value.Kind() != profile.KindNumber {
		until := min(gain, o.window.loss(s, from, to))
		return answer{ok: held, until: until, exact: until == profile.Never}
	}
	if loss := o.decisive(t, s, from, to); loss < gain {
		return answer{ok: held, until: loss, exact: true}
	}
	return answer{ok: held, until: gain, exact: gain == profile.Never}
}

// decisive returns the instant at which the loss of buckets, were none to come in,
// changes the answer on a count, or Never.
func (o *windowed) decisive(t *threshold, s profile.Series, from, to int64) profile.Instant {
	// side compares the count from a bucket on with the constant.
	side := func(bucket int64) int { return cmp.Compare(float64(s.Count(bucket, to)), t.value.Number()) }
	lo, ok := s.Next(from - 1)
	if !ok {
		return profile.Never
	}
	is := side(lo)
	for held := holds(t.op, is); is >= 0; is = side(lo) {
		hi := to + 1
		for lo < hi { // the first bucket after whose loss the count is on a lesser side
			mid := lo + (hi-lo)/2
			if side(mid+1) < is {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		if lo > to {
			break
		}
		// Others may leave with it.
		loss := o.window.leaves(lo)
		first, _ := o.window.at(loss)
		lo = max(lo+1, first)
		if loss == profile.Never || holds(t.op, side(lo)) != held {
			return loss
		}
	}
	return profile.Never
}
