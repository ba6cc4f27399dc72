package geo_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/portraitdb/portrait/internal/geo"
)

// The prepared oracle leaves nothing out that matters.
func TestRoughOracle_is_the_oracle(t *testing.T) {
	r := seed(t)
	for _, s := range roughShapes(r, 60) {
		o := newRoughOracle(s)
		for _, p := range roughPoints(r, s, 4) {
			if got, want := o.contains(p), oracleContains(s.rings, p); got != want {
				t.Errorf("%s: %v: %v, want %v", s.name, p, got, want)
			}
		}
	}
}

// Polygons of thousands of corners are decided as rational geometry decides them: on
// corners, on edges, an ulp beside them, and anywhere. What a covering and a leaf cell say
// for sure is so, and a leaf cell is in doubt only where the border is centimetres away.
func TestRough_agrees_with_rational_geometry(t *testing.T) {
	r := seed(t)
	for _, corners := range []int{3000, 20_000} {
		for _, s := range roughShapes(r, corners) {
			t.Run(fmt.Sprintf("%s of %d", s.name, corners), func(t *testing.T) {
				checkRough(t, s, roughPoints(r, s, 120_000/corners+4))
			})
		}
	}
}

func checkRough(t *testing.T, s roughShape, points []geo.Point) {
	g, err := geo.ParsePolygon([]byte(geoJSON(s.rings...)))
	if err != nil {
		t.Fatal(err)
	}
	o := newRoughOracle(s)
	far, err := geo.NewCircle(geo.Point{Lat: -40, Lon: -100}, 500)
	if err != nil {
		t.Fatal(err)
	}
	places, err := geo.NewPlaces(context.Background(), []geo.Circle{far}, []*geo.Polygon{g})
	if err != nil {
		t.Fatal(err)
	}
	cover, err := g.Covering(context.Background(), 256)
	if err != nil {
		t.Fatal(err)
	}
	members, sures, doubts := 0, 0, 0
	for _, p := range points {
		member := o.contains(p)
		if member {
			members++
		}
		if got := g.Contains(p); got != member {
			t.Fatalf("%v: %v, want %v", p, got, member)
		}
		if got := places.Contains(p); got != member && !far.Contains(p) {
			t.Fatalf("%v: %v of places, want %v", p, got, member)
		}
		leaf := geo.CellID(p)
		inside, border := cover.Find(leaf)
		if inside && border || inside && !member || member && !inside && !border {
			t.Fatalf("%v: member %v, inside %v, border %v", p, member, inside, border)
		}
		in, sure := g.Leaf(leaf)
		if sure {
			sures++
		}
		if sure && in != member {
			t.Fatalf("%v: member %v, its leaf cell is surely %v", p, member, in)
		}
		if in, sure := places.Leaf(leaf); sure && in != member && !far.Contains(p) {
			t.Fatalf("%v: member %v, its leaf cell is surely %v of places", p, member, in)
		}
		if !sure {
			doubts++
			// So near a pole the bounds of a leaf cell are wide.
			if d := o.borderMetres(p); math.Abs(p.Lat) < 89.9999 && d > 0.03 {
				t.Fatalf("%v: its leaf cell is in doubt, and the border is %v m away", p, d)
			}
		}
	}
	if members == 0 || members == len(points) || sures == 0 || doubts == 0 {
		t.Errorf("of %d points %d are members, %d of leaf cells for sure, %d in doubt: the test says little", len(points), members, sures, doubts)
	}
}

// roughPoints are n of each kind: corners and middles of edges, and points beside them by
// an ulp, by micrometres and by kilometres; anywhere around; on the antimeridian and poles.
func roughPoints(r *rand.Rand, s roughShape, n int) []geo.Point {
	points := pts(0, 90, 77, -90, 180, 0, -180, 0, -180, 84)
	add := func(p geo.Point) {
		if p.Validate() == nil {
			points = append(points, p)
		}
	}
	beside := func(p geo.Point) {
		add(p)
		add(geo.Point{Lat: math.Nextafter(p.Lat, 90), Lon: p.Lon})
		add(geo.Point{Lat: math.Nextafter(p.Lat, -90), Lon: p.Lon})
		add(geo.Point{Lat: p.Lat, Lon: math.Nextafter(p.Lon, 180)})
		add(geo.Point{Lat: p.Lat, Lon: math.Nextafter(p.Lon, -180)})
		for range 3 {
			away := math.Pow(10, -10+9*r.Float64())
			sin, cos := math.Sincos(2 * math.Pi * r.Float64())
			add(geo.Point{Lat: p.Lat + away*sin, Lon: math.Remainder(p.Lon+away*cos, 360)})
		}
	}
	for range n {
		ring := s.rings[r.IntN(len(s.rings))]
		i := r.IntN(len(ring))
		a, b := ring[i], ring[(i+1)%len(ring)]
		beside(a)
		if math.Abs(a.Lon-b.Lon) < 180 {
			beside(geo.Point{Lat: (a.Lat + b.Lat) / 2, Lon: (a.Lon + b.Lon) / 2})
		}
		// Between two corners, far from each other.
		c := s.rings[0][r.IntN(len(s.rings[0]))]
		if share := r.Float64(); math.Abs(a.Lon-c.Lon) < 180 {
			add(geo.Point{Lat: a.Lat + share*(c.Lat-a.Lat), Lon: a.Lon + share*(c.Lon-a.Lon)})
		}
		add(geo.Point{Lat: a.Lat, Lon: 180})
		add(geo.Point{Lat: a.Lat, Lon: -180})
	}
	return points
}
