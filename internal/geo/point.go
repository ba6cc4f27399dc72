package geo

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/golang/geo/s2"
)

// Point is a place on Earth, in degrees of WGS 84.
type Point struct {
	// Lat is the latitude: -90 at the south pole to 90 at the north pole.
	Lat float64
	// Lon is the longitude: -180 to 180, eastward. Both ends are the same meridian.
	Lon float64
}

// Validate returns an error if a coordinate is not a number or outside its bounds:
// latitude -90..90, longitude -180..180. Nothing is wrapped round.
func (p Point) Validate() error {
	return errors.Join(
		validateDegrees("latitude", p.Lat, 90),
		validateDegrees("longitude", p.Lon, 180),
	)
}

func validateDegrees(name string, v, limit float64) error {
	switch {
	case math.IsNaN(v):
		return fmt.Errorf("%s is not a number", name)
	case v < -limit || v > limit:
		return fmt.Errorf("%s %s is outside %g..%g", name, formatNumber(v), -limit, limit)
	}
	return nil
}

// valid is Validate without words.
func (p Point) valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180
}

// canonical returns the one spelling of a place: -180 rather than 180, longitude 0
// at a pole, no negative zero.
func (p Point) canonical() Point {
	if p.Lon == 180 {
		p.Lon = -180
	}
	if p.Lat == 90 || p.Lat == -90 {
		p.Lon = 0
	}
	return Point{p.Lat + 0, p.Lon + 0}
}

// String returns the latitude and the longitude, as in 31.2304,121.4737: the shortest
// numbers that read back as the same point.
func (p Point) String() string {
	return formatNumber(p.Lat) + "," + formatNumber(p.Lon)
}

// formatNumber is the shortest decimal form without an exponent that reads back.
func formatNumber(v float64) string {
	return strconv.FormatFloat(v+0, 'f', -1, 64) // +0: no negative zero
}

// CellID returns the number of the point's S2 leaf cell, the same for all spellings of
// a place. It is 0, which is in no range, for a point that is not valid.
func CellID(p Point) uint64 {
	if !p.valid() {
		return 0
	}
	p = p.canonical()
	return uint64(s2.CellIDFromLatLng(s2.LatLngFromDegrees(p.Lat, p.Lon)))
}
