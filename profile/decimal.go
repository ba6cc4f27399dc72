package profile

import (
	"math/big"
)

// Decimal is a 128-bit integer of millionths: the exact sum of numbers that
// were each rounded once, half to even, to six decimals.
type Decimal struct {
	hi int64
	lo uint64
}

// Float64 returns the number nearest to the decimal.
func (d Decimal) Float64() float64 {
	if d.hi == int64(d.lo)>>63 { // fits in 64 bits
		if n := int64(d.lo); n > -1<<53 && n < 1<<53 {
			return float64(n) / 1e6
		}
	}
	f, _ := new(big.Rat).SetFrac(d.Big(), big.NewInt(1_000_000)).Float64()
	return f
}

// Big returns the count of millionths.
func (d Decimal) Big() *big.Int {
	n := new(big.Int).Lsh(big.NewInt(d.hi), 64)
	return n.Add(n, new(big.Int).SetUint64(d.lo))
}
