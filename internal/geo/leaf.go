package geo

import (
	"math"

	"github.com/golang/geo/s2"
)

// leafMargin is more than any point is away from the middle of its leaf cell, in metres:
// no leaf cell has a diagonal of more than 1.5 centimetres.
const leafMargin = 0.02

// leafCell is a leaf cell of which it is asked whether its points are in shapes.
type leafCell struct {
	id     s2.CellID
	middle Point
	bounds cell // once it is needed
	known  bool // bounds are
}

func newLeafCell(leaf uint64) leafCell {
	id := s2.CellID(leaf)
	at := id.LatLng()
	return leafCell{id: id, middle: Point{Lat: at.Lat.Degrees(), Lon: at.Lng.Degrees()}}
}

// relate tells how the points of the leaf cell lie to a shape.
func (l *leafCell) relate(s shape) relation {
	switch s := s.(type) {
	case *circleShape:
		return s.leaf(l.middle)
	case partShape:
		if rel := s.afar(l.middle); rel != undecided {
			return rel
		}
		if !l.known {
			l.bounds, l.known = boundsOf(l.id), true
		}
		return s.leaf(&l.bounds)
	}
	return undecided
}

// afar tells how the points of a leaf cell with that middle lie, if the raster says so.
func (t *part) afar(middle Point) relation {
	const degrees = leafMargin / EarthRadius / radians
	far := math.Abs(middle.Lat) + degrees
	if far > 89 {
		return undecided // where a degree of longitude is next to nothing
	}
	aside := degrees / math.Cos(far*radians)
	b := box{
		lons: span{middle.Lon - aside, middle.Lon + aside},
		lats: span{middle.Lat - degrees, middle.Lat + degrees},
	}
	if !t.holds(b) {
		return undecided
	}
	return t.raster.of(b)
}

// leaf tells how the points of a leaf cell with those bounds lie: all alike, unless a
// segment comes into the bounds.
func (t *part) leaf(c *cell) relation {
	if t.beside(c) {
		return without
	}
	lats := span{c.south, c.north}
	out := without
	for _, s := range c.lons[:c.nLons] {
		// Where there are two, they meet at the antimeridian: a flat part that has an end
		// there has a segment on it.
		free, odd := t.locator.free(box{s, lats})
		if !free {
			return undecided
		}
		if odd != t.north {
			out = within
		}
	}
	return out
}

// holds reports whether a box is within the bounds of the part.
func (t *part) holds(b box) bool {
	return b.lons.lo >= t.west && b.lons.hi <= t.east && b.lats.lo >= t.south && b.lats.hi <= t.top
}

// verdict is a relation as Leaf returns it.
func (r relation) verdict() (in, sure bool) { return r == within, r != undecided }

// leaf tells how the points of a leaf cell with that middle lie.
func (c *Circle) leaf(middle Point) relation {
	if c.radius == 0 {
		return without
	}
	const degrees = 2 * leafMargin / EarthRadius / radians
	if math.Abs(middle.Lat-c.center.Lat) > c.spanLat+degrees {
		return without
	}
	switch d := c.roughly(middle); {
	case d+leafMargin < c.radius:
		return within
	case d-leafMargin > c.radius:
		return without
	}
	return undecided
}

// roughly returns the distance of a point from the centre in metres, to a millimetre.
func (c *Circle) roughly(p Point) float64 {
	dLat, dLon := math.Abs(p.Lat-c.center.Lat), lonBetween(p.Lon, c.center.Lon)
	if c.small && dLat < smallDegrees && dLon < smallDegrees {
		return 2 * EarthRadius * math.Asin(math.Sqrt(c.smallHaversine(p.Lat-c.center.Lat, dLon)))
	}
	return Distance(c.center, p)
}

// Leaf reports whether the points of a leaf cell are in the circle, all of them or none,
// and whether that is sure. Where it is not, the points decide.
func (c Circle) Leaf(leaf uint64) (in, sure bool) {
	return c.leaf(newLeafCell(leaf).middle).verdict()
}

// Leaf is [Circle.Leaf] of the polygon.
func (g *Polygon) Leaf(leaf uint64) (in, sure bool) {
	if g.index != nil {
		return g.index.leaf(leaf).verdict()
	}
	l := newLeafCell(leaf)
	out := without
	for _, t := range g.parts {
		switch l.relate(partShape{part: t}) {
		case within:
			return true, true
		case undecided:
			out = undecided
		}
	}
	return out.verdict()
}

// Leaf is [Circle.Leaf] of the union.
func (p *Places) Leaf(leaf uint64) (in, sure bool) {
	return p.index.leaf(leaf).verdict()
}

// leaf tells how the points of a leaf cell lie to the shapes together.
func (x *cellIndex) leaf(leaf uint64) relation {
	i, ok := x.find(leaf)
	if !ok {
		return without
	}
	lo, hi := x.start[i], x.start[i+1]
	if lo == hi {
		return within
	}
	l := newLeafCell(leaf)
	out := without
	for _, k := range x.candidates[lo:hi] {
		switch l.relate(x.shapes[k]) {
		case within:
			return within
		case undecided:
			out = undecided
		}
	}
	return out
}
