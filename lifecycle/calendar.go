package lifecycle

import (
	"time"

	"github.com/portraitdb/portrait/internal/civil"
)

// Calendar numbers the periods of time, consecutively: the next period is one more,
// and those before 1970 may be below 0. The zero Calendar is of months.
type Calendar struct {
	// Period is the kind of periods.
	Period Period
	// Days is the length of a period of [EveryDays]: 28 leaves no trace of weekdays.
	Days int
	// Last is an instant of the last day of one period of [EveryDays].
	Last time.Time
	// Zone is where days begin. Nil is UTC.
	Zone *time.Location
}

// Period is a kind of periods.
type Period uint8

const (
	// Monthly is calendar months.
	Monthly Period = iota
	// Daily is days.
	Daily
	// Weekly is weeks that begin on Monday.
	Weekly
	// Quarterly is calendar quarters.
	Quarterly
	// Yearly is calendar years.
	Yearly
	// EveryDays is stretches of [Calendar.Days] days, one of which ends on that of
	// [Calendar.Last].
	EveryDays
)

// Of returns the number of the period of an instant.
func (c Calendar) Of(t time.Time) int { return c.OfDay(int64(civil.Today(t.UnixMicro(), c.Zone))) }

// OfDay returns the number of the period of a day, which is counted from 1970-01-01.
func (c Calendar) OfDay(day int64) int {
	year, month, _ := civil.Day(day).Date()
	switch c.Period {
	case Daily:
		return int(day)
	case Weekly:
		return int(civil.FloorDiv(day+3, 7)) // 1970-01-01 was a Thursday.
	case Quarterly:
		return (year-1970)*4 + (int(month)-1)/3
	case Yearly:
		return year - 1970
	case EveryDays:
		return int(civil.FloorDiv(day-c.origin(), c.days()))
	default:
		return (year-1970)*12 + int(month) - 1
	}
}

// Start returns the instant at which a period begins.
func (c Calendar) Start(period int) time.Time {
	var day civil.Day
	switch c.Period {
	case Daily:
		day = civil.Day(period)
	case Weekly:
		day = civil.Day(period*7 - 3)
	case Quarterly:
		day = civil.FromDate(1970, time.Month(period*3+1), 1)
	case Yearly:
		day = civil.FromDate(1970+period, time.January, 1)
	case EveryDays:
		day = civil.Day(int64(period)*c.days() + c.origin())
	default:
		day = civil.FromDate(1970, time.Month(period+1), 1)
	}
	start := time.UnixMicro(day.Start(c.Zone))
	if c.Zone == nil {
		return start.UTC()
	}
	return start.In(c.Zone)
}

func (c Calendar) days() int64 { return int64(max(1, c.Days)) }

// origin returns the first day of the period with number 0.
func (c Calendar) origin() int64 {
	if c.Last.IsZero() {
		return 0
	}
	return int64(civil.Today(c.Last.UnixMicro(), c.Zone)) + 1
}
