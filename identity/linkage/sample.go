package linkage

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
)

// pattern is the level of a pair in every comparison.
type pattern [maxComparisons]int8

// patterns counts pairs by pattern, in the order of the patterns.
type patterns struct {
	levels []pattern
	counts []float64
}

// chunkPairs is how many pairs one goroutine takes at a time.
const chunkPairs = 1 << 14

// chunksOf returns how many chunks n pairs come in.
func chunksOf(n int) int { return (n + chunkPairs - 1) / chunkPairs }

// tally counts the patterns of the pairs that pair gives by chunk. Counting is
// exact, so the chunks may be counted in any order.
func (d *data) tally(ctx context.Context, chunks int, pair func(chunk int, yield func(a, b int32))) (*patterns, error) {
	found := make([]map[pattern]float64, chunks)
	err := parallel(ctx, chunks, 0, func(chunk int) {
		seen := map[pattern]float64{}
		pair(chunk, func(a, b int32) { seen[d.pattern(a, b)]++ })
		found[chunk] = seen
	})
	if err != nil {
		return nil, err
	}
	all := map[pattern]float64{}
	for _, seen := range found {
		for p, n := range seen {
			all[p] += n // Whole numbers: the order does not matter.
		}
	}
	out := &patterns{levels: slices.SortedFunc(maps.Keys(all), func(a, b pattern) int { return slices.Compare(a[:], b[:]) })}
	for _, p := range out.levels {
		out.counts = append(out.counts, all[p])
	}
	return out, nil
}

func (d *data) pattern(a, b int32) pattern {
	var p pattern
	x, y := d.row(a), d.row(b)
	for i := range d.plan.comparisons {
		p[i] = int8(d.plan.comparisons[i].level(x[i], y[i]))
	}
	return p
}

// randomPairs counts the patterns of pairs drawn at random, or of all pairs if they
// are no more.
func (d *data) randomPairs(ctx context.Context) (*patterns, error) {
	t := &d.plan.config.Training
	if d.pairs() <= float64(t.RandomPairs) {
		return d.allPairs(ctx)
	}
	return d.tally(ctx, chunksOf(t.RandomPairs), func(chunk int, yield func(a, b int32)) {
		r := rand.New(rand.NewPCG(t.Seed, uint64(chunk)))
		n, split := int32(d.n), d.split()
		for range min(chunkPairs, t.RandomPairs-chunk*chunkPairs) {
			var a, b int32
			if split > 0 {
				a, b = r.Int32N(split), split+r.Int32N(n-split)
			} else {
				a, b = r.Int32N(n), r.Int32N(n-1)
				if b >= a {
					b++
				}
			}
			yield(a, b)
		}
	})
}

// allPairs counts the patterns of all pairs.
func (d *data) allPairs(ctx context.Context) (*patterns, error) {
	n, split := int32(d.n), d.split()
	return d.tally(ctx, d.n, func(chunk int, yield func(a, b int32)) {
		a := int32(chunk)
		if split > 0 && a >= split {
			return
		}
		for b := max(a+1, split); b < n; b++ {
			yield(a, b)
		}
	})
}

// blockSample is a sample of the pairs of some keys.
type blockSample struct {
	*patterns
	total int // Of the pairs that it was drawn from.
}

// scale returns how many pairs each of the sample stands for.
func (s *blockSample) scale() float64 {
	drawn := 0.0
	for _, n := range s.counts {
		drawn += n
	}
	return float64(s.total) / max(1, drawn)
}

// blockPairs counts the patterns of the pairs that share one of the keys, or of a
// sample of Training.BlockPairs of them: those with the least hash, so that the
// order in which pairs come does not matter.
func (d *data) blockPairs(ctx context.Context, keys []*key, salt uint64) (blockSample, error) {
	cands, err := d.block(ctx, keys)
	if err != nil {
		return blockSample{}, err
	}
	t := &d.plan.config.Training
	limit := t.BlockPairs
	seed := combine(t.Seed, salt)
	type draw struct {
		hash uint64
		a, b int32
	}
	byHash := func(x, y draw) int {
		return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	}
	var drawn []draw
	most, total := ^uint64(0), 0
	for shard := range cands.shards() {
		if err := ctx.Err(); err != nil {
			return blockSample{}, err
		}
		for a, b := range cands.pairs(shard) {
			total++
			h := scatter(seed ^ uint64(a)<<32 ^ uint64(b))
			if h > most {
				continue
			}
			if drawn = append(drawn, draw{h, a, b}); len(drawn) == 2*limit {
				slices.SortFunc(drawn, byHash)
				drawn, most = drawn[:limit], drawn[limit-1].hash
			}
		}
	}
	slices.SortFunc(drawn, byHash)
	drawn = drawn[:min(limit, len(drawn))]
	p, err := d.tally(ctx, chunksOf(len(drawn)), func(chunk int, yield func(a, b int32)) {
		for _, x := range drawn[chunk*chunkPairs : min(len(drawn), (chunk+1)*chunkPairs)] {
			yield(x.a, x.b)
		}
	})
	return blockSample{p, total}, err
}

// scatter mixes the bits of x (the finaliser of SplitMix64).
func scatter(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
