package segment

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// The most that a Cross may hold.
const (
	crossCells = 1 << 24 // all together
	crossKept  = 1 << 10 // queries of all dimensions but the longest: each is 8 KiB of scratch
)

// Where the longest dimension has this many bitmaps, and what they meet is this few
// queries, those are kept for all blocks of a shard, 128 KiB each, and it is gone
// through bitmap by bitmap: what lies together is read together.
const (
	crossBitmaps = 1 << 6
	crossStay    = 1 << 3
)

// Cross counts every combination of one query of each of several dimensions, in one
// pass over the profiles: a table with its totals. What several cells have in common is
// computed once for each block of 2^16 profiles, and each query is planned once, where
// a [Batch] of as many conjunctions would plan every cell. It may be run any number of
// times by any number of goroutines.
type Cross struct {
	*program         // the kept queries are the first roots, then those of the longest dimension
	long     int     // the longest dimension
	stride   []int   // by dimension: how far apart in the table neighbours along it are
	dims     [][]int // by dimension but the longest: the roots of its queries
	order    []int   // those dimensions, as they are taken
	below    []int   // by place in order: the cells of it and those after it
	outer    []int   // the roots of the longest dimension, and last that of everybody
	blocked  []int   // the places in outer that are taken block by block
	bitmaps  []int   // those taken bitmap by bitmap: their roots are not within the base yet
	based    bool    // the base is not everybody
	cells    int
	planes   int // in which cells are written as codes; 0: they are intersected
}

// NewCross plans a table of the profiles of base. The queries must have the same
// universe; there may be up to 2^24 cells, and up to 1,024 queries in all dimensions but
// the longest, for which Counts takes 8 KiB each; or 128 KiB each of up to eight.
func NewCross(base *Query, dims ...[]*Query) (*Cross, error) {
	c := &Cross{cells: 1, stride: make([]int, len(dims)), dims: make([][]int, len(dims))}
	kept := 0
	for d := len(dims) - 1; d >= 0; d-- {
		c.stride[d] = c.cells
		if c.cells *= len(dims[d]) + 1; c.cells > crossCells {
			return nil, fmt.Errorf("segment: a table of more than %d cells", crossCells)
		}
		if kept += len(dims[d]); len(dims[d]) >= len(dims[c.long]) {
			c.long = d
		}
	}
	if len(dims) > 0 {
		kept -= len(dims[c.long])
	}
	if kept > crossKept {
		return nil, fmt.Errorf("segment: %d queries beside the longest dimension of a table, %d are allowed", kept, crossKept)
	}
	z := &normalizer{terms: newTerms()}
	var roots []literal
	for d, qs := range dims {
		for _, q := range qs {
			if q.universe != base.universe {
				return nil, errors.New("segment: the queries of a table have different universes")
			}
			if d != c.long {
				c.dims[d] = append(c.dims[d], len(roots))
				roots = append(roots, z.normalize(q.node))
			}
		}
		if d != c.long {
			c.order = append(c.order, d)
		}
	}
	var longest []*Query
	if len(dims) > 0 {
		longest = dims[c.long]
	}
	roots = c.lengthen(z, base, longest, roots)
	c.program = plan(base.universe, z.terms, roots)
	c.planes = c.digits(dims)
	c.below = make([]int, len(c.order)+1)
	c.below[len(c.order)] = 1
	for i := len(c.order) - 1; i >= 0; i-- {
		c.below[i] = c.below[i+1] * (len(dims[c.order[i]]) + 1)
	}
	return c, nil
}

// lengthen appends the roots of the longest dimension and of the base, and says how each
// is taken.
func (c *Cross) lengthen(z *normalizer, base *Query, longest []*Query, roots []literal) []literal {
	kept, alone, n := len(roots), make([]literal, len(longest)), 0
	for i, q := range longest {
		if alone[i] = z.normalize(q.node); alone[i].is(opBits) {
			n++
		}
	}
	everybody := z.normalize(base.node)
	c.based = !everybody.isAll()
	steady := n >= crossBitmaps && kept <= crossStay
	for i, q := range longest {
		c.outer = append(c.outer, len(roots))
		if steady && alone[i].is(opBits) {
			c.bitmaps = append(c.bitmaps, i)
			roots = append(roots, alone[i])
			continue
		}
		c.blocked = append(c.blocked, i)
		roots = append(roots, z.normalize(Node{base.node}.And(Node{q.node}).node()))
	}
	c.blocked = append(c.blocked, len(c.outer))
	c.outer = append(c.outer, len(roots))
	return append(roots, everybody)
}

// Counts returns how many profiles of the base are in each combination: as many cells
// as the product of the dimensions' lengths plus one, the last dimension running fastest.
// The last place along a dimension is everybody, whether or not in any of its queries.
// The errors are those of Query.Count; there is no partial answer.
func (c *Cross) Counts(ctx context.Context, src Source) ([]uint64, error) {
	m := src.meter()
	if err := c.ready(ctx, src, m); err != nil {
		return nil, err
	}
	x := newExec(ctx, c.program, src, m)
	defer x.release()
	if workers := min(src.Workers, x.shards); workers > 1 {
		return c.countParallel(ctx, src, m, workers)
	}
	t := c.crossing(x)
	for s := range x.shards {
		t.shard(s)
	}
	if err := x.failure(ctx); err != nil {
		return nil, err
	}
	return t.done(), nil
}

func (c *Cross) countParallel(ctx context.Context, src Source, m *Meter, workers int) ([]uint64, error) {
	counts := make([]uint64, c.cells)
	err := parallel(workers, func(next func() int) error {
		x := newExec(ctx, c.program, src, m)
		defer x.release()
		t := c.crossing(x)
		for s := next(); s < x.shards && x.err == nil; s = next() {
			t.shard(s)
		}
		for i, n := range t.done() {
			if n > 0 {
				atomic.AddUint64(&counts[i], n)
			}
		}
		return x.failure(ctx)
	})
	if err != nil {
		return nil, err
	}
	return counts, nil
}
