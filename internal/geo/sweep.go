package geo

import (
	"fmt"
	"slices"
)

// sweep goes over the segments of a polygon from west to east and refuses rings that
// cross, overlap, touch themselves or lie in the wrong place, in the manner of
// Shamos and Hoey: two lines that cross are neighbours on the map just before they do.
// Its cost is O(n log n) comparisons, all exact.
//
// In a polygon that is round, segments that reach 180 degrees are there twice, a turn
// apart. West of -180 and from 180 on some segments are missing, so rings are followed
// through their vertices only in between, at turn 0.
type sweep struct {
	rings    []*ring
	segments []segment
	// active holds the segments at the sweep line from south to north.
	active []int32
	// south says that an odd number of rings includes the southern end of the map.
	south  bool
	placed []bool // by ring
	// misplaced is the first ring found where it must not be: reported only if no
	// two rings cross.
	misplaced *PolygonError

	next, around []int32 // scratch
	open         []chain
}

// endpoint is one end of a segment.
type endpoint struct {
	v       vertex
	segment int32
}

// chain is a line that goes through a point: the two edges of a ring at a vertex, or
// one edge between its vertices, whose vertex is -1 less the edge.
type chain struct {
	ring, vertex int
}

func checkRings(rings []*ring, segments []segment) *PolygonError {
	s := &sweep{rings: rings, segments: segments, placed: make([]bool, len(rings))}
	for _, r := range rings {
		s.south = s.south != r.hasSouth()
	}
	ends := make([]endpoint, 0, 2*len(segments))
	for i := range segments {
		ends = append(ends, endpoint{segments[i].a, int32(i)}, endpoint{segments[i].b, int32(i)})
	}
	slices.SortFunc(ends, func(a, b endpoint) int { return a.v.compare(b.v) })
	for len(ends) > 0 {
		n := 1
		for n < len(ends) && ends[n].v == ends[0].v {
			n++
		}
		if err := s.at(ends[0].v, ends[:n]); err != nil {
			return err
		}
		ends = ends[n:]
	}
	return s.misplaced
}

// at moves the sweep line over one point, with all segments that end or start there.
func (s *sweep) at(p vertex, ends []endpoint) *PolygonError {
	// The active segments through p are contiguous: [lo, hi).
	lo, _ := slices.BinarySearchFunc(s.active, p, func(i int32, p vertex) int {
		if orient(s.segments[i].a, s.segments[i].b, p) > 0 {
			return -1
		}
		return 1
	})
	hi := lo
	for hi < len(s.active) && orient(s.segments[s.active[hi]].a, s.segments[s.active[hi]].b, p) == 0 {
		hi++
	}
	s.next = s.next[:0]
	for _, i := range s.active[lo:hi] {
		if s.segments[i].b != p {
			s.next = append(s.next, i) // it goes on
		}
	}
	for _, e := range ends {
		if s.segments[e.segment].a == p {
			s.next = append(s.next, e.segment)
		}
	}
	slices.SortFunc(s.next, func(i, j int32) int {
		return -orient(p, s.segments[i].b, s.segments[j].b)
	})
	for k := 1; k < len(s.next); k++ {
		i, j := s.next[k-1], s.next[k]
		if orient(p, s.segments[i].b, s.segments[j].b) == 0 {
			return s.fail(i, j, "overlaps")
		}
	}
	if p.turn == 0 {
		if err := s.follow(p, s.active[lo:hi]); err != nil {
			return err
		}
	}
	s.active = slices.Replace(s.active, lo, hi, s.next...)
	if err := s.neighbours(lo, lo+len(s.next)); err != nil {
		return err
	}
	if p.turn == 0 {
		s.place(lo)
	}
	return nil
}

// neighbours checks the pairs of segments that have become neighbours: those at either
// end of active[lo:hi].
func (s *sweep) neighbours(lo, hi int) *PolygonError {
	for _, k := range [...]int{lo, hi} {
		if k == 0 || k >= len(s.active) {
			continue
		}
		i, j := s.active[k-1], s.active[k]
		e, f := &s.segments[i], &s.segments[j]
		if orient(e.a, e.b, f.a)*orient(e.a, e.b, f.b) < 0 && orient(f.a, f.b, e.a)*orient(f.a, f.b, e.b) < 0 {
			return s.fail(i, j, "crosses")
		}
	}
	return nil
}

