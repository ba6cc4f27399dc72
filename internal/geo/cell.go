package geo

import (
	"math"

	"github.com/golang/geo/s2"
)

// shape is an area that cells can be compared with.
type shape interface {
	// contains decides exactly for a canonical point.
	contains(p Point) bool
	// relate returns how the points of a cell lie. If it cannot tell, it also returns
	// what of the shape matters to the cells within this one.
	relate(c *cell) (relation, shape)
	// effort is what relate takes, about: 1 for a circle.
	effort() int
}

// cell is an S2 cell with bounds that hold all points whose leaf cell is in it.
type cell struct {
	s2.Cell
	south, north float64
	// One or two ranges of longitude between -180 and 180. Where the bounds touch the
	// antimeridian, both of its sides are in them.
	lons  [2]span
	nLons int
}

const (
	// cellMargin widens the bounds of a cell: in degrees, some 10 micrometres, where
	// all roundings together come to a thousandth of that.
	cellMargin = 1e-10
	// polarZone is where meridians are too close together to tell apart by longitude.
	polarZone = 89.999999
)

func newCell(id s2.CellID) *cell {
	c := boundsOf(id)
	return &c
}

func boundsOf(id s2.CellID) cell {
	c := cell{Cell: s2.CellFromCellID(id)}
	bound := c.RectBound()
	c.south = max(-90, bound.Lat.Lo/radians-cellMargin)
	c.north = min(90, bound.Lat.Hi/radians+cellMargin)
	far := max(-c.south, c.north)
	west, east := bound.Lng.Lo/radians, bound.Lng.Hi/radians
	if bound.Lng.IsFull() || far > polarZone {
		west, east = -180, 180
	} else {
		margin := cellMargin / math.Cos(far*radians)
		west, east = west-margin, east+margin
	}
	if bound.Lng.IsInverted() && !bound.Lng.IsFull() && far <= polarZone {
		east += 360
	}
	switch {
	case east-west >= 360:
		c.addLons(-180, 180)
	case west <= -180:
		c.addLons(-180, min(east, 180))
		c.addLons(west+360-cellMargin, 180)
	case east >= 180:
		c.addLons(west, 180)
		c.addLons(-180, east-360+cellMargin)
	default:
		c.addLons(west, east)
	}
	return c
}

func (c *cell) addLons(west, east float64) {
	c.lons[c.nLons] = span{max(west, -180), min(east, 180)}
	c.nLons++
}

// middle returns a point within the bounds.
func (c *cell) middle() Point {
	return Point{Lat: (c.south + c.north) / 2, Lon: (c.lons[0].lo + c.lons[0].hi) / 2}
}

// lonGap returns the degrees from a longitude to the nearest of the bounds.
func (c *cell) lonGap(lon float64) float64 {
	gap := 180.0
	for _, s := range c.lons[:c.nLons] {
		if s.lo <= lon && lon <= s.hi {
			return 0
		}
		gap = min(gap, lonBetween(lon, s.lo), lonBetween(lon, s.hi))
	}
	return gap
}

// touches reports whether a segment has a point within the bounds. It may say so of one
// that passes close by, never the reverse.
func (c *cell) touches(s *segment) bool {
	if max(s.a.y, s.b.y) < c.south || min(s.a.y, s.b.y) > c.north {
		return false
	}
	for _, lon := range c.lons[:c.nLons] {
		west, east := vertex{x: lon.lo}, vertex{x: lon.hi}
		// On a round map 180 itself is a turn on, and a copy of the segment is at -180.
		if compareX(s.b, west) < 0 || compareX(s.a, east) > 0 {
			continue
		}
		if c.holds(s.a, lon) || c.holds(s.b, lon) {
			return true
		}
		corner := [...]vertex{{x: lon.lo, y: c.south}, {x: lon.hi, y: c.south}, {x: lon.lo, y: c.north}, {x: lon.hi, y: c.north}}
		left, right := 0, 0
		for _, v := range corner {
			switch orient(s.a, s.b, v) {
			case 1:
				left++
			case -1:
				right++
			}
		}
		if left < 4 && right < 4 {
			return true
		}
	}
	return false
}

