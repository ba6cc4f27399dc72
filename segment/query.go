package segment

import (
	"context"

	"github.com/portraitdb/portrait/profile"
)

// Query is a planned expression, ready to run any number of times by any number
// of goroutines. A Query with conditions that have no index (see Cost.Scans)
// belongs to the epoch that it was compiled for; any other runs on every Root.
type Query struct {
	*program
	node  *node // what it was planned from
	light lightPlan
}

// Source is what a query runs on: one epoch of one partition.
type Source struct {
	Root   *Root
	Loader Loader
	// Partition, Epoch and AsOf are what the answer states of itself.
	Partition uint32
	Epoch     uint64
	AsOf      profile.Instant
	// Workers bounds the goroutines of one Count or Set, or one call of a Batch; 0
	// and 1 are the caller's alone, as are Exists and Limit, which stop early. Each
	// takes whole shards, so more pay off only for several million profiles, and leave
	// some hundred bytes of garbage.
	Workers int
	// Budget bounds what one call may read; nil: no bound.
	Budget *Budget
	// Meter, where it is set, adds up what several calls read under one Budget, in the
	// place of Budget; see [Metered].
	Meter *Meter
	// Within, where it is set, is the universe that a query must have been planned in: any
	// other is an error, so that none answers of more than is meant.
	Within *FieldID
}

// NewQuery plans a node, in time about linear in its operations. Universe is the
// bitmap field that All stands for.
func NewQuery(n Node, universe FieldID) *Query {
	z := &normalizer{terms: newTerms()}
	root := z.normalize(n.node())
	p := plan(universe, z.terms, []literal{root})
	return &Query{program: p, node: n.node(), light: p.light()}
}

// Count returns how many profiles are in the answer, without building it.
//
// The errors of Count, Exists, Set and Limit are those of the context and of
// the Loader, a BudgetError, and a field that is not of the kind that the query
// takes it for. They return within milliseconds of the context's end, but for
// one read of the Loader or one scan (see Catalog) under way. A Count for which no
// shard has to be looked at, or two in memory at most, does not ask the context.
func (q *Query) Count(ctx context.Context, src Source) (uint64, error) {
	if src.Budget == nil && src.Meter == nil && src.Workers <= 1 && src.Within == nil {
		switch p := &q.light; {
		case p.how >= lightPair && p.how <= lightXor:
			// Many questions are answered from the directory alone, and then what a call
			// costs is what the answer costs.
			dir := &src.Root.dir
			of, i := dir.at(p.fields[0])
			in, j := dir.at(p.fields[1])
			apart := of.bounds[i].apart(&in.bounds[j])
			if apart && p.how == lightPair {
				return 0, nil
			}
			return p.countPair(ctx, &src, of, i, in, j, apart)
		case p.how != notLight:
			return q.countLight(ctx, &src)
		}
	}
	return q.count(ctx, &src)
}

// count is Count by the executor.
func (q *Query) count(ctx context.Context, from *Source) (uint64, error) {
	src := *from
	m := src.meter()
	if err := q.ready(ctx, src, m); err != nil {
		return 0, err
	}
	x := newExec(ctx, q.program, src, m)
	defer x.release()
	if workers := min(src.Workers, x.shards); workers > 1 {
		return q.countParallel(ctx, src, m, workers)
	}
	var n uint64
	for s := range x.shards {
		n += x.countShard(s)
	}
	return n, x.failure(ctx)
}

// Exists reports whether any profile is in the answer. It stops at the first.
func (q *Query) Exists(ctx context.Context, src Source) (bool, error) {
	m := src.meter()
	if err := q.ready(ctx, src, m); err != nil {
		return false, err
	}
	x := newExec(ctx, q.program, src, m)
	defer x.release()
	for s := range x.shards {
		for i := range x.enterShard(s) {
			if x.at(i, true).card > 0 {
				return x.err == nil, x.failure(ctx)
			}
		}
	}
	return false, x.failure(ctx)
}

// Set returns the answer.
func (q *Query) Set(ctx context.Context, src Source) (*Set, error) {
	return q.collect(ctx, src, unlimited)
}

// Limit returns the first n members of the answer, and looks no further.
func (q *Query) Limit(ctx context.Context, src Source, n uint64) (*Set, error) {
	return q.collect(ctx, src, n)
}
