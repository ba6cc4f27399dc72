package geo_test

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/geo"
)

// area is what circles, polygons and places have in common.
type area interface {
	Contains(geo.Point) bool
	Covering(ctx context.Context, limit int) (geo.Covering, error)
	Leaf(leaf uint64) (in, sure bool)
}

func anyCircle(t *rapid.T) geo.Circle {
	center := anyPoint(t, "center")
	radius := math.Pow(10, rapid.Float64Range(-3, 7.3).Draw(t, "log radius"))
	c, err := geo.NewCircle(center, radius)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func anyPolygon(t *rapid.T) *geo.Polygon {
	var ring []geo.Point
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		ring = roundRing(t, 20, 89)
	case 1:
		x, y := float64(rapid.IntRange(-180, 179).Draw(t, "x")), float64(rapid.IntRange(-90, 85).Draw(t, "y"))
		ring = pts(x, y, math.Remainder(x+30, 360), y, math.Remainder(x+30, 360), y+5, x, y+5)
	default:
		radius := math.Pow(10, rapid.Float64Range(-7, 1.5).Draw(t, "log radius"))
		center := geo.Point{Lon: rapid.Float64Range(-180, 180).Draw(t, "lon"), Lat: rapid.Float64Range(-58, 58).Draw(t, "lat")}
		ring = starRing(t, center, radius)
		for i := range ring {
			ring[i].Lon = math.Remainder(ring[i].Lon, 360)
		}
	}
	g, err := geo.NewPolygon(ring)
	if flat := unrolled(ring); err != nil && (flat.width.Sign() != 0 || simple(flat.line)) {
		t.Fatalf("%v: %v", ring, err)
	}
	if err != nil {
		t.Skip("the ring that was drawn makes no polygon")
	}
	return g
}

// nearBorder moves from one point towards another until a step more would change
// whether it is a member.
func nearBorder(a area, p, q geo.Point) []geo.Point {
	was := a.Contains(p)
	for range 60 {
		mid := geo.Point{Lat: (p.Lat + q.Lat) / 2, Lon: (p.Lon + q.Lon) / 2}
		if a.Contains(mid) == was {
			p = mid
		} else {
			q = mid
		}
	}
	return []geo.Point{p, q}
}

// checkCovering holds a covering against the exact answer at random points, the given
// ones and points next to the border.
func checkCovering(t *rapid.T, a area, limit int, points []geo.Point) {
	c, _ := a.Covering(context.Background(), limit)
	if n := len(c.Inside) + len(c.Border); n > max(limit, 8) {
		t.Fatalf("%d ranges, the limit is %d", n, limit)
	}
	for _, list := range [][]geo.Range{c.Inside, c.Border} {
		for i, r := range list {
			if r.Lo > r.Hi || i > 0 && list[i-1].Hi >= r.Lo {
				t.Fatalf("range %d of %v is out of order", i, list)
			}
		}
	}
	for range 10 {
		p, q := anyPoint(t, "p"), rapid.SampledFrom(points).Draw(t, "q")
		points = append(append(points, p), nearBorder(a, p, q)...)
		beside := points[len(points)-1] // some centimetres away
		beside.Lat += rapid.Float64Range(-1e-6, 1e-6).Draw(t, "north")
		beside.Lon += rapid.Float64Range(-1e-6, 1e-6).Draw(t, "east")
		if beside.Validate() == nil {
			points = append(points, beside)
		}
	}
	for _, p := range points {
		member := a.Contains(p)
		inside, border := c.Find(geo.CellID(p))
		if inside && border || inside && !member || member && !inside && !border {
			t.Fatalf("%v: member %v, inside %v, border %v", p, member, inside, border)
		}
		if in, sure := a.Leaf(geo.CellID(p)); sure && in != member {
			t.Fatalf("%v: member %v, its leaf cell is surely %v", p, member, in)
		}
	}
}

// A leaf cell is in doubt only where the border is centimetres away.
func TestLeaf_is_mostly_sure(t *testing.T) {
	circle, _ := geo.NewCircle(geo.Point{Lat: 31.23, Lon: 121.47}, 3000)
	square := mustParse(t, geoJSON(pts(121.44, 31.2, 121.5, 31.2, 121.5, 31.26, 121.44, 31.26)))
	places, err := geo.NewPlaces(context.Background(), []geo.Circle{circle}, []*geo.Polygon{square})
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]area{"circle": circle, "square": square, "places": places} {
		for _, p := range nearBorder(a, circle.Center(), geo.Point{Lat: 31.9, Lon: 121.9}) {
			if _, sure := a.Leaf(geo.CellID(p)); sure {
				t.Errorf("%s: %v on the border is sure", name, p)
			}
			for _, metre := range []float64{-1e-5, 1e-5} {
				q := geo.Point{Lat: p.Lat + metre, Lon: p.Lon + metre}
				if in, sure := a.Leaf(geo.CellID(q)); !sure || in != a.Contains(q) {
					t.Errorf("%s: %v, a metre from the border: %v, sure is %v", name, q, in, sure)
				}
			}
		}
	}
}

