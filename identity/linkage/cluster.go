package linkage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
)

// Edge is a pair of records that may be the same person.
type Edge struct {
	// A and B are the numbers of the records.
	A, B int32
	// Weight is the evidence that they are, in bits.
	Weight float32
}

// Millibits returns Weight in thousandths of a bit, rounded, within what an int32
// holds: what the graph of package identity keeps as Match.Weight.
func (e Edge) Millibits() int32 {
	w := math.Round(1000 * float64(e.Weight))
	if math.IsNaN(w) {
		return 0
	}
	return int32(max(math.MinInt32, min(math.MaxInt32, w)))
}

// ClusterOptions says which clusters may join. Its zero value holds the defaults.
type ClusterOptions struct {
	// MinMean is the least mean weight in bits over all pairs across two single
	// records, each bounded by Clamp, at which clusters join; BySize says how it
	// changes for larger ones. The default, for nil, is -2: a person's records may
	// differ much, but not from all the others.
	MinMean *float64
	// BySize is how many bits the mean that is asked for falls by for each doubling
	// of the larger cluster; it rises by twice as much for each of the smaller. A
	// lone record that is unlike most of a large cluster is often a damaged one of
	// the same person. Two large clusters that are unlike each other are two people.
	// The default, for nil, is 1, the most 64; 0 asks for MinMean whatever the sizes.
	BySize *float64
	// Clamp bounds what one pair counts for or against a join, in bits, so that it
	// can be outvoted. The default is 12, the most 1,024.
	Clamp float64
	// MaxSize is the most records in a cluster. The default is 200, the most 65,536.
	MaxSize int
	// Components gives the connected components of the edges, with no regard to
	// the other options or to what must not join. They are there to be compared
	// with, not to be used: one wrong edge welds two people together.
	Components bool
}

const (
	maxBits        = 1024 // of a weight or a mean
	maxBySize      = 64
	maxClusterSize = 1 << 16
	maxRecords     = 1 << 30 // twice as many nodes have numbers
	// A weight counts in units of 2^-20 bit. Sums are of whole units, so that they
	// do not depend on the order of the records; the bounds above keep them exact.
	unit = 1 << 20
	// What is remembered about clusters that did not join is bounded by this many
	// pairs of them, of some 40 bytes each, beyond which it is found out anew.
	maxRefusals = 1 << 22
)

// guard is ClusterOptions with the defaults filled in.
type guard struct {
	minMean, bySize, clamp float64
	maxSize                int32
	components             bool
}

// resolve fills in the defaults and refuses what makes no sense.
func (o ClusterOptions) resolve() (guard, error) {
	g := guard{minMean: -2, bySize: 1, clamp: cmp.Or(o.Clamp, 12), components: o.Components}
	if o.MinMean != nil {
		g.minMean = *o.MinMean
	}
	if o.BySize != nil {
		g.bySize = *o.BySize
	}
	maxSize := cmp.Or(o.MaxSize, 200)
	var faults []error
	if !(math.Abs(g.minMean) <= maxBits) {
		faults = append(faults, fmt.Errorf("linkage: MinMean %v is not from -%d to %d", g.minMean, maxBits, maxBits))
	}
	if !(g.bySize >= 0 && g.bySize <= maxBySize) {
		faults = append(faults, fmt.Errorf("linkage: BySize %v is not from 0 to %d", g.bySize, maxBySize))
	}
	if !(g.clamp > 0 && g.clamp <= maxBits) {
		faults = append(faults, fmt.Errorf("linkage: Clamp %v is not above 0 and at most %d", g.clamp, maxBits))
	}
	if maxSize < 1 || maxSize > maxClusterSize {
		faults = append(faults, fmt.Errorf("linkage: MaxSize %d is not from 1 to %d", maxSize, maxClusterSize))
	}
	g.maxSize = int32(maxSize)
	return g, errors.Join(faults...)
}

// units returns bits in whole units.
func units(bits float64) int64 { return int64(math.RoundToEven(bits * unit)) }

// clamped returns the weight of a pair in units. A NaN is no evidence.
func (g guard) clamped(bits float64) int64 {
	if math.IsNaN(bits) {
		return 0
	}
	return units(min(max(bits, -g.clamp), g.clamp))
}

// allows reports whether clusters of two sizes may join at a sum over all pairs
// across them.
func (g guard) allows(sum int64, x, y int32) bool {
	small, large := min(x, y), max(x, y)
	mean := units(g.minMean) + 2*g.doublings(small) - g.doublings(large)
	return sum >= mean*int64(small)*int64(large)
}

