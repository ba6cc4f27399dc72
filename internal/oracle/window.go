package oracle

import (
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// windowStart returns the start of last(n unit) as seen at now: the window is the
// current grain and the ones before it. Minutes and hours are those of UTC; a day
// is a civil day of the zone, a week is seven of them; a month reaches back to the
// day after the same day n months ago (or after that month's last, if it is
// shorter), so that last("1mo") on 15 March begins with 16 February.
func windowStart(n int, unit syntax.Unit, now profile.Instant, zone *time.Location) profile.Instant {
	year, month, day := today(now, zone)
	switch unit {
	case syntax.Minute:
		return grainStart(now, time.Minute, n)
	case syntax.Hour:
		return grainStart(now, time.Hour, n)
	case syntax.Day:
		return dayStart(year, month, day-(n-1), zone)
	case syntax.Week:
		return dayStart(year, month, day-(7*n-1), zone)
	case syntax.Month:
		return dayAfter(year, month-time.Month(n), day, zone)
	default:
		return dayAfter(year-n, month, day, zone)
	}
}

// grainStart returns the start of the n-th grain back, the current one being the
// first.
func grainStart(now profile.Instant, grain time.Duration, n int) profile.Instant {
	size := grain.Microseconds()
	return profile.Instant((floorDiv(int64(now), size) - int64(n-1)) * size)
}

// dayAfter returns the start of the day after the given one, or after the last
// of the month where the month has no such day.
func dayAfter(year int, month time.Month, day int, zone *time.Location) profile.Instant {
	length := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return dayStart(year, month, min(day, length)+1, zone)
}

// today returns the last civil day that has begun: the one that the clock shows,
// or the next where the clock was put back over a midnight.
func today(now profile.Instant, zone *time.Location) (year int, month time.Month, day int) {
	year, month, day = now.Time().In(zone).Date()
	for dayStart(year, month, day+1, zone) <= now {
		day++
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Date() // day may be a 32nd
}

// dayStart returns the first instant at which the zone's clock shows the day or a
// later one. Months and days out of range count on into their neighbours.
func dayStart(year int, month time.Month, day int, zone *time.Location) profile.Instant {
	const far = 30 * time.Hour // further than any zone is from UTC, and back
	midnight := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if _, change := midnight.Add(-far).In(zone).ZoneBounds(); change.IsZero() || change.After(midnight.Add(far)) {
		return profile.InstantOf(time.Date(year, month, day, 0, 0, 0, 0, zone))
	}
	// The clock changes around the day: look at it minute by minute, then second
	// by second.
	begun := func(t time.Time) bool {
		y, m, d := t.In(zone).Date()
		return !time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Before(midnight)
	}
	t := midnight.Add(-far)
	for !begun(t) {
		t = t.Add(time.Minute)
	}
	for begun(t.Add(-time.Second)) {
		t = t.Add(-time.Second)
	}
	return profile.InstantOf(t)
}

// floorDiv divides towards the past.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
