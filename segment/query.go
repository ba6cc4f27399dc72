package segment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/profile"
)

// Query is a planned expression, ready to run any number of times by any number
// of goroutines. A Query with conditions that have no index (see Plan) belongs
// to the epoch that it was compiled for; any other runs on every Root.
type Query struct {
	root   *node
	leaves []*node
	scans  []*scan // of the leaves that have one

	universe FieldID
}

// Source is what a query runs on: one epoch of one partition.
type Source struct {
	Root   *Root
	Loader Loader
	// Partition, Epoch and AsOf are what the answer states of itself.
	Partition uint32
	Epoch     uint64
	AsOf      profile.Instant
	// Workers bounds the goroutines of one Count; 0 and 1 are the caller's alone.
	// Each takes whole shards, so more pay off only for counts of several million
	// profiles, and leave some hundred bytes of garbage.
	Workers int
}

// NewQuery plans a node. Universe is the bitmap field that All stands for.
func NewQuery(n Node, universe FieldID) *Query {
	q := &Query{universe: universe}
	p := &planner{q: q, byKey: make(map[leafKey]int)}
	q.root = p.adopt(simplify(n.node()))
	return q
}

// planner lays a tree in normal form out for the executor.
type planner struct {
	q     *Query
	byKey map[leafKey]int // leaves but for ranges
}

// adopt copies a tree, gives its leaves numbers, and puts operands in the order
// that the executor takes them in: bitmaps first, ranges last.
func (p *planner) adopt(n *node) *node {
	d := *n
	if n.op == opAll {
		d = node{op: opBits, field: p.q.universe, label: "all"}
	}
	if d.isLeaf() {
		d.leaf = p.leaf(&d)
		return &d
	}
	d.kids, d.minus = p.adoptAll(n.kids), p.adoptAll(n.minus)
	return &d
}

// leaf returns the number of a leaf, the same for equal ones.
func (p *planner) leaf(n *node) int {
	k, ok := n.key()
	if ok {
		if i, found := p.byKey[k]; found {
			return i
		}
		p.byKey[k] = len(p.q.leaves)
	} else if i := slices.IndexFunc(p.q.leaves, n.same); i >= 0 {
		return i
	}
	p.q.leaves = append(p.q.leaves, n)
	if n.scan != nil {
		p.q.scans = append(p.q.scans, n.scan)
	}
	return len(p.q.leaves) - 1
}

func (p *planner) adoptAll(ns []*node) []*node {
	out := make([]*node, len(ns))
	for i, n := range ns {
		out[i] = p.adopt(n)
	}
	slices.SortStableFunc(out, func(a, b *node) int { return a.rank() - b.rank() })
	return out
}

// rank orders operands by how they are evaluated.
func (n *node) rank() int {
	switch n.op {
	case opBits, opFixed, opScan:
		return 0
	case opRange:
		return 2
	}
	return 1
}

// Plan describes the query for people: the operations in the order in which
// they are laid out (the executor orders operands anew in every block, smallest
// first), and which conditions are scans of every profile because no index
// serves them.
func (q *Query) Plan() string {
	var b strings.Builder
	q.root.describe(&b, 0, "")
	return b.String()
}

func (n *node) describe(b *strings.Builder, depth int, prefix string) {
	fmt.Fprintf(b, "%s%s", strings.Repeat("  ", depth), prefix)
	switch n.op {
	case opAnd:
		b.WriteString("all of\n")
	case opOr:
		b.WriteString("any of\n")
	case opXor:
		b.WriteString("odd number of\n")
	case opAtLeast:
		fmt.Fprintf(b, "at least %d of\n", n.k)
	default:
		b.WriteString(n.String() + "\n")
	}
	for _, k := range n.kids {
		k.describe(b, depth+1, "")
	}
	for _, m := range n.minus {
		m.describe(b, depth+1, "minus ")
	}
}

// scan is a leaf that is answered by looking at every profile, once.
type scan struct {
	run func(context.Context) (*Set, error)

	turn chan struct{} // of one place, which whoever looks at set takes
	set  *Set
}

func newScan(run func(context.Context) (*Set, error)) *scan {
	return &scan{run: run, turn: make(chan struct{}, 1)}
}

// resolve runs the scan, or waits for another query that runs it, for no longer
// than the context lasts.
func (s *scan) resolve(ctx context.Context) (*Set, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.turn }()
	if s.set == nil {
		set, err := s.run(ctx)
		if err != nil {
			return nil, err
		}
		s.set = set
	}
	return s.set, nil
}

// Count returns how many profiles are in the answer, without building it.
//
// The errors of Count, Exists, Set and Limit are those of the context and of
// the Loader, and a field that is not of the kind that the query takes it for.
func (q *Query) Count(ctx context.Context, src Source) (uint64, error) {
	if err := q.resolve(ctx); err != nil {
		return 0, err
	}
	x := src.Root.index.newExec(q, src)
	defer x.release()
	if workers := min(src.Workers, x.shards); workers > 1 {
		return q.countParallel(ctx, src, workers)
	}
	var n uint64
	for s := range x.shards {
		n += x.countShard(ctx, s)
	}
	return n, x.err
}

// Exists reports whether any profile is in the answer. It stops at the first.
func (q *Query) Exists(ctx context.Context, src Source) (bool, error) {
	if err := q.resolve(ctx); err != nil {
		return false, err
	}
	x := src.Root.index.newExec(q, src)
	defer x.release()
	for s := range x.shards {
		for i := range x.blocksOf(ctx, s) {
			if x.at(i, true).card > 0 {
				return x.err == nil, x.err
			}
		}
	}
	return false, x.err
}

// Set returns the answer.
func (q *Query) Set(ctx context.Context, src Source) (*Set, error) {
	return q.collect(ctx, src, ^uint64(0))
}

// Limit returns the first n members of the answer, and looks no further.
func (q *Query) Limit(ctx context.Context, src Source, n uint64) (*Set, error) {
	return q.collect(ctx, src, n)
}

func (q *Query) resolve(ctx context.Context) error {
	for _, s := range q.scans {
		if _, err := s.resolve(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}