// doublings returns what the size of a cluster changes of the mean, in units.
func (g guard) doublings(size int32) int64 { return units(g.bySize * math.Log2(float64(size))) }

// cluster groups the records 0 to n-1 and returns the cluster of each: the least
// record number in it. Edges may come in any order; of two for one pair the
// stronger counts.
//
// The edges are gone through by weight, strongest first, ties by A and B. The
// clusters at the ends of an edge join if the mean weight over all pairs across
// them is high enough for their sizes, no such pair is one that cannot be (cannot
// may be nil) and they are not too large together. score is asked for the weight of
// pairs that have no edge; a NaN is no evidence. Both functions must be symmetric.
//
// No pair is scored twice unless there are more than maxRefusals pairs of clusters
// with edges between them that did not join. An edge costs at most the pairs across
// two clusters, whatever the number of edges at its ends.
func cluster(
	ctx context.Context, n int, edges []Edge,
	score func(a, b int32) float64, cannot func(a, b int32) bool, opt ClusterOptions,
) ([]int32, error) {
	m, err := newMerger(n, edges, score, cannot, opt)
	if err != nil {
		return nil, err
	}
	if err := m.run(ctx); err != nil {
		return nil, err
	}
	return m.forest.labels(), nil
}

// merger joins clusters. A cluster is a node of the forest; what holds across two
// nodes holds for ever, since a node never changes.
type merger struct {
	edges  *edges
	score  func(a, b int32) float64
	cannot func(a, b int32) bool
	forest *forest
	// The sum across two nodes that were tried and did not join, or never.
	refused map[uint64]int64
	limit   int // of refused

	guard
}

func newMerger(
	n int, edges []Edge, score func(a, b int32) float64, cannot func(a, b int32) bool, opt ClusterOptions,
) (*merger, error) {
	guard, err := opt.resolve()
	if err != nil {
		return nil, err
	}
	if n > maxRecords {
		return nil, fmt.Errorf("linkage: %d records are more than %d", n, maxRecords)
	}
	g, err := newEdges(n, edges)
	if err != nil {
		return nil, err
	}
	return &merger{
		guard: guard, edges: g, score: score, cannot: cannot,
		forest: newForest(n), refused: map[uint64]int64{}, limit: maxRefusals,
	}, nil
}

// never stands for the sum across two clusters of which a pair must not join.
const never = math.MinInt64

// run goes through the edges once.
func (m *merger) run(ctx context.Context) error {
	for i, e := range m.edges.ranked() {
		if i%256 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		m.consider(e)
	}
	return nil
}

// consider joins the clusters at the ends of an edge if they may.
func (m *merger) consider(e Edge) {
	f := m.forest
	x, y := f.root(e.A), f.root(e.B)
	switch {
	case x == y:
		return
	case m.components:
		f.join(x, y)
		return
	case f.size[x]+f.size[y] > m.maxSize:
		return
	}
	key := nodePair(x, y)
	if _, known := m.refused[key]; known {
		return
	}
	sum := m.across(x, y)
	if sum != never && m.allows(sum, f.size[x], f.size[y]) {
		f.join(x, y)
		return
	}
	if len(m.refused) >= m.limit {
		clear(m.refused)
	}
	m.refused[key] = sum
	f.tried[x], f.tried[y] = true, true
}

// across returns the sum of the weights of all pairs across two nodes.
//
// Of two nodes the younger is taken apart. Whichever nodes were once tried with each
// other, their ancestors are younger than both, so that taking apart the ancestors
// comes by just these two.
func (m *merger) across(x, y int32) int64 {
	f := m.forest
	if x < y {
		x, y = y, x
	}
	if f.tried[x] && f.tried[y] {
		if sum, known := m.refused[nodePair(x, y)]; known {
			return sum
		}
	}
	if f.leaf(x) {
		return m.weight(y, x)
	}
	parts := f.parts[x-f.leaves]
	left := m.across(parts[0], y)
	if left == never {
		return never
	}
	right := m.across(parts[1], y)
	if right == never {
		return never
	}
	return left + right
}

// weight returns the weight of two records in units, or never.
func (m *merger) weight(a, b int32) int64 {
	if m.cannot != nil && m.cannot(a, b) {
		return never
	}
	if w, known := m.edges.weight(a, b); known {
		return m.clamped(float64(w))
	}
	return m.clamped(m.score(a, b))
}