func TestCovering_circle_is_conservative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCircle(t)
		center := c.Center()
		checkCovering(t, c, rapid.IntRange(0, 200).Draw(t, "limit"), []geo.Point{center, partner(t, center), partner(t, center)})
	})
}

func TestCovering_polygon_is_conservative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyPolygon(t)
		points := pts(0, 90, 0, -90, 180, 0)
		for range 5 {
			points = append(points, anyPoint(t, "any"))
		}
		checkCovering(t, g, rapid.IntRange(0, 200).Draw(t, "limit"), points)
	})
}

func TestCovering_of_polygon_holds_its_vertices_and_edges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		radius := math.Pow(10, rapid.Float64Range(-9, 1.5).Draw(t, "log radius"))
		center := geo.Point{Lon: rapid.Float64Range(-148, 148).Draw(t, "lon"), Lat: rapid.Float64Range(-58, 58).Draw(t, "lat")}
		ring := starRing(t, center, radius)
		g := draw(t, ring)
		c, _ := g.Covering(context.Background(), rapid.IntRange(8, 300).Draw(t, "limit"))
		for i, v := range ring {
			w := ring[(i+1)%len(ring)]
			// A vertex belongs to the polygon, and points a hair outside do not.
			for _, p := range []geo.Point{v, {Lon: (v.Lon + w.Lon) / 2, Lat: (v.Lat + w.Lat) / 2}} {
				inside, border := c.Find(geo.CellID(p))
				if inside || !border {
					t.Fatalf("%v on the border: inside %v, border %v", p, inside, border)
				}
			}
		}
	})
}

// With enough ranges, the border is a small part of the area.
func TestCovering_narrows_down(t *testing.T) {
	circle, _ := geo.NewCircle(geo.Point{Lat: 31.23, Lon: 121.47}, 3000)
	square := mustParse(t, geoJSON(pts(121, 31, 122, 31, 122, 32, 121, 32)))
	for name, a := range map[string]area{"circle": circle, "square": square} {
		size := func(list []geo.Range) (sum float64) {
			for _, r := range list {
				sum += float64(r.Hi - r.Lo)
			}
			return sum
		}
		last := math.Inf(1)
		for _, limit := range []int{16, 64, 256, 1024} {
			c, _ := a.Covering(context.Background(), limit)
			share := size(c.Border) / (size(c.Border) + size(c.Inside))
			if share > last {
				t.Errorf("%s: with %d ranges %v of it is border, with less %v", name, limit, share, last)
			}
			last = share
		}
		if last > 0.15 {
			t.Errorf("%s: of 1,024 ranges %v is border", name, last)
		}
	}
}

func TestPlaces_agree_with_each_place(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var circles []geo.Circle
		var polygons []*geo.Polygon
		for range rapid.IntRange(0, 8).Draw(t, "circles") {
			circles = append(circles, anyCircle(t))
		}
		for range rapid.IntRange(0, 4).Draw(t, "polygons") {
			polygons = append(polygons, anyPolygon(t))
		}
		places, err := geo.NewPlaces(context.Background(), circles, polygons)
		if err != nil {
			t.Fatal(err)
		}
		points := pts(0, 90, 0, -90, 180, 0, 3, 3)
		for range 5 {
			points = append(points, anyPoint(t, "any"))
		}
		for _, c := range circles {
			points = append(points, c.Center(), partner(t, c.Center()))
			points = append(points, nearBorder(c, c.Center(), anyPoint(t, "from"))...)
		}
		for _, p := range points {
			want := false
			for _, c := range circles {
				want = want || c.Contains(p)
			}
			for _, g := range polygons {
				want = want || g.Contains(p)
			}
			if got := places.Contains(p); got != want {
				t.Fatalf("%v: %v, want %v", p, got, want)
			}
		}
		checkCovering(t, places, rapid.IntRange(0, 100).Draw(t, "limit"), points)
	})
}
