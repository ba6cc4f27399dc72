package profile

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/grid"
)

const everyDay = 0x7f

func sighting(at time.Time, lat, lon float64) Event {
	return Event{Name: "Located", MessageID: at.String(), Time: at, Properties: map[string]Value{"at": Point(lat, lon)}}
}

func staysFold(zone string, hours ...Hours) Fold {
	return Fold{ID: 1, Form: Stays, Zone: mustZone(zone), Property: "at", Level: 16, Hours: hours, Since: math.MinInt64, Filters: []FoldFilter{{Event: AnyEvent}}}
}

// Which day and hour a sighting counts to, where nights go past midnight and clocks
// change.
func TestStays_days_and_hours(t *testing.T) {
	night := Hours{Days: everyDay, From: 22, To: 7}
	weekdays := Hours{Days: 1<<time.Monday | 1<<time.Tuesday | 1<<time.Wednesday | 1<<time.Thursday | 1<<time.Friday, From: 9, To: 18}
	tests := []struct {
		name, zone, at string
		hours          []Hours
		want           string // day and hour; "" for none
	}{
		{"before midnight", "Asia/Shanghai", "2026-05-04T22:00:00+08:00", []Hours{night}, "2026-05-04 22"},
		{"after midnight", "Asia/Shanghai", "2026-05-05T06:59:59+08:00", []Hours{night}, "2026-05-04 06"},
		{"the night is over", "Asia/Shanghai", "2026-05-05T07:00:00+08:00", []Hours{night}, ""},
		{"it has not begun", "Asia/Shanghai", "2026-05-05T21:59:59+08:00", []Hours{night}, ""},
		{"by the clock of the zone", "Asia/Shanghai", "2026-05-04T14:00:00Z", []Hours{night}, "2026-05-04 22"},
		{"Friday's night is Friday's", "UTC", "2026-05-09T01:00:00Z", []Hours{{Days: 1 << time.Friday, From: 22, To: 7}}, "2026-05-08 01"},
		{"Saturday's is not", "UTC", "2026-05-10T01:00:00Z", []Hours{{Days: 1 << time.Friday, From: 22, To: 7}}, ""},
		{"a whole day of its own", "UTC", "2026-05-10T08:59:59Z", []Hours{{Days: everyDay, From: 9, To: 9}}, "2026-05-09 08"},
		{"at work", "UTC", "2026-05-08T17:59:59Z", []Hours{weekdays}, "2026-05-08 17"},
		{"no more", "UTC", "2026-05-08T18:00:00Z", []Hours{weekdays}, ""},
		{"not on Saturday", "UTC", "2026-05-09T12:00:00Z", []Hours{weekdays}, ""},
		{"the first that holds it", "UTC", "2026-05-09T06:30:00Z", []Hours{night, {Days: everyDay, From: 6, To: 9}}, "2026-05-08 06"},
		{"the second", "UTC", "2026-05-09T07:30:00Z", []Hours{night, {Days: everyDay, From: 6, To: 9}}, "2026-05-09 07"},
		{"all hours", "UTC", "2026-05-09T23:59:59Z", nil, "2026-05-09 23"},
		{"before 1970", "UTC", "1969-12-31T23:30:00Z", []Hours{night}, "1969-12-31 23"},
		{"the hour that is left out", "Europe/Berlin", "2026-03-29T01:30:00Z", []Hours{night}, "2026-03-28 03"},
		{"the hour that comes twice", "Europe/Berlin", "2026-10-25T00:30:00Z", []Hours{night}, "2026-10-24 02"},
		{"and again", "Europe/Berlin", "2026-10-25T01:30:00Z", []Hours{night}, "2026-10-24 02"},
		{"half an hour's change", "Australia/Lord_Howe", "2026-04-04T15:15:00Z", []Hours{night}, "2026-04-04 01"},
		{"the clock goes back over midnight", "America/St_Johns", "2010-11-07T02:31:00Z", []Hours{night}, "2010-11-06 23"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			f := staysFold(tt.zone, tt.hours...)
			stays, ok := fold(t, &Schema{Folds: []Fold{f}}, []Event{sighting(at, 31, 121)}).Series(1).Stays(math.MinInt64, math.MaxInt64, nil)
			got := ""
			for _, s := range stays {
				hour := strings.Index(fmt.Sprintf("%024b", s.Hours), "1")
				got = fmt.Sprintf("%s %02d", time.Unix(s.Day*86400, 0).UTC().Format(time.DateOnly), 23-hour)
				if bucket, counts := f.Place(InstantOf(at)); !counts || bucket != s.Day {
					t.Errorf("Place says %d, %v", bucket, counts)
				}
			}
			if !ok || got != tt.want {
				t.Errorf("it counts to %q, want %q", got, tt.want)
			}
			if _, counts := f.Place(InstantOf(at)); counts != (tt.want != "") {
				t.Errorf("Place says %v", counts)
			}
		})
	}
}

