package segment

import (
	"context"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/portraitdb/portrait/internal/shard"
)

// selection finds values by their rank. A first pass draws a sample, evenly over
// the values. From it follow, for each rank, two values that very probably enclose
// the one looked for, and few others. A second pass counts what lies on either side
// of these and collects what lies between. Whether the sample was good decides how
// long it takes, not what comes out.
type selection struct {
	src     Source
	meter   *Meter
	members *Query
	measure Measure

	n      uint64
	stride uint64
	drawn  []int64 // every stride-th value of each shard; ascending once the pass is over
}

const (
	// sampleMax is how many values are drawn at the most, but for one a shard.
	sampleMax = 1 << 13
	// keptMax is the most values that are collected.
	keptMax = 1 << 21
	// heavyShare is the part of a window that a value has to fill to be counted
	// rather than collected.
	heavyShare = 8
)

// sample draws the sample and counts the values. It depends neither on the number of
// goroutines nor on which of them reads what.
func (s *selection) sample(ctx context.Context) error {
	members, err := s.members.Count(ctx, Source{Root: s.src.Root, Loader: s.src.Loader})
	if err != nil {
		return err
	}
	s.stride = 1
	for members/s.stride > sampleMax { // where some have no value the sample is smaller
		s.stride *= 2
	}
	w, err := s.members.walk(ctx, s.src, s.meter, s.measure)
	if err != nil {
		return err
	}
	defer w.close()
	if w.workers() > 1 {
		err = s.shareSample(ctx, w)
	} else {
		s.draw(&w)
		err = w.err(ctx)
	}
	slices.Sort(s.drawn)
	return err
}

// shareSample is draw on several goroutines.
func (s *selection) shareSample(ctx context.Context, w walk) error {
	var mu sync.Mutex // guards s
	return w.share(ctx, func(w *walk) {
		mine := selection{stride: s.stride}
		mine.draw(w)
		mu.Lock()
		defer mu.Unlock()
		s.n += mine.n
		s.drawn = append(s.drawn, mine.drawn...)
	})
}

// draw draws every stride-th value of each shard, from its first on.
func (s *selection) draw(w *walk) {
	shardNo := -1
	left := uint64(0) // values until the next is drawn
	for w.next() {
		if shardNo != w.shard {
			shardNo, left = w.shard, 0
		}
		for i := range blockChunks {
			c := w.values.chunk(i)
			if c == nil {
				continue
			}
			var sel [4]uint64
			n := uint64(pick(&sel, w.mask, i, c))
			s.n += n
			if left >= n {
				left -= n
				continue
			}
			mask := packedMask(c, &sel)
			for ; left < n; left += s.stride {
				s.drawn = append(s.drawn, c.Value(packedAt(c.Data, c.Width, place(&mask, int(left)))))
			}
			left -= n
		}
	}
}

