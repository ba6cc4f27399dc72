package geo

import (
	"cmp"
	"math"
	"math/big"
)

// vertex is a point on the map, unrolled: its longitude is x + 360 turn degrees,
// which a float64 could not always hold.
type vertex struct {
	x, y float64
	turn int32
}

// compareX orders by longitude. It holds because x is either in -180..180 with all turns
// 0, or in -180..180 without 180 itself.
func compareX(a, b vertex) int {
	if c := cmp.Compare(a.turn, b.turn); c != 0 {
		return c
	}
	return cmp.Compare(a.x, b.x)
}

// compare orders by longitude, then latitude.
func (v vertex) compare(w vertex) int {
	if c := compareX(v, w); c != 0 {
		return c
	}
	return cmp.Compare(v.y, w.y)
}

// orient returns 1 if c lies to the left of the line from a to b, -1 to the right, and
// 0 on it: the exact sign of
//
//	(a.x-c.x)(b.y-c.y) - (a.y-c.y)(b.x-c.x)
func orient(a, b, c vertex) int {
	ay, by := a.y-c.y, b.y-c.y
	var ax, bx, bound float64
	if a.turn == c.turn && b.turn == c.turn {
		ax, bx = a.x-c.x, b.x-c.x
		// A difference has the exact sign, so products with a zero are decided.
		if ax == 0 || by == 0 {
			return -sign(ay) * sign(bx)
		}
		if ay == 0 || bx == 0 {
			return sign(ax) * sign(by)
		}
	} else {
		// The turns differ by two at most, so the two roundings, of values up to 360
		// and 1080, come to less than 2e-13.
		ax, bx = a.x-c.x+360*float64(a.turn-c.turn), b.x-c.x+360*float64(b.turn-c.turn)
		bound = 4e-13 * (math.Abs(ay) + math.Abs(by))
	}
	left, right := float64(ax*by), float64(ay*bx)
	det := left - right
	// Shewchuk's bound for the differences and products, and what may underflow.
	bound += 1e-15*(math.Abs(left)+math.Abs(right)) + 1e-290
	switch {
	case det > bound:
		return 1
	case det < -bound:
		return -1
	}
	return orientExact(a, b, c)
}

func sign(v float64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// orientExact computes in integers. Both factors of a product are differences on one
// axis, so each axis has a scale of its own.
func orientExact(a, b, c vertex) int {
	var xs, ys [3]big.Int
	scale := exponent(a.x, b.x, c.x)
	for i, v := range [...]vertex{a, b, c} {
		scaled(&xs[i], v.x, v.turn, scale)
	}
	scale = exponent(a.y, b.y, c.y)
	for i, v := range [...]vertex{a, b, c} {
		scaled(&ys[i], v.y, 0, scale)
	}
	for i := range 2 {
		xs[i].Sub(&xs[i], &xs[2])
		ys[i].Sub(&ys[i], &ys[2])
	}
	left := xs[0].Mul(&xs[0], &ys[1])
	right := ys[0].Mul(&ys[0], &xs[1])
	return left.Cmp(right)
}

// exponent returns the greatest e of which all values, and 360, are integer multiples of 2^e.
func exponent(values ...float64) int {
	least := 3 // 360 is 45 * 2^3
	for _, v := range values {
		if v != 0 {
			_, e := math.Frexp(v)
			least = min(least, e-53)
		}
	}
	return least
}

// scaled sets z to (v + 360 turn) / 2^exponent.
func scaled(z *big.Int, v float64, turn int32, exponent int) {
	fraction, e := math.Frexp(v)
	z.SetInt64(int64(fraction * (1 << 53)))
	if v != 0 {
		z.Lsh(z, uint(e-53-exponent))
	}
	if turn != 0 {
		whole := big.NewInt(45 * int64(turn))
		z.Add(z, whole.Lsh(whole, uint(3-exponent)))
	}
}
