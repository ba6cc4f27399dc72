package geo

import (
	"errors"
	"fmt"
	"strconv"
)

// polygon reads the rings of one polygon, the number-th of its object.
func (r *geoReader) polygon(v value, number int) error {
	if v[0] != '[' {
		return &PolygonError{Polygon: number, Reason: v.kind() + " where an array of rings is needed"}
	}
	var rings [][]Point
	err := v.elements(func(i int, ring value) error {
		points, err := r.ring(ring, i+1)
		rings = append(rings, points)
		return err
	})
	if err == nil && len(rings) == 0 {
		err = &PolygonError{Reason: "it has no rings"}
	}
	if err == nil {
		var t *part
		if t, err = typed(newPart(rings)); err == nil {
			r.parts = append(r.parts, t)
			return nil
		}
	}
	if wrong, ok := errors.AsType[*PolygonError](err); ok {
		wrong.Polygon = number
	}
	return err
}

// typed keeps a nil *PolygonError from becoming an error that is not nil.
func typed(t *part, err *PolygonError) (*part, error) {
	if err != nil {
		return nil, err
	}
	return t, nil
}

// ring reads the positions of a ring and returns them without the last.
func (r *geoReader) ring(v value, number int) ([]Point, error) {
	fail := func(vertex int, reason string) error {
		return &PolygonError{Ring: number, Vertex: vertex, Reason: reason}
	}
	if v[0] != '[' {
		return nil, fail(0, v.kind()+" where an array of positions is needed")
	}
	var points []Point
	err := v.elements(func(i int, position value) error {
		if r.positions++; r.positions > MaxVertices {
			return fail(i+1, tooMany)
		}
		p, err := readPosition(position)
		if err != nil {
			return fail(i+1, err.Error())
		}
		points = append(points, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	n := len(points)
	if n < 4 {
		return nil, fail(0, fmt.Sprintf("it has %d positions, the least is 4, the last being the first again", n))
	}
	if points[0] != points[n-1] {
		return nil, fail(n, "the ring is not closed: the last position must be the first again")
	}
	return points[:n-1], nil
}

// readPosition reads a longitude and a latitude.
func readPosition(v value) (p Point, err error) {
	if v[0] != '[' {
		return p, fmt.Errorf("%s where a position is needed", v.kind())
	}
	n := 0
	err = v.elements(func(i int, element value) error {
		if !element.isNumber() {
			return fmt.Errorf("%s where a number is needed", element.kind())
		}
		f, err := strconv.ParseFloat(string(element), 64)
		if err != nil {
			return fmt.Errorf("the number %.40s is out of range", element)
		}
		switch n++; i {
		case 0:
			p.Lon = f
		case 1:
			p.Lat = f
		}
		return nil
	})
	if err == nil && n < 2 {
		err = fmt.Errorf("a position of %d numbers: it needs a longitude and a latitude", n)
	}
	if err == nil {
		err = p.Validate()
	}
	return p, err
}
