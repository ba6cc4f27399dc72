package oracle

import (
	"math"
	"math/big"
	"strconv"
)

// millionths returns f as a count of millionths: the shortest decimal that reads
// back as f, rounded once, half to even. ok is false for what is not finite and
// beyond 1e18 in magnitude.
func millionths(f float64) (n *big.Int, ok bool) {
	if math.IsNaN(f) || math.Abs(f) > 1e18 {
		return nil, false
	}
	exact, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', -1, 64))
	exact.Mul(exact, big.NewRat(1_000_000, 1))

	// Euclid's division leaves 0 <= rest < 1, so floor is the integer below.
	floor, mod := new(big.Int).DivMod(exact.Num(), exact.Denom(), new(big.Int))
	rest := new(big.Rat).SetFrac(mod, exact.Denom())
	switch rest.Cmp(big.NewRat(1, 2)) {
	case 1:
		floor.Add(floor, big.NewInt(1))
	case 0:
		floor.Add(floor, big.NewInt(int64(floor.Bit(0))))
	}
	return floor, true
}

// nearest returns the float nearest to sum millionths divided by count.
func nearest(sum *big.Int, count uint64) float64 {
	if sum == nil || count == 0 {
		return 0
	}
	below := new(big.Int).SetUint64(count)
	f, _ := new(big.Rat).SetFrac(sum, below.Mul(below, big.NewInt(1_000_000))).Float64()
	return f
}
