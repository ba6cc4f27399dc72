package geo

import (
	"cmp"
	"fmt"
	"slices"
)

// MaxPlaces is the most circles and polygons that [Places] may have together.
const MaxPlaces = 100_000

// Places is the union of many circles and polygons, such as all stations of a city. An
// index finds the few that a point is compared with. It is immutable.
type Places struct {
	circles  []Circle
	polygons []*Polygon
	index    *cellIndex
}

// NewPlaces returns the union of circles and polygons, which it copies. Without any it
// holds no point.
func NewPlaces(circles []Circle, polygons []*Polygon) (*Places, error) {
	if n := len(circles) + len(polygons); n > MaxPlaces {
		return nil, fmt.Errorf("%d places: the most is %d", n, MaxPlaces)
	}
	p := &Places{circles: slices.Clone(circles), polygons: slices.Clone(polygons)}
	slices.SortFunc(p.circles, func(a, b Circle) int {
		return cmp.Or(comparePoints(a.center, b.center), cmp.Compare(a.radius, b.radius))
	})
	p.circles = slices.Compact(p.circles)
	slices.SortFunc(p.polygons, comparePolygons)
	p.polygons = slices.CompactFunc(p.polygons, (*Polygon).Equal)
	p.index = newCellIndex(p.shapes())
	return p, nil
}

func comparePolygons(g, h *Polygon) int {
	return slices.CompareFunc(g.parts, h.parts, comparePart)
}

func (p *Places) shapes() []shape {
	list := make([]shape, 0, len(p.circles)+len(p.polygons))
	for _, c := range p.circles {
		if c.radius > 0 {
			list = append(list, newCircleShape(c))
		}
	}
	for _, g := range p.polygons {
		list = g.shapes(list)
	}
	return list
}

// Contains reports whether the point is in any of the places: exactly what their own
// Contains methods say. A point that is not valid is in none.
func (p *Places) Contains(q Point) bool {
	return q.valid() && p.index.contains(q)
}

// Covering returns at most limit ranges in all for the union; a limit below 8 is 8. More
// of them leave less to decide one by one.
func (p *Places) Covering(limit int) Covering {
	return cover(p.shapes(), limit)
}

// Equal reports whether two sets have the same circles and equal polygons, in any order.
func (p *Places) Equal(q *Places) bool {
	return slices.Equal(p.circles, q.circles) && slices.EqualFunc(p.polygons, q.polygons, (*Polygon).Equal)
}
