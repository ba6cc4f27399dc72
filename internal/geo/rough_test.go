package geo_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/internal/seeds"
)

// seed returns what a test of rough shapes draws from.
func seed(t testing.TB) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(seeds.Draw(t), 0))
}

// roughShape is a polygon of many corners: rings of points whose coordinates are multiples
// of [grain], so that the middle of an edge is on it, without rounding.
type roughShape struct {
	name  string
	rings [][]geo.Point
	// Whether the poles are in it, which the oracle is not asked for so many corners.
	northPole, southPole bool
}

// grain is in degrees: some micrometres.
const grain = 1.0 / (1 << 34)

// onGrain moves a ring to the grain, and home to between -180 and 180.
func onGrain(ring []geo.Point) []geo.Point {
	for i, p := range ring {
		ring[i] = geo.Point{
			Lat: math.Round(p.Lat/grain) * grain,
			Lon: math.Remainder(math.Round(p.Lon/grain)*grain, 360),
		}
	}
	return ring
}

// spikes is a star whose corners are anywhere between half a radius and a whole one.
func spikes(r *rand.Rand, n int, center geo.Point, radius float64) []geo.Point {
	ring := make([]geo.Point, n)
	for i := range ring {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		far := radius * (0.5 + 0.5*r.Float64())
		ring[i] = geo.Point{Lat: center.Lat + far*sin, Lon: center.Lon + far*cos}
	}
	return onGrain(ring)
}

// fractal is a coast in the manner of Koch: each edge of a regular figure has a bump in its
// middle third, to either side and of any height up to where it could meet another, and so
// on, bumps upon bumps. It has at least n corners.
func fractal(r *rand.Rand, n int, center geo.Point, radius float64) []geo.Point {
	sides := n
	for sides > 20 {
		sides = (sides + 3) / 4
	}
	var line []complex128
	for i := range sides {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(sides))
		line = append(line, complex(0.75*radius*cos, 0.75*radius*sin))
	}
	for len(line) < n {
		var finer []complex128
		for i, a := range line {
			third := (line[(i+1)%len(line)] - a) / 3
			height := math.Tan((10 + 40*r.Float64()) * math.Pi / 180)
			if r.IntN(2) == 0 {
				height = -height
			}
			finer = append(finer, a, a+third, a+third*complex(1.5, height/2), a+2*third)
		}
		line = finer
	}
	ring := make([]geo.Point, len(line))
	for i, z := range line {
		ring[i] = geo.Point{Lat: center.Lat + imag(z), Lon: center.Lon + real(z)}
	}
	return onGrain(ring)
}

// stairs are edges along meridians and parallels alone: from the corner to the east, then
// back over steps of any height above half of the width.
func stairs(r *rand.Rand, n int, corner geo.Point, width float64) []geo.Point {
	ring := []geo.Point{corner, {Lat: corner.Lat, Lon: corner.Lon + width}}
	steps, last := n/2-1, 0.0
	for i := range steps {
		top := math.Round((corner.Lat+width*(0.5+0.5*r.Float64()))/grain) * grain
		if top == last {
			top += grain
		}
		last = top
		for _, k := range [...]int{steps - i, steps - i - 1} {
			ring = append(ring, geo.Point{Lat: top, Lon: corner.Lon + width*float64(k)/float64(steps)})
		}
	}
	for i, p := range onGrain(ring) {
		if p.Lon == -180 {
			ring[i].Lon = 180
		}
	}
	return ring
}

// roundPole is a ring once round the Earth between two latitudes.
func roundPole(r *rand.Rand, n int, low, high float64) []geo.Point {
	ring := make([]geo.Point, n)
	for i := range ring {
		ring[i] = geo.Point{Lat: low + (high-low)*r.Float64(), Lon: 180 - 360*(float64(i)+0.5*r.Float64())/float64(n)}
	}
	return onGrain(ring)
}

// roughShapes draws shapes of about so many corners.
func roughShapes(r *rand.Rand, corners int) []roughShape {
	hole := func(center geo.Point, radius float64) []geo.Point {
		return spikes(r, max(3, corners/8), center, radius)
	}
	city := geo.Point{Lat: 31.23 + r.Float64(), Lon: 121.47 + r.Float64()}
	island := geo.Point{Lat: -17 + 4*r.Float64(), Lon: 180 - 0.2*r.Float64()}
	tiny := math.Pow(10, -5+2*r.Float64()) // one to a hundred metres
	cold := roundPole(r, corners, -80, -70)
	cap := roundPole(r, corners, 60, 80)
	slices.Reverse(cap)
	east, west := city, city
	east.Lon, west.Lon = city.Lon+0.15, city.Lon-0.15
	return []roughShape{
		{name: "star with holes", rings: [][]geo.Point{spikes(r, corners, city, 0.7), hole(east, 0.1), hole(west, 0.14)}},
		{name: "coast with holes", rings: [][]geo.Point{fractal(r, corners, city, 1), fractal(r, corners/8, east, 0.1), hole(west, 0.12)}},
		{name: "tiny star", rings: [][]geo.Point{spikes(r, corners, city, tiny)}},
		{name: "tiny coast", rings: [][]geo.Point{fractal(r, corners, city, 10*tiny)}},
		{name: "stairs", rings: [][]geo.Point{stairs(r, corners, city, 1), stairs(r, corners/8, geo.Point{Lat: city.Lat + 0.1, Lon: east.Lon}, 0.1)}},
		{name: "tiny stairs", rings: [][]geo.Point{stairs(r, corners, city, tiny)}},
		{name: "stairs to the end of the map", rings: [][]geo.Point{stairs(r, corners, geo.Point{Lat: 3, Lon: 170}, 10)}},
		{name: "coast across the antimeridian", rings: [][]geo.Point{fractal(r, corners, island, 2), hole(geo.Point{Lat: island.Lat, Lon: 180}, 0.3)}},
		{name: "star across the antimeridian", rings: [][]geo.Point{spikes(r, corners, geo.Point{Lat: 60, Lon: 180}, 20)}},
		{name: "continent", rings: [][]geo.Point{fractal(r, corners, geo.Point{Lat: 5, Lon: 20}, 60)}},
		{name: "round the north pole", northPole: true, rings: [][]geo.Point{cap, hole(geo.Point{Lat: 85, Lon: 180}, 2)}},
		{name: "round the south pole", southPole: true, rings: [][]geo.Point{cold}},
		{name: "at the south pole", southPole: true, rings: [][]geo.Point{stairs(r, corners/10, geo.Point{Lat: -90, Lon: 20}, 1e-6)}},
		{name: "near the north pole", rings: [][]geo.Point{spikes(r, corners, geo.Point{Lat: 89.9, Lon: 10}, 0.09)}},
	}
}

