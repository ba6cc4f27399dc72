package portrait

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// The first bucket that is kept begins where keptFrom says, in every grain and zone.
func TestKeptFrom(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var zones []*time.Location
	for _, name := range []string{"UTC", "Asia/Shanghai", "America/Sao_Paulo", "Pacific/Apia", "Europe/Berlin"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	for range 3000 {
		f := profile.Fold{
			Grain: profile.Grain(1 + r.IntN(4)), Zone: zones[r.IntN(len(zones))], Keep: 1 + r.IntN(400),
			HalfLife: time.Duration(1+r.IntN(100)) * time.Hour,
		}
		at := profile.Instant(r.Int64N(2e15) - 1e14)
		from := keptFrom(&f, at)
		if first := f.Bucket(at) - int64(f.Keep) + 1; f.Bucket(from) != first || f.Bucket(from-1) >= first {
			t.Fatalf("%+v at %s: kept from %s", f, at, from)
		}
	}
	for _, f := range []profile.Fold{{Grain: profile.ByDay}, {Keep: 3}, {Form: profile.Spans, Grain: profile.ByDay, Keep: 3}} {
		if from := keptFrom(&f, 1e15); from != firstInstant {
			t.Errorf("%+v: kept from %s", f, from)
		}
	}
}

// What the log covers after one policy or several.
func TestCoverage_under(t *testing.T) {
	const day = 24 * time.Hour
	at := func(d int) profile.Instant { return dayStart(int32(d)) }
	on := func(d int) moment { return moment{at: at(d), earliest: at(10), latest: at(d)} }
	keep := func(d int) *LogPolicy { return &LogPolicy{Retain: time.Duration(d) * day} }
	days := func(d uint32) uint32 { return d * 86400 }
	none := moment{at: at(10), empty: true}
	fromStart := coverage(nil).under(keep(30), none)
	for _, tc := range []struct {
		name string
		c    coverage
		m    moment
		want coverage
		x    profile.Instant // from when on an event X is covered
	}{
		{"of an empty store", fromStart, none, coverage{"": {days(30), firstInstant}}, firstInstant},
		{"before anything has gone", fromStart, on(35), coverage{"": {days(30), firstInstant}}, firstInstant},
		{"later", fromStart, on(50), coverage{"": {days(30), firstInstant}}, at(20) + 1},
		{"without a log", nil, on(50), nil, at(50) + 1},
		{"begun in use", coverage(nil).under(keep(30), on(40)), on(50), coverage{"": {days(30), at(40) + 1}}, at(40) + 1},
		{"shortened", fromStart.under(keep(5), on(40)), on(50), coverage{"": {days(5), firstInstant}}, at(45) + 1},
		{"lengthened", fromStart.under(keep(90), on(40)), on(50), coverage{"": {days(90), at(40) + 1}}, at(40) + 1},
		{"broken off", fromStart.under(keep(0), on(40)).under(keep(30), on(45)), on(50), coverage{"": {days(30), at(45) + 1}}, at(45) + 1},
		{"the same again", fromStart.under(keep(30), on(40)), on(35), coverage{"": {days(30), firstInstant}}, firstInstant},
		{
			"one name shorter", fromStart.under(&LogPolicy{Retain: 30 * day, Events: map[string]time.Duration{"X": day}}, on(20)), on(50),
			coverage{"": {days(30), firstInstant}, "X": {days(1), firstInstant}},
			at(49) + 1,
		},
		{
			"and as all others again", fromStart.under(&LogPolicy{Retain: 30 * day, Events: map[string]time.Duration{"X": day}}, on(20)).under(keep(30), on(45)), on(50),
			coverage{"": {days(30), firstInstant}, "X": {days(30), at(45) + 1}},
			at(45) + 1,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.c, cmp.AllowUnexported(covered{})); diff != "" {
				t.Errorf("covered (-want +got):\n%s", diff)
			}
			if got := tc.c.of("X").begin(tc.m); got != tc.x {
				t.Errorf("X is covered from %s, want %s", got, tc.x)
			}
		})
	}
}

// An event is gone by the beginning of the day that the sweep is told, and not a day
// earlier.
func TestExpiryDay(t *testing.T) {
	for end, want := range map[profile.Instant]int32{
		0: 0, 1: 1, microsPerDay: 1, microsPerDay + 1: 2, -1: 0, -microsPerDay: -1, -microsPerDay - 1: -1, -microsPerDay + 1: 0,
	} {
		if got := expiryDay(end); got != want || dayStart(got) < end || dayStart(got-1) >= end {
			t.Errorf("what ends at %d goes on day %d, want %d", end, got, want)
		}
	}
	for d, want := range map[time.Duration]uint32{-1: 0, 0: 0, 1: 1, time.Second: 1, time.Second + 1: 2, 36 * time.Hour: 129600} {
		if got := seconds(d); got != want {
			t.Errorf("%s is %d seconds, want %d", d, got, want)
		}
	}
}

func FuzzDecodeCoverage(f *testing.F) {
	fuzzRecord(f, "log", coverage{"": {seconds: 5}, "Login": {seconds: 7, since: -9}}.append())
}

func FuzzDecodeFolds(f *testing.F) {
	fuzzRecord(f, "folds", (&foldSet{next: 3, gen: 2, done: 1, list: []foldEntry{{id: 1, key: "a", gen: 1}, {id: 2, key: "b", keep: 9, gen: 2, since: 7}}}).append())
}
