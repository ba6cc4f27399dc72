package segment

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
)

// Batch is many queries that are answered together, in one pass over the
// profiles: what several of them read is fetched and decoded once for each block
// of 2^16 profiles, and is in the processor's caches for all but the first; parts
// that several of them have in common are computed once. A Batch may be run any
// number of times by any number of goroutines.
type Batch struct {
	*program
	rootOf []int // by query: its root in the program
}

// NewBatch plans queries together. They must have the same universe. It takes
// some ten microseconds a query, and pays off the more, the more queries there
// are: keep it where the queries are asked again and again.
func NewBatch(queries ...*Query) (*Batch, error) {
	if len(queries) == 0 {
		return &Batch{program: &program{}}, nil
	}
	z := &normalizer{terms: newTerms()}
	all := make([]literal, len(queries))
	for i, q := range queries {
		if q.universe != queries[0].universe {
			return nil, errors.New("segment: the queries of a batch have different universes")
		}
		all[i] = z.normalize(q.node)
	}
	factor(z.terms, all)
	roots := inOrder(all)
	place := make(map[literal]int, len(roots))
	for i, r := range roots {
		place[r] = i
	}
	b := &Batch{program: plan(queries[0].universe, z.terms, roots)}
	for _, l := range all {
		b.rootOf = append(b.rootOf, place[l])
	}
	return b, nil
}

// inOrder returns the literals, each once, so that those which have much read
// operands in common follow one another.
func inOrder(all []literal) []literal {
	reads := map[*term]int{}
	for _, t := range reachable(all) {
		for _, l := range t.lits {
			reads[l.term]++
		}
	}
	roots := slices.Clone(all)
	slices.SortFunc(roots, func(a, b literal) int { return cmp.Compare(a.code(), b.code()) })
	roots = slices.Compact(roots)
	keys := make(map[*term][]*term, len(roots))
	for _, r := range roots {
		key := make([]*term, 0, len(r.term.lits)+1)
		for _, l := range r.term.lits {
			key = append(key, l.term)
		}
		if len(key) == 0 {
			key = append(key, r.term)
		}
		slices.SortFunc(key, func(a, b *term) int { return cmp.Or(reads[b]-reads[a], a.id-b.id) })
		keys[r.term] = key
	}
	slices.SortStableFunc(roots, func(a, b literal) int {
		return slices.CompareFunc(keys[a.term], keys[b.term], func(a, b *term) int { return cmp.Or(reads[b]-reads[a], a.id-b.id) })
	})
	return roots
}

// Counts returns how many profiles are in the answer of each query, in their
// order. The errors are those of Query.Count; there is no partial answer.
func (b *Batch) Counts(ctx context.Context, src Source) ([]uint64, error) {
	m := src.meter()
	if err := b.ready(ctx, src, m); err != nil {
		return nil, err
	}
	counts := make([]uint64, len(b.roots))
	x := newExec(ctx, b.program, src, m)
	defer x.release()
	if workers := min(src.Workers, x.shards); workers > 1 {
		if err := b.countParallel(ctx, src, m, workers, counts); err != nil {
			return nil, err
		}
	} else {
		for s := range x.shards {
			x.countRoots(s, counts)
		}
		if err := x.failure(ctx); err != nil {
			return nil, err
		}
	}
	out := make([]uint64, len(b.rootOf))
	for i, r := range b.rootOf {
		out[i] = counts[r]
	}
	return out, nil
}

func (b *Batch) countParallel(ctx context.Context, src Source, m *Meter, workers int, counts []uint64) error {
	return parallel(workers, func(next func() int) error {
		x := newExec(ctx, b.program, src, m)
		defer x.release()
		mine := make([]uint64, len(counts))
		for s := next(); s < x.shards && x.err == nil; s = next() {
			x.countRoots(s, mine)
		}
		for i, n := range mine {
			atomic.AddUint64(&counts[i], n)
		}
		return x.failure(ctx)
	})
}

// countRoots adds to counts the members of each root in one shard.
func (x *exec) countRoots(s int, counts []uint64) {
	for i := range x.enterShard(s) {
		if x.vain(i) {
			continue
		}
		if !x.enter(i) {
			return
		}
		for j, r := range x.p.roots {
			if !x.live() {
				return
			}
			if x.here(r) {
				x.top, x.atop = 0, 0
				counts[j] += uint64(x.eval(r, true).card)
			}
		}
	}
}

// Sets returns the answer of each query, in their order. Equal answers may be
// one Set. The errors are those of Query.Set; there is no partial answer.
func (b *Batch) Sets(ctx context.Context, src Source) ([]*Set, error) {
	m := src.meter()
	if err := b.ready(ctx, src, m); err != nil {
		return nil, err
	}
	universe, err := src.Root.universe(ctx, src, b.universe)
	if err != nil {
		return nil, err
	}
	x := newExec(ctx, b.program, src, m)
	defer x.release()
	sets := make([]*Set, len(b.roots))
	for i := range sets {
		sets[i] = x.newSet()
		sets[i].universe = universe
	}
	if min(src.Workers, x.shards) > 1 {
		if err := x.collectParallel(ctx, sets, (*exec).collectRoots); err != nil {
			return nil, err
		}
	} else {
		for s := range x.shards {
			x.collectRoots(s, sets)
		}
		if err := x.failure(ctx); err != nil {
			return nil, err
		}
	}
	out := make([]*Set, len(b.rootOf))
	for i, r := range b.rootOf {
		out[i] = sets[r]
	}
	return out, nil
}

// collectRoots adds one shard of the answer of each root.
func (x *exec) collectRoots(s int, sets []*Set) {
	for i := range x.enterShard(s) {
		if x.vain(i) {
			continue
		}
		if !x.enter(i) {
			return
		}
		for j, r := range x.p.roots {
			if !x.live() {
				return
			}
			if x.here(r) {
				x.top, x.atop = 0, 0
				v := x.eval(r, false)
				sets[j].add(x.key(), v.toBlock(x.words()))
			}
		}
	}
}
