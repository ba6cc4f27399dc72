package segment

import (
	"math"
	"math/big"
	"math/bits"
)

// wide is an integer of 128 bits, in two's complement.
type wide struct {
	hi, lo uint64
}

func (w *wide) addWide(o wide) {
	var carry uint64
	w.lo, carry = bits.Add64(w.lo, o.lo, 0)
	w.hi, _ = bits.Add64(w.hi, o.hi, carry)
}

func (w *wide) add(v int64) { w.addWide(wide{uint64(v >> 63), uint64(v)}) }

// addProduct adds v * n.
func (w *wide) addProduct(v int64, n uint64) { w.addWide(wide{uint64(v >> 63), uint64(v)}.times(n)) }

// addUnsigned adds a * b.
func (w *wide) addUnsigned(a, b uint64) {
	hi, lo := bits.Mul64(a, b)
	w.addWide(wide{hi, lo})
}

// addShifted adds a * b * 2^32.
func (w *wide) addShifted(a, b uint64) {
	hi, lo := bits.Mul64(a, b)
	w.addWide(wide{hi<<32 | lo>>32, lo << 32})
}

// times returns w * n.
func (w wide) times(n uint64) wide {
	hi, lo := bits.Mul64(w.lo, n)
	return wide{hi + w.hi*n, lo}
}

// magnitude returns the absolute value and whether w is negative.
func (w wide) magnitude() (hi, lo uint64, negative bool) {
	if int64(w.hi) >= 0 {
		return w.hi, w.lo, false
	}
	lo, borrow := bits.Sub64(0, w.lo, 0)
	hi, _ = bits.Sub64(0, w.hi, borrow)
	return hi, lo, true
}

// quotient returns the number nearest to w/n, of two the even one.
func (w wide) quotient(n uint64) float64 {
	hi, lo, negative := w.magnitude()
	if hi|lo == 0 {
		return 0
	}
	// With the greatest bit of the dividend set the quotient has 64 bits at least.
	up := leadingZeros(hi, lo)
	hi, lo = shiftLeft(hi, lo, up)
	q1, r := bits.Div64(0, hi, n)
	q0, r := bits.Div64(r, lo, n)
	up2 := leadingZeros(q1, q0)
	top, below := shiftLeft(q1, q0, up2)
	if below|r != 0 {
		top |= 1 // lies beyond the digits of a float64: it tells a tie from more
	}
	f := math.Ldexp(float64(top), 64-up2-up)
	if negative {
		return -f
	}
	return f
}

// rounded returns the integer nearest to w/n, of two the even one. It fits where
// w is the sum of n integers.
func (w wide) rounded(n uint64) int64 {
	hi, lo, negative := w.magnitude()
	q, r := bits.Div64(hi%n, lo, n)
	if twice := r << 1; r >= n-r && (twice != n || q&1 == 1) {
		q++
	}
	if negative {
		q = -q
	}
	return int64(q)
}

func leadingZeros(hi, lo uint64) int {
	if hi == 0 {
		return 64 + bits.LeadingZeros64(lo)
	}
	return bits.LeadingZeros64(hi)
}

func shiftLeft(hi, lo uint64, n int) (uint64, uint64) {
	if n >= 64 {
		return lo << (n - 64), 0
	}
	return hi<<n | lo>>(64-n), lo << n
}

func (w wide) big() *big.Int {
	hi, lo, negative := w.magnitude()
	n := new(big.Int).SetUint64(hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(lo))
	if negative {
		n.Neg(n)
	}
	return n
}

// binarySum is an exact sum of finite numbers: a count of 2^-1074, the least
// number, in digits of 32 bits, each of which has room for the carries of 2^30
// additions.
type binarySum struct {
	digits [67]int64
	adds   int // since the carries were last passed on
}

// add adds a number.
func (s *binarySum) add(f float64) {
	if s.adds++; s.adds >= 1<<30 {
		s.carry()
	}
	b := math.Float64bits(f)
	m, exp := b&(1<<52-1), b>>52&(1<<11-1)
	if exp == 0 {
		exp = 1
	} else {
		m |= 1 << 52
	}
	at, up := (exp-1)>>5, (exp-1)&31
	low := m << up
	d := (*[3]int64)(s.digits[at:])
	const digit = 1<<32 - 1
	if b>>63 == 0 {
		d[0] += int64(low & digit)
		d[1] += int64(low >> 32)
		d[2] += int64(m >> (64 - up))
		return
	}
	d[0] -= int64(low & digit)
	d[1] -= int64(low >> 32)
	d[2] -= int64(m >> (64 - up))
}

// carry leaves each digit but the last with 32 bits.
func (s *binarySum) carry() {
	s.adds = 1
	over := int64(0)
	for i, d := range s.digits[:len(s.digits)-1] {
		d += over
		over = d >> 32
		s.digits[i] = d & (1<<32 - 1)
	}
	s.digits[len(s.digits)-1] += over
}

// join adds another sum, which is left as it is but for its carries.
func (s *binarySum) join(o *binarySum) {
	s.carry()
	o.carry()
	for i, d := range o.digits {
		s.digits[i] += d
	}
	s.adds++
}

// quotient returns the number nearest to the sum and millionths together,
// divided by n.
func (s *binarySum) quotient(millionths wide, n uint64) float64 {
	num := new(big.Int)
	for i := len(s.digits) - 1; i >= 0; i-- {
		num.Lsh(num, 32).Add(num, big.NewInt(s.digits[i]))
	}
	num.Mul(num, big.NewInt(million))
	num.Add(num, new(big.Int).Lsh(millionths.big(), 1074))
	den := new(big.Int).SetUint64(n)
	den.Mul(den, big.NewInt(million)).Lsh(den, 1074)
	f, _ := new(big.Rat).SetFrac(num, den).Float64()
	return f + 0
}
