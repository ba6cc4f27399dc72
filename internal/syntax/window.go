package syntax

import (
	"math"
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/profile"
)

// Grain returns how long the buckets are that the window is made of: the whole life
// for what has no end that moves.
func (w Window) Grain() profile.Grain {
	switch {
	case w.Kind == Lifetime || w.Kind == Since:
		return profile.WholeLife
	case w.Kind == This || w.Unit >= Day:
		return profile.ByDay
	case w.Unit == Hour:
		return profile.ByHour
	}
	return profile.ByMinute
}

// Range returns the first and the last bucket of a grain that lie in the window at
// now; an end that does not move is [math.MinInt64] or [math.MaxInt64]. The grain is
// that of the window or, for one over the whole life or since a time, any: buckets
// that have not begun are in those too.
func (w Window) Range(now profile.Instant, grain profile.Grain, zone *time.Location, weekStart time.Weekday) (from, to int64) {
	switch {
	case w.Kind == Since && grain != profile.WholeLife:
		return bucketAt(w.sinceTime(zone), grain, zone), math.MaxInt64
	case w.Kind == Lifetime || w.Kind == Since:
		return math.MinInt64, math.MaxInt64
	}
	running := bucketAt(now, w.Grain(), zone)
	switch w.Kind {
	case Between:
		return w.first(w.N, running), w.first(w.M, running) - 1
	case This:
		return int64(w.Period.begin(civil.Day(running), weekStart)), running
	}
	return w.first(w.N, running), running
}

// Enters returns the first instant at which a bucket is in the window: the least there
// is for one that always was, [profile.Never] for one that never will be.
func (w Window) Enters(bucket int64, grain profile.Grain, zone *time.Location, weekStart time.Weekday) profile.Instant {
	switch w.Kind {
	case Lifetime, Since:
		if from, _ := w.Range(0, grain, zone, weekStart); bucket < from {
			return profile.Never
		}
		return math.MinInt64
	case Between:
		return startOfBucket(w.reach(w.M, bucket), w.Grain(), zone)
	}
	return startOfBucket(bucket, w.Grain(), zone)
}

// Leaves returns the first instant after [Window.Enters] at which a bucket is no
// longer in the window, or [profile.Never]. A bucket that a zone left out of its
// calendar leaves a short window when it enters it.
func (w Window) Leaves(bucket int64, _ profile.Grain, zone *time.Location, weekStart time.Weekday) profile.Instant {
	switch w.Kind {
	case Lifetime, Since:
		return profile.Never
	case This:
		return startOfBucket(int64(w.Period.end(civil.Day(clampBucket(bucket, profile.ByDay)), weekStart)), profile.ByDay, zone)
	}
	return startOfBucket(w.reach(w.N, bucket), w.Grain(), zone)
}

// DaysIn returns how many civil days of the window have begun at now: what a share of
// days is a share of. Days that a zone left out of its calendar count. It is 0 for the
// whole life, which begins with the first event.
func (w Window) DaysIn(now profile.Instant, zone *time.Location, weekStart time.Weekday) int64 {
	if w.Kind == Lifetime {
		return 0
	}
	from, to := w.Range(now, profile.ByDay, zone, weekStart)
	return max(min(to, int64(civil.Today(int64(now), zone)))-from+1, 0)
}

// buckets returns how many buckets of its grain the window has at most; 0 for no bound.
func (w Window) buckets() int {
	n := w.N
	switch w.Kind {
	case Lifetime, Since:
		return 0
	case This:
		return [...]int{ThisDay: 1, ThisWeek: 7, ThisMonth: 31, ThisQuarter: 92, ThisYear: 366}[min(w.Period, ThisYear)]
	}
	switch w.Unit {
	case Week:
		return 7 * n
	case Month:
		return min(31*n, (n+11)/12*366)
	case Year:
		return 366 * n
	}
	return n
}

// sinceTime returns the time that the window begins at. Before the tree is checked it
// may be a civil text.
func (w Window) sinceTime(zone *time.Location) profile.Instant {
	if at, ok := readTime(w.Since.Text(), zone); ok {
		return at
	}
	return w.Since.Instant()
}

// first returns the first bucket of the window last(n) at the running bucket.
func (w Window) first(n int, running int64) int64 {
	if w.Unit < Day {
		return running - int64(n) + 1
	}
	return int64((&Ago{N: n, Unit: w.Unit}).first(civil.Day(running)))
}

// reach returns the first running bucket whose window last(n) begins behind a bucket.
func (w Window) reach(n int, bucket int64) int64 {
	bucket = clampBucket(bucket, w.Grain())
	if w.Unit < Day {
		return bucket + int64(n)
	}
	return int64((&Ago{N: n, Unit: w.Unit}).reach(civil.Day(bucket) + 1))
}

// begin returns the first day of the period that a day is in.
func (p Period) begin(d civil.Day, weekStart time.Weekday) civil.Day {
	switch p {
	case ThisWeek:
		return d.Week(weekStart)
	case ThisMonth:
		return d.Month()
	case ThisQuarter:
		return d.Quarter()
	case ThisYear:
		return d.Year()
	}
	return d
}

// end returns the first day of the period after that which a day is in.
func (p Period) end(d civil.Day, weekStart time.Weekday) civil.Day {
	begin := p.begin(d, weekStart)
	switch p {
	case ThisWeek:
		return begin + 7
	case ThisMonth:
		return begin.AddMonths(1)
	case ThisQuarter:
		return begin.AddMonths(3)
	case ThisYear:
		return begin.AddMonths(12)
	}
	return begin + 1
}

// bucketAt returns the bucket that an instant lies in, clamped as days are.
func bucketAt(at profile.Instant, grain profile.Grain, zone *time.Location) int64 {
	us := min(max(int64(at), civil.First), civil.Last)
	switch grain {
	case profile.ByMinute:
		return civil.FloorDiv(us, microsPerMinute)
	case profile.ByHour:
		return civil.FloorDiv(us, microsPerHour)
	case profile.ByDay:
		return int64(civil.Today(us, zone))
	}
	return 0
}

// startOfBucket returns the first instant at which bucketAt gives a bucket or a later
// one.
func startOfBucket(bucket int64, grain profile.Grain, zone *time.Location) profile.Instant {
	bucket = clampBucket(bucket, grain)
	var us int64
	switch grain {
	case profile.ByMinute:
		us = bucket * microsPerMinute
	case profile.ByHour:
		us = bucket * microsPerHour
	default:
		us = civil.Day(bucket).Start(zone)
	}
	switch {
	case us > civil.Last:
		return profile.Never
	case us <= civil.First:
		return math.MinInt64
	}
	return profile.Instant(us)
}

// clampBucket bounds a bucket to twice what lies between the first civil instant and
// the last, so that it can be reckoned with.
func clampBucket(bucket int64, grain profile.Grain) int64 {
	bound := int64(2 * civil.Last / microsPerMinute)
	switch grain {
	case profile.ByHour:
		bound /= 60
	case profile.ByDay:
		bound /= 24 * 60
	}
	return min(max(bucket, -bound), bound)
}
