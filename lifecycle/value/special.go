package value

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/integrate/quad"
)

// hypergeo1 returns the hypergeometric function 2F1(1, b; c; z) for 0 < b < c and
// 0 <= z < 1: by its series, all of whose terms are positive, or for greater z by
// the continued fraction of Gauss. It is not ok where z is so near to 1 that
// neither comes to an end soon.
func hypergeo1(b, c, z float64) (value float64, ok bool) {
	if z < 0.25 {
		sum, term := 1.0, 1.0
		for n := 0.0; n < 100; n++ {
			term *= z * (b + n) / (c + n)
			sum += term
			if term < 1e-17*sum {
				break
			}
		}
		return sum, true
	}
	// The fraction is d/(d - u1 z/(d+1 - u2 z/(d+2 - ...))), d = c-1, by Lentz's
	// method. It takes some 10/sqrt(1-z) steps.
	const tiny = 1e-300
	d := c - 1
	f, num, den := d, d, 0.0
	for n := 1; n <= 60; n++ {
		half := float64(n / 2)
		u := (b + half) * (d + half)
		if n%2 == 0 {
			u = half * (d - b + half)
		}
		den = d + float64(n) - u*z*den
		if den == 0 {
			den = tiny
		}
		num = d + float64(n) - u*z/num
		if num == 0 {
			num = tiny
		}
		den = 1 / den
		change := num * den
		f *= change
		if math.Abs(change-1) < 1e-15 {
			return d / f, true
		}
	}
	return 0, false
}

// discountedLife returns the integral of exp(-w·v) (1+v)^-s over v from 0 to
// infinity, for w > 0: the confluent hypergeometric function U(1, 2-s, w) of
// Tricomi.
func discountedLife(s, w float64) float64 {
	return expSinh(1/(1+s+w), func(v float64) float64 { return math.Exp(-w*v - s*math.Log1p(v)) })
}

// expSinh returns the integral of f from 0 to infinity, where f is positive,
// falling, and begins to fall at about scale. The substitution v =
// scale·exp(y-exp(-y)) makes both ends fall off exponentially or faster, so the
// trapezoidal rule converges exponentially.
func expSinh(scale float64, f func(v float64) float64) float64 {
	const step = 1.0 / 16
	var sum float64
	for y := -5.0; y < 1500; y += step {
		e := math.Exp(-y)
		v := scale * math.Exp(y-e)
		term := f(v) * v * (1 + e)
		sum += term
		if y > 1 && !(term > 1e-18*sum) {
			break
		}
	}
	return sum * step
}

// rule is nodes and weights to integrate from 0 to 1 with.
type rule struct{ nodes, weights []float64 }

// legendre returns the rule of Gauss and Legendre with 40 nodes.
var legendre = sync.OnceValue(func() rule {
	r := rule{make([]float64, 40), make([]float64, 40)}
	quad.Legendre{}.FixedLocations(r.nodes, r.weights, 0, 1)
	return r
})
