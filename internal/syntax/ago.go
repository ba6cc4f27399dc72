package syntax

import (
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/profile"
)

// At returns the value of ago() at now: the start of the window last(N Unit).
// Minutes and hours are those of UTC, the running one included. Days and weeks
// are civil days of the zone, today included. N months (years) begin on the day
// after the date N months (years) before today, which is clamped to the end of
// its month. The value never decreases as now goes on.
func (a *Ago) At(now profile.Instant, zone *time.Location) profile.Instant {
	now = min(max(now, civil.First), civil.Last)
	if grain := a.grain(); grain > 0 {
		return profile.Instant((civil.FloorDiv(int64(now), grain) - int64(a.N-1)) * grain)
	}
	return startOf(a.first(civil.Today(int64(now), zone)), zone)
}

// Until returns the first instant after now at which At gives another value, or
// [profile.Never].
func (a *Ago) Until(now profile.Instant, zone *time.Location) profile.Instant {
	return a.Reach(a.At(now, zone)+1, zone)
}

// Reach returns the first instant at which At is x or later, or [profile.Never].
func (a *Ago) Reach(x profile.Instant, zone *time.Location) profile.Instant {
	if x > civil.Last {
		return profile.Never
	}
	x = max(x, civil.First)
	if grain := a.grain(); grain > 0 {
		return profile.Instant((-civil.FloorDiv(-int64(x), grain) + int64(a.N-1)) * grain)
	}
	from := civil.Today(int64(x), zone) // the first day that begins at x or later
	if startOf(from, zone) < x {
		from++
	}
	for startOf(from-1, zone) >= x {
		from-- // A day that the zone left out begins with the one after it.
	}
	return startOf(a.reach(from), zone)
}

// reach returns the first day whose window begins on the day from or later.
func (a *Ago) reach(from civil.Day) civil.Day {
	at := a.last(from)
	for a.first(at) >= from {
		at--
	}
	for a.first(at) < from {
		at++
	}
	return at
}

const (
	microsPerMinute = 60_000_000
	microsPerHour   = 60 * microsPerMinute
)

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
func (a *Ago) first(now civil.Day) civil.Day {
	switch a.Unit {
	case Week:
		return now - civil.Day(7*a.N) + 1
	case Month:
		return now.AddMonths(-a.N) + 1
	case Year:
		return now.AddMonths(-12*a.N) + 1
	}
	return now - civil.Day(a.N) + 1
}

// last returns about the last day of the window that begins with the day from:
// exactly so but for months of unequal length.
func (a *Ago) last(from civil.Day) civil.Day {
	switch a.Unit {
	case Week:
		return from + civil.Day(7*a.N) - 1
	case Month:
		return (from - 1).AddMonths(a.N)
	case Year:
		return (from - 1).AddMonths(12 * a.N)
	}
	return from + civil.Day(a.N) - 1
}

// startOf returns the first instant of a civil day.
func startOf(d civil.Day, zone *time.Location) profile.Instant {
	return profile.Instant(d.Start(zone))
}
