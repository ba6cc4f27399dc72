package syntax

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/profile"
)

var windowZones = []string{"UTC", "Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/St_Johns"}

func day(text string) int64 {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at.Unix() / 86_400
}

func TestWindow_Range(t *testing.T) {
	tests := []struct {
		name     string
		window   Window
		zone     string
		now      string
		week     time.Weekday
		from, to int64
	}{
		{"thirty days", Window{Kind: Last, N: 30, Unit: Day}, "UTC", "2026-05-30T00:00:00Z", 0, day("2026-05-01"), day("2026-05-30")},
		{"the 30 days before the last 30", Window{Kind: Between, N: 60, M: 30, Unit: Day}, "UTC", "2026-05-30T00:00:00Z", 0, day("2026-04-01"), day("2026-04-30")},
		{"a month from the end of one", Window{Kind: Last, N: 1, Unit: Month}, "UTC", "2026-03-31T00:00:00Z", 0, day("2026-03-01"), day("2026-03-31")},
		{"the month before the last", Window{Kind: Between, N: 2, M: 1, Unit: Month}, "UTC", "2026-03-31T00:00:00Z", 0, day("2026-02-01"), day("2026-02-28")},
		{"a year from a leap day", Window{Kind: Last, N: 1, Unit: Year}, "UTC", "2028-02-29T00:00:00Z", 0, day("2027-03-01"), day("2028-02-29")},
		{"minutes", Window{Kind: Last, N: 5, Unit: Minute}, "Asia/Kolkata", "1970-01-01T01:00:59Z", 0, 56, 60},
		{"hours before hours", Window{Kind: Between, N: 3, M: 1, Unit: Hour}, "Asia/Kolkata", "1970-01-02T00:30:00Z", 0, 22, 23},
		{"today is that of the zone", Window{Kind: This}, "Asia/Shanghai", "2026-05-10T16:00:00Z", 0, day("2026-05-11"), day("2026-05-11")},
		{"in a summer of Shanghai", Window{Kind: This}, "Asia/Shanghai", "1988-07-10T15:00:00Z", 0, day("1988-07-11"), day("1988-07-11")},
		{"a week from Monday", Window{Kind: This, Period: ThisWeek}, "UTC", "2026-05-10T12:00:00Z", time.Monday, day("2026-05-04"), day("2026-05-10")},
		{"a week from Sunday", Window{Kind: This, Period: ThisWeek}, "UTC", "2026-05-10T12:00:00Z", time.Sunday, day("2026-05-10"), day("2026-05-10")},
		{"a month", Window{Kind: This, Period: ThisMonth}, "UTC", "2026-05-10T12:00:00Z", 0, day("2026-05-01"), day("2026-05-10")},
		{"a quarter", Window{Kind: This, Period: ThisQuarter}, "UTC", "2026-05-10T12:00:00Z", 0, day("2026-04-01"), day("2026-05-10")},
		{"a year", Window{Kind: This, Period: ThisYear}, "UTC", "2026-05-10T12:00:00Z", 0, day("2026-01-01"), day("2026-05-10")},
		{"since a time", Window{Kind: Since, Since: profile.String("2026-05-01")}, "Asia/Shanghai", "2026-05-10T12:00:00Z", 0, day("2026-05-01"), math.MaxInt64},
		{"the whole life", Window{}, "UTC", "2026-05-10T12:00:00Z", 0, math.MinInt64, math.MaxInt64},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			grain := tt.window.Grain()
			if grain == profile.WholeLife {
				grain = profile.ByDay
			}
			from, to := tt.window.Range(instant(t, tt.now), grain, zone(t, tt.zone), tt.week)
			if diff := cmp.Diff([2]int64{tt.from, tt.to}, [2]int64{from, to}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// randomWindow returns a window whose ends move, none longer than about two years.
func randomWindow(r *rand.Rand) Window {
	switch r.IntN(4) {
	case 0:
		return Window{Kind: This, Period: Period(r.IntN(5))}
	case 1:
		n := 2 + r.IntN(20)
		return Window{Kind: Between, N: n, M: 1 + r.IntN(n-1), Unit: Unit(r.IntN(5))}
	}
	return Window{Kind: Last, N: 1 + r.IntN(20), Unit: Unit(r.IntN(6))}
}

// A bucket is in the window from the instant that Enters gives up to that of Leaves
// and at no other: so Range says at each instant, and buckets bounds how many there are.
func TestWindow_Enters_and_Leaves(t *testing.T) {
	const seed = 5
	r := rand.New(rand.NewPCG(seed, seed))
	low, high := instant(t, "1985-06-01T00:00:00Z"), instant(t, "2040-01-01T00:00:00Z")
	for i := range 6000 {
		z, week := zone(t, windowZones[r.IntN(len(windowZones))]), time.Weekday(r.IntN(7))
		w := randomWindow(r)
		now := low + profile.Instant(r.Int64N(int64(high-low)))
		if i%2 == 0 { // near a month's end in a leap year
			now = profile.Instant(civil.FromDate(1988+4*r.IntN(10), 2+time.Month(r.IntN(2)), 26+r.IntN(7)).Start(z) + r.Int64N(3) - 1)
		}
		grain := w.Grain()
		from, to := w.Range(now, grain, z, week)
		if from > to || to-from+1 > int64(w.buckets()) {
			t.Fatalf("seed %d: %+v in %v at %v: from %d to %d, at most %d", seed, w, z, now, from, to, w.buckets())
		}
		for _, b := range []int64{from - 1, from, from + 1, (from + to) / 2, to, to + 1, to + int64(r.IntN(40)), from - int64(r.IntN(800))} {
			enters, leaves := w.Enters(b, grain, z, week), w.Leaves(b, grain, z, week)
			place := fmt.Sprintf("seed %d: %+v in %v at %v: bucket %d of %d to %d, enters %v, leaves %v", seed, w, z, now, b, from, to, enters, leaves)
			if in := from <= b && b <= to; in != (enters <= now && now < leaves) {
				t.Fatal(place)
			}
			if enters > leaves {
				t.Fatal(place)
			}
			for _, at := range []profile.Instant{enters - 1, enters, leaves - 1, leaves} {
				from, to := w.Range(at, grain, z, week)
				if in := from <= b && b <= to; in != (enters <= at && at < leaves) {
					t.Fatalf("%s: at %v from %d to %d", place, at, from, to)
				}
			}
		}
	}
}

// A window begins where ago() says.
func TestWindow_is_what_ago_begins(t *testing.T) {
	const seed = 6
	r := rand.New(rand.NewPCG(seed, seed))
	low, high := instant(t, "1985-06-01T00:00:00Z"), instant(t, "2040-01-01T00:00:00Z")
	for range 2000 {
		z := zone(t, windowZones[r.IntN(len(windowZones))])
		w := randomWindow(r)
		if w.Kind == This {
			continue
		}
		now := low + profile.Instant(r.Int64N(int64(high-low)))
		from, to := w.Range(now, w.Grain(), z, 0)
		begin := (&Ago{N: w.N, Unit: w.Unit}).At(now, z)
		if got := startOfBucket(from, w.Grain(), z); got != begin {
			t.Fatalf("seed %d: %+v in %v at %v begins at %v, ago is %v", seed, w, z, now, got, begin)
		}
		if w.Kind == Between {
			end := (&Ago{N: w.M, Unit: w.Unit}).At(now, z)
			if got := startOfBucket(to+1, w.Grain(), z); got != end {
				t.Fatalf("seed %d: %+v in %v at %v ends at %v, ago is %v", seed, w, z, now, got, end)
			}
		}
	}
}

func TestWindow_DaysIn(t *testing.T) {
	now := instant(t, "2026-05-10T12:00:00Z")
	for text, tt := range map[string]struct {
		window Window
		want   int64
	}{
		"thirty days":     {Window{Kind: Last, N: 30, Unit: Day}, 30},
		"a month":         {Window{Kind: Last, N: 1, Unit: Month}, 30},
		"between":         {Window{Kind: Between, N: 60, M: 20, Unit: Day}, 40},
		"this quarter":    {Window{Kind: This, Period: ThisQuarter}, 40},
		"since a date":    {Window{Kind: Since, Since: profile.TimeAt(instant(t, "2026-05-09T23:00:00Z"))}, 2},
		"since a morrow":  {Window{Kind: Since, Since: profile.TimeAt(instant(t, "2026-05-12T23:00:00Z"))}, 0},
		"the whole life":  {Window{}, 0},
		"today":           {Window{Kind: This}, 1},
		"a leap February": {Window{Kind: Between, N: 27, M: 26, Unit: Month}, 29}, // 11 February to 10 March 2024
	} {
		if got := tt.window.DaysIn(now, time.UTC, time.Monday); got != tt.want {
			t.Errorf("%s: %d days, want %d", text, got, tt.want)
		}
	}
}

func TestWindow_extremes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		w := randomWindow(r)
		for _, b := range []int64{math.MinInt64, math.MaxInt64} {
			enters, leaves := w.Enters(b, w.Grain(), nil, 0), w.Leaves(b, w.Grain(), nil, 0)
			if enters > leaves || (b < 0) != (leaves < 0) {
				t.Fatalf("%+v: bucket %d enters at %d, leaves at %d", w, b, enters, leaves)
			}
		}
		for _, now := range []profile.Instant{math.MinInt64, profile.Never} {
			if from, to := w.Range(now, w.Grain(), nil, 0); from > to {
				t.Fatalf("%+v at %d: from %d to %d", w, now, from, to)
			}
		}
	}
}

func BenchmarkWindow_Range(b *testing.B) {
	z, now := zone(b, "Europe/Berlin"), instant(b, "2026-05-01T10:20:30Z")
	w := Window{Kind: Last, N: 3, Unit: Month}
	for b.Loop() {
		w.Range(now, profile.ByDay, z, time.Monday)
	}
}
