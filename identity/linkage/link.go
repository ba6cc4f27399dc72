package linkage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// ErrTooManyPairs is what Link returns where more pairs than Blocking.MaxPairs
// reach the least threshold.
var ErrTooManyPairs = errors.New("linkage: too many pairs")

// Options are what a run of Link may be told apart from the model. The zero value
// and nil are the defaults.
type Options struct {
	// Apart lists pairs of records that must not be in one cluster, whatever their
	// weight.
	Apart [][2]int
	// Workers is how many goroutines score. The default is GOMAXPROCS. The result
	// does not depend on it.
	Workers int
	// Progress, if not nil, is told now and then how many of the equal shares of the
	// work of comparing are done. It is called by one goroutine at a time and must
	// not block.
	Progress func(done, total int64)
}

// Result is what Link found.
type Result struct {
	// Pairs are the pairs with at least the weight of Thresholds.Review (or Join, if
	// that is less), strongest first, then by A and B.
	Pairs []Edge
	// Clusters is the cluster of each record: the least record number in it.
	Clusters []int32
	// Review are the Pairs of at least the weight of Thresholds.Review whose records
	// are in different clusters: what a person should look at, strongest first.
	Review []Edge
	// Counts says how much work it was.
	Counts Counts
}

// Counts says how much work a Link was.
type Counts struct {
	// Records, and Compared pairs of them.
	Records  int
	Compared int64
	// Matches counts the pairs of at least the weight of Thresholds.Match.
	Matches int
	// Keys counts the distinct values of blocking keys. SkippedKeys of them were
	// shared by more than Blocking.MaxPosting records, LongestKey by the most.
	Keys        int
	SkippedKeys int
	LongestKey  int
}

// Link compares all candidate pairs and clusters the records. opts may be nil. The
// result does not depend on the number of workers. The error is that of ctx, or
// wraps ErrTooManyPairs, ErrRecords (Options.Apart) or ErrConfig (ClusterOptions).
func (l *Linker) Link(ctx context.Context, opts *Options) (*Result, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	cannot, err := l.cannot(o.Apart)
	if err != nil {
		return nil, err
	}
	cands, err := l.block(ctx, l.plan.keys)
	if err != nil {
		return nil, err
	}
	res := &Result{Counts: Counts{Records: l.n}}
	c := &res.Counts
	c.Keys, c.SkippedKeys, c.LongestKey = cands.stats()
	if res.Pairs, err = l.scoreAll(ctx, cands, &o, c); err != nil {
		return nil, err
	}
	h := &l.plan.config.Thresholds
	joins := res.Pairs[:atLeast(res.Pairs, *h.Join)]
	s := l.newScratch()
	score := func(a, b int32) float64 { return l.weight(a, b, math.Inf(-1), s) }
	if res.Clusters, err = cluster(ctx, l.n, joins, score, cannot, l.plan.config.Clustering); err != nil {
		return nil, err
	}
	c.Matches = atLeast(res.Pairs, *h.Match)
	for _, e := range res.Pairs[:atLeast(res.Pairs, *h.Review)] {
		if res.Clusters[e.A] != res.Clusters[e.B] {
			res.Review = append(res.Review, e)
		}
	}
	return res, nil
}

// atLeast returns how many of the pairs, strongest first, have at least that weight.
func atLeast(pairs []Edge, weight float64) int {
	n, _ := slices.BinarySearchFunc(pairs, weight, func(e Edge, w float64) int {
		if float64(e.Weight) >= w {
			return -1
		}
		return 1
	})
	return n
}

// scoreAll scores the candidates, shard by shard on all workers, and returns the
// pairs that reach the least threshold, strongest first.
func (l *Linker) scoreAll(ctx context.Context, cands *candidates, o *Options, c *Counts) ([]Edge, error) {
	h := &l.plan.config.Thresholds
	least := min(*h.Review, *h.Join)
	found := make([][]Edge, cands.shards())
	most := int64(l.plan.config.Blocking.MaxPairs)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var compared, kept atomic.Int64
	free := sync.Pool{New: func() any { return l.newScratch() }}
	progress := reporter(o.Progress, cands.shards())
	err := parallel(ctx, cands.shards(), o.Workers, func(shard int) {
		s := free.Get().(*scratch)
		defer free.Put(s)
		var edges []Edge
		n := int64(0)
		for a, b := range cands.pairs(shard) {
			if n++; n&(1<<16-1) == 0 && ctx.Err() != nil {
				return
			}
			if w := l.weight(a, b, least, s); w >= least {
				edges = append(edges, Edge{a, b, float32(w)})
			}
		}
		found[shard] = edges
		compared.Add(n)
		if kept.Add(int64(len(edges))) > most {
			cancel(fmt.Errorf("%w: more than %d reach a weight of %g: raise the thresholds or max_pairs", ErrTooManyPairs, most, least))
			return
		}
		progress()
	})
	if err != nil {
		return nil, context.Cause(ctx)
	}
	c.Compared = compared.Load()
	all := slices.Concat(found...)
	slices.SortFunc(all, func(x, y Edge) int {
		return cmp.Or(cmp.Compare(y.Weight, x.Weight), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	return all, nil
}

// reporter returns a function to call when one of n shares of the work is done.
func reporter(progress func(done, total int64), n int) func() {
	if progress == nil {
		return func() {}
	}
	var mu sync.Mutex // Guards done, and orders the calls.
	done := int64(0)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		progress(done, int64(n))
	}
}
