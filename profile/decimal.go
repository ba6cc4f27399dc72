package profile

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// Decimal is a 128-bit integer of millionths: the exact sum of numbers that
// were each rounded once, half to even, to six decimals. Its range is beyond
// 1.7e32 either way, which sums of numbers up to 1e18 do not reach; past it,
// it wraps around. The zero Decimal is 0. Two Decimals are == when equal.
type Decimal struct {
	hi int64
	lo uint64
}

const (
	million    = 1_000_000
	exactInt   = 1 << 53 // integers up to here are exact as float64
	maxNumber  = 1e18    // numbers beyond are not summed
	fifteenDig = 1e15    // decimals below have 15 digits at most
)

// DecimalOf returns the number to six decimals: the shortest decimal that reads
// back as f, rounded half to even. ok is false when f is not finite or beyond
// 1e18 in magnitude.
func DecimalOf(f float64) (d Decimal, ok bool) {
	if !(math.Abs(f) <= maxNumber) {
		return Decimal{}, false
	}
	if math.Abs(f) <= exactInt {
		if n := int64(f); float64(n) == f {
			hi, lo := bits.Mul64(uint64(max(n, -n)), million)
			return signed(hi, lo, n < 0), true
		}
	}
	// Two decimals of at most 15 digits never read as the same float64: where
	// one of them reads as f, it is the shortest.
	if p := math.Round(f * million); math.Abs(p) < fifteenDig && p/million == f {
		n := int64(p)
		return Decimal{hi: n >> 63, lo: uint64(n)}, true
	}
	return slowDecimal(f), true
}

// slowDecimal goes through the digits of the shortest decimal.
func slowDecimal(f float64) Decimal {
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], math.Abs(f), 'e', -1, 64) // d[.ddd]e±xx
	var digits uint64
	scale, i := 6, 0
	for ; text[i] != 'e'; i++ {
		if text[i] == '.' {
			continue
		}
		digits = digits*10 + uint64(text[i]-'0')
		if i > 1 {
			scale--
		}
	}
	exp, _ := strconv.Atoi(string(text[i+1:]))
	scale += exp
	var hi, lo uint64
	switch {
	case scale >= 0: // at most 17 digits and 24 places in all
		lo = digits
		for range scale {
			top, low := bits.Mul64(lo, 10)
			hi, lo = hi*10+top, low
		}
	case scale > -19:
		unit := uint64(1)
		for range -scale {
			unit *= 10
		}
		quo, rem := digits/unit, digits%unit
		if half := unit / 2; rem > half || rem == half && quo&1 == 1 {
			quo++
		}
		lo = quo
	}
	return signed(hi, lo, f < 0)
}

// signed returns the decimal of a magnitude and a sign.
func signed(hi, lo uint64, negative bool) Decimal {
	d := Decimal{hi: int64(hi), lo: lo}
	if negative {
		return d.Neg()
	}
	return d
}

// Add returns d + o.
func (d Decimal) Add(o Decimal) Decimal {
	lo, carry := bits.Add64(d.lo, o.lo, 0)
	hi, _ := bits.Add64(uint64(d.hi), uint64(o.hi), carry)
	return Decimal{hi: int64(hi), lo: lo}
}

// Sub returns d - o.
func (d Decimal) Sub(o Decimal) Decimal {
	lo, borrow := bits.Sub64(d.lo, o.lo, 0)
	hi, _ := bits.Sub64(uint64(d.hi), uint64(o.hi), borrow)
	return Decimal{hi: int64(hi), lo: lo}
}

// Neg returns -d.
func (d Decimal) Neg() Decimal { return Decimal{}.Sub(d) }

// Compare returns -1, 0 or +1 as d is less than, equal to or greater than o.
func (d Decimal) Compare(o Decimal) int {
	return cmp.Or(cmp.Compare(d.hi, o.hi), cmp.Compare(d.lo, o.lo))
}

// small returns the millionths where they fit in 64 bits.
func (d Decimal) small() (n int64, ok bool) {
	n = int64(d.lo)
	return n, d.hi == n>>63
}

// Float64 returns the number nearest to the decimal.
func (d Decimal) Float64() float64 { return d.Div(1) }

// Div returns the number nearest to d/n: an average, rounded once. It is 0 when
// n is 0.
func (d Decimal) Div(n uint64) float64 {
	if n == 0 {
		return 0
	}
	// A quotient of two exact floats is correctly rounded.
	if m, ok := d.small(); ok && -exactInt <= m && m <= exactInt && n <= exactInt/million {
		return float64(m) / float64(n*million)
	}
	den := new(big.Int).SetUint64(n)
	den.Mul(den, big.NewInt(million))
	f, _ := new(big.Rat).SetFrac(d.Big(), den).Float64()
	return f
}

// Big returns the count of millionths. The caller owns it.
func (d Decimal) Big() *big.Int {
	n := new(big.Int).Lsh(big.NewInt(d.hi), 64)
	return n.Add(n, new(big.Int).SetUint64(d.lo))
}

// String returns the decimal exactly, without trailing zeros, such as "-12.5".
func (d Decimal) String() string {
	n := d.Big()
	sign := ""
	if n.Sign() < 0 {
		sign = "-"
		n.Neg(n)
	}
	whole, frac := n.QuoRem(n, big.NewInt(million), new(big.Int))
	if frac.Sign() == 0 {
		return sign + whole.String()
	}
	digits := strconv.FormatInt(million+frac.Int64(), 10)[1:]
	return sign + whole.String() + "." + strings.TrimRight(digits, "0")
}
