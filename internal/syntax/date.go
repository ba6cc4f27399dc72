package syntax

import (
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/profile"
)

// dateHelp says how a time is written.
const dateHelp = `a time is written "2026-01-31", "2026-01-31T08:00:00" (both in the model's zone) or "2026-01-31T08:00:00+08:00"`

// absoluteForms are the forms of a time that name their offset from UTC.
var absoluteForms = [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00"}

// civilForms are the forms of a time that is read in the model's zone.
var civilForms = [...]string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}

// readAbsolute reads a time that names its offset from UTC.
func readAbsolute(text string) (profile.Instant, bool) {
	for _, form := range absoluteForms {
		if t, err := time.Parse(form, text); err == nil {
			return inCalendar(profile.InstantOf(t))
		}
	}
	return 0, false
}

// readTime reads a time in any form. A civil date is the first instant of its
// day in the zone.
func readTime(text string, zone *time.Location) (profile.Instant, bool) {
	if len(text) > 64 {
		return 0, false
	}
	if at, ok := readAbsolute(text); ok {
		return at, true
	}
	if zone == nil {
		zone = time.UTC
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return inCalendar(startOf(civil.FromDate(t.Date()), zone))
	}
	for _, form := range civilForms {
		if t, err := time.ParseInLocation(form, text, zone); err == nil {
			return inCalendar(profile.InstantOf(t))
		}
	}
	return 0, false
}

// inCalendar accepts the instants that can be written again: the years 1 to 9999.
func inCalendar(at profile.Instant) (profile.Instant, bool) {
	year := at.Time().Year()
	return at, year >= 1 && year <= 9999
}
