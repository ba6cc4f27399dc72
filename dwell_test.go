package portrait_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

const dwellModel = `
zone: Asia/Shanghai
identity:
  namespaces:
    - {name: user_id, priority: 1, unique: true}
    - {name: device_id, priority: 2, kind: device}
traits:
  home: {compute: 'dwell("Located", "at", during("home"))', index: true}
  work: {compute: 'dwell("Located", "at", during("work"))', index: true}
  leisure: {compute: 'dwell("*", "at", during("leisure"), except(home, work))'}
  sure: {compute: confidence(home), index: true}
tags:
  local: {rule: 'near(home, 31.2304, 121.4737, "2km") and confidence(home) >= 0.5 and days_at(home) >= 3'}
  commuter: {rule: 'exists(home) and exists(work) and not near(work, 31.2304, 121.4737, "2km")'}
log: {retain: 200d}
`

// dweller draws the sightings of one person over some weeks before an instant: mostly at
// two or three places, by the hour of the day.
func dweller(r *rand.Rand, who profile.Identifier, until time.Time) (events []profile.Event) {
	near := func(lat, lon float64) profile.Value {
		return profile.Point(lat+float64(r.IntN(5))*0.0004, lon+float64(r.IntN(5))*0.0004)
	}
	places := []profile.Value{near(31.2304, 121.4737), near(31.24, 121.5), near(31.2, 121.43), near(31.3, 121.6)}
	r.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	for i := range r.IntN(80) {
		at := until.Add(-time.Duration(r.IntN(60*24)) * time.Hour)
		where := places[at.Hour()/8%3]
		if r.IntN(6) == 0 {
			where = near(31.2304, 121.4737)
		}
		events = append(events, profile.Event{
			Name: "Located", MessageID: fmt.Sprint(who.Value, " ", i), Time: at, Identifiers: []profile.Identifier{who}, Properties: map[string]profile.Value{"at": where},
		})
	}
	return events
}

// Places that are found stand in bitmaps and columns as told ones do, and what time
// changes is changed at its instant: Check works all out from the events.
func TestDwell(t *testing.T) {
	r := seed(t)
	clock := now
	db := open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true})
	apply(t, db, dwellModel)
	people := make([]profile.Identifier, 80)
	for i := range people {
		people[i] = id("user_id", fmt.Sprint("u", i))
		take(t, db, append(dweller(r, people[i], now), profile.Event{Type: profile.Identify, Time: epoch0, Identifiers: people[i : i+1]})...)
	}
	found, sure := 0, 0
	compare := func() {
		t.Helper()
		if err := db.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		texts := []string{
			`near(home, 31.2304, 121.4737, "500m")`, `near(work, 31.2304, 121.4737, "500m")`, `exists(leisure)`, `near(leisure, 31.2304, 121.4737, "5km")`,
			`sure >= 0.6`, `confidence(home) >= 0.6`, `days_at(work) >= 4 and days_seen(work) < 9`, `tag("local")`, `tag("commuter")`,
			`within(home, '{"type": "Polygon", "coordinates": [[[121.47, 31.22], [121.48, 31.22], [121.48, 31.24], [121.47, 31.24], [121.47, 31.22]]]}')`,
		}
		for _, text := range texts {
			set, err := db.Segment(t.Context(), segment.MustParse(text))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			for _, who := range people {
				p, err := db.Profile(t.Context(), who)
				if err != nil {
					t.Fatal(err)
				}
				why, err := db.Explain(t.Context(), segment.MustParse(text), who)
				if err != nil || why.Holds != set.Contains(p.ID) {
					t.Errorf("%s of %v: in the set %t, %v\n%s", text, who, set.Contains(p.ID), err, why)
				}
			}
			if set.Count() > 0 {
				found++
			}
			if strings.HasPrefix(text, "sure") {
				other, err := db.Segment(t.Context(), segment.MustParse(strings.Replace(text, "sure", "confidence(home)", 1)))
				if err != nil || !slices.Equal(slices.Collect(set.Members()), slices.Collect(other.Members())) {
					t.Errorf("the column says %d are sure, their states %d, %v", set.Count(), other.Count(), err)
				}
				sure += int(set.Count())
			}
		}
	}
	compare()
	for range 4 {
		clock = clock.Add(time.Duration(1+r.IntN(40*24)) * time.Hour)
		if err := db.Advance(t.Context(), clock); err != nil {
			t.Fatal(err)
		}
		compare()
	}
	if found < 15 || sure == 0 {
		t.Errorf("%d of the segments had members, %d people were sure: the test is one-sided", found, sure)
	}
}

