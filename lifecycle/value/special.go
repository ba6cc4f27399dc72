package value

import "math"

// hypergeo1 returns the hypergeometric function 2F1(1, b; c; z) for 0 < b < c and
// 0 <= z < 1: by its series, all of whose terms are positive, or for greater z by
// the continued fraction of Gauss.
func hypergeo1(b, c, z float64) float64 {
	if z < 0.25 {
		sum, term := 1.0, 1.0
		for n := 0.0; n < 100; n++ {
			term *= z * (b + n) / (c + n)
			sum += term
			if term < 1e-17*sum {
				break
			}
		}
		return sum
	}
	// The fraction is d/(d - u1 z/(d+1 - u2 z/(d+2 - ...))), d = c-1, by Lentz's
	// method. Near z = 1 it takes some 10/sqrt(1-z) steps.
	const tiny = 1e-300
	d := c - 1
	f, num, den := d, d, 0.0
	for n := 1.0; n < 1e6; n++ {
		u := (b + (n-1)/2) * (d + (n-1)/2)
		if math.Mod(n, 2) == 0 {
			u = n / 2 * (d - b + n/2)
		}
		den = d + n - u*z*den
		if den == 0 {
			den = tiny
		}
		num = d + n - u*z/num
		if num == 0 {
			num = tiny
		}
		den = 1 / den
		change := num * den
		f *= change
		if math.Abs(change-1) < 1e-15 {
			break
		}
	}
	return d / f
}

// discountedLife returns the integral of exp(-w·v) (1+v)^-s over v from 0 to
// infinity, for w > 0: the confluent hypergeometric function U(1, 2-s, w) of
// Tricomi. The substitution v = scale·exp(y-exp(-y)) makes both ends fall off
// faster than any power, so the trapezoidal rule converges exponentially.
func discountedLife(s, w float64) float64 {
	const step = 1.0 / 16
	scale := 1 / (1 + s + w)
	var sum float64
	for y := -5.0; y < 1500; y += step {
		e := math.Exp(-y)
		v := scale * math.Exp(y-e)
		term := math.Exp(-w*v-s*math.Log1p(v)) * v * (1 + e)
		sum += term
		if y > 1 && term <= 1e-18*sum {
			break
		}
	}
	return sum * step
}
