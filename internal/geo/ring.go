package geo

import (
	"fmt"
	"math"
	"math/big"
	"slices"
)

// PolygonError says where a polygon is wrong. All of its numbers count from 1, and 0
// stands for the whole: a Vertex of 0 for the ring, a Ring of 0 for the polygon.
type PolygonError struct {
	Polygon int // within a multi-polygon, else 1
	Ring    int // 1 is the outer ring, the others are holes
	Vertex  int // the position within the ring
	Reason  string
}

// Error returns the place and the reason.
func (e *PolygonError) Error() string {
	text := fmt.Sprintf("polygon %d", e.Polygon)
	if e.Ring > 0 {
		text += fmt.Sprintf(", ring %d", e.Ring)
	}
	if e.Vertex > 0 {
		text += fmt.Sprintf(", vertex %d", e.Vertex)
	}
	return text + ": " + e.Reason
}

// ring is a closed line of edges without its closing position, checked as far as it can
// be alone.
type ring struct {
	number int     // in the polygon, from 1
	points []Point // as given
	// What the points come to: consecutive vertices differ by the edge between them. In
	// a polygon that is not round, turns are 0.
	vertices []vertex
	// jumps says that an edge goes the shorter way round, over the antimeridian.
	jumps bool
	// winding is the times that the ring goes eastward round the Earth: -1, 0 or 1.
	winding int
	// areaLeft says that the area is on the left of each edge.
	areaLeft bool
}

func (r *ring) fail(vertex int, format string, args ...any) *PolygonError {
	return &PolygonError{Polygon: 1, Ring: r.number, Vertex: vertex, Reason: fmt.Sprintf(format, args...)}
}

// newRing checks the points of a ring one by one, the last not being the first again,
// and finds which edges jump.
func newRing(number int, points []Point) (*ring, *PolygonError) {
	r := &ring{number: number, points: points}
	for i, p := range points {
		if err := p.Validate(); err != nil {
			return nil, r.fail(i+1, "%v", err)
		}
		points[i] = Point{p.Lat + 0, p.Lon + 0}
	}
	if len(points) < 3 {
		return nil, r.fail(0, "it has %d different vertices, the least is 3", len(points))
	}
	for i, p := range points {
		q := points[(i+1)%len(points)]
		if whole := min(p.Lon, q.Lon) == -180 && max(p.Lon, q.Lon) == 180; !whole && farther180(p.Lon, q.Lon) {
			r.jumps = true
		}
	}
	return r, nil
}

// farther180 reports whether two longitudes differ by more than 180 degrees, exactly:
// the greater of them is at least 90 from zero, where subtracting 180 does not round.
func farther180(a, b float64) bool {
	lo, hi := min(a, b), max(a, b)
	if hi >= 90 {
		return hi-180 > lo
	}
	return lo <= -90 && lo+180 < hi
}

// unroll sets the vertices, for a polygon that is round, where 180 and -180 are one
// meridian, or for one that is flat. It refuses what can be seen at one vertex.
func (r *ring) unroll(round bool) *PolygonError {
	r.vertices = make([]vertex, len(r.points))
	var turn int32
	for i, p := range r.points {
		v := vertex{x: p.Lon, y: p.Lat, turn: turn}
		if round && v.x == 180 {
			v.x, v.turn = -180, turn+1
		}
		r.vertices[i] = v
		turn += r.step(p.Lon, r.points[(i+1)%len(r.points)].Lon)
	}
	r.winding = int(turn)
	if turn < -1 || turn > 1 {
		return r.fail(0, "it goes %d times round the Earth", max(turn, -turn))
	}
	for i, v := range r.vertices {
		if v == r.at(i+1) {
			return r.fail(i+2, "it repeats the vertex before")
		}
	}
	for i, v := range r.vertices {
		before, after := r.at(i-1), r.at(i+1)
		if orient(before, v, after) == 0 && (before.compare(v) < 0) == (after.compare(v) < 0) {
			return r.fail(i+1, "a spike: the ring turns back on itself")
		}
	}
	return r.findSide()
}

// step returns the turns that the edge between two longitudes adds.
func (r *ring) step(from, to float64) int32 {
	switch {
	case !r.jumps || !farther180(from, to):
		return 0
	case from > to:
		return 1
	}
	return -1
}