// follow checks that the lines through p, which come in along before and s.next, do
// not cross there, and that no two are of one ring. Round the point, the ends of
// lines that do not cross nest like brackets.
func (s *sweep) follow(p vertex, before []int32) *PolygonError {
	s.around = append(append(s.around[:0], before...), s.next...)
	if len(s.around) == 2 {
		return nil // a vertex that nothing else touches
	}
	slices.Reverse(s.around[len(before):]) // clockwise from the south
	s.open = s.open[:0]
	for _, i := range s.around {
		c := s.chainAt(p, i)
		if n := len(s.open); n > 0 && s.open[n-1] == c {
			s.open = s.open[:n-1]
			continue
		}
		s.open = append(s.open, c)
	}
	rings := map[int]chain{}
	for _, i := range s.around {
		c := s.chainAt(p, i)
		if d, seen := rings[c.ring]; seen && d != c {
			return s.touches(c, d)
		}
		rings[c.ring] = c
	}
	if n := len(s.open); n > 0 {
		c, d := s.open[0], s.open[n-1]
		if c.vertex < 0 || d.vertex >= 0 && c.ring < d.ring {
			c, d = d, c
		}
		return s.rings[c.ring].fail(max(0, c.vertex+1), "it crosses ring %d", d.ring+1)
	}
	return nil
}

// chainAt returns the line that the segment belongs to at a point on it.
func (s *sweep) chainAt(p vertex, i int32) chain {
	g := &s.segments[i]
	a, b := g.ends(s.rings[g.ring])
	switch p {
	case g.a:
		return chain{int(g.ring), a}
	case g.b:
		return chain{int(g.ring), b}
	}
	return chain{int(g.ring), -1 - int(g.edge)}
}

// touches is the error of a ring that comes twice to a point.
func (s *sweep) touches(c, d chain) *PolygonError {
	r := s.rings[c.ring]
	if c.vertex < d.vertex {
		c, d = d, c
	}
	switch {
	case c.vertex < 0:
		return r.fail(-c.vertex, "the edge from here crosses the one from vertex %d", -d.vertex)
	case d.vertex < 0:
		return r.fail(c.vertex+1, "it touches the edge from vertex %d of the same ring", -d.vertex)
	}
	return r.fail(c.vertex+1, "it repeats vertex %d", d.vertex+1)
}

// place checks, once for each ring, that the area below an edge of it is what it must be:
// whether a point is inside the polygon follows from the number of edges below it.
// The rings do not cross, so each lies in an even or odd number of others. If
// that is 0 or even for the outer ring and odd for all holes, then it is 0 and 1.
func (s *sweep) place(lo int) {
	for k, i := range s.next {
		g := &s.segments[i]
		if s.placed[g.ring] {
			continue
		}
		s.placed[g.ring] = true
		r := s.rings[g.ring]
		inside := s.south != ((lo+k)%2 == 1)
		areaAbove := g.forward == r.areaLeft
		switch outer := g.ring == 0; {
		case outer && inside == areaAbove:
			s.misplace(r, "the outer ring lies within a hole")
		case !outer && inside != areaAbove:
			s.misplace(r, "a hole that is not inside the outer ring, or is within another hole")
		}
	}
}

func (s *sweep) misplace(r *ring, reason string) {
	if s.misplaced == nil {
		s.misplaced = r.fail(0, "%s", reason)
	}
}

// fail is the error of two segments that meet where they must not.
func (s *sweep) fail(i, j int32, how string) *PolygonError {
	e, f := &s.segments[i], &s.segments[j]
	if e.ring < f.ring || e.ring == f.ring && e.edge < f.edge {
		e, f = f, e
	}
	what := fmt.Sprintf("the edge from here %s the one from vertex %d", how, f.edge+1)
	if e.ring != f.ring {
		what += fmt.Sprintf(" of ring %d", f.ring+1)
	}
	return s.rings[e.ring].fail(int(e.edge)+1, "%s", what)
}
