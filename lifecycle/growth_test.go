package lifecycle

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The thirteen months of Online Retail.
func TestGrow_OnlineRetail(t *testing.T) {
	var activity [][]int
	for _, b := range retail(t) {
		activity = append(activity, b.months)
	}
	var months Calendar
	first, last := months.Of(time.Date(2010, 12, 1, 0, 0, 0, 0, time.UTC)), months.Of(time.Date(2011, 12, 1, 0, 0, 0, 0, time.UTC))
	got := Grow(slices.Values(activity), first, last)
	rows := map[string][]int{}
	for _, g := range got {
		rows["active"] = append(rows["active"], g.Active)
		rows["new"] = append(rows["new"], g.New)
		rows["retained"] = append(rows["retained"], g.Retained)
		rows["resurrected"] = append(rows["resurrected"], g.Resurrected)
		rows["churned"] = append(rows["churned"], g.Churned)
	}
	if diff := cmp.Diff(map[string][]int{
		"active":      {885, 741, 758, 974, 856, 1056, 991, 949, 935, 1266, 1364, 1665, 615},
		"new":         {885, 417, 380, 452, 300, 284, 242, 188, 169, 299, 358, 324, 41},
		"retained":    {0, 324, 262, 290, 304, 368, 410, 365, 388, 425, 489, 622, 371},
		"resurrected": {0, 0, 116, 232, 252, 404, 339, 396, 378, 542, 517, 719, 203},
		"churned":     {0, 561, 479, 468, 670, 488, 646, 626, 561, 510, 777, 742, 1294},
	}, rows); diff != "" {
		t.Error(diff)
	}
	for i, c := range Cohorts(slices.Values(activity), first, last) {
		if c.Size() != got[i].New || c.Period != got[i].Period || c.Returned[0] != c.Size() {
			t.Errorf("cohort %+v, want %d new", c, got[i].New)
		}
		if i+1 < len(got) && i == 0 && c.Active[1] != got[1].Retained {
			t.Errorf("of the first %d came again, want %d", c.Active[1], got[1].Retained)
		}
	}
}

func TestGrowth_QuickRatio(t *testing.T) {
	if ratio, defined := (Growth{New: 3, Resurrected: 2, Churned: 4}).QuickRatio(); ratio != 1.25 || !defined {
		t.Errorf("got %v, %v", ratio, defined)
	}
	if ratio, defined := (Growth{New: 3}).QuickRatio(); ratio != 0 || defined {
		t.Errorf("where nobody churned: got %v, %v", ratio, defined)
	}
}

// drawActivity draws the periods of some customers, in any order, some twice.
func drawActivity(t *rapid.T) [][]int {
	return rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(-3, 12), 0, 12), 0, 8).Draw(t, "activity")
}

// Both identities hold, and each number is what one counts by asking each customer.
func TestGrow_equals_naive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		activity := drawActivity(t)
		first := rapid.IntRange(-2, 5).Draw(t, "first")
		last := first + rapid.IntRange(-1, 8).Draw(t, "more")
		var want []Growth
		for p := first; p <= last; p++ {
			g := Growth{Period: p}
			for _, active := range activity {
				now, before := slices.Contains(active, p), slices.Contains(active, p-1)
				ever := slices.ContainsFunc(active, func(q int) bool { return q < p })
				switch {
				case now && before:
					g.Retained++
				case now && ever:
					g.Resurrected++
				case now:
					g.New++
				case before:
					g.Churned++
				}
				if now {
					g.Active++
				}
			}
			want = append(want, g)
		}
		got := Grow(slices.Values(activity), first, last)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		for i, g := range got {
			if g.Active != g.New+g.Retained+g.Resurrected || i > 0 && got[i-1].Active != g.Retained+g.Churned {
				t.Fatalf("the account does not balance: %+v", got)
			}
		}
	})
}

func TestCohorts_equal_naive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		activity := drawActivity(t)
		first := rapid.IntRange(-2, 5).Draw(t, "first")
		last := first + rapid.IntRange(-1, 8).Draw(t, "more")
		var want []Cohort
		for p := first; p <= last; p++ {
			c := Cohort{Period: p}
			for q := p; q <= last; q++ {
				n, later := 0, 0
				for _, active := range activity {
					if len(active) == 0 || slices.Min(active) != p {
						continue
					}
					if slices.Contains(active, q) {
						n++
					}
					if slices.ContainsFunc(active, func(a int) bool { return a >= q && a <= last }) {
						later++
					}
				}
				c.Active, c.Returned = append(c.Active, n), append(c.Returned, later)
			}
			want = append(want, c)
		}
		got := Cohorts(slices.Values(activity), first, last)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		for _, c := range got {
			share, defined := c.Retention(0)
			if defined != (c.Size() > 0) || defined && share != 1 {
				t.Fatalf("retention of %+v at once: %v, %v", c, share, defined)
			}
			if _, defined := c.Retention(len(c.Active)); defined {
				t.Fatalf("retention of %+v after the last period", c)
			}
		}
	})
}

func TestCalendar(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC) // Tuesday the 24th in Shanghai
	for _, tt := range []struct {
		name     string
		c        Calendar
		from, to string // the first day of the period of at, and of the next
	}{
		{"months", Calendar{}, "2026-11-01", "2026-12-01"},
		{"days", Calendar{Period: Daily}, "2026-11-23", "2026-11-24"},
		{"days there", Calendar{Period: Daily, Zone: shanghai}, "2026-11-24", "2026-11-25"},
		{"weeks", Calendar{Period: Weekly}, "2026-11-23", "2026-11-30"},
		{"quarters", Calendar{Period: Quarterly}, "2026-10-01", "2027-01-01"},
		{"years", Calendar{Period: Yearly}, "2026-01-01", "2027-01-01"},
		{"28 days to now", Calendar{Period: EveryDays, Days: 28, Last: at}, "2026-10-27", "2026-11-24"},
		{"28 days to last year", Calendar{Period: EveryDays, Days: 28, Last: at.AddDate(-1, 0, 0)}, "2026-11-23", "2026-12-21"},
		{"no length", Calendar{Period: EveryDays}, "2026-11-23", "2026-11-24"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.c.Of(at)
			if got := tt.c.Start(p).Format(time.DateOnly); got != tt.from {
				t.Errorf("begins %s, want %s", got, tt.from)
			}
			if got := tt.c.Start(p + 1).Format(time.DateOnly); got != tt.to {
				t.Errorf("the next begins %s, want %s", got, tt.to)
			}
		})
	}
}

// Every period begins where the one before ends, before 1970 too.
func TestCalendar_is_consecutive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Calendar{
			Period: Period(rapid.IntRange(0, 5).Draw(t, "period")), Days: rapid.IntRange(-1, 60).Draw(t, "days"),
			Last: time.Unix(rapid.Int64Range(-1e9, 2e9).Draw(t, "last"), 0),
		}
		p := rapid.IntRange(-300, 300).Draw(t, "number")
		start := c.Start(p)
		if got := c.Of(start); got != p {
			t.Fatalf("period %d begins %v, which is in %d", p, start, got)
		}
		if got := c.Of(start.Add(-time.Microsecond)); got != p-1 {
			t.Fatalf("just before %v is in %d, want %d", start, got, p-1)
		}
	})
}