// at returns a vertex for an index from -1 to the length, where it is a turn of the
// Earth on if the ring is.
func (r *ring) at(i int) vertex {
	n := len(r.vertices)
	v := r.vertices[(i+n)%n]
	switch {
	case i < 0:
		v.turn -= int32(r.winding)
	case i >= n:
		v.turn += int32(r.winding)
	}
	return v
}

// findSide finds out on which side of its edges the area of the ring lies, given that
// it does not cross itself.
func (r *ring) findSide() *PolygonError {
	if r.winding == 0 {
		// At the least vertex the angle inside is convex, and spikes are out.
		least := 0
		for i, v := range r.vertices {
			if v.compare(r.vertices[least]) < 0 {
				least = i
			}
		}
		r.areaLeft = orient(r.at(least-1), r.vertices[least], r.at(least+1)) > 0
		return nil
	}
	// Eastward, the north is on the left. The pole on the side of the mean latitude
	// has the smaller area.
	switch r.areaUnder() * r.winding {
	case 0:
		return r.fail(0, "it goes round the Earth and divides the map into equal halves: add the pole that is meant")
	case 1:
		r.areaLeft = r.winding == 1
	default:
		r.areaLeft = r.winding == -1
	}
	return nil
}

// areaUnder returns the exact sign of the integral of latitude over longitude.
func (r *ring) areaUnder() int {
	var sum, size float64
	for i, a := range r.vertices {
		b := r.at(i + 1)
		term := (b.x - a.x + 360*float64(b.turn-a.turn)) * (a.y + b.y)
		sum += term
		size += 360 * (math.Abs(a.y) + math.Abs(b.y))
	}
	if bound := size * float64(len(r.vertices)+8) * 1e-15; math.Abs(sum) > bound {
		return sign(sum)
	}
	xs, ys := make([]float64, 0, len(r.vertices)), make([]float64, 0, len(r.vertices))
	for _, v := range r.vertices {
		xs, ys = append(xs, v.x), append(ys, v.y)
	}
	scaleX, scaleY := exponent(xs...), exponent(ys...)
	var total, ax, ay, bx, by big.Int
	for i, a := range r.vertices {
		b := r.at(i + 1)
		scaled(&ax, a.x, 0, scaleX)
		scaled(&bx, b.x, b.turn-a.turn, scaleX)
		scaled(&ay, a.y, 0, scaleY)
		scaled(&by, b.y, 0, scaleY)
		bx.Sub(&bx, &ax)
		ay.Add(&ay, &by)
		total.Add(&total, bx.Mul(&bx, &ay))
	}
	return total.Sign()
}

// hasNorth reports whether the area of the ring includes the northern end of the
// map, and hasSouth the southern.
func (r *ring) hasNorth() bool { return r.winding != 0 && r.areaLeft == (r.winding > 0) }
func (r *ring) hasSouth() bool { return r.winding != 0 && !r.hasNorth() }

// segment is an edge from west to east on the map, or upward along a meridian.
type segment struct {
	a, b vertex // a before b
	ring int32  // index among the rings
	edge int32  // from the ring's vertex of this index to the next
	// forward says that the ring goes from a to b.
	forward bool
}

// ends returns the indices in its ring of the vertices that a and b are.
func (s *segment) ends(r *ring) (a, b int) {
	a, b = int(s.edge), (int(s.edge)+1)%len(r.vertices)
	if !s.forward {
		a, b = b, a
	}
	return a, b
}

// appendSegments appends the ring's edges, each with its western end between -180
// and 180. One that reaches 180 or beyond is appended once more, a turn to the west, so
// that between -180 and 180 none is missing.
func (r *ring) appendSegments(list []segment, index int) []segment {
	list = slices.Grow(list, len(r.vertices))
	for i, a := range r.vertices {
		s := segment{a: a, b: r.at(i + 1), ring: int32(index), edge: int32(i), forward: true}
		if s.a.compare(s.b) > 0 {
			s.a, s.b, s.forward = s.b, s.a, false
		}
		s.b.turn -= s.a.turn
		s.a.turn = 0
		list = append(list, s)
		if s.b.turn > 0 {
			s.a.turn--
			s.b.turn--
			list = append(list, s)
		}
	}
	return list
}
