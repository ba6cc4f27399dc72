package geo

import (
	"context"
	"fmt"
	"slices"
)

// MaxVertices is the most positions that a polygon may have in all of its rings.
const MaxVertices = 100_000

// Polygon is an area of one or more parts with straight edges on the map of longitude
// and latitude, as the package documentation defines it. It is immutable.
type Polygon struct {
	parts []*part
	index *cellIndex // of many parts, else nil
}

// indexedParts is the number of parts from which on an index finds them.
const indexedParts = 8

// NewPolygon returns the area within one ring, given by its vertices in either
// direction. The first may be repeated at the end. The points are copied. An error is a
// [PolygonError].
func NewPolygon(vertices []Point) (*Polygon, error) {
	if len(vertices) > MaxVertices {
		return nil, &PolygonError{Polygon: 1, Ring: 1, Reason: tooMany}
	}
	points := slices.Clone(vertices)
	if n := len(points); n > 1 && points[0] == points[n-1] {
		points = points[:n-1]
	}
	t, err := typed(newPart([][]Point{points}))
	if err != nil {
		return nil, err
	}
	return newPolygon([]*part{t}), nil
}

var tooMany = fmt.Sprintf("there are more than %d positions in all", MaxVertices)

// newPolygon puts parts in their order.
func newPolygon(parts []*part) *Polygon {
	g := &Polygon{parts: sortParts(parts)}
	if len(g.parts) >= indexedParts {
		g.index, _ = newCellIndex(context.Background(), appendShapes(nil, g.parts)) // never broken off
	}
	return g
}

// sortParts puts parts in their order and drops those that are there twice.
func sortParts(parts []*part) []*part {
	slices.SortFunc(parts, comparePart)
	return slices.CompactFunc(parts, func(a, b *part) bool { return comparePart(a, b) == 0 })
}

func comparePart(a, b *part) int {
	return slices.CompareFunc(a.outline, b.outline, compareRings)
}

// Parts returns of how many outlines, with their holes, the area is.
func (g *Polygon) Parts() int { return len(g.parts) }

// Contains reports whether the point is in the area or on its border, exactly. A point
// that is not valid is in no area.
func (g *Polygon) Contains(p Point) bool {
	if !p.valid() {
		return false
	}
	if g.index != nil {
		return g.index.contains(p)
	}
	p = p.canonical()
	for _, t := range g.parts {
		if t.contains(p) {
			return true
		}
	}
	return false
}

// Equal reports whether two polygons have the same rings. Where a ring begins, its
// direction, and the order of holes and parts make no difference.
func (g *Polygon) Equal(h *Polygon) bool {
	return slices.EqualFunc(g.parts, h.parts, func(a, b *part) bool { return comparePart(a, b) == 0 })
}

// String returns the area as GeoJSON, a Polygon or a MultiPolygon: compact, the same for
// equal polygons, and read by [ParsePolygon] as an equal one.
func (g *Polygon) String() string {
	return string(g.appendJSON(nil))
}

// MarshalJSON returns what String returns.
func (g *Polygon) MarshalJSON() ([]byte, error) {
	return g.appendJSON(nil), nil
}

func (g *Polygon) appendJSON(b []byte) []byte {
	if len(g.parts) == 1 {
		b = append(b, `{"type":"Polygon","coordinates":`...)
		return append(appendRings(b, g.parts[0].outline), '}')
	}
	b = append(b, `{"type":"MultiPolygon","coordinates":[`...)
	for i, t := range g.parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRings(b, t.outline)
	}
	return append(b, `]}`...)
}

func appendRings(b []byte, rings [][]Point) []byte {
	for i, points := range rings {
		b = append(b, "[,"[min(i, 1)], '[')
		for _, p := range points {
			b = append(appendPosition(b, p), ',')
		}
		b = append(appendPosition(b, points[0]), ']')
	}
	return append(b, ']')
}

func appendPosition(b []byte, p Point) []byte {
	b = append(append(b, '['), formatNumber(p.Lon)...)
	b = append(append(b, ','), formatNumber(p.Lat)...)
	return append(b, ']')
}

func appendShapes(list []shape, parts []*part) []shape {
	for _, t := range parts {
		list = append(list, partShape{part: t})
	}
	return list
}
