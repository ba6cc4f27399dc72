package insight

import (
	"math/bits"
	"slices"
)

// veil hides combinations of segments. What it works with is those that are hidden,
// and the sums that are told: how many are in all segments of some masks. From them
// somebody can reckon the sums' linear combinations, and what a combination has of each
// hidden mask is all that matters: a shown one can be subtracted.
type veil struct {
	exactly, within []uint64
	least           uint64
	hidden          []int // the masks whose exactly is hidden, all of which have people
	told            []int // the masks whose within is told
}

// mostWork bounds how much is reckoned to tell one more sum. What is told at least, of
// everybody and of each segment, takes at most eight times as much at a time.
const mostWork = 1 << 22

// hideOverlap hides the combinations of n segments that have fewer people than least,
// and as much as it takes that no group so small is found by adding and subtracting. It
// prefers to tell the size of each segment, then the combinations, then the pairs. Other
// sums are shown where they follow from those.
func hideOverlap(exactlyCounts, withinCounts []uint64, n int, least uint64) (exactly, within []Cell) {
	exactly, within = make([]Cell, 1<<n), make([]Cell, 1<<n)
	for mask := range exactly {
		exactly[mask].Count, within[mask].Count = exactlyCounts[mask], withinCounts[mask]
	}
	if least <= 1 {
		return exactly, within
	}
	v := &veil{exactly: exactlyCounts, within: withinCounts, least: least}
	var small []int
	for mask := range exactly {
		if v.exactly[mask] > 0 {
			v.hidden = append(v.hidden, mask)
		}
		if hides(least, v.exactly[mask]) {
			small = append(small, mask)
		}
		if bits.OnesCount(uint(mask)) <= 1 && !hides(least, v.within[mask]) {
			v.told = append(v.told, mask)
		}
	}
	v.cover() // The sizes alone may betray something, which no combination then hides.
	v.hidden = small
	s := v.cover()
	for mask := range within {
		if bits.OnesCount(uint(mask)) != 2 || hides(least, v.within[mask]) || s.has(mask) || len(v.hidden)<<(len(s.rows)+1) > mostWork {
			continue
		}
		v.told = append(v.told, mask)
		if wider := v.span(); wider.betrays() == nil {
			s = wider
		} else {
			v.told = v.told[:len(v.told)-1]
		}
	}
	for _, mask := range v.hidden {
		exactly[mask] = Cell{Hidden: true}
	}
	for mask := range within {
		if !s.has(mask) {
			within[mask] = Cell{Hidden: true}
		}
	}
	return exactly, within
}

// cover hides more until nothing is betrayed: a combination that the sum which betrays
// it takes in too, and where there is none, the smallest part of that sum.
func (v *veil) cover() *telling {
	for {
		s := v.span()
		sum := s.betrays()
		if sum == nil {
			return s
		}
		if next := v.company(sum); next >= 0 {
			v.hidden = append(v.hidden, next)
			continue
		}
		part := -1
		for i, mask := range v.told {
			if sum[len(v.exactly)+i] != 0 && (part < 0 || v.within[mask] < v.within[v.told[part]]) {
				part = i
			}
		}
		v.told = slices.Delete(v.told, part, part+1)
	}
}

// company returns a combination to hide beside those that a sum betrays, or -1. Of those
// that the sum takes in it is one by which the hidden come to differ in as few segments as
// possible whose sizes are told, since what tells them apart has to be hidden in turn; of
// such, the smallest.
func (v *veil) company(sum []uint64) int {
	segments := 0
	for _, mask := range v.told {
		segments |= mask
	}
	hidden, differ := make([]bool, len(v.exactly)), 0
	for _, mask := range v.hidden {
		hidden[mask] = true
		differ |= mask ^ v.hidden[0]
	}
	next, nextDiffer := -1, 0
	for mask, people := range v.exactly {
		if people == 0 || sum[mask] == 0 || hidden[mask] {
			continue
		}
		n := bits.OnesCount(uint((differ | mask ^ v.hidden[0]) & segments))
		if next < 0 || n < nextDiffer || n == nextDiffer && people < v.exactly[next] {
			next, nextDiffer = mask, n
		}
	}
	return next
}

// telling is what the sums that are told span over the hidden masks, in reduced form,
// modulo [prime]: exact, as the determinants of so few rows of 0 and 1 are far smaller.
type telling struct {
	*veil
	rows   [][]uint64 // by mask; behind them, how often the row takes in each of told
	pivots []int      // the masks that one row alone has
}

// span brings the sums into reduced form.
func (v *veil) span() *telling {
	s := &telling{veil: v}
	for i, mask := range v.told {
		row := make([]uint64, len(v.exactly)+len(v.told))
		for m := range v.exactly {
			if m&mask == mask {
				row[m] = 1
			}
		}
		row[len(v.exactly)+i] = 1
		for k, other := range s.rows {
			if times := row[s.pivots[k]]; times != 0 {
				subtract(row, other, times)
			}
		}
		at := slices.IndexFunc(v.hidden, func(m int) bool { return row[m] != 0 })
		if at < 0 {
			continue
		}
		pivot := v.hidden[at]
		scale(row, inverse(row[pivot]))
		for _, other := range s.rows {
			if times := other[pivot]; times != 0 {
				subtract(other, row, times)
			}
		}
		s.rows, s.pivots = append(s.rows, row), append(s.pivots, pivot)
	}
	return s
}

// has reports whether how many are in all segments of a mask follows from what is told
// and from the combinations that are shown.
func (s *telling) has(mask int) bool {
	for _, m := range s.hidden {
		var sum uint64
		for k, row := range s.rows {
			if s.pivots[k]&mask == mask {
				sum += row[m]
			}
		}
		want := uint64(0)
		if m&mask == mask {
			want = 1
		}
		if sum%prime != want {
			return false
		}
	}
	return true
}

// betrays returns a sum that tells how many people some of the hidden masks have, where
// they are fewer than least or of one mask; nil where there is none. A sum that has every
// hidden mask once or not at all is made of the rows whose pivots it has, once each, so
// these are all that there are.
func (s *telling) betrays() []uint64 {
	sum := make([]uint64, len(s.hidden))
	var taken uint64
	for step := uint64(1); step < 1<<len(s.rows); step++ {
		// One row more or less than the step before (the Gray code).
		k := bits.TrailingZeros64(step)
		taken ^= 1 << k
		row, less := s.rows[k], taken>>k&1 == 0
		whole, masks, people := true, 0, uint64(0)
		for j, m := range s.hidden {
			x := row[m]
			if less && x != 0 {
				x = prime - x
			}
			if x += sum[j]; x >= prime {
				x -= prime
			}
			sum[j] = x
			whole = whole && x <= 1
			if x == 1 {
				masks++
				people += s.exactly[m]
			}
		}
		if whole && (masks == 1 || people < s.least) {
			return s.combine(taken)
		}
	}
	return nil
}

// combine adds up the rows that are taken.
func (s *telling) combine(taken uint64) []uint64 {
	out := make([]uint64, len(s.exactly)+len(s.told))
	for k, row := range s.rows {
		if taken>>k&1 == 1 {
			for i, x := range row {
				out[i] = (out[i] + x) % prime
			}
		}
	}
	return out
}
