package geo

import (
	"errors"
	"fmt"
	"strconv"
)

const (
	// MaxGeoJSONBytes is the most bytes of a text that [ParsePolygon] reads.
	MaxGeoJSONBytes = 32 << 20

	// maxCollections is how deep collections, and features, may be nested.
	maxCollections = 8
)

// ParsePolygon reads an area from GeoJSON (RFC 7946): a Polygon, a MultiPolygon, a
// Feature, a FeatureCollection or a GeometryCollection of these. Everything in a
// collection belongs to the area; a point, a line, an empty area or a missing geometry is
// refused. Heights, properties and foreign members are ignored, but for the crs of
// older files, which must be WGS 84. A text may have at most [MaxGeoJSONBytes] bytes
// and [MaxVertices] positions. What is wrong with a ring is a [PolygonError], its
// place in a collection told before it, as in features[2].geometry.
func ParsePolygon(text []byte) (*Polygon, error) {
	if len(text) > MaxGeoJSONBytes {
		return nil, fmt.Errorf("GeoJSON of %d bytes: the most is %d", len(text), MaxGeoJSONBytes)
	}
	v, err := validJSON(text)
	if err != nil {
		return nil, err
	}
	var r geoReader
	if err := r.object(v, 0); err != nil {
		return nil, err
	}
	if len(r.parts) == 0 {
		return nil, errors.New("there is no polygon in it")
	}
	return newPolygon(r.parts), nil
}

// geoReader collects the polygons of a text.
type geoReader struct {
	parts     []*part
	positions int
}

// geoObject is the members of a GeoJSON object that matter.
type geoObject struct {
	kind, coordinates, geometry, geometries, features, crs value
}

func readObject(v value) (*geoObject, error) {
	if v[0] != '{' {
		return nil, fmt.Errorf("%s where a GeoJSON object is needed", v.kind())
	}
	o := &geoObject{}
	fields := map[string]*value{
		"type": &o.kind, "coordinates": &o.coordinates, "geometry": &o.geometry,
		"geometries": &o.geometries, "features": &o.features, "crs": &o.crs,
	}
	return o, v.members(func(name string, member value) error {
		field := fields[name]
		if field == nil {
			return nil
		}
		if *field != nil {
			return fmt.Errorf("the member %q is there twice", name)
		}
		*field = member
		return nil
	})
}

// object reads any GeoJSON object.
func (r *geoReader) object(v value, depth int) error {
	if depth > maxCollections {
		return fmt.Errorf("collections are nested more than %d deep", maxCollections)
	}
	o, err := readObject(v)
	if err != nil {
		return err
	}
	if err := checkReference(o.crs); err != nil {
		return err
	}
	if o.kind == nil {
		return errors.New(`the member "type" is missing`)
	}
	kind, _ := o.kind.text()
	switch kind {
	case "Polygon":
		if err := needArray(o.coordinates, "coordinates"); err != nil {
			return err
		}
		return r.polygon(o.coordinates, 1)
	case "MultiPolygon":
		if err := needArray(o.coordinates, "coordinates"); err != nil {
			return err
		}
		return o.coordinates.elements(func(i int, polygon value) error {
			return r.polygon(polygon, i+1)
		})
	case "Feature":
		if o.geometry == nil || o.geometry[0] == 'n' {
			return errors.New("a feature without a geometry")
		}
		return inside("geometry", r.object(o.geometry, depth+1))
	case "FeatureCollection":
		return r.collection(o.features, "features", depth)
	case "GeometryCollection":
		return r.collection(o.geometries, "geometries", depth)
	}
	return fmt.Errorf("type %.40s is no area: it must be Polygon, MultiPolygon, Feature, FeatureCollection or GeometryCollection", o.kind)
}

func (r *geoReader) collection(v value, name string, depth int) error {
	if err := needArray(v, name); err != nil {
		return err
	}
	return v.elements(func(i int, element value) error {
		return inside(fmt.Sprintf("%s[%d]", name, i), r.object(element, depth+1))
	})
}

func needArray(v value, name string) error {
	if v == nil {
		return fmt.Errorf("the member %q is missing", name)
	}
	if v[0] != '[' {
		return fmt.Errorf("%q is %s, not an array", name, v.kind())
	}
	return nil
}

// inside puts the place of an error before it.
func inside(place string, err error) error {
	if err == nil {
		return nil
	}
	if _, nested := errors.AsType[*placeError](err); nested {
		return &placeError{place + ".", err}
	}
	return &placeError{place + ": ", err}
}

// placeError is an error in a member of an object.
type placeError struct {
	place string
	err   error
}

func (e *placeError) Error() string { return e.place + e.err.Error() }
func (e *placeError) Unwrap() error { return e.err }

// checkReference refuses a coordinate reference system that is not WGS 84. RFC 7946 has
// done away with the member, but what it says of older files must not be ignored.
func checkReference(crs value) error {
	if crs == nil || crs[0] == 'n' {
		return nil
	}
	var system string
	if crs[0] == '{' {
		_ = crs.members(func(name string, member value) error {
			if name != "properties" || member[0] != '{' {
				return nil
			}
			return member.members(func(name string, member value) error {
				if name == "name" {
					system, _ = member.text()
				}
				return nil
			})
		})
	}
	switch system {
	case "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84",
		"urn:ogc:def:crs:EPSG::4326", "EPSG:4326":
		return nil
	}
	return fmt.Errorf("the coordinate reference system %.80q: only WGS 84 (OGC:CRS84) is read", system)
}

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
		if c := element[0]; c != '-' && (c < '0' || c > '9') {
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
