package syntax

import (
	"time"

	"github.com/portraitdb/portrait/profile"
)

// day is a civil date: days since 1970-01-01.
type day int64

const (
	microsPerSecond = 1_000_000
	secondsPerDay   = 86_400
	microsPerMinute = 60 * microsPerSecond
	microsPerHour   = 60 * microsPerMinute

	// Civil arithmetic is done between these two: the years 0 and 10,500. What
	// lies beyond is clamped, so that nothing overflows.
	firstCivil profile.Instant = -62_167_219_200 * microsPerSecond
	lastCivil  profile.Instant = 269_180_582_400 * microsPerSecond
)

// dayFromDate returns the day of a civil date, normalised as [time.Date] does.
func dayFromDate(year int, month time.Month, dom int) day {
	return day(floorDiv(time.Date(year, month, dom, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay))
}

// date returns the civil date of the day.
func (d day) date() (year int, month time.Month, dom int) {
	return time.Unix(int64(d)*secondsPerDay, 0).UTC().Date()
}

// addMonths moves the day by n months. Where the month that it comes to is too
// short, it stops at that month's last day.
func (d day) addMonths(n int) day {
	year, month, dom := d.date()
	first := time.Date(year, month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return dayFromDate(first.Year(), first.Month(), min(dom, last))
}

// start returns the first instant at which the zone's clock shows the day or a
// later one. So a day begins where its midnight should have been when a change
// of the clock leaves midnight out, and at the first of two midnights.
func (d day) start(zone *time.Location) profile.Instant {
	midnight := int64(d) * secondsPerDay // as if the zone were UTC
	// No offset reaches 30 hours, so at this time the day has not begun.
	t := time.Unix(midnight-30*3600, 0).In(zone)
	for {
		_, offset := t.Zone()
		_, end := t.ZoneBounds()
		if !end.IsZero() && !end.After(t) {
			// ZoneBounds ends a leap year a day early (Go 1.26).
			end = time.Unix((floorDiv(t.Unix(), secondsPerDay)+1)*secondsPerDay, 0).In(zone)
		}
		begin := max(t.Unix(), midnight-int64(offset))
		if end.IsZero() || begin < end.Unix() {
			return profile.Instant(begin * microsPerSecond)
		}
		t = end
	}
}

// today returns the last day that has begun at now.
func today(now profile.Instant, zone *time.Location) day {
	d := dayFromDate(time.UnixMicro(int64(now)).In(zone).Date())
	// A clock that is put back over midnight shows the old date again.
	for (d + 1).start(zone) <= now {
		d++
	}
	return d
}

// floorDiv divides towards the past.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
