package geo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

const (
	// MaxGeoJSONBytes is the most bytes of a GeoJSON text that is read.
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
	var r geoReader
	if err := r.read(text); err != nil {
		return nil, err
	}
	if len(r.parts) == 0 {
		return nil, errors.New("there is no polygon in it")
	}
	return newPolygon(r.parts), nil
}

// ParsePlaces reads a set of places from GeoJSON as [ParsePolygon] reads an area, and
// Points as circles. The radius of a Point is the property "radius" of its Feature: a
// number of metres, or a text such as "3km". Points without one have the radius given
// here in metres; if that is 0 they are refused. A set may be empty.
func ParsePlaces(text []byte, radius float64) (*Places, error) {
	r := geoReader{points: true, radius: radius}
	if err := r.read(text); err != nil {
		return nil, err
	}
	return newPlaces(context.Background(), r.circles, r.parts)
}

// geoReader collects the polygons of a text, and the points if that is wanted.
type geoReader struct {
	parts     []*part
	positions int
	points    bool
	radius    float64 // of points here
	circles   []Circle
}

func (r *geoReader) read(text []byte) error {
	if len(text) > MaxGeoJSONBytes {
		return fmt.Errorf("GeoJSON of %d bytes: the most is %d", len(text), MaxGeoJSONBytes)
	}
	v, err := validJSON(text)
	if err != nil {
		return err
	}
	return r.object(v, 0)
}

// geoObject is the members of a GeoJSON object that matter.
type geoObject struct {
	kind, coordinates, geometry, geometries, features, crs, properties value
}

func readObject(v value) (*geoObject, error) {
	if v[0] != '{' {
		return nil, fmt.Errorf("%s where a GeoJSON object is needed", v.kind())
	}
	o := &geoObject{}
	fields := map[string]*value{
		"type": &o.kind, "coordinates": &o.coordinates, "geometry": &o.geometry,
		"geometries": &o.geometries, "features": &o.features, "crs": &o.crs, "properties": &o.properties,
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
		return r.feature(o, depth)
	case "FeatureCollection":
		return r.collection(o.features, "features", depth)
	case "GeometryCollection":
		return r.collection(o.geometries, "geometries", depth)
	case "Point":
		if r.points {
			return r.point(o.coordinates)
		}
	}
	return fmt.Errorf("type %.40s is no area: it must be Polygon, MultiPolygon, Feature, FeatureCollection or GeometryCollection", o.kind)
}

func (r *geoReader) feature(o *geoObject, depth int) error {
	if o.geometry == nil || o.geometry[0] == 'n' {
		return errors.New("a feature without a geometry")
	}
	outer := r.radius
	defer func() { r.radius = outer }()
	if r.points && o.properties != nil && o.properties[0] == '{' {
		if err := o.properties.members(r.property); err != nil {
			return inside("properties", err)
		}
	}
	return inside("geometry", r.object(o.geometry, depth+1))
}

// property takes the radius from the properties of a feature.
func (r *geoReader) property(name string, member value) (err error) {
	if name != "radius" || member[0] == 'n' {
		return nil
	}
	if text, ok := member.text(); ok {
		r.radius, err = ParseDistance(text)
		return err
	}
	if !member.isNumber() {
		return fmt.Errorf("the radius is %s, not a number of metres", member.kind())
	}
	r.radius, _ = strconv.ParseFloat(string(member), 64) // out of range is Inf
	if err := validateRadius(r.radius); err != nil {
		return fmt.Errorf("radius %.40s: %w", member, err)
	}
	return nil
}

// point reads the coordinates of a Point.
func (r *geoReader) point(v value) error {
	if err := needArray(v, "coordinates"); err != nil {
		return err
	}
	if len(r.circles) == MaxPlaces {
		return fmt.Errorf("there are more than %d points", MaxPlaces)
	}
	center, err := readPosition(v)
	if err != nil {
		return err
	}
	if r.radius == 0 {
		return errors.New("a point without a radius")
	}
	c, err := NewCircle(center, r.radius)
	r.circles = append(r.circles, c)
	return err
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
