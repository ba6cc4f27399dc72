package geo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// MaxPlaces is the most circles, and the most polygons, that [Places] may have.
const MaxPlaces = 100_000

// Places is the union of many circles and polygons, such as all stations of a city. An
// index finds the few that a point is compared with. It is immutable.
type Places struct {
	// In order, and each of them once.
	circles []Circle
	parts   []*part
	index   *cellIndex
}

// NewPlaces returns the union of circles and polygons. The lists are copied. Without any
// it holds no point. The error is the cause of ctx, soon after that ends, or that they are
// too many.
func NewPlaces(ctx context.Context, circles []Circle, polygons []*Polygon) (*Places, error) {
	var parts []*part
	for _, g := range polygons {
		parts = append(parts, g.parts...)
	}
	return newPlaces(ctx, slices.Clone(circles), parts)
}

// newPlaces takes over the lists.
func newPlaces(ctx context.Context, circles []Circle, parts []*part) (*Places, error) {
	if n := max(len(circles), len(parts)); n > MaxPlaces {
		return nil, fmt.Errorf("%d places: the most is %d", n, MaxPlaces)
	}
	circles = slices.DeleteFunc(circles, func(c Circle) bool { return c.radius == 0 })
	slices.SortFunc(circles, func(a, b Circle) int {
		return cmp.Or(comparePoints(a.center, b.center), cmp.Compare(a.radius, b.radius))
	})
	p := &Places{circles: slices.Compact(circles), parts: sortParts(parts)}
	var err error
	p.index, err = newCellIndex(ctx, p.shapes())
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Len returns how many different circles and polygons there are.
func (p *Places) Len() int { return len(p.circles) + len(p.parts) }

func (p *Places) shapes() []shape {
	list := make([]shape, 0, len(p.circles)+len(p.parts))
	for _, c := range p.circles {
		list = append(list, newCircleShape(c))
	}
	return appendShapes(list, p.parts)
}

// Contains reports whether the point is in any of the places: exactly what their own
// Contains methods say. A point that is not valid is in none.
func (p *Places) Contains(q Point) bool {
	return q.valid() && p.index.contains(q)
}

// Covering is [Circle.Covering] of the union.
func (p *Places) Covering(ctx context.Context, limit int) (Covering, error) {
	return cover(ctx, p.index.shapes, limit)
}

// Equal reports whether two sets have the same circles and equal polygons, in any order.
func (p *Places) Equal(q *Places) bool {
	return slices.Equal(p.circles, q.circles) &&
		slices.EqualFunc(p.parts, q.parts, func(a, b *part) bool { return comparePart(a, b) == 0 })
}

// String returns the places as a GeoJSON FeatureCollection: compact, the same for equal
// sets, and read by [ParsePlaces] as an equal one. A circle is a Point with its radius in
// metres as a property.
func (p *Places) String() string {
	return string(p.appendJSON(nil))
}

// MarshalJSON returns what String returns.
func (p *Places) MarshalJSON() ([]byte, error) {
	return p.appendJSON(nil), nil
}

func (p *Places) appendJSON(b []byte) []byte {
	b = append(b, `{"type":"FeatureCollection","features":[`...)
	first := len(b)
	for _, c := range p.circles {
		b = append(b, `{"type":"Feature","geometry":{"type":"Point","coordinates":`...)
		b = append(appendPosition(b, c.center), `},"properties":{"radius":`...)
		b = append(append(b, formatNumber(c.radius)...), `}},`...)
	}
	for _, t := range p.parts {
		b = append(b, `{"type":"Feature","geometry":{"type":"Polygon","coordinates":`...)
		b = append(appendRings(b, t.outline), `},"properties":null},`...)
	}
	if len(b) > first {
		b = b[:len(b)-1]
	}
	return append(b, `]}`...)
}
