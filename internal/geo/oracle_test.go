package geo_test

import (
	"cmp"
	"math/big"
	"slices"

	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/geo"
)

// The oracle: geometry in rational numbers, written without regard to time and
// without a line of the package.

type side int

const (
	out side = iota
	on
	in
)

type ratPoint struct{ x, y *big.Rat }

func rat(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }

func ratInt(n int64) *big.Rat { return big.NewRat(n, 1) }

func add(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }
func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func mul(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

// turnOf returns which way c lies of the line from a to b.
func turnOf(a, b, c ratPoint) int {
	return sub(mul(sub(b.x, a.x), sub(c.y, a.y)), mul(sub(b.y, a.y), sub(c.x, a.x))).Sign()
}

func between(v, a, b *big.Rat) bool {
	return v.Cmp(a) >= 0 && v.Cmp(b) <= 0 || v.Cmp(b) >= 0 && v.Cmp(a) <= 0
}

func onEdge(a, b, p ratPoint) bool {
	return between(p.y, a.y, b.y) && between(p.x, a.x, b.x) && turnOf(a, b, p) == 0
}

// sideOf returns where p is of a closed ring in the plane, by a ray to the east.
func sideOf(ring []ratPoint, p ratPoint) side {
	odd := false
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if onEdge(a, b, p) {
			return on
		}
		odd = odd != crossesEast(a, b, p)
	}
	if odd {
		return in
	}
	return out
}

// crossesEast reports whether an edge crosses the latitude of p east of it.
func crossesEast(a, b, p ratPoint) bool {
	if (a.y.Cmp(p.y) > 0) == (b.y.Cmp(p.y) > 0) {
		return false
	}
	t := new(big.Rat).Quo(sub(p.y, a.y), sub(b.y, a.y))
	return add(a.x, mul(t, sub(b.x, a.x))).Cmp(p.x) > 0
}

// oracleRing is a ring on the plane, unrolled. A ring round a pole is open, and ends
// width degrees from where it began.
type oracleRing struct {
	line  []ratPoint
	width *big.Rat // 0, 360 or -360
}

func unrolled(points []geo.Point) oracleRing {
	half, full := ratInt(180), ratInt(360)
	jumps := false
	for i, p := range points {
		d := sub(rat(points[(i+1)%len(points)].Lon), rat(p.Lon))
		d.Abs(d)
		jumps = jumps || d.Cmp(half) > 0 && d.Cmp(full) < 0
	}
	r := oracleRing{width: new(big.Rat)}
	for i, p := range points {
		r.line = append(r.line, ratPoint{add(rat(p.Lon), r.width), rat(p.Lat)})
		d := sub(rat(points[(i+1)%len(points)].Lon), rat(p.Lon))
		if jumps && d.Cmp(half) > 0 {
			r.width = sub(r.width, full)
		}
		if jumps && d.Cmp(new(big.Rat).Neg(half)) < 0 {
			r.width = add(r.width, full)
		}
	}
	return r
}

// northern says that the area of a ring round a pole is north of it: the mean
// latitude is.
func (r oracleRing) northern() bool {
	sum := new(big.Rat)
	for i, a := range r.line {
		b := ratPoint{add(r.line[0].x, r.width), r.line[0].y}
		if i+1 < len(r.line) {
			b = r.line[i+1]
		}
		sum = add(sum, mul(sub(b.x, a.x), add(a.y, b.y)))
	}
	return sum.Sign() == r.width.Sign()
}

// closed returns a ring round a pole five times round, and home beyond the pole.
func (r oracleRing) closed() []ratPoint {
	var line []ratPoint
	for k := range int64(5) {
		for _, v := range r.line {
			line = append(line, ratPoint{add(v.x, mul(ratInt(k-2), r.width)), v.y})
		}
	}
	edge := ratInt(-1000)
	if r.northern() {
		edge = ratInt(1000)
	}
	return append(line, ratPoint{line[len(line)-1].x, edge}, ratPoint{line[0].x, edge})
}

// sideOn returns where a point is of a ring on the Earth, not at a pole.
func (r oracleRing) sideOn(lon, lat *big.Rat) side {
	if r.width.Sign() != 0 {
		return sideOf(r.closed(), ratPoint{lon, lat})
	}
	best := out
	for k := int64(-2); k <= 2; k++ {
		switch sideOf(r.line, ratPoint{add(lon, ratInt(360*k)), lat}) {
		case on:
			return on
		case in:
			best = in
		}
	}
	return best
}

// oracleContains decides for a polygon of rings, the first being the outer one.
func oracleContains(rings [][]geo.Point, p geo.Point) bool {
	if p.Lat == 90 || p.Lat == -90 {
		// Any longitude that can differ: those of the vertices, and between them.
		lons := []*big.Rat{ratInt(-180), ratInt(180)}
		for _, ring := range rings {
			for _, v := range ring {
				lons = append(lons, rat(v.Lon))
			}
		}
		slices.SortFunc(lons, (*big.Rat).Cmp)
		for i, lon := range lons {
			middle := mul(add(lon, lons[(i+1)%len(lons)]), big.NewRat(1, 2))
			if oracleAt(rings, lon, rat(p.Lat)) || oracleAt(rings, middle, rat(p.Lat)) {
				return true
			}
		}
		return false
	}
	return oracleAt(rings, rat(p.Lon), rat(p.Lat))
}

