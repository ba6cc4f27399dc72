package geo

import (
	"cmp"
	"slices"
)

// part is one outer ring and its holes, made ready to answer.
type part struct {
	// The rings in the form in which equal parts are equal, the outer one first,
	// without their closing positions.
	outline  [][]Point
	rings    []*ring // while the part is made
	segments []segment
	locator  *locator
	raster   *raster
	// round says that an edge crosses the antimeridian, so that 180 and -180 are one
	// line on the map. On a flat map they are its two ends.
	round bool
	// What the northern end of the map is, and whether either pole is in the area.
	north, northPole, southPole bool
	// No point of the part is outside these bounds, but for poles.
	west, east, south, top float64
}

// newPart checks rings, the outer one first, and prepares them.
func newPart(points [][]Point) (*part, *PolygonError) {
	t := &part{}
	for i, ring := range points {
		r, err := newRing(i+1, ring)
		if err != nil {
			return nil, err
		}
		t.rings = append(t.rings, r)
		t.round = t.round || r.jumps
	}
	for i, r := range t.rings {
		if err := r.unroll(t.round); err != nil {
			return nil, err
		}
		t.segments = r.appendSegments(t.segments, i)
		t.north = t.north != r.hasNorth()
	}
	if err := checkRings(t.rings, t.segments); err != nil {
		return nil, err
	}
	t.northPole, t.southPole = t.poles()
	t.bound()
	t.locator = newLocator(t.segments)
	t.raster = newRaster(t)
	t.outline = t.canonicalRings()
	t.rings = nil
	return t, nil
}

// poles returns which poles the part contains. Without a vertex there, the end of the
// map is either whole in the area or whole outside.
func (t *part) poles() (north, south bool) {
	north = t.north
	for _, r := range t.rings {
		south = south != r.hasSouth()
	}
	for _, r := range t.rings {
		for _, p := range r.points {
			north = north || p.Lat == 90
			south = south || p.Lat == -90
		}
	}
	return north, south
}

func (t *part) bound() {
	outer := t.rings[0]
	first := outer.points[0]
	t.west, t.east, t.south, t.top = first.Lon, first.Lon, first.Lat, first.Lat
	for _, p := range outer.points {
		t.west, t.east = min(t.west, p.Lon), max(t.east, p.Lon)
		t.south, t.top = min(t.south, p.Lat), max(t.top, p.Lat)
	}
	if t.round {
		t.west, t.east = -180, 180
	}
	if outer.hasNorth() {
		t.top = 90
	}
	if outer.hasSouth() {
		t.south = -90
	}
}

// contains reports whether a canonical point is in the part.
func (t *part) contains(p Point) bool {
	switch p.Lat {
	case 90:
		return t.northPole
	case -90:
		return t.southPole
	}
	if p.Lat < t.south || p.Lat > t.top {
		return false
	}
	if p.Lon == -180 && !t.round && t.east == 180 && t.containsOnMap(180, p.Lat) {
		return true
	}
	return t.containsOnMap(p.Lon, p.Lat)
}

// containsOnMap decides for one spelling of the longitude.
func (t *part) containsOnMap(lon, lat float64) bool {
	if lon < t.west || lon > t.east {
		return false
	}
	switch t.raster.at(lon, lat) {
	case within:
		return true
	case without:
		return false
	}
	return t.locate(lon, lat)
}

// locate decides without the raster.
func (t *part) locate(lon, lat float64) bool {
	on, odd := t.locator.locate(vertex{x: lon, y: lat})
	return on || odd != t.north
}

// canonicalRings returns the rings in the form in which equal parts are equal: each from
// its least point on, the outer one anticlockwise and holes clockwise as RFC 7946 wants
// it, the holes in order.
func (t *part) canonicalRings() [][]Point {
	all := make([][]Point, 0, len(t.rings))
	for i, r := range t.rings {
		points := slices.Clone(r.points)
		if outer := i == 0; r.areaLeft != outer {
			slices.Reverse(points)
		}
		least := 0
		for k, p := range points {
			if comparePoints(p, points[least]) < 0 {
				least = k
			}
		}
		all = append(all, slices.Concat(points[least:], points[:least]))
	}
	slices.SortFunc(all[1:], compareRings)
	return all
}

// comparePoints orders by longitude, then latitude.
func comparePoints(p, q Point) int {
	return cmp.Or(cmp.Compare(p.Lon, q.Lon), cmp.Compare(p.Lat, q.Lat))
}

func compareRings(a, b []Point) int {
	return slices.CompareFunc(a, b, comparePoints)
}
