package civil_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/portraitdb/portrait/internal/civil"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func micros(t testing.TB, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func TestDay_Start(t *testing.T) {
	tests := []struct {
		name, zone string
		year       int
		month      time.Month
		day        int
		want       string
	}{
		{"UTC", "UTC", 2026, 5, 10, "2026-05-10T00:00:00Z"},
		{"a summer midnight that did not change", "Asia/Shanghai", 1986, 5, 5, "1986-05-04T15:00:00Z"},
		{"a midnight left out", "America/Sao_Paulo", 2018, 11, 4, "2018-11-04T03:00:00Z"},
		{"a midnight that comes twice", "America/Havana", 2026, 11, 1, "2026-11-01T04:00:00Z"},
		{"a clock put back over midnight", "America/St_Johns", 2010, 11, 7, "2010-11-07T02:30:00Z"},
		{"a day left out", "Pacific/Apia", 2011, 12, 30, "2011-12-30T10:00:00Z"},
		{"the day after it", "Pacific/Apia", 2011, 12, 31, "2011-12-30T10:00:00Z"},
		{"half an hour of summer", "Australia/Lord_Howe", 2026, 10, 5, "2026-10-04T13:00:00Z"},
		{"the last day of a leap year", "Europe/Berlin", 2040, 12, 31, "2040-12-30T23:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := civil.FromDate(tt.year, tt.month, tt.day).Start(zone(t, tt.zone))
			if want := micros(t, tt.want); got != want {
				t.Errorf("got %v, want %v", time.UnixMicro(got).UTC(), tt.want)
			}
		})
	}
}

// Today is the staircase whose steps are the starts of days.
func TestToday(t *testing.T) {
	const seed = 3
	r := rand.New(rand.NewPCG(seed, seed))
	zones := []string{"UTC", "Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca"}
	low, high := micros(t, "1985-01-01T00:00:00Z"), micros(t, "2070-01-01T00:00:00Z")
	for range 4000 {
		z := zone(t, zones[r.IntN(len(zones))])
		at := low + r.Int64N(high-low)
		d := civil.Today(at, z)
		if d.Start(z) > at || (d+1).Start(z) <= at {
			t.Fatalf("seed %d: in %v at %v: %v from %v, the next from %v", seed, z, time.UnixMicro(at).UTC(), d, d.Start(z), (d + 1).Start(z))
		}
		if y, m, dom := d.Date(); civil.FromDate(y, m, dom) != d {
			t.Fatalf("seed %d: the date of %d is that of %d", seed, d, civil.FromDate(y, m, dom))
		}
	}
}

func TestDay_calendar(t *testing.T) {
	for d := civil.FromDate(1968, 1, 1); d < civil.FromDate(2032, 1, 1); d++ {
		at := time.Unix(int64(d)*86_400, 0).UTC()
		for first := time.Sunday; first <= time.Saturday; first++ {
			week := d.Week(first)
			if got := time.Unix(int64(week)*86_400, 0).UTC().Weekday(); got != first || week > d || week <= d-7 {
				t.Fatalf("the week of %v from %v begins on %v, %d days before", at, first, got, d-week)
			}
		}
		quarter := time.Month(3*((int(at.Month())-1)/3) + 1)
		for name, got := range map[string][2]civil.Day{
			"month":   {d.Month(), civil.FromDate(at.Year(), at.Month(), 1)},
			"quarter": {d.Quarter(), civil.FromDate(at.Year(), quarter, 1)},
			"year":    {d.Year(), civil.FromDate(at.Year(), 1, 1)},
		} {
			if got[0] != got[1] {
				t.Fatalf("the %s of %v begins on day %d, want %d", name, at, got[0], got[1])
			}
		}
	}
}

func TestDay_AddMonths(t *testing.T) {
	tests := []struct {
		from [3]int
		n    int
		want [3]int
	}{
		{[3]int{2026, 3, 31}, -1, [3]int{2026, 2, 28}},
		{[3]int{2028, 3, 31}, -1, [3]int{2028, 2, 29}},
		{[3]int{2028, 2, 29}, 12, [3]int{2029, 2, 28}},
		{[3]int{2026, 1, 15}, -13, [3]int{2024, 12, 15}},
		{[3]int{2026, 10, 31}, 1, [3]int{2026, 11, 30}},
	}
	for _, tt := range tests {
		from := civil.FromDate(tt.from[0], time.Month(tt.from[1]), tt.from[2])
		if got, want := from.AddMonths(tt.n), civil.FromDate(tt.want[0], time.Month(tt.want[1]), tt.want[2]); got != want {
			t.Errorf("%v and %d months: day %d, want %d", tt.from, tt.n, got, want)
		}
	}
}

func TestExtremes(t *testing.T) {
	if got := civil.Today(math.MinInt64, nil); got != civil.FromDate(0, 1, 1) {
		t.Errorf("Today of the first instant = %d", got)
	}
	if year, _, _ := civil.Today(math.MaxInt64, nil).Date(); year != 10_500 && year != 10_499 {
		t.Errorf("Today of the last instant is in the year %d", year)
	}
	berlin := zone(t, "Europe/Berlin")
	if low, high := civil.Day(math.MinInt64).Start(berlin), civil.Day(math.MaxInt64).Start(berlin); low >= civil.First || high <= civil.Last {
		t.Errorf("Start of the extremes: %d, %d", low, high)
	}
	for _, tt := range [][3]int64{{7, 2, 3}, {-7, 2, -4}, {-6, 2, -3}, {7, -2, -4}, {0, 5, 0}} {
		if got := civil.FloorDiv(tt[0], tt[1]); got != tt[2] {
			t.Errorf("FloorDiv(%d, %d) = %d, want %d", tt[0], tt[1], got, tt[2])
		}
	}
}

func BenchmarkToday(b *testing.B) {
	z, at := zone(b, "Europe/Berlin"), micros(b, "2026-05-01T10:20:30Z")
	for b.Loop() {
		civil.Today(at, z)
	}
}
