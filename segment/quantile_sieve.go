package segment

import (
	"context"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/portraitdb/portrait/internal/shard"
)

// sieve counts values between bounds and keeps those of some bins.
type sieve struct {
	*bins

	kept [][]int64 // by bin; short of the count where that were too many
	want []bool    // by bin
	room int       // how many more may be kept
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

// expect makes room for what the bins that are kept will hold, if they are as full
// as those of a sample of n values, which ascends.
func (p *sieve) expect(drawn []int64, n uint64) {
	for i := range p.want {
		lo, hi := p.span(i)
		from, _ := slices.BinarySearch(drawn, lo)
		to := len(drawn)
		if hi < math.MaxInt64 {
			to, _ = slices.BinarySearch(drawn, hi+1)
		}
		if p.want[i] {
			likely := (to-from+1)*int(n/uint64(len(drawn))+1)*5/4 + chunkSpan
			p.kept[i] = make([]int64, 0, min(likely, p.room))
		}
	}
}

func (p *sieve) walk(w *walk) {
	for w.next() {
		p.block(w)
	}
}

// share is walk on several goroutines, among which the room is divided.
func (p *sieve) share(ctx context.Context, w walk) error {
	var mu sync.Mutex // guards p
	room := p.room / w.workers()
	return w.share(ctx, func(w *walk) {
		mine := sieve{bins: newBins(p.bounds), kept: make([][]int64, len(p.kept)), want: p.want, room: room}
		mine.walk(w)
		mu.Lock()
		defer mu.Unlock()
		addCounts(p.counts, mine.counts)
		for i, kept := range mine.kept {
			p.kept[i] = append(p.kept[i], kept...)
		}
	})
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
	for i := range blockChunks {
		c := w.values.chunk(i)
		if c == nil || !w.x.live() {
			continue
		}
		var sel [4]uint64
		n := pick(&sel, w.mask, i, c)
		if n == 0 {
			continue
		}
		from, to := p.within(c)
		switch {
		case from == to && !p.want[from]:
			p.counts[from] += uint64(n)
		case to-from > max(cutsMin, n):
			p.search(c, packedMask(c, &sel), from, to)
		default:
			p.compare(c, packedMask(c, &sel), from, to, n)
		}
	}
}

// compare sorts n values of c, those of mask, into the bins from from to to.
func (p *sieve) compare(c *shard.Chunk, mask [4]uint64, from, to, n int) {
	for bin := from; bin < to; bin++ {
		var below [4]uint64
		count := countBelow(&below, c, &p.cuts[bin], &mask, n)
		if count == 0 {
			continue
		}
		if p.want[bin] {
			p.keep(bin, c, &below, count)
		}
		for j := range mask {
			mask[j] &^= below[j]
		}
		p.counts[bin] += uint64(count)
		n -= count
	}
	p.counts[to] += uint64(n)
	if p.want[to] {
		p.keep(to, c, &mask, n)
	}
}

// search is compare value by value.
func (p *sieve) search(c *shard.Chunk, mask [4]uint64, from, to int) {
	var places [chunkSpan]uint8
	for _, i := range places[:list(&places, &mask)] {
		v := c.Value(packedAt(c.Data, c.Width, int(i)))
		bin := from + above(p.bounds[from:to], v)
		p.counts[bin]++
		if p.want[bin] && p.room > 0 {
			p.room--
			p.kept[bin] = append(p.kept[bin], v)
		}
	}
}

// keep collects the values of the n packed integers in mask, as long as there is
// room.
func (p *sieve) keep(bin int, c *shard.Chunk, mask *[4]uint64, n int) {
	if n == 0 || n > p.room {
		return
	}
	p.room -= n
	kept := p.kept[bin]
	for j, x := range mask {
		for ; x != 0; x &= x - 1 {
			kept = append(kept, c.Value(packedAt(c.Data, c.Width, j<<6|bits.TrailingZeros64(x))))
		}
	}
	p.kept[bin] = kept
}

// nth returns the value of a rank, and brings values in another order.
func nth(values []int64, rank int) int64 {
	for tries := 0; len(values) > len(pivots{}) && tries < 64; tries++ {
		pivot := pivotFor(values, rank)
		low := split(values, func(v int64) bool { return v < pivot })
		if rank < low {
			values = values[:low]
			continue
		}
		values, rank = values[low:], rank-low
		equal := split(values, func(v int64) bool { return v == pivot })
		if rank < equal {
			return pivot
		}
		values, rank = values[equal:], rank-equal
	}
	slices.Sort(values)
	return values[rank]
}

// pivots is a sample of the values that are to be divided.
type pivots [64]int64

// pivotFor returns one of the values that is probably a little beyond the one of
// the rank, on the side where more values are: these are out then.
func pivotFor(values []int64, rank int) int64 {
	var p pivots
	for i := range p {
		p[i] = values[i*(len(values)-1)/(len(p)-1)]
	}
	slices.Sort(p[:])
	const beyond = 6
	at := rank * len(p) / len(values)
	if at < len(p)/2 {
		return p[at+beyond]
	}
	return p[at-beyond]
}

// split moves the values that are chosen to the front and returns how many they
// are.
func split(values []int64, chosen func(int64) bool) int {
	n := 0
	for i, v := range values {
		values[i] = values[n]
		values[n] = v
		if chosen(v) {
			n++
		}
	}
	return n
}
