package shard

import "math"

// Cut divides the values of columns into those below it and the others. It
// remembers where it falls among the decimals of each scale, so one Cut serves
// one goroutine, and any number of chunks.
type Cut struct {
	v     int64
	past  bool  // beyond every value
	known uint8 // the scales of which ks is set
	ks    [maxScale + 1]int64
}

// CutAt returns the cut that v is the first value not below.
func CutAt(v int64) Cut { return Cut{v: v} }

// CutAfter returns the cut that v is the last value below.
func CutAfter(v int64) Cut {
	if v == math.MaxInt64 {
		return Cut{past: true}
	}
	return Cut{v: v + 1}
}

// Below returns the packed integer that those of the values below the cut are
// less than; all is true, and limit of no meaning, where that is every one.
func (c *Chunk) Below(cut *Cut) (limit uint64, all bool) {
	switch {
	case cut.past || c.Max < cut.v:
		return 0, true
	case c.Min >= cut.v:
		return 0, false
	}
	k := cut.v
	if c.Scale != linear {
		k = cut.decimal(c.Scale)
	}
	if k <= c.Base {
		return 0, false
	}
	limit = uint64(k) - uint64(c.Base)
	if c.Mult != 1 {
		d := limit
		if limit = d / c.Mult; limit*c.Mult != d {
			limit++
		}
	}
	return limit, limit > ^uint64(0)>>(64-8*uint(c.Width))
}

// decimal returns the least k whose decimal is not below the cut.
func (cut *Cut) decimal(scale int8) int64 {
	if bit := uint8(1) << scale; cut.known&bit == 0 {
		cut.known |= bit
		cut.ks[scale] = ceilDecimal(cut.v, scale)
	}
	return cut.ks[scale]
}

// Decimal returns the scale of a chunk whose values are decimal numbers: its
// i-th value is (Base + Mult*x)/10^scale. Ok is false where its values are
// integers, the sortable forms of numbers among them.
func (c *Chunk) Decimal() (scale int, ok bool) { return int(c.Scale), c.Scale != linear }
