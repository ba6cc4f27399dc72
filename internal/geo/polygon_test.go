package geo_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/geo"
)

// geoJSON writes rings, given without their closing positions, as a Polygon.
func geoJSON(rings ...[]geo.Point) string {
	var b strings.Builder
	b.WriteString(`{"type":"Polygon","coordinates":[`)
	for i, ring := range rings {
		b.WriteString([]string{"[", ",["}[min(i, 1)])
		for _, p := range ring {
			fmt.Fprintf(&b, "[%v,%v],", p.Lon, p.Lat)
		}
		fmt.Fprintf(&b, "[%v,%v]]", ring[0].Lon, ring[0].Lat)
	}
	b.WriteString("]}")
	return b.String()
}

func mustParse(t testing.TB, text string) *geo.Polygon {
	t.Helper()
	g, err := geo.ParsePolygon([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return g
}

// pts makes points of longitude, latitude pairs.
func pts(lonLat ...float64) []geo.Point {
	var list []geo.Point
	for i := 0; i < len(lonLat); i += 2 {
		list = append(list, geo.Point{Lon: lonLat[i], Lat: lonLat[i+1]})
	}
	return list
}

// gridRing is a ring of a few vertices on a small grid: mostly wrong, and full of
// edges in line and vertices on edges.
func gridRing(side int) *rapid.Generator[[]geo.Point] {
	return rapid.Custom(func(t *rapid.T) []geo.Point {
		n := rapid.IntRange(3, 8).Draw(t, "n")
		ring := make([]geo.Point, n)
		for i := range ring {
			ring[i] = geo.Point{
				Lon: float64(rapid.IntRange(-side, side).Draw(t, "lon")),
				Lat: float64(rapid.IntRange(-side, side).Draw(t, "lat")),
			}
		}
		return ring
	})
}

// starRing is a ring round a place that does not cross itself, with vertices wherever
// rounding puts them.
func starRing(t *rapid.T, center geo.Point, radius float64) []geo.Point {
	n := rapid.IntRange(3, 40).Draw(t, "corners")
	var ring []geo.Point
	for i := range n {
		r := radius * rapid.Float64Range(0.3, 1).Draw(t, "r")
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		ring = append(ring, geo.Point{Lon: center.Lon + r*cos, Lat: center.Lat + r*sin})
	}
	return ring
}

func TestPolygon_grid_rings_agree_with_rational_geometry(t *testing.T) {
	valid := 0
	rapid.Check(t, func(t *rapid.T) {
		rings := rapid.SliceOfN(gridRing(4), 1, 3).Draw(t, "rings")
		agree(t, rings, &valid)
	})
	if valid == 0 && !testing.Short() { // which draws so few that there need not be one
		t.Error("no valid polygon was drawn")
	}
}

func TestPolygon_holes_agree_with_rational_geometry(t *testing.T) {
	valid := 0
	rapid.Check(t, func(t *rapid.T) {
		rings := [][]geo.Point{pts(-6, -6, 6, -6, 6, 6, 0, rapid.SampledFrom([]float64{6, 5, 2}).Draw(t, "dent"), -6, 6)}
		for range rapid.IntRange(1, 4).Draw(t, "holes") {
			x, y := rapid.IntRange(-7, 5).Draw(t, "x"), rapid.IntRange(-7, 5).Draw(t, "y")
			var ring []geo.Point
			for range rapid.IntRange(3, 4).Draw(t, "n") {
				ring = append(ring, geo.Point{
					Lon: float64(x + rapid.IntRange(0, 3).Draw(t, "dx")),
					Lat: float64(y + rapid.IntRange(0, 3).Draw(t, "dy")),
				})
			}
			rings = append(rings, ring)
		}
		agree(t, rings, &valid)
	})
	if valid == 0 {
		t.Error("no valid polygon was drawn")
	}
}

// agree checks that rings are refused or taken as the oracle says, that points on
// the grid, half-way and on edges are decided as it says, and that nothing changes when all
// is moved round the Earth over the antimeridian.
func agree(t *rapid.T, rings [][]geo.Point, valid *int) {
	g, err := geo.ParsePolygon([]byte(geoJSON(rings...)))
	if want := oracleValid(rings); (err == nil) != want {
		t.Fatalf("valid is %v, the polygon says: %v\n%s", want, err, geoJSON(rings...))
	}
	shift := float64(rapid.IntRange(-180, 180).Draw(t, "shift"))
	moved := func(p geo.Point) geo.Point {
		return geo.Point{Lat: p.Lat, Lon: math.Remainder(p.Lon+shift, 360)}
	}
	var far [][]geo.Point
	for _, ring := range rings {
		var m []geo.Point
		for _, p := range ring {
			m = append(m, moved(p))
		}
		far = append(far, m)
	}
	h, farErr := geo.ParsePolygon([]byte(geoJSON(far...)))
	if (err == nil) != (farErr == nil) {
		t.Fatalf("moved by %v: %v, else %v\n%s", shift, farErr, err, geoJSON(rings...))
	}
	if err != nil {
		return
	}
	*valid++
	for x := -15; x <= 15; x++ {
		for y := -15; y <= 15; y++ {
			p := geo.Point{Lon: float64(x) / 2, Lat: float64(y) / 2}
			want := oracleContains(rings, p)
			if got := g.Contains(p); got != want {
				t.Fatalf("%v: %v, want %v\n%s", p, got, want, g)
			}
			if got := h.Contains(moved(p)); got != want {
				t.Fatalf("%v moved by %v: %v, want %v\n%s", p, shift, got, want, h)
			}
		}
	}
}

func TestPolygon_random_points_agree_with_rational_geometry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		radius := rapid.SampledFrom([]float64{1e-7, 1e-3, 1, 40}).Draw(t, "radius")
		center := geo.Point{Lon: rapid.Float64Range(-130, 130).Draw(t, "lon"), Lat: rapid.Float64Range(-49, 49).Draw(t, "lat")}
		rings := [][]geo.Point{starRing(t, center, radius)}
		if rapid.Bool().Draw(t, "hole") {
			rings = append(rings, starRing(t, center, radius*0.2))
		}
		g := draw(t, rings...) // a star with a long edge may cut its own hole
		for range 20 {
			ring := rings[rapid.IntRange(0, len(rings)-1).Draw(t, "ring")]
			i := rapid.IntRange(0, len(ring)-1).Draw(t, "edge")
			a, b := ring[i], ring[(i+1)%len(ring)]
			// On an edge but for rounding, or anywhere.
			s := rapid.SampledFrom([]float64{0, 0.5, 0.25, 0.1, 0.9}).Draw(t, "s")
			p := geo.Point{Lon: a.Lon + s*(b.Lon-a.Lon), Lat: a.Lat + s*(b.Lat-a.Lat)}
			switch rapid.IntRange(0, 3).Draw(t, "off") {
			case 0:
				p.Lat = math.Nextafter(p.Lat, 90)
			case 1:
				p.Lon = math.Nextafter(p.Lon, -180)
			case 2:
				p = geo.Point{Lon: center.Lon + radius*(2*s-1), Lat: center.Lat + radius*rapid.Float64Range(-1, 1).Draw(t, "dy")}
			}
			if got, want := g.Contains(p), oracleContains(rings, p); got != want {
				t.Fatalf("%v: %v, want %v\n%s", p, got, want, g)
			}
		}
	})
}
