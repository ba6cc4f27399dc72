package segment

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/portraitdb/portrait/internal/shard"
)

// Histogram counts the values of a column over the answer between bounds, which
// ascend. Of the counts, one more than the bounds, the first is of the values
// below bounds[0], the i-th of those from bounds[i-1] on and below bounds[i],
// and the last of those from the last bound on. See Summary for the errors;
// bounds that do not ascend are another.
func (q *Query) Histogram(ctx context.Context, src Source, m Measure, bounds []int64) ([]uint64, error) {
	for i := range bounds {
		if i > 0 && bounds[i] <= bounds[i-1] {
			return nil, fmt.Errorf("segment: bound %d of a histogram is not above the one before", i)
		}
	}
	w, err := q.walk(ctx, src, src.meter(), m)
	if err != nil {
		return nil, err
	}
	defer w.close()
	h := newBins(bounds)
	if w.workers() > 1 {
		err = h.share(ctx, w)
	} else {
		h.walk(&w)
		err = w.err(ctx)
	}
	if err != nil {
		return nil, err
	}
	return h.counts, nil
}

func (h *bins) walk(w *walk) {
	for w.next() {
		h.block(w)
	}
}

// share is walk on several goroutines.
func (h *bins) share(ctx context.Context, w walk) error {
	var mu sync.Mutex // guards h
	return w.share(ctx, func(w *walk) {
		mine := newBins(h.bounds)
		mine.walk(w)
		mu.Lock()
		defer mu.Unlock()
		addCounts(h.counts, mine.counts)
	})
}

func addCounts(dst, counts []uint64) {
	for i, n := range counts {
		dst[i] += n
	}
}

// Rank says where a value stands among those of a column: how many are below,
// equal and above.
type Rank struct{ Below, Equal, Above uint64 }

// Rank returns where v stands among the values of a column over the answer. See
// Summary for the errors.
func (q *Query) Rank(ctx context.Context, src Source, m Measure, v int64) (Rank, error) {
	bounds := []int64{v, v + 1}
	if v == math.MaxInt64 {
		bounds = bounds[:1]
	}
	counts, err := q.Histogram(ctx, src, m, bounds)
	if err != nil {
		return Rank{}, err
	}
	counts = append(counts, 0)
	return Rank{Below: counts[0], Equal: counts[1], Above: counts[2]}, nil
}

// bins counts values between bounds.
type bins struct {
	bounds []int64
	cuts   []shard.Cut
	counts []uint64
}

func newBins(bounds []int64) *bins {
	h := &bins{bounds: bounds, counts: make([]uint64, len(bounds)+1), cuts: make([]shard.Cut, len(bounds))}
	for i, v := range bounds {
		h.cuts[i] = shard.CutAt(v)
	}
	return h
}

// within returns which of the bounds lie among the values of c: those from from
// on, before to.
func (h *bins) within(c *shard.Chunk) (from, to int) {
	from = above(h.bounds, c.Min)
	if from < len(h.bounds) && h.bounds[from] <= c.Max {
		return from, from + above(h.bounds[from:], c.Max)
	}
	return from, from
}

// above returns the first of the bounds that is above v.
func above(bounds []int64, v int64) int {
	at := 0
	for n := len(bounds); n > 0; {
		half := (n + 1) / 2
		if bounds[at+half-1] <= v { // a move, not a branch, which the values would lead astray
			at += half
		}
		n -= half
	}
	return at
}

// cutsMin is up to how many bounds a chunk is compared with one by one, however few
// of its values count; beyond as many as there are values each is searched for.
const cutsMin = 8

func (h *bins) block(w *walk) {
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
		from, to := h.within(c)
		switch {
		case from == to:
			h.counts[from] += uint64(n)
		case to-from > max(cutsMin, n):
			h.search(c, packedMask(c, &sel), from, to)
		default:
			h.compare(c, packedMask(c, &sel), from, to, n)
		}
	}
}