// What two devices saw is one person's once they are linked, and apart again once they
// are not.
func TestDwell_merged_and_undone(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, dwellModel)
	phone, tablet := id("device_id", "phone"), id("device_id", "tablet")
	zone := time.FixedZone("", 8*3600)
	day := now.In(zone)
	for i := range 4 {
		night := time.Date(day.Year(), day.Month(), day.Day()-3-i, 23, 0, 0, 0, zone)
		who := []profile.Identifier{phone, tablet}[i%2]
		take(t, db, profile.Event{Name: "Located", MessageID: fmt.Sprint(i), Time: night, Identifiers: []profile.Identifier{who}, Properties: map[string]profile.Value{"at": profile.Point(31.2304, 121.4737)}})
	}
	local := func() (n int) {
		t.Helper()
		for _, who := range []profile.Identifier{phone, tablet} {
			why, err := db.Explain(t.Context(), segment.MustParse(`tag("local") and confidence(home) = 1 and days_at(home) = 4`), who)
			if err != nil {
				t.Fatal(err)
			}
			if why.Holds {
				n++
			}
		}
		return n
	}
	before := digest(t, db, now)
	if n := local(); n != 0 {
		t.Errorf("%d are at home after two nights", n)
	}
	if _, err := db.Link(t.Context(), phone, tablet, portrait.Decision{At: epoch0, ID: "link"}); err != nil {
		t.Fatal(err)
	}
	if n := local(); n != 2 {
		t.Errorf("%d of two devices of one person are at home", n)
	}
	if _, err := db.Unlink(t.Context(), phone, tablet, portrait.Decision{At: epoch0.Add(time.Second), ID: "unlink"}); err != nil {
		t.Fatal(err)
	}
	if after := digest(t, db, now); after != before || local() != 0 {
		t.Error("the link left a trace")
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// Explain shows the evidence, and the events behind it: those of the hours that count.
func TestDwell_explained(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, dwellModel)
	jane := id("user_id", "jane")
	zone := time.FixedZone("", 8*3600)
	day := now.In(zone)
	if w := day.AddDate(0, 0, -4).Weekday(); w == time.Saturday || w == time.Sunday {
		day = day.AddDate(0, 0, -2)
	}
	for i, hour := range []int{1, 12, 23, 23, 8} {
		at := time.Date(day.Year(), day.Month(), day.Day()-5+i, hour, 0, 0, 0, zone)
		take(t, db, profile.Event{Name: "Located", MessageID: fmt.Sprint("m", i), Time: at, Identifiers: []profile.Identifier{jane}, Properties: map[string]profile.Value{"at": profile.Point(31.2304, 121.4737)}})
	}
	for text, grounds := range map[string]string{`exists(home)`: "there on 3 of 3 days", `confidence(home) = 1`: "there on 3 of 3 days", `missing(work)`: "nowhere on 3 of 1 days"} {
		why, err := db.Explain(t.Context(), segment.MustParse(text), jane)
		if err != nil {
			t.Fatal(err)
		}
		var events []string
		for _, w := range why.Values[0].Events {
			events = append(events, w.MessageID)
		}
		want := "m0 m2 m3"
		if strings.Contains(text, "work") {
			want = "m1"
		}
		if got := strings.Join(events, " "); !why.Holds || why.Values[0].Grounds != grounds || got != want {
			t.Errorf("%s: events %s, want %s\n%s", text, got, want, why)
		}
	}
}