// preparedRing is an [oracleRing] in the plane, closed, for many points: edges are left
// out that the comparison of numbers alone shows to be beside a point.
type preparedRing struct {
	line []ratPoint
	// The latitudes of the line as they are, and its longitudes but for rounding.
	lats, lons []float64
	west, east float64
	turns      int // how often round the Earth, either way, a point is looked for
}

// aside is more than any longitude is rounded by.
const aside = 1e-9

func prepare(points []geo.Point) preparedRing {
	r := unrolled(points)
	p := preparedRing{line: r.line, turns: 2}
	if r.width.Sign() != 0 {
		p.line, p.turns = r.closed(), 0
	}
	for _, v := range p.line {
		lat, exact := v.y.Float64()
		if !exact {
			panic("a latitude is no float64")
		}
		lon, _ := v.x.Float64()
		p.lats, p.lons = append(p.lats, lat), append(p.lons, lon)
	}
	p.west, p.east = slices.Min(p.lons)-aside, slices.Max(p.lons)+aside
	return p
}

// sideOn returns where a point is of the ring on the Earth, not at a pole.
func (r preparedRing) sideOn(lon, lat float64) side {
	best := out
	for k := -r.turns; k <= r.turns; k++ {
		if x := lon + 360*float64(k); x < r.west || x > r.east {
			continue
		}
		switch r.sideInPlane(ratPoint{add(rat(lon), ratInt(int64(360*k))), rat(lat)}, lon+360*float64(k), lat) {
		case on:
			return on
		case in:
			best = in
		}
	}
	return best
}

// sideInPlane is sideOf: p is about at lon, and at lat.
func (r preparedRing) sideInPlane(p ratPoint, lon, lat float64) side {
	odd := false
	for i, a := range r.lats {
		k := (i + 1) % len(r.lats)
		b := r.lats[k]
		if max(a, b) < lat || min(a, b) > lat || max(r.lons[i], r.lons[k]) < lon-aside {
			continue
		}
		if min(r.lons[i], r.lons[k]) > lon+aside {
			odd = odd != ((a > lat) != (b > lat))
			continue
		}
		if onEdge(r.line[i], r.line[k], p) {
			return on
		}
		odd = odd != crossesEast(r.line[i], r.line[k], p)
	}
	if odd {
		return in
	}
	return out
}

// roughOracle decides for a rough shape.
type roughOracle struct {
	shape roughShape
	rings []preparedRing
}

func newRoughOracle(s roughShape) roughOracle {
	o := roughOracle{shape: s}
	for _, ring := range s.rings {
		o.rings = append(o.rings, prepare(ring))
	}
	return o
}

func (o roughOracle) contains(p geo.Point) bool {
	switch p.Lat {
	case 90:
		return o.shape.northPole
	case -90:
		return o.shape.southPole
	}
	for i, r := range o.rings {
		s := r.sideOn(p.Lon, p.Lat)
		if i == 0 && s == out || i > 0 && s == in {
			return false
		}
	}
	return true
}

// borderMetres is about how far a point is from the border, if that is a few metres.
func (o roughOracle) borderMetres(p geo.Point) float64 {
	const degree = geo.EarthRadius * math.Pi / 180
	scale := math.Cos(p.Lat * math.Pi / 180)
	least := math.Inf(1)
	for _, r := range o.rings {
		for i := range r.lats {
			k := (i + 1) % len(r.lats)
			if min(r.lats[i], r.lats[k])-p.Lat > 1e-3 || p.Lat-max(r.lats[i], r.lats[k]) > 1e-3 {
				continue
			}
			for turn := -2; turn <= 2; turn++ {
				lon := p.Lon + 360*float64(turn)
				ax, ay := (r.lons[i]-lon)*scale*degree, (r.lats[i]-p.Lat)*degree
				bx, by := (r.lons[k]-lon)*scale*degree, (r.lats[k]-p.Lat)*degree
				dx, dy := bx-ax, by-ay
				s := max(0, min(1, -(ax*dx+ay*dy)/(dx*dx+dy*dy)))
				least = min(least, math.Hypot(ax+s*dx, ay+s*dy))
			}
		}
	}
	return least
}
