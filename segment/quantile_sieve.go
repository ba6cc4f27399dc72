package segment

import (
	"math"
	"slices"

	"github.com/portraitdb/portrait/internal/shard"
)

// sieve counts values between bounds and keeps those of some bins.
type sieve struct {
	*bins

	kept [][]int64 // by bin; short of the count where that were too many
	want []bool    // by bin
	room int
}

func newSieve(bounds []int64, wanted []Span) *sieve {
	p := &sieve{bins: newBins(bounds), room: keptMax}
	p.kept, p.want = make([][]int64, len(p.counts)), make([]bool, len(p.counts))
	for i := range p.want {
		lo, hi := p.span(i)
		p.want[i] = lo != hi && holds(wanted, lo) && holds(wanted, hi)
	}
	return p
}

// span returns the first and the last value that belong to a bin.
func (p *sieve) span(bin int) (lo, hi int64) {
	lo, hi = math.MinInt64, math.MaxInt64
	if bin > 0 {
		lo = p.bounds[bin-1]
	}
	if bin < len(p.bounds) {
		hi = p.bounds[bin] - 1
	}
	return lo, hi
}

func (p *sieve) block(w *walk) {
	for i, c := range w.chunks {
		if c == nil {
			continue
		}
		var sel [4]uint64
		n := pick(&sel, w.mask, i, c)
		if n == 0 {
			continue
		}
		from, to := p.within(c)
		if from == to && !p.want[from] {
			p.counts[from] += uint64(n)
			continue
		}
		mask := packedMask(c, &sel)
		left := n
		for bin := from; bin < to; bin++ {
			var below [4]uint64
			countBelow(&below, c, &p.cuts[bin], &mask, left)
			if p.want[bin] {
				p.keep(bin, c, &below)
			}
			count := takeOut(&mask, &below)
			p.counts[bin] += uint64(count)
			left -= count
		}
		p.counts[to] += uint64(left)
		if p.want[to] {
			p.keep(to, c, &mask)
		}
	}
}

// keep collects the values of the packed integers in mask, as long as there is
// room.
func (p *sieve) keep(bin int, c *shard.Chunk, mask *[4]uint64) {
	var places [chunkSpan]uint8
	n := list(&places, mask)
	if n > p.room {
		n = 0
	}
	p.room -= n
	kept := p.kept[bin]
	for _, i := range places[:n] {
		kept = append(kept, c.Value(packedAt(c.Data, c.Width, int(i))))
	}
	p.kept[bin] = kept
}

// nth returns the value of a rank, and brings values in another order.
func nth(values []int64, rank int) int64 {
	for tries := 0; len(values) > 32 && tries < 64; tries++ {
		// Of nine values the middle one divides the others.
		var nine [9]int64
		for i := range nine {
			nine[i] = values[i*(len(values)-1)/8]
		}
		slices.Sort(nine[:])
		low, equal := partition(values, nine[4])
		switch {
		case rank < low:
			values = values[:low]
		case rank < low+equal:
			return nine[4]
		default:
			values, rank = values[low+equal:], rank-low-equal
		}
	}
	slices.Sort(values)
	return values[rank]
}

// partition moves the values below a pivot to the front and those equal to it
// behind them, and returns how many they are.
func partition(values []int64, pivot int64) (low, equal int) {
	for i, v := range values {
		values[i] = values[low]
		values[low] = v
		if v < pivot {
			low++
		}
	}
	rest := values[low:]
	for i, v := range rest {
		rest[i] = rest[equal]
		rest[equal] = v
		if v == pivot {
			equal++
		}
	}
	return low, equal
}