// nodePair is a key for two nodes in either order.
func nodePair(x, y int32) uint64 {
	return uint64(min(x, y))<<32 | uint64(max(x, y))
}

// edges are edges by their lesser record, then the other.
type edges struct {
	list   []Edge
	firsts []int // where each record's edges start in list, and the end of the last's
}

// newEdges checks and sorts edges. It leaves the caller's as they are.
func newEdges(n int, given []Edge) (*edges, error) {
	list := make([]Edge, len(given))
	for i, e := range given {
		switch {
		case e.A == e.B || min(e.A, e.B) < 0 || int(max(e.A, e.B)) >= n:
			return nil, fmt.Errorf("linkage: edge %d joins records %d and %d of %d", i, e.A, e.B, n)
		case e.Weight != e.Weight:
			return nil, fmt.Errorf("linkage: edge %d, of records %d and %d, has no weight", i, e.A, e.B)
		}
		list[i] = Edge{min(e.A, e.B), max(e.A, e.B), e.Weight}
	}
	slices.SortFunc(list, func(x, y Edge) int {
		return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B), cmp.Compare(y.Weight, x.Weight))
	})
	list = slices.CompactFunc(list, func(x, y Edge) bool { return x.A == y.A && x.B == y.B })
	firsts := make([]int, n+1)
	for _, e := range list {
		firsts[e.A+1]++
	}
	for rec := range n {
		firsts[rec+1] += firsts[rec]
	}
	return &edges{list, firsts}, nil
}

// weight returns the weight of the edge between two records, the lesser first, and
// whether there is one.
func (g *edges) weight(a, b int32) (float32, bool) {
	of := g.list[g.firsts[a]:g.firsts[a+1]]
	i, found := slices.BinarySearchFunc(of, b, func(e Edge, b int32) int { return cmp.Compare(e.B, b) })
	if !found {
		return 0, false
	}
	return of[i].Weight, true
}

// ranked yields the edges by weight, strongest first, ties by A and B, counted.
func (g *edges) ranked() iter.Seq2[int, Edge] {
	order := make([]uint64, len(g.list)) // the weight's rank and the index
	for i, e := range g.list {
		bits := math.Float32bits(e.Weight + 0) // minus zero becomes zero
		if bits>>31 == 0 {
			bits = ^bits & math.MaxInt32
		}
		order[i] = uint64(bits)<<32 | uint64(i)
	}
	slices.Sort(order)
	return func(yield func(int, Edge) bool) {
		for i, o := range order {
			if !yield(i, g.list[uint32(o)]) {
				return
			}
		}
	}
}

// forest tells how clusters came about: its first nodes are the records, and each
// join makes one node of two.
type forest struct {
	leaves int32
	parent []int32    // the node above, or one further up, or the node itself
	size   []int32    // the records below
	tried  []bool     // whether the node was tried with another, in vain
	parts  [][2]int32 // what each node but the records was made of
}

func newForest(n int) *forest {
	f := &forest{
		leaves: int32(n),
		parent: make([]int32, n, 2*n), size: make([]int32, n, 2*n), tried: make([]bool, n, 2*n),
	}
	for i := range f.parent {
		f.parent[i], f.size[i] = int32(i), 1
	}
	return f
}

func (f *forest) leaf(x int32) bool { return x < f.leaves }

// root returns the node of a record's cluster.
func (f *forest) root(x int32) int32 {
	for f.parent[x] != x {
		f.parent[x] = f.parent[f.parent[x]]
		x = f.parent[x]
	}
	return x
}

// join makes one cluster of two.
func (f *forest) join(x, y int32) {
	z := int32(len(f.parent))
	f.parent[x], f.parent[y] = z, z
	f.parent = append(f.parent, z)
	f.size = append(f.size, f.size[x]+f.size[y])
	f.tried = append(f.tried, false)
	f.parts = append(f.parts, [2]int32{x, y})
}

// labels returns the least record of each record's cluster.
func (f *forest) labels() []int32 {
	least := make([]int32, len(f.parent))
	for i := range least {
		least[i] = f.leaves
	}
	out := make([]int32, f.leaves)
	for rec := range f.leaves {
		root := f.root(rec)
		least[root] = min(least[root], rec)
		out[rec] = least[root]
	}
	return out
}
