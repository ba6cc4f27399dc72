package geo_test

import (
	"context"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/geo"
)

const precision = 300

func bigOf(v float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(v) }

func bigMul(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Mul(a, b) }
func bigAdd(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Add(a, b) }
func bigQuo(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Quo(a, b) }

// bigPi is from a table, to 300 bits.
var bigPi, _, _ = big.ParseFloat("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651", 10, precision, big.ToNearestEven)

// bigSin and bigCos are the series, after halving the angle until it is small.
func bigSinCos(x *big.Float) (sin, cos *big.Float) {
	const halvings = 20
	y := new(big.Float).SetPrec(precision).SetMantExp(x, -halvings)
	square := bigMul(y, y)
	sin, cos = bigOf(0), bigOf(0)
	term := bigOf(1)
	for k := 1; k < 40; k++ {
		switch k % 4 {
		case 1:
			cos = bigAdd(cos, term)
		case 3:
			cos.Sub(cos, term)
		case 2:
			sin = bigAdd(sin, term)
		case 0:
			sin.Sub(sin, term)
		}
		if k%2 == 1 {
			term = bigMul(term, y)
		} else {
			term = bigQuo(bigMul(term, square), y)
		}
		if y.Sign() == 0 {
			return bigOf(0), bigOf(1)
		}
		term = bigQuo(term, bigOf(float64(k)))
	}
	for range halvings {
		sin, cos = bigMul(bigOf(2), bigMul(sin, cos)), bigAdd(bigMul(cos, cos), new(big.Float).Neg(bigMul(sin, sin)))
	}
	return sin, cos
}

// bigDistance is the great-circle distance by vectors: the angle whose sine is the
// length of their cross product and whose cosine is their dot product, refined from the
// float by Newton's method on the angle itself.
func bigDistance(p, q geo.Point) *big.Float {
	vector := func(p geo.Point) [3]*big.Float {
		degree := bigQuo(bigPi, bigOf(180))
		sinLat, cosLat := bigSinCos(bigMul(bigOf(p.Lat), degree))
		sinLon, cosLon := bigSinCos(bigMul(bigOf(p.Lon), degree))
		return [3]*big.Float{bigMul(cosLat, cosLon), bigMul(cosLat, sinLon), sinLat}
	}
	a, b := vector(p), vector(q)
	dot, cross := bigOf(0), bigOf(0)
	for i := range 3 {
		j, k := (i+1)%3, (i+2)%3
		dot = bigAdd(dot, bigMul(a[i], b[i]))
		c := new(big.Float).Sub(bigMul(a[j], b[k]), bigMul(a[k], b[j]))
		cross = bigAdd(cross, bigMul(c, c))
	}
	cross.Sqrt(cross)
	c, _ := cross.Float64()
	d, _ := dot.Float64()
	angle := bigOf(math.Atan2(c, d))
	for range 4 {
		// The sine of the error is small, and its series short.
		sin, cos := bigSinCos(angle)
		err := new(big.Float).Sub(bigMul(cross, cos), bigMul(dot, sin))
		angle = bigAdd(angle, err)
	}
	return bigMul(angle, bigOf(geo.EarthRadius))
}

func anyPoint(t *rapid.T, label string) geo.Point {
	return geo.Point{
		Lat: rapid.OneOf(rapid.Float64Range(-90, 90), rapid.SampledFrom([]float64{-90, 90, 0, 89.9999999, -89.9999999, 45})).Draw(t, label+" lat"),
		Lon: rapid.OneOf(rapid.Float64Range(-180, 180), rapid.SampledFrom([]float64{-180, 180, 0, 179.9999999, -179.9999999, 90, -90})).Draw(t, label+" lon"),
	}
}

// partner is a point near p, near its antipode, or anywhere.
func partner(t *rapid.T, p geo.Point) geo.Point {
	q := anyPoint(t, "partner")
	scale := math.Pow(10, -rapid.Float64Range(0, 14).Draw(t, "scale"))
	switch rapid.IntRange(0, 2).Draw(t, "where") {
	case 0:
		q = geo.Point{Lat: p.Lat + (q.Lat-p.Lat)*scale, Lon: p.Lon + (q.Lon-p.Lon)*scale}
	case 1:
		lon := p.Lon - math.Copysign(180, p.Lon)
		q = geo.Point{Lat: -p.Lat + (q.Lat+p.Lat)*scale, Lon: lon + (q.Lon-lon)*scale}
	}
	return geo.Point{Lat: min(max(q.Lat, -90), 90), Lon: min(max(q.Lon, -180), 180)}
}

