package segment

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// QuantileMethod says what a quantile is where it falls between two values. The
// numbers are those of Hyndman and Fan.
type QuantileMethod uint8

// The methods.
const (
	// Discrete is type 1, the inverse of the distribution: the least value such that
	// at least this share of the values is at or below it.
	Discrete QuantileMethod = iota
	// Linear is type 7: of n values, ascending from the 0th, the one at (n-1)*share,
	// in proportion between its neighbours where that is no whole number.
	Linear
)

// Quantiles returns, for each share from 0 to 1, that quantile of the values of a
// column over the answer: exactly, whatever their number. It returns nil where no
// one has a value. It looks at the column twice, and keeps two million values at
// the most. See Summary for the errors; a share outside of 0 to 1 is another.
func (q *Query) Quantiles(ctx context.Context, src Source, m Measure, method QuantileMethod, shares ...float64) ([]int64, error) {
	for i, share := range shares {
		if !(share >= 0 && share <= 1) {
			return nil, fmt.Errorf("segment: quantile %d is %v, not from 0 to 1", i, share)
		}
	}
	err := m.check()
	if err == nil {
		_, err = src.lane(m.Field, Column)
	}
	if err != nil {
		return nil, err
	}
	s := selection{src: src, meter: src.meter(), measure: m}
	if s.members, err = q.once(ctx, src, s.meter); err != nil {
		return nil, err
	}
	if err := s.sample(ctx); err != nil || s.n == 0 {
		return nil, err
	}
	var ranks []uint64
	for _, share := range shares {
		ranks = append(ranks, method.ranks(share, s.n)...)
	}
	slices.Sort(ranks)
	ranks = slices.Compact(ranks)
	values, err := s.at(ctx, ranks)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(shares))
	for i, share := range shares {
		out[i] = method.value(m, share, s.n, func(rank uint64) int64 {
			at, _ := slices.BinarySearch(ranks, rank)
			return values[at]
		})
	}
	return out, nil
}

// ranks returns which of n values, ascending from the 0th, a quantile is made of.
func (method QuantileMethod) ranks(share float64, n uint64) []uint64 {
	if method == Linear {
		low := linearRank(share, n)
		return []uint64{low, min(low+1, n-1)}
	}
	return []uint64{discreteRank(share, n)}
}

func linearRank(share float64, n uint64) uint64 {
	return min(uint64(share*float64(n-1)), n-1)
}

// discreteRank returns the least rank such that the values up to it are at least
// this share of n, as numbers divide: 3 of 10 are 0.3.
func discreteRank(share float64, n uint64) uint64 {
	k := min(max(uint64(share*float64(n)), 1), n)
	for k > 1 && float64(k-1)/float64(n) >= share {
		k--
	}
	for k < n && float64(k)/float64(n) < share {
		k++
	}
	return k - 1
}

func (method QuantileMethod) value(m Measure, share float64, n uint64, at func(rank uint64) int64) int64 {
	if method != Linear {
		return at(discreteRank(share, n))
	}
	low := linearRank(share, n)
	a, b := at(low), at(min(low+1, n-1))
	part := share*float64(n-1) - float64(low)
	switch {
	case part <= 0 || a == b:
		return a
	case m.isNumber():
		x, y := Number(a), Number(b)
		v := x + (y-x)*part
		if math.IsInf(y-x, 0) {
			v = x*(1-part) + y*part
		}
		return min(max(SortableNumber(v), a), b)
	}
	apart := float64(uint64(b) - uint64(a)) // up to 2^64
	step := math.RoundToEven(apart * part)
	if step >= apart {
		return b
	}
	return a + int64(uint64(step))
}

// once returns a query on the members of q that costs little to run again.
func (q *Query) once(ctx context.Context, src Source, use *Meter) (*Query, error) {
	if q.roots[0].op == opBits || q.roots[0].op == opFixed {
		return q, nil
	}
	if err := q.ready(ctx, src, use); err != nil {
		return nil, err
	}
	x := newExec(ctx, q.program, src, use)
	defer x.release()
	s := x.newSet()
	for i := range x.shards {
		x.collectShard(s, i, ^uint64(0))
	}
	if err := x.failure(ctx); err != nil {
		return nil, err
	}
	return NewQuery(Fixed(s), q.universe), nil
}
