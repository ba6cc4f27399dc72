package geo

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

const (
	// EarthRadius is the radius of the sphere that distances are measured on, in
	// metres: the mean radius of the WGS 84 ellipsoid.
	EarthRadius = 6_371_008.8

	// MaxDistance is half the circumference of that sphere, in metres: no two points
	// are farther apart.
	MaxDistance = math.Pi * EarthRadius

	radians = math.Pi / 180

	// The shortest form of the least radius has 326 digits.
	maxDistanceText = 400
)

// Distance returns the great-circle distance of two valid points in metres, between 0
// and [MaxDistance]. It is symmetric, and its relative error is a few units in the
// last place for every pair of points, the nearest and the antipodal ones too:
//
//	h = sin²((φ2-φ1)/2) + cos φ1 cos φ2 sin²(Δλ/2)
//	g = sin²((φ2+φ1)/2) + cos φ1 cos φ2 cos²(Δλ/2)
//	d = 2 R atan2(√h, √g)
//
// where h + g = 1, and neither is got by subtraction, with φ the latitudes and Δλ
// the lesser difference of the longitudes.
func Distance(p, q Point) float64 {
	return distance(p, q, cosDegrees(p.Lat), cosDegrees(q.Lat))
}

// distance is Distance, given the cosines of the latitudes. The conversions keep a
// compiler from fusing the operations, so that processors agree as far as the sines of
// package math do.
func distance(p, q Point, cosP, cosQ float64) float64 {
	cc := float64(cosP * cosQ)
	dLon := lonBetween(p.Lon, q.Lon)
	sinLon := sinDegrees(dLon / 2)
	cosLon := cosDegrees(dLon / 2)
	sinMinus := sinDegrees(math.Abs(p.Lat-q.Lat) / 2)
	sinPlus := sinDegrees(math.Abs(p.Lat+q.Lat) / 2)
	h := float64(sinMinus*sinMinus) + float64(float64(cc*sinLon)*sinLon)
	g := float64(sinPlus*sinPlus) + float64(float64(cc*cosLon)*cosLon)
	return 2 * EarthRadius * math.Atan2(math.Sqrt(h), math.Sqrt(g))
}

// lonBetween returns the lesser difference of two longitudes: 0 to 180 degrees.
func lonBetween(a, b float64) float64 {
	d := math.Abs(a - b)
	if d > 180 {
		// Measured from the antimeridian, so that nothing small is lost.
		return (180 - math.Abs(a)) + (180 - math.Abs(b))
	}
	return d
}

// sinDegrees returns the sine of 0 to 90 degrees.
func sinDegrees(d float64) float64 {
	if d > 45 {
		return math.Cos(float64((90 - d) * radians))
	}
	return math.Sin(float64(d * radians))
}

// cosDegrees returns the cosine of -90 to 90 degrees: exactly 0 at a pole.
func cosDegrees(d float64) float64 {
	d = math.Abs(d)
	if d > 45 {
		return math.Sin(float64((90 - d) * radians))
	}
	return math.Cos(float64(d * radians))
}

// ParseDistance reads a distance such as "3km", "500m" or "1.5km" and returns it in
// metres: more than 0 and at most [MaxDistance]. There is no sign, no exponent, and no
// space within it. The number is rounded once.
func ParseDistance(text string) (metres float64, err error) {
	var number, exponent string
	if n, ok := strings.CutSuffix(text, "km"); ok {
		number, exponent = n, "e3"
	} else if n, ok := strings.CutSuffix(text, "m"); ok {
		number = n
	} else {
		return 0, fmt.Errorf("distance %.40q: it needs a unit, m or km, as in 500m or 1.5km", text)
	}
	if len(text) > maxDistanceText {
		return 0, fmt.Errorf("distance %.40q...: longer than %d characters", text, maxDistanceText)
	}
	whole, fraction, point := strings.Cut(number, ".")
	if !digits(whole) || point && !digits(fraction) {
		return 0, fmt.Errorf("distance %.40q: %.40q is not a number such as 3 or 1.5", text, number)
	}
	metres, _ = strconv.ParseFloat(number+exponent, 64) // out of range is Inf
	if err := validateRadius(metres); err != nil {
		return 0, fmt.Errorf("distance %.40q: %w", text, err)
	}
	return metres, nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func validateRadius(metres float64) error {
	switch {
	case math.IsNaN(metres):
		return errors.New("not a number")
	case metres <= 0:
		return errors.New("it must be more than 0")
	case metres > MaxDistance:
		return fmt.Errorf("more than half the way round the Earth, %.0f km", MaxDistance/1000)
	}
	return nil
}

// FormatDistance writes metres as [ParseDistance] reads it back, bit for bit: in
// kilometres from 1,000 m on, with as few digits as that takes.
func FormatDistance(metres float64) string {
	if metres < 1000 {
		return formatNumber(metres) + "m"
	}
	// Move the point of the decimal form: dividing by 1,000 would round.
	whole, fraction, _ := strings.Cut(formatNumber(metres), ".")
	cut := len(whole) - 3
	fraction = strings.TrimRight(whole[cut:]+fraction, "0")
	if fraction == "" {
		return whole[:cut] + "km"
	}
	return whole[:cut] + "." + fraction + "km"
}
