package geo_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/geo"
)

func TestParsePlaces(t *testing.T) {
	text := `{"type":"FeatureCollection","features":[
		{"type":"Feature","geometry":{"type":"Polygon","coordinates":[` + square + `]}},
		{"type":"Feature","properties":{"name":"人民广场","radius":"1.5km"},"geometry":{"type":"Point","coordinates":[121.475,31.233]}},
		{"type":"Feature","properties":{"radius":250.5},"geometry":{"type":"GeometryCollection","geometries":[
			{"type":"Point","coordinates":[180,10,4]},{"type":"Point","coordinates":[-180,10]}]}},
		{"type":"Feature","properties":{"radius":null},"geometry":{"type":"Point","coordinates":[7,90]}}]}`
	want := `{"type":"FeatureCollection","features":[` +
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[-180,10]},"properties":{"radius":250.5}},` +
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[0,90]},"properties":{"radius":500}},` +
		`{"type":"Feature","geometry":{"type":"Point","coordinates":[121.475,31.233]},"properties":{"radius":1500}},` +
		`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[` + square + `]},"properties":null}]}`
	places, err := geo.ParsePlaces([]byte(text), 500)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, places.String()); diff != "" {
		t.Error(diff)
	}
	again, err := geo.ParsePlaces([]byte(places.String()), 0)
	if err != nil || !again.Equal(places) {
		t.Errorf("read back as %v: %v", again, err)
	}
	empty, err := geo.ParsePlaces([]byte(`{"type":"FeatureCollection","features":[]}`), 0)
	if err != nil || empty.Contains(geo.Point{}) || empty.Equal(places) || empty.String() != `{"type":"FeatureCollection","features":[]}` {
		t.Errorf("the empty set is %v: %v", empty, err)
	}
}

func TestParsePlaces_refuses(t *testing.T) {
	feature := func(properties, coordinates string) string {
		return `{"type":"Feature","properties":` + properties + `,"geometry":{"type":"Point","coordinates":` + coordinates + `}}`
	}
	for text, want := range map[string]string{
		feature(`null`, `[1,2]`):                                             "geometry: a point without a radius",
		feature(`{"radius":0}`, `[1,2]`):                                     "properties: radius 0: it must be more than 0",
		feature(`{"radius":1e999}`, `[1,2]`):                                 "properties: radius 1e999: more than half the way round the Earth, 20015 km",
		feature(`{"radius":"3 miles"}`, `[1,2]`):                             `properties: distance "3 miles": it needs a unit, m or km, as in 500m or 1.5km`,
		feature(`{"radius":[3]}`, `[1,2]`):                                   "properties: the radius is an array, not a number of metres",
		feature(`{"radius":3}`, `[1,91]`):                                    "geometry: latitude 91 is outside -90..90",
		feature(`{"radius":3}`, `[]`):                                        "geometry: a position of 0 numbers: it needs a longitude and a latitude",
		feature(`{"radius":3}`, `7`):                                         `geometry: "coordinates" is a number, not an array`,
		`{"type":"GeometryCollection","geometries":[{"type":"LineString"}]}`: `geometries[0]: type "LineString" is no area: it must be Polygon, MultiPolygon, Feature, FeatureCollection or GeometryCollection`,
	} {
		if _, err := geo.ParsePlaces([]byte(text), 0); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
	if _, err := geo.ParsePlaces([]byte(feature(`{}`, `[1,2]`)), math.NaN()); err == nil {
		t.Error("a radius of NaN is taken")
	}
	points := strings.TrimSuffix(strings.Repeat(`{"type":"Point","coordinates":[1,2]},`, geo.MaxPlaces+1), ",")
	_, err := geo.ParsePlaces([]byte(`{"type":"GeometryCollection","geometries":[`+points+`]}`), 5)
	if want := "geometries[100000]: there are more than 100000 points"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, err := geo.NewPlaces(context.Background(), make([]geo.Circle, geo.MaxPlaces+1), nil); err == nil {
		t.Error("too many circles are taken")
	}
}

// The order of places, and a place twice, make no difference to their text.
func TestPlaces_text_reads_back(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var circles []geo.Circle
		for range rapid.IntRange(0, 5).Draw(t, "circles") {
			circles = append(circles, anyCircle(t))
		}
		polygons := []*geo.Polygon{anyPolygon(t)}
		places, err := geo.NewPlaces(context.Background(), circles, polygons)
		if err != nil {
			t.Fatal(err)
		}
		again, err := geo.ParsePlaces([]byte(places.String()), 0)
		if err != nil || !again.Equal(places) || again.String() != places.String() {
			t.Fatalf("%v is read back as %v: %v", places, again, err)
		}
		if len(circles) > 0 {
			mixed := append(rapid.Permutation(circles).Draw(t, "mixed"), circles[0])
			other, _ := geo.NewPlaces(context.Background(), mixed, append(polygons, polygons...))
			if !other.Equal(places) || other.String() != places.String() {
				t.Fatalf("%v, mixed %v", places, other)
			}
			fewer, _ := geo.NewPlaces(context.Background(), nil, polygons)
			if fewer.Equal(places) {
				t.Fatalf("%v equals %v", places, fewer)
			}
		}
	})
}

// Many overlapping places at once: the index gives up dividing, but not its answers.
func TestPlaces_crowded(t *testing.T) {
	var circles []geo.Circle
	for i := range 20_000 {
		c, err := geo.NewCircle(geo.Point{Lat: 31 + float64(i)*1e-9, Lon: 121}, 50_000)
		if err != nil {
			t.Fatal(err)
		}
		circles = append(circles, c)
	}
	places, err := geo.NewPlaces(context.Background(), circles, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, last := circles[0], circles[len(circles)-1]
	for _, p := range cityPoints(2000, 1.5) {
		// Between the first and the last circle is next to nothing.
		if got, want := places.Contains(p), first.Contains(p) || last.Contains(p); got != want {
			t.Errorf("%v: %v, want %v", p, got, want)
		}
	}
}

func FuzzParsePlaces(f *testing.F) {
	f.Add([]byte(`{"type":"Feature","properties":{"radius":"1.5km"},"geometry":{"type":"Point","coordinates":[121.475,31.233]}}`), 0.0)
	f.Add([]byte(`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Polygon","coordinates":[`+square+`]}]}`), 500.0)
	f.Add([]byte(`{"type":"FeatureCollection","features":[]}`), -1.0)
	f.Fuzz(func(t *testing.T, text []byte, radius float64) {
		places, err := geo.ParsePlaces(text, radius)
		if err != nil {
			return
		}
		if again, err := geo.ParsePlaces([]byte(places.String()), 0); err != nil || !again.Equal(places) {
			t.Fatalf("%v is read back as %v: %v", places, again, err)
		}
	})
}