// However often a device reports, and whatever comes twice, is there once.
func TestStays_are_a_set(t *testing.T) {
	f := staysFold("Asia/Shanghai")
	sc := &Schema{Folds: []Fold{f}}
	begin := time.Date(2026, 5, 4, 14, 0, 0, 0, time.UTC)
	var often []Event
	for i := range 360 {
		often = append(often, sighting(begin.Add(time.Duration(i)*10*time.Second), 31.2304, 121.4737))
	}
	seldom := []Event{sighting(begin.Add(59*time.Minute), 31.2304, 121.4737)}
	once, again := fold(t, sc, often[:1]), fold(t, sc, often[:2])
	if !once.SameSeries(again, 1) || once.SameSeries(&State{}, 1) || !once.SameSeries(&State{}, 2) || once.SameSeries(fold(t, sc, []Event{sighting(begin.Add(time.Hour), 31, 121)}), 1) {
		t.Error("SameSeries tells what is new from what is not otherwise")
	}
	same(t, "every ten seconds", &State{series: fold(t, sc, often).series}, &State{series: fold(t, sc, seldom).series})
	rapid.Check(t, func(t *rapid.T) {
		s := fold(t, sc, genPast().Draw(t, "events").events())
		twice := s.Combine(s)
		same(t, "idempotent", &State{series: twice.series}, &State{series: s.series})
	})
}

func TestStays_stored_form(t *testing.T) {
	f := staysFold("UTC")
	f.Level = 1 // of 24 cells
	events := []Event{
		sighting(time.Unix(86400*2+3600*3, 0), 1, 1), sighting(time.Unix(86400*2+3600*5, 0), 1, 1),
		sighting(time.Unix(86400*2+3600*23, 0), -80, 1), sighting(time.Unix(86400*1, 0), 1, 1),
	}
	s := fold(t, &Schema{Folds: []Fold{f}}, events)
	want := []StayFold{{2, 3, 1<<3 | 1<<5}, {2, 23, 1 << 23}, {1, 3, 1}}
	got, ok := s.Series(1).Stays(math.MinInt64, math.MaxInt64, nil)
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("%v (-want +got):\n%s", ok, diff)
	}
	const golden = "c412 01 01 3c 01 0d 04 02 03 28 13 80808004 00 01 03 01"
	if got := hex.EncodeToString(s.appendSeries(nil)); got != strings.ReplaceAll(golden, " ", "") {
		t.Errorf("written as %s", got)
	}
}

func TestDecodeState_refuses_stays(t *testing.T) {
	for _, tt := range []struct{ name, kind, bad, good string }{
		{"a cell of no Earth", "3c 01", "00 01 18 01", "00 01 17 01"},
		{"a second of no Earth", "3c 01", "00 02 17 01 00 01", "00 02 16 01 00 01"},
		{"a gap beyond 64 bits", "3c 01", "00 02 01 01 ffffffffffffffffff01 01", "00 02 01 01 01 01"},
		{"seen in no hour", "3c 01", "00 01 01 00", "00 01 01 01"},
		{"seen in a 25th hour", "3c 01", "00 01 01 80808008", "00 01 01 80808004"},
		{"more cells than there are", "3c 01", "00 02 01 01", "00 01 01 01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entry := func(body string) []byte {
				body = strings.ReplaceAll(body, " ", "")
				return seriesState(t, "01 01"+tt.kind+hex.EncodeToString([]byte{byte(len(body) / 2)})+body)
			}
			if _, err := DecodeState(entry(tt.bad)); err == nil || !strings.Contains(err.Error(), "not a body") {
				t.Errorf("error %v", err)
			}
			if _, err := DecodeState(entry(tt.good)); err != nil {
				t.Errorf("its neighbour: %v", err)
			}
		})
	}
	for name, series := range map[string]string{
		"no level": "01 01 3c 00 04 00 01 01 01", "beyond the levels": "01 01 3c 1f 04 00 01 01 01", "by the hour": "01 01 2c 10 04 00 01 01 01",
	} {
		if _, err := DecodeState(seriesState(t, series)); err == nil || strings.Contains(err.Error(), "cut short") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// BenchmarkAbsorbStays is a sighting of a person who was in many cells on a day, or is
// mostly at home.
func BenchmarkAbsorbStays(b *testing.B) {
	for _, cells := range []int{2, 200} {
		b.Run(fmt.Sprintf("cells=%d/days=90", cells), func(b *testing.B) {
			f := staysFold("Asia/Shanghai")
			sc := &Schema{Folds: []Fold{f}}
			begin := time.Date(2026, 5, 4, 14, 0, 0, 0, time.UTC)
			var events []Event
			for day := range 90 {
				for i := range max(cells/20, 2) {
					cell := (day*7 + i) % cells
					events = append(events, sighting(begin.AddDate(0, 0, -day).Add(time.Duration(i)*time.Hour), 31+float64(cell)/100, 121))
				}
			}
			s := fold(b, sc, events)
			now := sighting(begin.Add(20*time.Minute), 31.5, 121)
			b.ReportAllocs()
			for b.Loop() {
				one, err := sc.Lift(&now)
				if err != nil {
					b.Fatal(err)
				}
				own := s.Clone()
				own.Absorb(one)
			}
			stays, _ := s.Series(1).Stays(math.MinInt64, math.MaxInt64, nil)
			b.ReportMetric(float64(len(s.Append(nil)))/float64(len(stays)), "B/stay")
		})
	}
}

func TestFold_Level_is_bounded(t *testing.T) {
	for level, want := range map[int]uint64{-1: 1, 0: 1, 16: 16, 99: uint64(grid.MaxLevel)} {
		if got := (&Fold{Form: Stays, Level: level}).kind().param; got != want {
			t.Errorf("level %d is %d", level, got)
		}
	}
}
