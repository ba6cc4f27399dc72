package portrait_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

const placeModel = `
traits:
  home: {type: point, index: true}
  work: {type: point}
events:
  Visit: {}
places:
  stations: {radius: 800m, points: [[31.2304, 121.4737], [31.25, 121.5], [-33.86, 151.2]]}
  district:
    area: {type: Polygon, coordinates: [[[121.4, 31.2], [121.5, 31.2], [121.5, 31.3], [121.4, 31.3], [121.4, 31.2]], [[121.45, 31.22], [121.46, 31.22], [121.46, 31.23], [121.45, 31.23], [121.45, 31.22]]]}
tags:
  local:
    rule: within(home, "district")
  regular:
    rule: count("Visit", where(near(at, 31.2304, 121.4737, "2km")), last("400d")) >= 2
  commuter:
    rule: count("Visit", where(within(at, "stations"))) >= 1
`

// wherePeople are: on corners and edges of the district, at the ends of the Earth, and
// anywhere around.
func drawPoint(r *rand.Rand) geo.Point {
	switch r.IntN(5) {
	case 0:
		lats, lons := []float64{31.2, 31.3, 31.22, 31.23, 31.25}, []float64{121.4, 121.5, 121.45, 121.46, 121.47}
		return geo.Point{Lat: lats[r.IntN(5)], Lon: lons[r.IntN(5)]}
	case 1:
		return []geo.Point{{Lat: 90}, {Lat: -90, Lon: 77}, {Lon: 180}, {Lon: -180}, {Lat: -33.86, Lon: 151.2}}[r.IntN(5)]
	}
	return geo.Point{Lat: 31.15 + r.Float64()/5, Lon: 121.35 + r.Float64()/5}
}

