package oracle

import (
	"math"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// windowStart returns the start of last(n unit) as seen at now: the window is the
// current grain and the ones before it. Minutes and hours are those of UTC, days
// are civil days of the zone.
func windowStart(n int, unit syntax.Unit, now profile.Instant, zone *time.Location) profile.Instant {
	switch unit {
	case syntax.Minute:
		return profile.Instant(bucketAt(now, time.Minute)-int64(n-1)) * profile.Instant(time.Minute.Microseconds())
	case syntax.Hour:
		return profile.Instant(bucketAt(now, time.Hour)-int64(n-1)) * profile.Instant(time.Hour.Microseconds())
	}
	year, month, day := dateOf(firstDay(n, unit, dayAt(now, zone)))
	return dayStart(year, month, day, zone)
}

// firstDay returns the day that last(n unit) begins with when the running day is
// today: a week is seven days; a month reaches back to the day after the same day
// n months ago (or after that month's last, if it is shorter), so that last("1mo")
// on 15 March begins with 16 February.
func firstDay(n int, unit syntax.Unit, today int64) int64 {
	year, month, day := dateOf(today)
	switch unit {
	case syntax.Week:
		return today - int64(7*n-1)
	case syntax.Month:
		return dayAfter(year, month-time.Month(n), day)
	case syntax.Year:
		return dayAfter(year-n, month, day)
	}
	return today - int64(n-1)
}

// dayAfter returns the day after the given one, or after the last of the month
// where the month has no such day.
func dayAfter(year int, month time.Month, day int) int64 {
	length := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return dayOf(year, month, min(day, length)+1)
}

// firstOf returns the day that the running period began with.
func firstOf(p syntax.Period, today int64, weekStart time.Weekday) int64 {
	year, month, _ := dateOf(today)
	switch p {
	case syntax.ThisWeek:
		day := today
		for time.Unix(day*86_400, 0).UTC().Weekday() != weekStart {
			day--
		}
		return day
	case syntax.ThisMonth:
		return dayOf(year, month, 1)
	case syntax.ThisQuarter:
		for month%3 != 1 { // January, April, July, October
			month--
		}
		return dayOf(year, month, 1)
	case syntax.ThisYear:
		return dayOf(year, time.January, 1)
	}
	return today
}

// reach returns the first and the last bucket of the grain that are in a window
// at now.
func (w *world) reach(win syntax.Window, grain profile.Grain) (from, to int64) {
	switch grain {
	case profile.ByMinute:
		return reachBack(win, bucketAt(w.now, time.Minute))
	case profile.ByHour:
		return reachBack(win, bucketAt(w.now, time.Hour))
	case profile.ByDay:
		today := dayAt(w.now, w.scope.Zone())
		switch win.Kind {
		case syntax.Last:
			return firstDay(win.N, win.Unit, today), today
		case syntax.Between:
			return firstDay(win.N, win.Unit, today), firstDay(win.M, win.Unit, today) - 1
		case syntax.This:
			return firstOf(win.Period, today, w.scope.WeekStart()), today
		case syntax.Since:
			return dayAt(w.since(win), w.scope.Zone()), today
		}
		return math.MinInt64, today
	}
	return math.MinInt64, math.MaxInt64
}

// reachBack counts buckets of one length back from the running one.
func reachBack(win syntax.Window, running int64) (from, to int64) {
	if win.Kind == syntax.Between {
		return running - int64(win.N-1), running - int64(win.M)
	}
	return running - int64(win.N-1), running
}

// since returns the instant that a window since a time begins with.
func (w *world) since(win syntax.Window) profile.Instant {
	if win.Kind != syntax.Since {
		return math.MinInt64
	}
	at, _ := timeOf(win.Since, w.scope.Zone())
	return at
}

// timeOf reads a time, or a text that says one.
func timeOf(v profile.Value, zone *time.Location) (at profile.Instant, ok bool) {
	if v.Kind() != profile.KindString {
		return v.Instant(), v.Kind() == profile.KindTime
	}
	if t, err := time.Parse(time.RFC3339, v.Text()); err == nil {
		return profile.InstantOf(t), true
	}
	if t, err := time.Parse(time.DateOnly, v.Text()); err == nil {
		return dayStart(t.Year(), t.Month(), t.Day(), zone), true
	}
	return 0, false
}

// bucketAt returns which stretch of that length an instant lies in, counted from
// 1970 in UTC.
func bucketAt(at profile.Instant, length time.Duration) int64 {
	return floorDiv(int64(at), length.Microseconds())
}

// dayAt returns the last civil day that has begun at an instant, counted from
// 1970-01-01: the one that the clock shows, or the next where the clock was put
// back over a midnight.
func dayAt(at profile.Instant, zone *time.Location) int64 {
	year, month, day := at.Time().In(zone).Date()
	for dayStart(year, month, day+1, zone) <= at {
		day++
	}
	return dayOf(year, month, day) // day may be a 32nd
}

// dayOf returns the number of a date. Months and days out of range count on into
// their neighbours.
func dayOf(year int, month time.Month, day int) int64 {
	return floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), 86_400)
}

// dateOf returns the date of a day's number.
func dateOf(day int64) (year int, month time.Month, dayOfMonth int) {
	return time.Unix(day*86_400, 0).UTC().Date()
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
