package profile

import (
	"math"
	"math/bits"

	"github.com/portraitdb/portrait/internal/civil"
)

// roots are the numbers nearest to 2^(1/2), 2^(1/4) and so on to 2^(2^-32).
var roots = [32]float64{
	0x1.6a09e667f3bcdp+0, 0x1.306fe0a31b715p+0, 0x1.172b83c7d517bp+0, 0x1.0b5586cf9890fp+0,
	0x1.059b0d3158574p+0, 0x1.02c9a3e778061p+0, 0x1.0163da9fb3335p+0, 0x1.00b1afa5abcbfp+0,
	0x1.0058c86da1c0ap+0, 0x1.002c605e2e8cfp+0, 0x1.00162f3904052p+0, 0x1.000b175effdc7p+0,
	0x1.00058ba01fba0p+0, 0x1.0002c5cc37da9p+0, 0x1.000162e525ee0p+0, 0x1.0000b17255776p+0,
	0x1.000058b91b5bdp+0, 0x1.00002c5c89d5fp+0, 0x1.0000162e43f50p+0, 0x1.00000b1721bd0p+0,
	0x1.0000058b90cf2p+0, 0x1.000002c5c863bp+0, 0x1.00000162e430ep+0, 0x1.000000b172183p+0,
	0x1.00000058b90c1p+0, 0x1.0000002c5c860p+0, 0x1.000000162e430p+0, 0x1.0000000b17218p+0,
	0x1.000000058b90cp+0, 0x1.00000002c5c86p+0, 0x1.0000000162e43p+0, 0x1.00000000b1721p+0,
}

// Exp2 returns 2^(num/den), the same bits on every machine; den must be at least 1.
// With k the whole part of num/den, rounded down, and f the first 32 binary digits of
// what remains, cut off, it is 2^k times the product of the numbers nearest to 2^(2^-i)
// for every i-th digit of f that is set, the first digit first, rounded after each.
// That is 2^(num/den) but for a relative error of less than 2e-10, nearly all of which
// is from cutting f off. It never decreases while num grows.
func Exp2(num, den int64) float64 {
	k := civil.FloorDiv(num, den)
	rest := uint64(num - k*den)
	f, _ := bits.Div64(rest>>32, rest<<32, uint64(den))
	p := 1.0
	for digits := uint32(f); digits != 0; {
		i := bits.LeadingZeros32(digits)
		p = float64(p * roots[i])
		digits &^= 1 << (31 - i)
	}
	return math.Ldexp(p, int(min(max(k, -5000), 5000)))
}

// scoreUnit is how many parts of a score a sum counts.
const scoreUnit = 1 << 30

// maxWeight bounds what one event adds to a score, before its half-life is considered:
// the greatest number times the greatest weight of the language.
const maxWeight = 1e24

// scoreAt returns what an event at an instant adds to the sum of its bucket for a
// weight: weight * 2^(rest/half), as [Exp2] gives it, where rest is how far into the
// bucket the instant is; rounded once as a product, then half to even to 2^-30.
func scoreAt(weight float64, at Instant, half int64) Decimal {
	rest := int64(at) - civil.FloorDiv(int64(at), half)*half
	f := math.RoundToEven(float64(weight*Exp2(rest, half)) * scoreUnit)
	// The whole number f is m times 2^e; below 2^111, where |weight| is up to maxWeight.
	frac, e := math.Frexp(math.Abs(f))
	m := uint64(frac * (1 << 53))
	if e -= 53; e <= 0 {
		return signed(0, m>>-e, f < 0)
	}
	return signed(m>>(64-e), m<<e, f < 0)
}
