package syntax

import (
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/profile"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func instant(t testing.TB, text string) profile.Instant {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return profile.InstantOf(at)
}

func TestAgo_At(t *testing.T) {
	tests := []struct {
		name        string
		ago         Ago
		zone        string
		now         string
		want, until string
	}{
		{"the running minute is one", Ago{N: 1, Unit: Minute}, "Asia/Shanghai", "2026-05-01T10:20:30.5Z", "2026-05-01T10:20:00Z", "2026-05-01T10:21:00Z"},
		{"a minute on its boundary", Ago{N: 5, Unit: Minute}, "Asia/Shanghai", "2026-05-01T10:20:00Z", "2026-05-01T10:16:00Z", "2026-05-01T10:21:00Z"},
		{"hours are those of UTC", Ago{N: 24, Unit: Hour}, "Asia/Kolkata", "2026-05-01T10:20:30Z", "2026-04-30T11:00:00Z", "2026-05-01T11:00:00Z"},
		{"before 1970", Ago{N: 1, Unit: Hour}, "UTC", "1969-12-31T23:30:00Z", "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z"},
		{"today is one day", Ago{N: 1, Unit: Day}, "Asia/Shanghai", "2026-05-01T15:59:59.999999Z", "2026-04-30T16:00:00Z", "2026-05-01T16:00:00Z"},
		{"thirty days are today and 29 before", Ago{N: 30, Unit: Day}, "UTC", "2026-05-30T00:00:00Z", "2026-05-01T00:00:00Z", "2026-05-31T00:00:00Z"},
		{"two weeks are 14 days", Ago{N: 2, Unit: Week}, "UTC", "2026-05-14T12:00:00Z", "2026-05-01T00:00:00Z", "2026-05-15T00:00:00Z"},
		{"a month begins the day after the same date", Ago{N: 1, Unit: Month}, "UTC", "2026-05-14T12:00:00Z", "2026-04-15T00:00:00Z", "2026-05-15T00:00:00Z"},
		{"a month is clamped to a short month and stays for days", Ago{N: 1, Unit: Month}, "UTC", "2026-03-28T12:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"},
		{"a year from the leap day", Ago{N: 1, Unit: Year}, "UTC", "2028-02-29T12:00:00Z", "2027-03-01T00:00:00Z", "2028-03-01T00:00:00Z"},
		{"a day of 23 hours", Ago{N: 2, Unit: Day}, "Europe/Berlin", "2026-03-30T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-30T22:00:00Z"},
		{"a day of 25 hours", Ago{N: 1, Unit: Day}, "America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		{"a midnight left out", Ago{N: 1, Unit: Day}, "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		{"the evening before a midnight left out", Ago{N: 1, Unit: Day}, "America/Sao_Paulo", "2018-11-04T02:30:00Z", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z"},
		{"a midnight that comes twice", Ago{N: 1, Unit: Day}, "America/Havana", "2026-11-01T05:30:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		{"a clock put back over midnight", Ago{N: 1, Unit: Day}, "America/St_Johns", "2010-11-07T02:40:00Z", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"},
		{"the last day of a leap year", Ago{N: 1, Unit: Day}, "Europe/Berlin", "2040-12-31T12:00:00Z", "2040-12-30T23:00:00Z", "2040-12-31T23:00:00Z"},
		{"a day left out of the calendar", Ago{N: 2, Unit: Day}, "Pacific/Apia", "2011-12-31T00:00:00Z", "2011-12-30T10:00:00Z", "2012-01-01T10:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			z, now := zone(t, tt.zone), instant(t, tt.now)
			if got := tt.ago.At(now, z); got != instant(t, tt.want) {
				t.Errorf("At = %v, want %v", got, tt.want)
			}
			if got := tt.ago.Until(now, z); got != instant(t, tt.until) {
				t.Errorf("Until = %v, want %v", got, tt.until)
			}
		})
	}
}

// At is a rising staircase and Reach its inverse: that is all that the deadlines
// of rules rest on.
func TestAgo_Reach(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	zones := []string{"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"}
	low, high := instant(t, "1985-01-01T00:00:00Z"), instant(t, "2070-01-01T00:00:00Z")
	for range 4000 {
		z := zone(t, zones[r.IntN(len(zones))])
		a := Ago{N: 1 + r.IntN(40), Unit: Unit(r.IntN(6))}
		now := low + profile.Instant(r.Int64N(int64(high-low)))
		at, until := a.At(now, z), a.Until(now, z)
		if at > now || until <= now {
			t.Fatalf("seed %d: %+v in %v at %v: At %v, Until %v", seed, a, z, now, at, until)
		}
		if before, after := a.At(until-1, z), a.At(until, z); before != at || after <= at {
			t.Fatalf("seed %d: %+v in %v at %v: At %v, at Until-1 %v, at Until %v", seed, a, z, now, at, before, after)
		}
		x := now
		reach := a.Reach(x, z)
		if a.At(reach, z) < x || a.At(reach-1, z) >= x {
			t.Fatalf("seed %d: %+v in %v: Reach(%v) = %v is not the first", seed, a, z, x, reach)
		}
	}
}

// Where a zone left days out, the one left out begins with the day after it.
func TestAgo_Reach_days_left_out(t *testing.T) {
	for name, last := range map[string]string{"Pacific/Apia": "2011-12-30T10:00:00Z", "Pacific/Kwajalein": "1993-08-21T12:00:00Z", "Pacific/Kiritimati": "1994-12-31T10:00:00Z"} {
		z, begins := zone(t, name), instant(t, last)
		for unit := Day; unit <= Year; unit++ {
			for n := 1; n <= 4; n++ {
				a := Ago{N: n, Unit: unit}
				for _, x := range []profile.Instant{begins - 1, begins, begins + 1} {
					if reach := a.Reach(x, z); a.At(reach, z) < x || a.At(reach-1, z) >= x {
						t.Errorf("%+v in %s: Reach(%v) = %v is not the first", a, name, x, reach)
					}
				}
			}
		}
	}
}

func TestAgo_extremes(t *testing.T) {
	for unit := Minute; unit <= Year; unit++ {
		a := Ago{N: 200, Unit: unit}
		for _, now := range []profile.Instant{-1 << 63, 0, profile.Never} {
			if at := a.At(now, nil); at > max(now, civil.First) {
				t.Errorf("%v at %d: At = %d lies in the future", a, now, at)
			}
		}
		if got := a.Reach(profile.Never, nil); got != profile.Never {
			t.Errorf("%v: Reach(Never) = %v", a, got)
		}
	}
}

func BenchmarkAgo_At(b *testing.B) {
	z, now := zone(b, "Europe/Berlin"), instant(b, "2026-05-01T10:20:30Z")
	a := Ago{N: 30, Unit: Day}
	for b.Loop() {
		a.At(now, z)
	}
}

func BenchmarkAgo_Reach(b *testing.B) {
	z, now := zone(b, "Europe/Berlin"), instant(b, "2026-05-01T10:20:30Z")
	a := Ago{N: 30, Unit: Day}
	for b.Loop() {
		a.Reach(now, z)
	}
}
