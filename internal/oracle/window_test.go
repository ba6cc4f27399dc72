package oracle

import (
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
)

func TestWindowStart(t *testing.T) {
	for _, tt := range []struct {
		now  string
		n    int
		unit syntax.Unit
		zone string
		want string
	}{
		{"2026-11-22T21:44:05.5Z", 1, syntax.Minute, "Asia/Shanghai", "2026-11-22T21:44:00Z"},
		{"2026-11-22T21:44:05.5Z", 90, syntax.Minute, "Asia/Kolkata", "2026-11-22T20:15:00Z"},
		{"2026-11-22T21:44:05.5Z", 36, syntax.Hour, "Asia/Kolkata", "2026-11-21T10:00:00Z"},
		{"1969-12-31T23:30:00Z", 1, syntax.Hour, "UTC", "1969-12-31T23:00:00Z"},
		{"2026-11-22T21:44:05Z", 1, syntax.Day, "UTC", "2026-11-22T00:00:00Z"},
		{"2026-11-22T21:44:05Z", 1, syntax.Day, "Asia/Shanghai", "2026-11-22T16:00:00Z"},
		{"2026-11-22T21:44:05Z", 30, syntax.Day, "UTC", "2026-10-24T00:00:00Z"},
		{"2026-11-22T21:44:05Z", 2, syntax.Week, "UTC", "2026-11-09T00:00:00Z"},
		{"2026-03-30T12:00:00Z", 3, syntax.Day, "Europe/Berlin", "2026-03-27T23:00:00Z"}, // winter time still
		{"2026-03-30T12:00:00Z", 1, syntax.Day, "Europe/Berlin", "2026-03-29T22:00:00Z"}, // summer time
		{"2026-11-01T12:00:00Z", 1, syntax.Day, "America/New_York", "2026-11-01T04:00:00Z"},
		{"2026-11-02T12:00:00Z", 1, syntax.Day, "America/New_York", "2026-11-02T05:00:00Z"},
		{"2018-11-04T12:00:00Z", 1, syntax.Day, "America/Sao_Paulo", "2018-11-04T03:00:00Z"}, // midnight left out
		{"2018-11-04T02:30:00Z", 1, syntax.Day, "America/Sao_Paulo", "2018-11-03T03:00:00Z"},
		{"2026-11-01T05:30:00Z", 1, syntax.Day, "America/Havana", "2026-11-01T04:00:00Z"},   // midnight twice
		{"2010-11-07T02:40:00Z", 1, syntax.Day, "America/St_Johns", "2010-11-07T02:30:00Z"}, // put back over midnight
		{"2011-12-31T00:00:00Z", 2, syntax.Day, "Pacific/Apia", "2011-12-30T10:00:00Z"},     // a day left out
		{"1901-01-01T12:00:00Z", 2, syntax.Day, "Asia/Shanghai", "1900-12-30T15:54:17Z"},    // local mean time
		{"2026-03-15T10:00:00Z", 1, syntax.Month, "UTC", "2026-02-16T00:00:00Z"},
		{"2026-03-31T10:00:00Z", 1, syntax.Month, "UTC", "2026-03-01T00:00:00Z"},
		{"2026-01-10T10:00:00Z", 14, syntax.Month, "UTC", "2024-11-11T00:00:00Z"},
		{"2024-02-29T10:00:00Z", 1, syntax.Year, "UTC", "2023-03-01T00:00:00Z"},
		{"2026-12-31T10:00:00Z", 1, syntax.Year, "UTC", "2026-01-01T00:00:00Z"},
	} {
		t.Run(tt.now+"/"+tt.zone, func(t *testing.T) {
			zone, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			if got := windowStart(tt.n, tt.unit, instant(t, tt.now), zone); got != instant(t, tt.want) {
				t.Errorf("start of the last %d of unit %d = %v, want %s", tt.n, tt.unit, got, tt.want)
			}
		})
	}
}
