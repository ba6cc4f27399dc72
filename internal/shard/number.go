package shard

import "math"

// Sortable maps a number to an integer so that the order of the integers is the
// order of the numbers. Negative zero is zero; NaN sorts beyond infinity.
func Sortable(f float64) int64 {
	if math.IsNaN(f) { // a NaN may have the sign of a negative number
		f = math.NaN()
	}
	b := int64(math.Float64bits(f + 0))
	if b < 0 {
		b ^= math.MaxInt64
	}
	return b
}

// Number is the inverse of Sortable.
func Number(v int64) float64 {
	if v < 0 {
		v ^= math.MaxInt64
	}
	return math.Float64frombits(uint64(v))
}
