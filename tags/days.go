package tags

import (
	"math"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// daysOf asks on which civil days of a window an event happened. Days to come do not
// count.
type daysOf struct {
	id     uint32
	fn     syntax.Fn
	window window
}

func (o *daysOf) read(st *profile.State, now profile.Instant) reading {
	s := st.Series(o.id)
	from, to := o.window.at(now)
	r := reading{ok: true, until: o.window.change(s, from, to)}
	switch o.fn {
	case syntax.Days:
		r.value = profile.Number(float64(s.Days(from, to)))
	case syntax.ShareOfDays:
		o.share(&r, s, from, to, now)
	case syntax.Streak:
		today := o.window.today(now)
		n := streak(s, from, to, today)
		r.value = profile.Number(float64(n))
		if n > 0 { // Without today's event it ends with tomorrow.
			r.until = min(r.until, dayStart(today+1, o.window.zone))
		}
	default:
		r.value = profile.Number(float64(longestStreak(s, from, to)))
	}
	return r
}

// test implements tester: the steps are midnights.
func (o *daysOf) test(p predicate, st *profile.State, now profile.Instant) answer {
	r := o.read(st, now)
	a := answer{ok: p.holds(r.value, r.ok), until: r.until, exact: r.until == profile.Never}
	t, isThreshold := p.(*threshold)
	if o.fn != syntax.Days || !isThreshold || t.value.Kind() != profile.KindNumber || a.exact || o.window.Kind == syntax.Lifetime || o.window.Kind == syntax.Since {
		return a
	}
	// Their number only sinks as days leave.
	s := st.Series(o.id)
	from, to := o.window.at(now)
	a.until = o.window.decisive(t, from, to, func(bucket int64) int {
		return profile.Number(float64(s.Days(bucket, to))).Compare(t.value)
	}, 1)
	a.exact = true
	if gain := o.window.gain(s, to); gain <= a.until {
		a.until, a.exact = gain, gain == profile.Never
	}
	return a
}

// share makes the reading one of the days with the event by the days of the window.
func (o *daysOf) share(r *reading, s profile.Series, from, to int64, now profile.Instant) {
	w := &o.window
	days := s.Days(from, to)
	var all int64
	if w.Kind == syntax.Lifetime {
		if first, ok := s.First(); ok && first <= to {
			all = to - first + 1
		}
	} else {
		all = w.DaysIn(now, w.zone, w.week)
	}
	if all <= 0 {
		r.ok = false
		if w.Kind == syntax.Since {
			r.until = min(r.until, dayStart(from, w.zone))
		}
		return
	}
	r.value = profile.Number(float64(days) / float64(all))
	if days == 0 || (w.Kind == syntax.Last || w.Kind == syntax.Between) && w.Unit < syntax.Month {
		return // The number of days is always the same, or of no account.
	}
	r.until = min(r.until, dayStart(w.today(now)+1, w.zone))
}

// streak returns how many days in a row end today or, while there is none today,
// yesterday.
func streak(s profile.Series, from, to, today int64) int64 {
	end := today
	if end > to || s.Days(end, end) == 0 {
		end--
	}
	if end < from || end > to {
		return 0
	}
	first, ok := s.First()
	if !ok {
		return 0
	}
	// The longest run that is all there: doubled while it is, then bisected.
	whole := func(n int64) bool { return int64(s.Days(end-n+1, end)) == n }
	lo, hi := int64(0), end-max(first, from)+1
	for n := int64(1); n < hi; n *= 2 {
		if !whole(n) {
			hi = n - 1
			break
		}
		lo = n
	}
	for lo < hi {
		if mid := hi - (hi-lo)/2; whole(mid) {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return max(lo, 0)
}

// longestStreak returns the most days in a row.
func longestStreak(s profile.Series, from, to int64) int64 {
	longest, run, last := int64(0), int64(0), int64(math.MinInt64)
	for b := range s.Buckets() {
		if b < from || b > to {
			continue
		}
		if b != last+1 || run == 0 {
			run = 0
		}
		run++
		last = b
		longest = max(longest, run)
	}
	return longest
}
