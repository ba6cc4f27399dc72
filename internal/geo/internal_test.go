package geo

import (
	"math"
	"math/big"
	"testing"

	"github.com/golang/geo/s2"
	"pgregory.net/rapid"
)

func TestOrient_is_exact(t *testing.T) {
	coordinate := func(limit float64) *rapid.Generator[float64] {
		return rapid.OneOf(
			rapid.Float64Range(-limit, math.Nextafter(limit, 0)),
			rapid.Map(rapid.IntRange(-3, 3), func(n int) float64 { return float64(n) * 0.1 }),
			rapid.Map(rapid.IntRange(-3, 3), func(n int) float64 { return float64(n) * math.SmallestNonzeroFloat64 }),
			rapid.Map(rapid.IntRange(-3, 2), func(n int) float64 { return float64(n) * limit / 3 }),
		)
	}
	zeros := 0
	rapid.Check(t, func(t *rapid.T) {
		var v [3]vertex
		turns := rapid.IntRange(0, 1).Draw(t, "turns")
		for i := range v {
			v[i] = vertex{coordinate(180).Draw(t, "x"), coordinate(90).Draw(t, "y"), int32(rapid.IntRange(-turns, turns).Draw(t, "turn"))}
		}
		if rapid.Bool().Draw(t, "in line") { // but for rounding
			s := rapid.SampledFrom([]float64{0, 0.5, 0.1, 0.3, 1}).Draw(t, "s")
			v[2] = vertex{v[0].x + s*(v[1].x-v[0].x), v[0].y + s*(v[1].y-v[0].y), v[0].turn}
		}
		var x, y [3]*big.Rat
		for i, w := range v {
			x[i] = new(big.Rat).SetFloat64(w.x)
			x[i].Add(x[i], big.NewRat(360*int64(w.turn), 1))
			y[i] = new(big.Rat).SetFloat64(w.y)
		}
		product := func(a, b []*big.Rat) *big.Rat {
			return new(big.Rat).Mul(new(big.Rat).Sub(a[0], a[1]), new(big.Rat).Sub(b[0], b[1]))
		}
		left := product([]*big.Rat{x[0], x[2]}, []*big.Rat{y[1], y[2]})
		right := product([]*big.Rat{y[0], y[2]}, []*big.Rat{x[1], x[2]})
		want := left.Cmp(right)
		if want == 0 {
			zeros++
		}
		if got := orient(v[0], v[1], v[2]); got != want {
			t.Fatalf("orient%v is %d, want %d", v, got, want)
		}
		if got := orientExact(v[0], v[1], v[2]); got != want {
			t.Fatalf("orientExact%v is %d, want %d", v, got, want)
		}
	})
	if zeros == 0 {
		t.Error("no three points were in line")
	}
}

// A point lies within the bounds of every cell that holds its leaf cell, however it is
// spelled.
func TestCell_bounds_hold_its_points(t *testing.T) {
	degrees := func(limit float64) *rapid.Generator[float64] {
		return rapid.OneOf(
			rapid.Float64Range(-limit, limit),
			rapid.Map(rapid.IntRange(-4, 4), func(n int) float64 { return float64(n) * limit / 4 }),
			rapid.Map(rapid.Float64Range(-15, 0), func(e float64) float64 { return limit * (1 - math.Pow(10, e)) }),
			rapid.Map(rapid.Float64Range(-15, 0), func(e float64) float64 { return -limit * (1 - math.Pow(10, e)) }),
		)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := Point{Lat: degrees(90).Draw(t, "lat"), Lon: degrees(180).Draw(t, "lon")}
		leaf := s2.CellID(CellID(p))
		for level := range 31 {
			c := newCell(leaf.Parent(level))
			inLon := p.Lat == 90 || p.Lat == -90
			for _, s := range c.lons[:c.nLons] {
				inLon = inLon || s.lo <= p.Lon && p.Lon <= s.hi
			}
			if p.Lat < c.south || p.Lat > c.north || !inLon {
				t.Fatalf("%v is not in its cell of level %d: %v..%v, %v", p, level, c.south, c.north, c.lons[:c.nLons])
			}
		}
	})
}

// What the raster says of a pixel is what the locator says of any of its points, those
// on its edge too.
func TestRaster_agrees_with_locator(t *testing.T) {
	decided := 0
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 60).Draw(t, "corners")
		size := math.Pow(10, rapid.Float64Range(-5, 1).Draw(t, "log size"))
		var ring []Point
		for i := range n {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			r := size * rapid.Float64Range(0.2, 1).Draw(t, "r")
			ring = append(ring, Point{Lat: 30 + r*sin, Lon: 120 + r*cos})
		}
		part, err := newPart([][]Point{ring})
		if err != nil {
			t.Fatal(err)
		}
		r := part.raster
		for range 200 {
			x, y := rapid.IntRange(0, r.width).Draw(t, "x"), rapid.IntRange(0, r.height).Draw(t, "y")
			lon := min(part.east, part.west+(float64(x)+rapid.SampledFrom([]float64{0, 0, 0.3}).Draw(t, "dx"))/r.perLon)
			lat := min(part.top, part.south+(float64(y)+rapid.SampledFrom([]float64{0, 0, 0.3}).Draw(t, "dy"))/r.perLat)
			switch rel := r.at(lon, lat); {
			case rel == undecided:
			case (rel == within) != part.locate(lon, lat):
				t.Fatalf("%v,%v: pixel %v", lat, lon, rel)
			default:
				decided++
			}
		}
	})
	if decided == 0 {
		t.Error("the raster decided nothing")
	}
}
