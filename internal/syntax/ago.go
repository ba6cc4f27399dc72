package syntax

import (
	"time"

	"github.com/portraitdb/portrait/profile"
)

// At returns the value of ago() at now: the start of the window last(N Unit).
// Minutes and hours are those of UTC, the running one included. Days and weeks
// are civil days of the zone, today included. N months (years) begin on the day
// after the date N months (years) before today, which is clamped to the end of
// its month. The value never decreases as now goes on.
func (a *Ago) At(now profile.Instant, zone *time.Location) profile.Instant {
	now = min(max(now, firstCivil), lastCivil)
	if grain := a.grain(); grain > 0 {
		return profile.Instant((floorDiv(int64(now), grain) - int64(a.N-1)) * grain)
	}
	zone = orUTC(zone)
	return a.first(today(now, zone)).start(zone)
}

// Until returns the first instant after now at which At gives another value, or
// [profile.Never].
func (a *Ago) Until(now profile.Instant, zone *time.Location) profile.Instant {
	return a.Reach(a.At(now, zone)+1, zone)
}

// Reach returns the first instant at which At is x or later, or [profile.Never].
func (a *Ago) Reach(x profile.Instant, zone *time.Location) profile.Instant {
	if x > lastCivil {
		return profile.Never
	}
	x = max(x, firstCivil)
	if grain := a.grain(); grain > 0 {
		return profile.Instant((-floorDiv(-int64(x), grain) + int64(a.N-1)) * grain)
	}
	zone = orUTC(zone)
	from := today(x, zone) // the first day that begins at x or later
	if from.start(zone) < x {
		from++
	}
	for (from - 1).start(zone) >= x {
		from-- // A day that the zone left out begins with the one after it.
	}
	// The window of at begins on from or later, that of at-1 does not.
	at := a.last(from)
	for a.first(at) >= from {
		at--
	}
	for a.first(at) < from {
		at++
	}
	return at.start(zone)
}

// grain returns the step of a window in UTC, in microseconds, or 0 for a civil
// window.
func (a *Ago) grain() int64 {
	switch a.Unit {
	case Minute:
		return microsPerMinute
	case Hour:
		return microsPerHour
	}
	return 0
}

// first returns the first day of the window that ends with the day now.
func (a *Ago) first(now day) day {
	switch a.Unit {
	case Week:
		return now - day(7*a.N) + 1
	case Month:
		return now.addMonths(-a.N) + 1
	case Year:
		return now.addMonths(-12*a.N) + 1
	}
	return now - day(a.N) + 1
}

// last returns about the last day of the window that begins with the day from:
// exactly so but for months of unequal length.
func (a *Ago) last(from day) day {
	switch a.Unit {
	case Week:
		return from + day(7*a.N) - 1
	case Month:
		return (from - 1).addMonths(a.N)
	case Year:
		return (from - 1).addMonths(12 * a.N)
	}
	return from + day(a.N) - 1
}

func orUTC(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}
