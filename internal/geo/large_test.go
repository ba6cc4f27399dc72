package geo_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/geo"
)

// comb has long teeth, so that every line across it meets them all.
func comb(vertices int) []geo.Point {
	teeth := (vertices - 2) / 2
	var ring []geo.Point
	for i := range teeth {
		y := float64(i) * 80 / float64(teeth)
		ring = append(ring, geo.Point{Lon: 0, Lat: y}, geo.Point{Lon: 100, Lat: y + 10/float64(teeth)})
	}
	return append(ring, geo.Point{Lon: 0, Lat: 81}, geo.Point{Lon: -1, Lat: 40})
}

// fan is a square with triangular holes that all meet in the middle.
func fan(holes int) [][]geo.Point {
	rings := [][]geo.Point{pts(-2, -2, 2, -2, 2, 2, -2, 2)}
	for i := range holes {
		s0, c0 := math.Sincos(2 * math.Pi * float64(i) / float64(holes))
		s1, c1 := math.Sincos(2 * math.Pi * (float64(i) + 0.5) / float64(holes))
		rings = append(rings, pts(0, 0, c0, s0, c1, s1))
	}
	return rings
}

// coast is a star with so many vertices that it looks like a coast.
func coast(vertices int, center geo.Point, radius float64) []geo.Point {
	rng := rand.New(rand.NewPCG(1, 2))
	var ring []geo.Point
	for i := range vertices {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(vertices))
		r := radius * (0.8 + 0.2*rng.Float64())
		ring = append(ring, geo.Point{Lon: center.Lon + r*cos, Lat: center.Lat + r*sin})
	}
	return ring
}

// Shapes of the kinds that defeat a careless algorithm answer as rational geometry does.
func TestPolygon_intricate(t *testing.T) {
	for name, rings := range map[string][][]geo.Point{
		"comb":  {comb(2000)},
		"coast": {coast(2000, geo.Point{Lat: 30, Lon: 100}, 20)},
		"fan":   fan(300),
	} {
		g := mustParse(t, geoJSON(rings...))
		rng := rand.New(rand.NewPCG(3, 4))
		points := []geo.Point{rings[0][0], rings[len(rings)-1][1]}
		for range 20 {
			points = append(points, geo.Point{Lon: rng.Float64() * 100, Lat: rng.Float64() * 50},
				geo.Point{Lon: rng.Float64()*3 - 1.5, Lat: rng.Float64()*3 - 1.5})
		}
		for _, p := range points {
			if got, want := g.Contains(p), oracleContains(rings, p); got != want {
				t.Errorf("%s: %v: %v, want %v", name, p, got, want)
			}
		}
	}
}

// The largest shapes that are taken: seconds at most.
func TestPolygon_large(t *testing.T) {
	var parts []string
	for i := range 5_000 { // long, thin and crossing each other's bounds
		x := float64(i) * 1e-3
		parts = append(parts, fmt.Sprintf("[[[%v,0],[%v,60],[%v,60],[%v,0]]]", x, x+60, x+60.0004, x))
	}
	for _, c := range []struct{ name, text string }{
		{"comb", geoJSON(comb(geo.MaxVertices - 2))},
		{"coast", geoJSON(coast(geo.MaxVertices-1, geo.Point{Lat: 30, Lon: 100}, 20))},
		{"fan", geoJSON(fan(20_000)...)},
		{"diagonals", `{"type":"MultiPolygon","coordinates":[` + strings.Join(parts, ",") + `]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			g := mustParse(t, c.text)
			took := time.Since(start)
			start = time.Now()
			cover, _ := g.Covering(context.Background(), 100)
			t.Logf("%d bytes: made in %v, covered by %d ranges in %v", len(c.text), took, len(cover.Inside)+len(cover.Border), time.Since(start))
		})
	}
}

// Many parts are found by an index, a few one by one.
func TestPolygon_many_parts_agree_with_each(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var parts []string
	var each []*geo.Polygon
	for range 300 {
		ring := coast(12, geo.Point{Lat: rng.Float64()*20 - 10, Lon: 160 + rng.Float64()*40}, 1)
		for i := range ring {
			ring[i].Lon = math.Remainder(ring[i].Lon, 360)
		}
		text := geoJSON(ring)
		each = append(each, mustParse(t, text))
		parts = append(parts, text)
	}
	all := mustParse(t, `{"type":"GeometryCollection","geometries":[`+strings.Join(parts, ",")+`]}`)
	members := 0
	for range 5000 {
		p := geo.Point{Lat: rng.Float64()*24 - 12, Lon: math.Remainder(158+rng.Float64()*44, 360)}
		want := false
		for _, g := range each {
			want = want || g.Contains(p)
		}
		if got := all.Contains(p); got != want {
			t.Errorf("%v: %v, want %v", p, got, want)
		}
		if want {
			members++
		}
	}
	if members < 500 || members > 4500 {
		t.Errorf("%d of 5,000 points are members: the test says little", members)
	}
}
