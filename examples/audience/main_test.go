package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

var update = flag.Bool("update", false, "write the golden file anew")

func output(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit status %d: %s", code, stderr.String())
	}
	return stdout.Bytes()
}

// What the tour prints is what it printed before.
func TestTour(t *testing.T) {
	const golden = "testdata/tour.golden"
	got := output(t, "-people", "2000")
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("go test -update accepts it (-want +got):\n%s", diff)
	}
}

// person is what a loop over the events makes of one of them.
type person struct {
	age, spent   float64
	apps         []string
	lat, lon     float64
	stations     map[int]bool // days
	recent       int
	phone, known bool // in which lists
	nights, away float64
}

func (c city) person(n int) person {
	zone := time.FixedZone("", 8*3600)
	p := person{stations: map[int]bool{}, phone: n%3 == 0, known: n%4 == 0}
	stations := [][2]float64{{31.2304, 121.4737}, {31.2243, 121.4768}, {31.2397, 121.4998}, {31.1886, 121.4365}, {31.1944, 121.3209}, {31.2497, 121.4558}}
	for _, s := range c.sightings(n) {
		if lat, _ := s.where.Point(); s.night && lat < 31 {
			p.away += 0.5 // each night twice
		} else if s.night {
			p.nights += 0.5
		}
	}
	first := time.Date(today.Year(), today.Month(), today.Day()-29, 0, 0, 0, 0, zone)
	for _, e := range c.events(n) {
		if !e.Time.Before(first) && e.Type != profile.Identify {
			p.recent++
		}
		if v, ok := e.Properties["revenue"]; ok {
			p.spent += v.Number()
		}
		if v, ok := e.Properties["at"]; ok && !e.Time.Before(first) {
			lat, lon := v.Point()
			if slices.ContainsFunc(stations, func(s [2]float64) bool { return metres(lat, lon, s[0], s[1]) <= 600 }) {
				p.stations[e.Time.In(zone).YearDay()] = true
			}
		}
		if e.Type == profile.Identify {
			p.age = e.Traits["age"].Number()
			p.lat, p.lon = e.Traits["home"].Point()
			for _, app := range e.Traits["apps"].Elements() {
				p.apps = append(p.apps, app.Text())
			}
		}
	}
	return p
}

// metres is the distance of two points by the law of cosines: good enough where nobody
// stands on the border.
func metres(lat1, lon1, lat2, lon2 float64) float64 {
	const r = math.Pi / 180
	cos := math.Sin(lat1*r)*math.Sin(lat2*r) + math.Cos(lat1*r)*math.Cos(lat2*r)*math.Cos((lon1-lon2)*r)
	return 6_371_008.8 * math.Acos(min(cos, 1))
}

// The groups are those that a loop over the events finds.
func TestTour_counts(t *testing.T) {
	const people = 3000
	var got report
	if err := json.Unmarshal(output(t, "-people", "3000", "-seed", "11", "-json"), &got); err != nil {
		t.Fatal(err)
	}
	c := city{11}
	all := make([]person, people)
	var spending []float64
	for n := range all {
		all[n] = c.person(n)
		if all[n].spent > 0 {
			spending = append(spending, all[n].spent)
		}
	}
	slices.Sort(spending)
	has := func(p person, apps ...string) (n int) {
		for _, app := range apps {
			if slices.Contains(p.apps, app) {
				n++
			}
		}
		return n
	}
	twoOf := func(conditions ...bool) bool {
		n := 0
		for _, c := range conditions {
			if c {
				n++
			}
		}
		return n >= 2
	}
	for name, in := range map[string]func(person) bool{
		"map and taxi, no games":              func(p person) bool { return has(p, "地图", "打车") == 2 && has(p, "游戏") == 0 },
		"two of food, video, fitness":         func(p person) bool { return has(p, "外卖", "视频", "健身") >= 2 },
		"young and active":                    func(p person) bool { return p.age < 30 && p.recent >= 2 },
		"any two of three":                    func(p person) bool { return twoOf(p.age < 30, p.spent >= 400, len(p.stations) >= 2) },
		"of the CRM, by MD5 of phones":        func(p person) bool { return p.phone },
		"of the CRM and not yet exposed":      func(p person) bool { return p.phone && !p.known },
		"live within 2 km of People's Square": func(p person) bool { return metres(p.lat, p.lon, 31.2304, 121.4737) <= 2000 },
		"seen at stations on two days of 30":  func(p person) bool { return len(p.stations) >= 2 },
		"found at home on 4 nights of 5": func(p person) bool { // or in Hangzhou
			most := max(p.nights, p.away)
			return most >= 4 && most/(p.nights+p.away) >= 0.8
		},
		"the top fifth by spending": func(p person) bool {
			less, _ := slices.BinarySearchFunc(spending, p.spent-0.001, func(a, b float64) int {
				if a < b {
					return -1
				}
				return 1
			})
			return p.spent > 0 && float64(less)/float64(len(spending)) >= 0.8
		},
	} {
		want := uint64(0)
		for _, p := range all {
			if in(p) {
				want++
			}
		}
		i := slices.IndexFunc(got.Groups, func(g group) bool { return g.Name == name })
		if i < 0 || got.Groups[i].Count != want || want == 0 {
			t.Errorf("%s: %+v, want %d", name, got.Groups[max(i, 0)], want)
		}
	}
	if got.People != people || got.Split[0]+got.Split[1]+got.Split[2] != got.Groups[len(got.Groups)-1].Count {
		t.Errorf("%d people, %v of %d", got.People, got.Split, got.Groups[len(got.Groups)-1].Count)
	}
}

func TestRun_usage(t *testing.T) {
	for _, args := range [][]string{{"x"}, {"-people", "0"}, {"-people", "many"}, {"-nothing"}} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, &stdout, &stderr); code != 2 || stderr.Len() == 0 || stdout.Len() > 0 {
			t.Errorf("%q: %d, %q", args, code, stderr.String())
		}
	}
}
