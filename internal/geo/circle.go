package geo

import (
	"fmt"
	"math"
)

// Circle is all points within a radius of a centre, the border included. Two circles
// are == if they have the same centre and radius. Make it with [NewCircle]; the
// zero Circle holds no point.
type Circle struct {
	center Point
	radius float64

	// What decides most points without the whole formula. No point of the circle
	// is farther from the centre than spanLat and spanLon, in degrees. With h as
	// in Distance, h below sureIn is surely inside and h above sureOut surely outside.
	sinLat, cosLat   float64
	small            bool // so that smallHaversine serves
	spanLat, spanLon float64
	sureIn, sureOut  float64
}

// NewCircle returns the circle about a valid point with a radius in metres: more than
// 0 and at most [MaxDistance].
func NewCircle(center Point, radius float64) (Circle, error) {
	if err := center.Validate(); err != nil {
		return Circle{}, fmt.Errorf("centre: %w", err)
	}
	if err := validateRadius(radius); err != nil {
		return Circle{}, fmt.Errorf("radius %s: %w", formatNumber(radius), err)
	}
	center = center.canonical()
	c := Circle{center: center, radius: radius, cosLat: cosDegrees(center.Lat)}
	c.sinLat = math.Copysign(sinDegrees(math.Abs(center.Lat)), center.Lat)
	angle := radius / EarthRadius
	// These margins are far above the rounding errors, of some 1e-15, and below a
	// millimetre, so that the exact formula is hardly ever needed.
	const margin = 1e-13
	c.spanLat = angle/radians*(1+margin) + 1e-12
	c.spanLon = 180
	if far := math.Abs(center.Lat) + c.spanLat; far < 89.9 {
		// The meridian that touches the circle.
		c.spanLon = math.Asin(min(1, math.Sin(angle)/c.cosLat))/radians*(1+1e-9) + 1e-9
	}
	c.small = math.Abs(center.Lat)+c.spanLat < 80 && max(c.spanLat, c.spanLon) < smallDegrees
	half := math.Sin(min(angle, math.Pi) / 2)
	c.sureIn = half*half*(1-margin) - 1e-300
	c.sureOut = half*half*(1+margin) + 1e-300
	return c, nil
}

// Center returns the centre, in the one spelling that places have here: longitude
// -180 rather than 180, and 0 at a pole.
func (c Circle) Center() Point { return c.center }

// Radius returns the radius in metres.
func (c Circle) Radius() float64 { return c.radius }

// Contains reports whether the point's [Distance] from the centre is at most the radius.
// A point that is not valid is in no circle.
func (c Circle) Contains(p Point) bool { return c.contains(p) }

func (c *Circle) contains(p Point) bool {
	if !p.valid() || c.radius == 0 {
		return false
	}
	dLat := math.Abs(p.Lat - c.center.Lat)
	if !(dLat <= c.spanLat) {
		return false
	}
	dLon := lonBetween(p.Lon, c.center.Lon)
	if dLon > c.spanLon {
		return false
	}
	var h float64
	if c.small {
		h = c.smallHaversine(p.Lat-c.center.Lat, dLon)
	} else {
		sinLat, sinLon := sinDegrees(dLat/2), sinDegrees(dLon/2)
		h = sinLat*sinLat + c.cosLat*cosDegrees(p.Lat)*sinLon*sinLon
	}
	switch {
	case h < c.sureIn:
		return true
	case h > c.sureOut:
		return false
	}
	return distance(c.center, p, c.cosLat, cosDegrees(p.Lat)) <= c.radius
}

// smallDegrees is the largest difference that smallHaversine is for.
const smallDegrees = 2

// smallHaversine returns the h of Distance, by series in place of sines, for differences
// from the centre of at most smallDegrees. The terms left out are below 1e-17 of those
// taken, so it is as good as the sines, though not the same to the last bit.
func (c *Circle) smallHaversine(dLat, dLon float64) float64 {
	x, y := dLat*(radians/2), dLon*(radians/2)
	u := sineSquare(x * x)
	// The cosine of the other latitude, from the sine and cosine of the difference.
	w := 4 * x * x
	sine := 2 * x * (1 - w*(1.0/6-w*(1.0/120-w*(1.0/5040))))
	cosLat := c.cosLat*(1-2*u) - c.sinLat*sine
	return u + c.cosLat*cosLat*sineSquare(y*y)
}

// sineSquare returns sin² √q for a small q.
func sineSquare(q float64) float64 {
	return q * (1 - q*(1.0/3-q*(2.0/45-q*(1.0/315))))
}

// String returns the centre and the radius, as in 31.2304,121.4737,3km.
func (c Circle) String() string {
	return c.center.String() + "," + FormatDistance(c.radius)
}