// oracleAt takes a latitude of 90 as any other, and longitude 180 as another than -180.
func oracleAt(rings [][]geo.Point, lon, lat *big.Rat) bool {
	for i, ring := range rings {
		s := unrolled(ring).sideOn(lon, lat)
		if i == 0 && s == out || i > 0 && s == in {
			return false
		}
	}
	return true
}

// oracleValid decides whether rings that do not leave a flat map make a polygon.
func oracleValid(rings [][]geo.Point) bool {
	flat := make([][]ratPoint, len(rings))
	for i, ring := range rings {
		for _, p := range ring {
			flat[i] = append(flat[i], ratPoint{rat(p.Lon), rat(p.Lat)})
		}
		if !simple(flat[i]) {
			return false
		}
	}
	for i, a := range flat {
		for _, b := range flat[i+1:] {
			ba, okB := sideOfRing(a, b)
			ab, okA := sideOfRing(b, a)
			want := out // two holes
			if i == 0 {
				want = in
			}
			if !okA || !okB || ba != want || ab != out {
				return false
			}
		}
	}
	return true
}

// draw makes a polygon of drawn rings that do not leave a flat map. Where they make
// none it draws anew, and only there: the oracle decides.
func draw(t *rapid.T, rings ...[]geo.Point) *geo.Polygon {
	g, err := geo.ParsePolygon([]byte(geoJSON(rings...)))
	if want := oracleValid(rings); (err == nil) != want {
		t.Fatalf("valid is %v, the polygon says: %v\n%s", want, err, geoJSON(rings...))
	}
	if err != nil {
		t.Skip("the rings that were drawn make no polygon")
	}
	return g
}

// simple says that no two edges have a point in common but neighbours their vertex.
func simple(ring []ratPoint) bool {
	n := len(ring)
	if n < 3 {
		return false
	}
	for i, a := range ring {
		b := ring[(i+1)%n]
		if a.x.Cmp(b.x) == 0 && a.y.Cmp(b.y) == 0 {
			return false
		}
		for j := i + 1; j < n; j++ {
			c, d := ring[j], ring[(j+1)%n]
			switch {
			case j == i+1 && (onEdge(a, b, d) || onEdge(c, d, a)):
				return false
			case j == i+1:
			case (j+1)%n == i:
				if onEdge(a, b, c) || onEdge(c, d, b) {
					return false
				}
			case len(meetings(a, b, c, d)) > 0:
				return false
			}
		}
	}
	return true
}

// meetings returns the points that two edges have in common: of an overlap, those
// vertices that are in it.
func meetings(a, b, c, d ratPoint) []ratPoint {
	var all []ratPoint
	for _, p := range []ratPoint{c, d} {
		if onEdge(a, b, p) {
			all = append(all, p)
		}
	}
	for _, p := range []ratPoint{a, b} {
		if onEdge(c, d, p) {
			all = append(all, p)
		}
	}
	if turnOf(a, b, c)*turnOf(a, b, d) < 0 && turnOf(c, d, a)*turnOf(c, d, b) < 0 {
		// a + t (b-a), where t solves the line through c and d.
		cross := func(p, q ratPoint) *big.Rat { return sub(mul(p.x, q.y), mul(p.y, q.x)) }
		ab, cd, ac := ratPoint{sub(b.x, a.x), sub(b.y, a.y)}, ratPoint{sub(d.x, c.x), sub(d.y, c.y)}, ratPoint{sub(c.x, a.x), sub(c.y, a.y)}
		t := new(big.Rat).Quo(cross(ac, cd), cross(ab, cd))
		all = append(all, ratPoint{add(a.x, mul(t, ab.x)), add(a.y, mul(t, ab.y))})
	}
	return all
}

// sideOfRing returns on which side of ring a the whole of ring b is. It is not ok if b is
// on both sides or they have more than points in common. Between two meetings an edge
// of b is on one side, which its middle tells.
func sideOfRing(a, b []ratPoint) (side, bool) {
	var sides [3]bool
	for i, p := range b {
		q := b[(i+1)%len(b)]
		stops := []ratPoint{p, q}
		for j, c := range a {
			stops = append(stops, meetings(c, a[(j+1)%len(a)], p, q)...)
		}
		slices.SortFunc(stops, func(s, t ratPoint) int { return cmp.Or(s.x.Cmp(t.x), s.y.Cmp(t.y)) })
		for j, s := range stops[1:] {
			r := stops[j]
			if r.x.Cmp(s.x) == 0 && r.y.Cmp(s.y) == 0 {
				continue
			}
			half := big.NewRat(1, 2)
			sides[sideOf(a, ratPoint{mul(half, add(r.x, s.x)), mul(half, add(r.y, s.y))})] = true
		}
	}
	switch {
	case sides[on] || sides[in] && sides[out]:
		return on, false
	case sides[in]:
		return in, true
	}
	return out, true
}