// Conditions on places are those of the exact geometry: by an index of cells, by a sweep,
// in tags and over the events of before.
func TestPlaces(t *testing.T) {
	r := seed(t)
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, placeModel)
	type person struct {
		id     profile.ID
		home   *geo.Point
		visits []geo.Point
	}
	people := make([]person, 150)
	point := func(p geo.Point) profile.Value { return profile.Point(p.Lat, p.Lon) }
	for i := range people {
		p, who := &people[i], id("user_id", fmt.Sprint("u", i))
		e := profile.Event{Type: profile.Identify, Time: epoch0, Identifiers: []profile.Identifier{who}}
		if r.IntN(6) > 0 {
			home := drawPoint(r)
			p.home = &home
			e.Traits = map[string]profile.Value{"home": point(home), "work": point(home)}
		}
		take(t, db, e)
		for n := range r.IntN(4) {
			at := drawPoint(r)
			p.visits = append(p.visits, at)
			take(t, db, profile.Event{Name: "Visit", MessageID: fmt.Sprint(i, n), Time: epoch0.AddDate(0, 0, n), Identifiers: []profile.Identifier{who}, Properties: map[string]profile.Value{"at": point(at)}})
		}
		known, err := db.Profile(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		p.id = known.ID
	}
	circle := func(lat, lon, radius float64) geo.Circle {
		c, err := geo.NewCircle(geo.Point{Lat: lat, Lon: lon}, radius)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	district, err := geo.ParsePolygon([]byte(`{"type":"Polygon","coordinates":[[[121.4,31.2],[121.5,31.2],[121.5,31.3],[121.4,31.3],[121.4,31.2]],[[121.45,31.22],[121.46,31.22],[121.46,31.23],[121.45,31.23],[121.45,31.22]]]}`))
	if err != nil {
		t.Fatal(err)
	}
	stations := []geo.Circle{circle(31.2304, 121.4737, 800), circle(31.25, 121.5, 800), circle(-33.86, 151.2, 800)}
	inStations := func(p geo.Point) bool {
		return stations[0].Contains(p) || stations[1].Contains(p) || stations[2].Contains(p)
	}
	lives := func(in func(geo.Point) bool) func(*person) bool {
		return func(p *person) bool { return p.home != nil && in(*p.home) }
	}
	visited := func(least int, in func(geo.Point) bool) func(*person) bool {
		return func(p *person) bool {
			n := 0
			for _, at := range p.visits {
				if in(at) {
					n++
				}
			}
			return n >= least
		}
	}
	check := func(text string, want func(*person) bool) {
		t.Helper()
		set, err := db.Segment(t.Context(), segment.MustParse(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		n := uint64(0)
		for i := range people {
			p := &people[i]
			if set.Contains(p.id) != want(p) {
				t.Errorf("%s: %v, visits %v: %t", text, p.home, p.visits, set.Contains(p.id))
			}
			if want(p) {
				n++
			}
		}
		if got, err := db.Count(t.Context(), segment.MustParse(text)); err != nil || got != n {
			t.Errorf("%s: counts %d, %v, want %d", text, got, err, n)
		}
	}
	for _, trait := range []string{"home", "work"} {
		for _, radius := range []float64{1, 500, 3_000, 20_000, 5_000_000, 20_000_000} {
			center := drawPoint(r)
			c := circle(center.Lat, center.Lon, radius)
			text := fmt.Sprintf("near(%s, %v, %v, %q)", trait, center.Lat, center.Lon, geo.FormatDistance(radius))
			check(text, lives(c.Contains))
			check("not "+text, func(p *person) bool { return !lives(c.Contains)(p) })
		}
		check(fmt.Sprintf(`within(%s, "district")`, trait), lives(district.Contains))
		check(fmt.Sprintf(`within(%s, '%s')`, trait, district), lives(district.Contains))
		check(fmt.Sprintf(`within(%s, "stations")`, trait), lives(inStations))
		check(fmt.Sprintf(`within(%s, "stations") and not within(%s, "district")`, trait, trait), lives(func(p geo.Point) bool { return inStations(p) && !district.Contains(p) }))
		check(fmt.Sprintf(`exists(%s)`, trait), func(p *person) bool { return p.home != nil })
		check(fmt.Sprintf(`%s = point(31.2, 121.4)`, trait), lives(func(p geo.Point) bool { return p.Lat == 31.2 && p.Lon == 121.4 }))
	}
	check(`tag("local")`, lives(district.Contains))
	check(`tag("regular")`, visited(2, circle(31.2304, 121.4737, 2000).Contains))
	check(`tag("commuter")`, visited(1, inStations))
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
	// A place that changes takes its tags with it.
	m := db.Model()
	for i := range m.Places {
		if m.Places[i].Name == "district" {
			m.Places[i].Points, m.Places[i].Radius, m.Places[i].Area = []profile.Value{profile.Point(31.25, 121.45)}, "3km", nil
		}
	}
	if _, err := db.Apply(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	check(`tag("local")`, lives(circle(31.25, 121.45, 3000).Contains))
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// A place of thousands of corners is answered as its geometry says, declared and written
// out, of people whose homes are on its border, centimetres and kilometres beside it.
func TestPlaces_rough(t *testing.T) {
	r := seed(t)
	ring := make([]string, 3_000)
	corners := make([]geo.Point, len(ring))
	for i := range ring {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(len(ring)))
		far := 0.05 + 0.05*r.Float64()
		corners[i] = geo.Point{Lat: 31.2 + far*sin, Lon: 121.4 + far*cos}
		ring[i] = fmt.Sprintf("[%v, %v]", corners[i].Lon, corners[i].Lat)
	}
	text := fmt.Sprintf(`{"type": "Polygon", "coordinates": [[%s, %s]]}`, strings.Join(ring, ", "), ring[0])
	area, err := geo.ParsePolygon([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "traits:\n  home: {type: point, index: true}\nplaces:\n  coast: {area: "+text+"}\n")
	want := map[profile.ID]bool{}
	inside := 0
	for i := range 200 {
		home := corners[r.IntN(len(corners))]
		if away := []float64{0, 1e-15, 1e-7, 1e-5, 1e-2}[i%5]; away > 0 {
			home.Lat, home.Lon = home.Lat+away*r.NormFloat64(), home.Lon+away*r.NormFloat64()
		}
		who := id("user_id", fmt.Sprint("u", i))
		take(t, db, profile.Event{Type: profile.Identify, Time: epoch0, Identifiers: []profile.Identifier{who}, Traits: map[string]profile.Value{"home": profile.Point(home.Lat, home.Lon)}})
		known, err := db.Profile(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		if want[known.ID] = area.Contains(home); want[known.ID] {
			inside++
		}
	}
	if inside == 0 || inside == len(want) {
		t.Fatalf("%d of %d live inside: the test says little", inside, len(want))
	}
	for _, e := range []string{`within(home, "coast")`, fmt.Sprintf(`within(home, '%s')`, text)} {
		set, err := db.Segment(t.Context(), segment.MustParse(e))
		if err != nil {
			t.Fatal(err)
		}
		for who, in := range want {
			if set.Contains(who) != in {
				t.Errorf("%.30s: %d is %t", e, who, !in)
			}
		}
	}
}

func TestPlaces_refused(t *testing.T) {
	for text, want := range map[string]string{
		"places: {a: {}}":                                                                               "neither points nor an area",
		"places: {a: {points: [[31, 121]]}}":                                                            "points want a radius",
		"places: {a: {points: [[31, 121, 4]], radius: 5m}}":                                             "point 1 has 3 numbers",
		"places: {a: {points: [[31, 121], [91, 0]], radius: 5m}}":                                       "point 2: ",
		"places: {a: {points: [[31, 121]], radius: 5 m}}":                                               "radius",
		"places: {a: {area: {type: Point, coordinates: [1, 2]}}}":                                       "area",
		`places: {"{a": {points: [[31, 121]], radius: 5m}}`:                                             "begins with a brace",
		"places: {a: {area: {type: Polygon, coordinates: [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}}}": "ring 1, vertex",
		"{traits: {home: {type: point}}, tags: {x: {rule: 'within(home, \"b\")'}}}":                     `unknown place "b"`,
	} {
		m, err := portrait.ParseModel([]byte(text))
		if err == nil {
			db := open(t, t.TempDir(), &portrait.Options{NoSync: true})
			_, err = db.Apply(t.Context(), m)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
