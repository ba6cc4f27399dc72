// Package civil counts civil days: dates of a time zone, with every change of its
// clock. Instants are microseconds since 1970-01-01T00:00:00Z. All of it is safe for
// concurrent use.
package civil

import "time"

// Day is a civil date: days since 1970-01-01.
type Day int64

const (
	microsPerSecond = 1_000_000
	secondsPerDay   = 86_400

	// First and Last bound the instants that civil arithmetic is done on: the years 0
	// and 10,500. What lies beyond is clamped, so that nothing overflows.
	First = -62_167_219_200 * microsPerSecond
	// Last is the later one.
	Last = 269_180_582_400 * microsPerSecond

	// farthest bounds the days that Start takes, either way.
	farthest = 100_000_000
)

// FromDate returns the day of a date, normalised as [time.Date] does.
func FromDate(year int, month time.Month, day int) Day {
	return Day(FloorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay))
}

// Today returns the last day that has begun at an instant, which is clamped to lie
// between [First] and [Last]. A nil zone is UTC.
func Today(us int64, zone *time.Location) Day {
	us = min(max(us, First), Last)
	d := FromDate(time.UnixMicro(us).In(orUTC(zone)).Date())
	// A clock that is put back over midnight shows the old date again.
	for (d + 1).Start(zone) <= us {
		d++
	}
	return d
}

// Date returns the date of the day.
func (d Day) Date() (year int, month time.Month, day int) {
	return time.Unix(int64(d)*secondsPerDay, 0).UTC().Date()
}

// AddMonths moves the day by n months. Where the month that it comes to is too
// short, it stops at that month's last day.
func (d Day) AddMonths(n int) Day {
	year, month, day := d.Date()
	first := time.Date(year, month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return FromDate(first.Year(), first.Month(), min(day, last))
}

// Week returns the first day of the day's week, where weeks begin on the weekday.
func (d Day) Week(first time.Weekday) Day {
	const thursday = 4 // 1970-01-01
	back := (int64(d)%7 + thursday - int64(first) + 14) % 7
	return d - Day(back)
}

// Month returns the first day of the day's month.
func (d Day) Month() Day {
	year, month, _ := d.Date()
	return FromDate(year, month, 1)
}

// Quarter returns the first day of the day's quarter.
func (d Day) Quarter() Day {
	year, month, _ := d.Date()
	return FromDate(year, month-(month-1)%3, 1)
}

// Year returns the first day of the day's year.
func (d Day) Year() Day {
	year, _, _ := d.Date()
	return FromDate(year, time.January, 1)
}

// Start returns the first instant at which the zone's clock shows the day or a
// later one. So a day begins where its midnight should have been when a change
// of the clock leaves midnight out, and at the first of two midnights. A nil zone is
// UTC.
func (d Day) Start(zone *time.Location) int64 {
	d = min(max(d, -farthest), farthest)
	midnight := int64(d) * secondsPerDay // as if the zone were UTC
	// No offset reaches 30 hours, so at this time the day has not begun.
	t := time.Unix(midnight-30*3600, 0).In(orUTC(zone))
	for {
		_, offset := t.Zone()
		_, end := t.ZoneBounds()
		if !end.IsZero() && !end.After(t) {
			// ZoneBounds ends a leap year a day early (Go 1.26).
			end = time.Unix((FloorDiv(t.Unix(), secondsPerDay)+1)*secondsPerDay, 0).In(orUTC(zone))
		}
		begin := max(t.Unix(), midnight-int64(offset))
		if end.IsZero() || begin < end.Unix() {
			return begin * microsPerSecond
		}
		t = end
	}
}

// FloorDiv divides towards the past.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}