// compare counts n values of c, those of mask, between the bounds from from to to.
func (h *bins) compare(c *shard.Chunk, mask [4]uint64, from, to, n int) {
	before := 0
	for i := from; i < to; i++ {
		var below [4]uint64
		upTo := countBelow(&below, c, &h.cuts[i], &mask, n)
		h.counts[i] += uint64(upTo - before)
		before = upTo
	}
	h.counts[to] += uint64(n - before)
}

// search counts the values of mask one by one.
func (h *bins) search(c *shard.Chunk, mask [4]uint64, from, to int) {
	bounds, counts := h.bounds[from:to], h.counts[from:]
	var places [chunkSpan]uint8
	for _, i := range places[:list(&places, &mask)] {
		counts[above(bounds, c.Value(packedAt(c.Data, c.Width, int(i))))]++
	}
}

// countBelow writes to below which of the n packed integers of mask stand for
// values below the cut, and returns how many.
func countBelow(below *[4]uint64, c *shard.Chunk, cut *shard.Cut, mask *[4]uint64, n int) int {
	limit, all := c.Below(cut)
	switch {
	case all:
		*below = *mask
		return n
	case limit == 0:
		*below = [4]uint64{}
		return 0
	}
	scanPacked(below, c.Data, c.Width, 0, limit-1)
	return keepBits(below, mask)
}

// Bounds returns bounds for a Histogram of n parts of equal width that hold the
// values from lo to hi, both included: n+1 bounds (n is at most 65,536), or fewer
// where the values between are too few to divide. With n of 0 or less it divides at round numbers,
// or at whole seconds, minutes, hours, days or weeks (in UTC), to some 10 to 25
// parts of which the first and the last may reach beyond lo and hi.
func (m Measure) Bounds(lo, hi int64, n int) []int64 {
	lo, hi = min(lo, hi), max(lo, hi)
	var edges []int64
	if n > 0 {
		edges = m.equalWidths(lo, hi, min(n, 1<<16))
	} else {
		edges = m.roundWidths(lo, hi)
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}

func (m Measure) equalWidths(lo, hi int64, n int) []int64 {
	edges := make([]int64, 0, n+1)
	edges = append(edges, lo)
	a, b := m.number(lo), m.number(hi)
	for i := 1; i < n; i++ {
		share := float64(i) / float64(n)
		edges = append(edges, max(lo, min(hi, m.value(a*(1-share)+b*share))))
	}
	return append(edges, after(hi))
}

// after returns the value after v.
func after(v int64) int64 {
	if v == math.MaxInt64 {
		return v
	}
	return v + 1
}

// value returns the value of the measure that is nearest to a number.
func (m Measure) value(f float64) int64 {
	switch {
	case m.isNumber():
		return SortableNumber(f)
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(math.RoundToEven(f))
}

// partsMax is the most parts of a histogram that is divided at round numbers.
const partsMax = 24

func (m Measure) roundWidths(lo, hi int64) []int64 {
	a, b := m.number(lo), m.number(hi)
	step := m.roundStep((b - a) / partsMax)
	first := math.Floor(a / step)
	if first*step > a { // a is so near to zero that the quotient is none
		first--
	}
	var edges []int64
	for i := range partsMax + 2 {
		edge := m.value((first + float64(i)) * step)
		if step < 1 && m.isNumber() {
			edge = m.value((first + float64(i)) / math.Round(1/step))
		}
		edges = append(edges, edge)
		if edge > hi {
			return edges
		}
	}
	return append(edges, after(hi))
}

// roundStep returns the least round width of at least width.
func (m Measure) roundStep(width float64) float64 {
	if !m.isNumber() {
		for _, seconds := range [...]float64{1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400} {
			if micros := seconds * million; micros >= width {
				return micros
			}
		}
		const week = 7 * 86_400 * million
		return week * roundNumber(width/week)
	}
	return roundNumber(width)
}

// roundNumber returns the least of 1, 2 and 5 times a power of ten that is at
// least f; 1 where f is nothing.
func roundNumber(f float64) float64 {
	if !(f > 0) || math.IsInf(f, 0) {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(f)))
	for _, step := range [...]float64{1, 2, 5, 10} {
		if step*unit >= f {
			return step * unit
		}
	}
	return 10 * unit
}