// at returns the values of the ranks, which ascend.
func (s *selection) at(ctx context.Context, ranks []uint64) ([]int64, error) {
	out := make([]int64, len(ranks))
	if s.stride == 1 {
		for i, r := range ranks {
			out[i] = s.drawn[r]
		}
		return out, nil
	}
	p := s.plan(ranks)
	w, err := s.members.walk(ctx, s.src, s.meter, s.measure)
	if err != nil {
		return nil, err
	}
	defer w.close()
	if w.workers() > 1 {
		err = p.share(ctx, w)
	} else {
		p.walk(&w)
		err = w.err(ctx)
	}
	if err != nil {
		return nil, err
	}
	bin, below := 0, uint64(0)
	for i, r := range ranks {
		for r >= below+p.counts[bin] {
			below += p.counts[bin]
			bin++
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		lo, hi := p.span(bin)
		switch kept := p.kept[bin]; {
		case lo == hi:
			out[i] = lo
		case uint64(len(kept)) == p.counts[bin]:
			out[i] = nth(kept, int(r-below))
		default:
			if out[i], err = s.search(ctx, lo, hi, r-below); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// plan returns the bins of the second pass.
func (s *selection) plan(ranks []uint64) *sieve {
	// The rank of a sampled value is off by as much as chance has it: its standard
	// deviation is at most half the root of the number of samples. Three of these
	// are rarely left behind.
	reach := int(1.5*math.Sqrt(float64(len(s.drawn)))) + 2
	var bounds []int64
	var windows []Span
	for _, r := range ranks {
		at := int(r * uint64(len(s.drawn)) / s.n) // less than 2^32 * 2^14
		from, to := max(at-reach, 0), min(at+reach, len(s.drawn)-1)
		window := Span{math.MinInt64, math.MaxInt64}
		if at-reach >= 0 {
			window.Lo = s.drawn[from]
			bounds = append(bounds, window.Lo)
		}
		if at+reach < len(s.drawn) {
			window.Hi = s.drawn[to]
			bounds = append(bounds, after(window.Hi))
		}
		windows = append(windows, window)
		for _, v := range s.heavy(from, to, 2*reach/heavyShare) {
			bounds = append(bounds, v, after(v))
		}
	}
	slices.Sort(bounds)
	p := newSieve(slices.Compact(bounds), joinSpans(windows))
	p.expect(s.drawn, s.n)
	return p
}

// heavy returns the values among the drawn ones from from to to that were drawn
// so many times or more, those outside included.
func (s *selection) heavy(from, to, times int) []int64 {
	var out []int64
	from, _ = slices.BinarySearch(s.drawn, s.drawn[from])
	for from <= to {
		v := s.drawn[from]
		end := from + 1
		for end < len(s.drawn) && s.drawn[end] == v {
			end++
		}
		if end-from >= times {
			out = append(out, v)
		}
		from = end
	}
	return out
}

const searchBits = 12

// search returns the value of a rank among those from lo to hi: it counts them in
// parts of equal width and goes on within the right part, for at most six passes.
func (s *selection) search(ctx context.Context, lo, hi int64, rank uint64) (int64, error) {
	for lo < hi {
		shift := max(bits.Len64(uint64(hi)-uint64(lo))-searchBits, 0)
		var counts [1 << searchBits]uint64
		w, err := s.members.walk(ctx, s.src, s.meter, s.measure)
		if err != nil {
			return 0, err
		}
		err = w.countParts(ctx, &counts, lo, hi, shift)
		w.close()
		if err != nil {
			return 0, err
		}
		i := uint64(0)
		for rank >= counts[i] {
			rank -= counts[i]
			i++
		}
		lo = int64(uint64(lo) + i<<shift)
		if last := uint64(lo) + 1<<shift - 1; int64(last) >= lo {
			hi = min(hi, int64(last))
		}
	}
	return lo, nil
}

// countParts counts the values from lo to hi in parts of 2^shift values, from lo on.
func (w walk) countParts(ctx context.Context, counts *[1 << searchBits]uint64, lo, hi int64, shift int) error {
	count := func(w *walk, counts *[1 << searchBits]uint64) {
		from, to := shard.CutAt(lo), shard.CutAfter(hi)
		for w.next() {
			countParts(counts, w, &from, &to, lo, shift)
		}
	}
	if w.workers() <= 1 {
		count(&w, counts)
		return w.err(ctx)
	}
	var mu sync.Mutex // guards counts
	return w.share(ctx, func(w *walk) {
		var mine [1 << searchBits]uint64
		count(w, &mine)
		mu.Lock()
		defer mu.Unlock()
		addCounts(counts[:], mine[:])
	})
}

// countParts counts the values of a block from one cut to the other in parts of
// 2^shift values, from lo on.
func countParts(counts *[1 << searchBits]uint64, w *walk, from, to *shard.Cut, lo int64, shift int) {
	for i := range blockChunks {
		c := w.values.chunk(i)
		if c == nil {
			continue
		}
		var sel [4]uint64
		if pick(&sel, w.mask, i, c) == 0 {
			continue
		}
		mask := packedMask(c, &sel)
		var hits [4]uint64
		switch scanCuts(&hits, c, from, to) {
		case scannedNone:
			continue
		case scannedSome:
			keepBits(&mask, &hits)
		}
		var places [chunkSpan]uint8
		for _, i := range places[:list(&places, &mask)] {
			v := c.Value(packedAt(c.Data, c.Width, int(i)))
			counts[(uint64(v)-uint64(lo))>>shift]++
		}
	}
}