func TestDistance_agrees_with_exact_arithmetic(t *testing.T) {
	worst := 0.0
	rapid.Check(t, func(t *rapid.T) {
		p := anyPoint(t, "p")
		q := partner(t, p)
		got, want := geo.Distance(p, q), bigDistance(p, q)
		if back := geo.Distance(q, p); back != got {
			t.Fatalf("%v to %v is %v, and back %v", p, q, got, back)
		}
		w, _ := want.Float64()
		diff, _ := new(big.Float).Sub(bigOf(got), want).Float64()
		// Where coordinates differ by little, their difference is exact. Near the
		// antipode, a unit of 180 degrees in the last place is some nanometres.
		limit := 4e-15*w + 1e-75 // the oracle's own
		if w > geo.MaxDistance/2 {
			limit = 1e-8
		}
		if w > 1e-60 && w < geo.MaxDistance/2 {
			worst = max(worst, math.Abs(diff)/w)
		}
		if math.Abs(diff) > limit {
			t.Fatalf("%v to %v: %v, want %v (off by %v)", p, q, got, w, diff)
		}
	})
	t.Logf("worst relative error %.2g", worst)
}

func TestCircle_holds_exactly_what_is_within_its_radius(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		center := anyPoint(t, "center")
		border := partner(t, center)
		radius := geo.Distance(center, border)
		c, err := geo.NewCircle(center, radius)
		if radius == 0 {
			if err == nil {
				t.Fatalf("%v is a circle of no radius", c)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !c.Contains(border) {
			t.Fatalf("%v does not contain %v on its border", c, border)
		}
		if less := math.Nextafter(radius, 0); less > 0 {
			if smaller, _ := geo.NewCircle(center, less); smaller.Contains(border) {
				t.Fatalf("%v contains %v beyond its border", smaller, border)
			}
		}
		for range 20 {
			p := partner(t, border)
			if got, want := c.Contains(p), geo.Distance(center, p) <= radius; got != want {
				t.Fatalf("%v contains %v: %v, want %v", c, p, got, want)
			}
		}
	})
}

func TestCircle_same_place_same_answer(t *testing.T) {
	spellings := [][2]geo.Point{
		{{Lat: 12, Lon: 180}, {Lat: 12, Lon: -180}},
		{{Lat: 90, Lon: 0}, {Lat: 90, Lon: 77}},
		{{Lat: -90, Lon: -180}, {Lat: -90, Lon: 3}},
		{{Lat: 0, Lon: 0}, {Lat: math.Copysign(0, -1), Lon: math.Copysign(0, -1)}},
	}
	rapid.Check(t, func(t *rapid.T) {
		pair := rapid.SampledFrom(spellings).Draw(t, "pair")
		other := anyPoint(t, "other")
		radius := max(geo.Distance(pair[0], other), 1e-3)
		if d := geo.Distance(pair[1], other); d != geo.Distance(pair[0], other) {
			t.Fatalf("%v and %v are the same place, %v is not", pair[0], pair[1], d)
		}
		c, _ := geo.NewCircle(other, radius)
		if c.Contains(pair[0]) != c.Contains(pair[1]) {
			t.Fatalf("%v tells %v from %v", c, pair[0], pair[1])
		}
		a, _ := geo.NewCircle(pair[0], radius)
		b, _ := geo.NewCircle(pair[1], radius)
		if a != b || a.Contains(other) != b.Contains(other) {
			t.Fatalf("%v and %v differ", a, b)
		}
		if geo.CellID(pair[0]) != geo.CellID(pair[1]) {
			t.Fatalf("%v and %v are in different cells", pair[0], pair[1])
		}
	})
}

func TestCircle_zero_value_and_refusals(t *testing.T) {
	var zero geo.Circle
	if zero.Contains(geo.Point{}) {
		t.Error("the zero circle contains a point")
	}
	if c, _ := zero.Covering(context.Background(), 10); len(c.Inside)+len(c.Border) > 0 {
		t.Errorf("the zero circle covers %v", c)
	}
	whole, err := geo.NewCircle(geo.Point{Lat: 10, Lon: 20}, geo.MaxDistance)
	if err != nil || !whole.Contains(geo.Point{Lat: -10, Lon: -160}) {
		t.Errorf("the whole Earth: %v", err)
	}
	if whole.Contains(geo.Point{Lat: math.NaN()}) || whole.Contains(geo.Point{Lon: 181}) {
		t.Error("a circle contains a point that is not valid")
	}
	for _, bad := range []struct {
		center geo.Point
		radius float64
		want   string
	}{
		{geo.Point{Lat: 91}, 5, "centre: latitude 91 is outside -90..90"},
		{geo.Point{Lon: -180.5}, 5, "centre: longitude -180.5 is outside -180..180"},
		{geo.Point{Lat: math.NaN()}, 5, "centre: latitude is not a number"},
		{geo.Point{Lon: math.Inf(1)}, 5, "centre: longitude +Inf is outside -180..180"},
		{geo.Point{}, 0, "radius 0: it must be more than 0"},
		{geo.Point{}, -1, "radius -1: it must be more than 0"},
		{geo.Point{}, math.NaN(), "radius NaN: not a number"},
		{geo.Point{}, math.Inf(1), "radius +Inf: more than half the way round the Earth, 20015 km"},
		{geo.Point{}, 20_015_115, "radius 20015115: more than half the way round the Earth, 20015 km"},
	} {
		if _, err := geo.NewCircle(bad.center, bad.radius); err == nil || err.Error() != bad.want {
			t.Errorf("NewCircle(%v, %v): %v, want %s", bad.center, bad.radius, err, bad.want)
		}
	}
}