// holds reports whether a vertex is within the bounds, in one of their ranges of longitude.
func (c *cell) holds(v vertex, lons span) bool {
	return v.turn == 0 && lons.lo <= v.x && v.x <= lons.hi && c.south <= v.y && v.y <= c.north
}

// partShape is a part, or as much of it as matters within a cell.
type partShape struct {
	*part
	near    []int32 // its segments that may be in the cell
	clipped bool    // if not, all segments may
}

func (t partShape) relate(c *cell) (relation, shape) {
	if t.beside(c) {
		return without, nil
	}
	if t.inside(c) {
		return undecided, t
	}
	var near []int32
	if t.clipped {
		for _, i := range t.near {
			if c.touches(&t.segments[i]) {
				near = append(near, i)
			}
		}
	} else {
		for i := range t.segments {
			if c.touches(&t.segments[i]) {
				near = append(near, int32(i))
			}
		}
	}
	switch {
	case len(near) > 0:
		return undecided, partShape{part: t.part, near: near, clipped: true}
	case t.contains(c.middle().canonical()):
		return within, nil
	}
	return without, nil
}

// beside reports whether the bounds of the part and of a cell have no point in common.
func (t *part) beside(c *cell) bool {
	if c.north < t.south || c.south > t.top {
		return true
	}
	for _, s := range c.lons[:c.nLons] {
		if s.hi >= t.west && s.lo <= t.east {
			return false
		}
	}
	return true
}

// inside reports whether the bounds of the part are within those of a cell.
func (t *part) inside(c *cell) bool {
	return c.nLons == 1 && c.lons[0].lo <= t.west && t.east <= c.lons[0].hi && c.south <= t.south && t.top <= c.north
}

func (t partShape) effort() int {
	n := len(t.near)
	if !t.clipped {
		n = len(t.segments)
	}
	return 1 + n/16
}

// circleShape is a circle with its centre as S2 has it.
type circleShape struct {
	Circle
	point, antipode s2.Point
}

func newCircleShape(c Circle) *circleShape {
	p := s2.PointFromLatLng(s2.LatLngFromDegrees(c.center.Lat, c.center.Lon))
	return &circleShape{Circle: c, point: p, antipode: s2.Point{Vector: p.Mul(-1)}}
}

// angleMargin is in radians, some 10 micrometres: a thousand times what the angles
// below are off by.
const angleMargin = 1.5e-12

func (c *circleShape) relate(k *cell) (relation, shape) {
	if c.radius >= MaxDistance {
		return within, nil
	}
	if k.south-c.center.Lat > c.spanLat || c.center.Lat-k.north > c.spanLat {
		return without, nil
	}
	if k.lonGap(c.center.Lon) > c.spanLon {
		return without, nil
	}
	angle := c.radius / EarthRadius
	if nearest(k, c.point, c.antipode) > angle+angleMargin {
		return without, nil
	}
	if math.Pi-nearest(k, c.antipode, c.point) < angle-angleMargin {
		return within, nil
	}
	return undecided, c
}

func (c *circleShape) effort() int { return 1 }

// nearest returns the angle from a point to the nearest of a cell. A chord says little
// of angles near half a turn, so beyond a right angle it measures from the antipode:
// to the farthest of a cell within a hemisphere, which is a vertex.
func nearest(k *cell, p, antipode s2.Point) float64 {
	if chord := k.Distance(p); chord <= 2 {
		return float64(chord.Angle())
	}
	farthest := 0.0
	for i := range 4 {
		farthest = max(farthest, float64(k.Vertex(i).Distance(antipode)))
	}
	return math.Pi - farthest
}
