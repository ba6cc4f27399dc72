package linkage

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// evidence is a small world: the weight of every pair, and which pairs cannot be.
type evidence struct {
	n      int
	weight map[[2]int32]float64
	cannot map[[2]int32]bool
	edges  []Edge
	opt    ClusterOptions
}

func pairOf(a, b int32) [2]int32 { return [2]int32{min(a, b), max(a, b)} }

func (e *evidence) score(a, b int32) float64 { return e.weight[pairOf(a, b)] }

func (e *evidence) forbid(a, b int32) bool { return e.cannot[pairOf(a, b)] }

func (e *evidence) cluster(t testing.TB) []int32 {
	t.Helper()
	got, err := cluster(t.Context(), e.n, e.edges, e.score, e.forbid, e.opt)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// drawEvidence draws weights in quarters of a bit, which any sum holds exactly.
func drawEvidence(t *rapid.T) *evidence {
	e := &evidence{n: rapid.IntRange(0, 14).Draw(t, "n"), weight: map[[2]int32]float64{}, cannot: map[[2]int32]bool{}}
	e.opt.MinMean = new(float64(rapid.IntRange(-12, 8).Draw(t, "min mean")) / 4)
	e.opt.BySize = new(float64(rapid.IntRange(0, 8).Draw(t, "by size")) / 4)
	e.opt.Clamp = float64(rapid.IntRange(8, 60).Draw(t, "clamp")) / 4
	e.opt.MaxSize = rapid.IntRange(1, 14).Draw(t, "max size")
	// Some edges weigh otherwise than their score: the edge counts.
	wrong := rapid.Bool().Draw(t, "edges differ from scores")
	for a := range int32(e.n) {
		for b := a + 1; b < int32(e.n); b++ {
			w := float64(rapid.IntRange(-80, 80).Draw(t, "weight")) / 4
			e.weight[[2]int32{a, b}] = w
			switch rapid.IntRange(0, 9).Draw(t, "fate") {
			case 0:
				e.cannot[[2]int32{a, b}] = true
				e.edges = append(e.edges, Edge{a, b, float32(w)})
			case 1, 2, 3, 4, 5:
				if wrong {
					w++
				}
				e.edges = append(e.edges, Edge{b, a, float32(w)})
			}
		}
	}
	return e
}

// naiveCluster does what cluster says, by looking at every pair whenever two
// clusters are tried. It returns also how often the mean forbade a join.
func (e *evidence) naiveCluster() (labels []int32, refused int) {
	known := map[[2]int32]float64{}
	for _, edge := range e.edges {
		known[pairOf(edge.A, edge.B)] = float64(edge.Weight)
	}
	order := slices.SortedFunc(slices.Values(e.edges), func(x, y Edge) int {
		if x.Weight != y.Weight {
			return int(math.Copysign(1, float64(y.Weight-x.Weight)))
		}
		p, q := pairOf(x.A, x.B), pairOf(y.A, y.B)
		return slices.Compare(p[:], q[:])
	})
	for i := range int32(e.n) {
		labels = append(labels, i)
	}
	members := func(label int32) (all []int32) {
		for i, l := range labels {
			if l == label {
				all = append(all, int32(i))
			}
		}
		return all
	}
	for _, edge := range order {
		x, y := labels[edge.A], labels[edge.B]
		if x == y {
			continue
		}
		if e.opt.Components {
			e.relabel(labels, x, y)
			continue
		}
		var sum float64
		var pairs int
		forbidden := false
		for _, a := range members(x) {
			for _, b := range members(y) {
				forbidden = forbidden || e.forbid(a, b)
				w, ok := known[pairOf(a, b)]
				if !ok {
					w = e.score(a, b)
				}
				sum += min(max(w, -e.opt.Clamp), e.opt.Clamp)
				pairs++
			}
		}
		if forbidden || len(members(x))+len(members(y)) > e.opt.MaxSize {
			continue
		}
		small, large := float64(len(members(x))), float64(len(members(y)))
		if small > large {
			small, large = large, small
		}
		if sum/float64(pairs) < *e.opt.MinMean+*e.opt.BySize*math.Log2(small*small/large)-1e-9 {
			refused++
			continue
		}
		e.relabel(labels, x, y)
	}
	return labels, refused
}

func (e *evidence) relabel(labels []int32, x, y int32) {
	for i, l := range labels {
		if l == x || l == y {
			labels[i] = min(x, y)
		}
	}
}

func TestCluster_equals_the_naive_version(t *testing.T) {
	joined, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvidence(t)
		want, no := e.naiveCluster()
		refused += no
		for i, label := range want {
			if int32(i) != label {
				joined++
			}
		}
		scored := map[[2]int32]int{}
		for _, edge := range e.edges {
			scored[pairOf(edge.A, edge.B)] = 1
		}
		score := func(a, b int32) float64 {
			if scored[pairOf(a, b)]++; scored[pairOf(a, b)] > 1 {
				t.Errorf("pair (%d, %d) is scored again, or has an edge", a, b)
			}
			return e.score(a, b)
		}
		got, err := cluster(t.Context(), e.n, e.edges, score, e.forbid, e.opt)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); e.n > 0 && diff != "" {
			t.Errorf("clusters (-want +got):\n%s", diff)
		}
	})
	if joined == 0 || refused == 0 {
		t.Errorf("%d records joined, %d joins refused: the worlds drawn test nothing", joined, refused)
	}
}

func TestCluster_components(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvidence(t)
		e.opt.Components = true
		want, _ := e.naiveCluster()
		got, err := cluster(t.Context(), e.n, e.edges, nil, e.forbid, e.opt)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); e.n > 0 && diff != "" {
			t.Errorf("components (-want +got):\n%s", diff)
		}
	})
}

func TestCluster_forgetting_changes_nothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvidence(t)
		want, _ := e.naiveCluster()
		m, err := newMerger(e.n, e.edges, e.score, e.forbid, e.opt)
		if err != nil {
			t.Fatal(err)
		}
		m.limit = 1
		if err := m.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(m.refused) > 1 {
			t.Errorf("%d refusals remembered, the limit is 1", len(m.refused))
		}
		if diff := cmp.Diff(want, m.forest.labels()); e.n > 0 && diff != "" {
			t.Errorf("clusters (-want +got):\n%s", diff)
		}
	})
}

// randomEvidence has weights that all differ and are no round numbers.
func randomEvidence(rng *rand.Rand, n int) *evidence {
	e := &evidence{n: n, weight: map[[2]int32]float64{}, cannot: map[[2]int32]bool{}}
	e.opt.MaxSize = 2 + rng.IntN(n)
	for a := range int32(n) {
		for b := a + 1; b < int32(n); b++ {
			w := float32(rng.NormFloat64() * 8)
			e.weight[[2]int32{a, b}] = float64(w)
			if w > -4 {
				e.edges = append(e.edges, Edge{a, b, w})
			}
			e.cannot[[2]int32{a, b}] = rng.IntN(40) == 0
		}
	}
	return e
}

func TestCluster_does_not_depend_on_numbers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		e := randomEvidence(rng, 2+rng.IntN(30))
		number := rng.Perm(e.n) // the new number of each record
		other := &evidence{n: e.n, opt: e.opt, weight: map[[2]int32]float64{}, cannot: map[[2]int32]bool{}}
		for p, w := range e.weight {
			q := pairOf(int32(number[p[0]]), int32(number[p[1]]))
			other.weight[q], other.cannot[q] = w, e.cannot[p]
		}
		for _, edge := range e.edges {
			other.edges = append(other.edges, Edge{int32(number[edge.A]), int32(number[edge.B]), edge.Weight})
		}
		rng.Shuffle(len(other.edges), func(i, j int) { other.edges[i], other.edges[j] = other.edges[j], other.edges[i] })
		was, is := e.cluster(t), other.cluster(t)
		for a := range e.n {
			for b := range a {
				if (was[a] == was[b]) != (is[number[a]] == is[number[b]]) {
					t.Fatalf("records %d and %d of %d: together %v, renumbered %v", a, b, e.n, was[a] == was[b], was[a] != was[b])
				}
			}
		}
	}
}

func TestCluster_promises(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	large := 0
	for range 300 {
		e := randomEvidence(rng, 2+rng.IntN(60))
		given := slices.Clone(e.edges)
		labels := e.cluster(t)
		if !slices.Equal(given, e.edges) {
			t.Fatal("the caller's edges were changed")
		}
		size := map[int32]int{}
		for rec, label := range labels {
			size[label]++
			if label > int32(rec) || labels[label] != label {
				t.Fatalf("record %d is in cluster %d, which is not its least record", rec, label)
			}
			for other := range rec {
				if labels[other] == label && e.forbid(int32(other), int32(rec)) {
					t.Fatalf("records %d and %d are together and must not be", other, rec)
				}
			}
		}
		for label, n := range size {
			large = max(large, n)
			if n > e.opt.MaxSize {
				t.Fatalf("cluster %d has %d records, at most %d are allowed", label, n, e.opt.MaxSize)
			}
		}
	}
	if large < 5 {
		t.Errorf("the largest cluster has %d records: too few to test anything", large)
	}
}

func TestCluster_examples(t *testing.T) {
	weights := func(ws ...float64) map[[2]int32]float64 {
		m := map[[2]int32]float64{}
		for i, p := range [][2]int32{{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}} {
			if i < len(ws) {
				m[p] = ws[i]
			}
		}
		return m
	}
	tests := []struct {
		name  string
		world evidence
		want  []int32
	}{
		{"nobody", evidence{n: 0}, []int32{}},
		{"one edge", evidence{n: 2, edges: []Edge{{0, 1, 3}}}, []int32{0, 0}},
		{"the third is like one of two", evidence{
			n: 3, edges: []Edge{{0, 1, 9}, {1, 2, 5}}, weight: weights(9, -4, 5),
		}, []int32{0, 0, 0}},
		{"the third is unlike one of two", evidence{
			n: 3, edges: []Edge{{0, 1, 9}, {1, 2, 5}}, weight: weights(9, -11.25, 5),
		}, []int32{0, 0, 2}},
		{"the third is unlike one of two, whatever the sizes", evidence{
			n: 3, edges: []Edge{{0, 1, 9}, {1, 2, 5}}, weight: weights(9, -9.25, 5), opt: ClusterOptions{BySize: new(0.0)},
		}, []int32{0, 0, 2}},
		{"two and two need more than one and one", evidence{
			n: 4, edges: []Edge{{0, 1, 9}, {2, 3, 9}, {1, 2, 7}}, weight: weights(9, -4, 7, -4, -4, 9),
		}, []int32{0, 0, 2, 2}},
		{"two and two", evidence{
			n: 4, edges: []Edge{{0, 1, 9}, {2, 3, 9}, {1, 2, 8}}, weight: weights(9, -4, 8, -4, -4, 9),
		}, []int32{0, 0, 0, 0}},
		{"unlikeness is clamped", evidence{
			n: 3, edges: []Edge{{0, 1, 20}, {1, 2, 8}}, weight: weights(20, -100, 8),
		}, []int32{0, 0, 0}},
		{"a pair without evidence", evidence{
			n: 3, edges: []Edge{{0, 1, 9}, {1, 2, 5}}, weight: weights(9, math.NaN(), 5),
		}, []int32{0, 0, 0}},
		{"ruled apart through a third", evidence{
			n: 3, edges: []Edge{{0, 1, 9}, {1, 2, 9}},
			weight: weights(9, 9, 9), cannot: map[[2]int32]bool{{0, 2}: true},
		}, []int32{0, 0, 2}},
		{"ties go to the least records", evidence{
			n: 3, edges: []Edge{{1, 2, 9}, {0, 1, 9}}, weight: weights(9, 9, 9), opt: ClusterOptions{MaxSize: 2},
		}, []int32{0, 0, 2}},
		{"zero is zero, whatever its sign", evidence{
			n: 3, edges: []Edge{{1, 2, 0}, {0, 1, float32(math.Copysign(0, -1))}}, weight: weights(0, 0, 0), opt: ClusterOptions{MaxSize: 2},
		}, []int32{0, 0, 2}},
		{"of two edges the stronger counts", evidence{
			n: 2, edges: []Edge{{0, 1, -3}, {1, 0, 2}},
		}, []int32{0, 0}},
		{"a mean of zero is asked for", evidence{
			n: 2, edges: []Edge{{0, 1, -1}}, opt: ClusterOptions{MinMean: new(0.0)},
		}, []int32{0, 1}},
		{"a refusal may be overcome by what joins later", evidence{
			// 3 is refused by 0 and 1, then comes with 2.
			n: 4, edges: []Edge{{0, 1, 12}, {1, 3, 8}, {2, 3, 7}, {0, 2, 6}}, weight: weights(12, 6, 6, -12.5, 8, 7),
		}, []int32{0, 0, 0, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.world.cluster(t)); diff != "" {
				t.Errorf("clusters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCluster_errors(t *testing.T) {
	tests := []struct {
		name  string
		edges []Edge
		opt   ClusterOptions
		want  []string
	}{
		{"self", []Edge{{0, 1, 1}, {1, 1, 1}}, ClusterOptions{}, []string{"edge 1"}},
		{"beyond", []Edge{{0, 2, 1}}, ClusterOptions{}, []string{"edge 0", "2 of 2"}},
		{"below", []Edge{{-1, 1, 1}}, ClusterOptions{}, []string{"edge 0", "-1"}},
		{"NaN", []Edge{{0, 1, float32(math.NaN())}}, ClusterOptions{}, []string{"edge 0", "no weight"}},
		{"all options", nil, ClusterOptions{MinMean: new(math.NaN()), BySize: new(-1.0), Clamp: -1, MaxSize: -1}, []string{"MinMean", "BySize", "Clamp", "MaxSize"}},
		{"too large", nil, ClusterOptions{MinMean: new(-1025.0), BySize: new(65.0), Clamp: 1025, MaxSize: 65_537}, []string{"MinMean", "BySize", "Clamp", "MaxSize"}},
		{"infinite", nil, ClusterOptions{MinMean: new(math.Inf(-1)), BySize: new(math.NaN()), Clamp: math.NaN()}, []string{"MinMean", "BySize", "Clamp"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := cluster(t.Context(), 2, test.edges, nil, nil, test.opt)
			for _, word := range test.want {
				if err == nil || !strings.Contains(err.Error(), word) {
					t.Errorf("error %v does not name %s", err, word)
				}
			}
		})
	}
}

func TestCluster_too_many_records(t *testing.T) {
	_, err := cluster(t.Context(), maxRecords+1, nil, nil, nil, ClusterOptions{})
	if err == nil || !strings.Contains(err.Error(), "1073741825 records") {
		t.Errorf("error %v does not say how many records there are", err)
	}
}

func TestCluster_is_cancelled(t *testing.T) {
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if _, err := cluster(ctx, 2, []Edge{{0, 1, 1}}, nil, nil, ClusterOptions{}); !errors.Is(err, gone) {
		t.Errorf("error %v, want %v", err, gone)
	}
}

// TestCluster_a_hub_stays_linear: a record with an edge to each of the others, as a
// shared placeholder makes it, costs each at most the size of a cluster.
func TestCluster_a_hub_stays_linear(t *testing.T) {
	const n = 200_000
	for _, test := range []struct {
		name  string
		other float64 // the weight of two records neither of which is the hub
		size  int
	}{
		{"of strangers", -12, 3}, {"of alikes", 1, 50},
	} {
		t.Run(test.name, func(t *testing.T) {
			edges := make([]Edge, 0, n)
			for i := range int32(n - 1) {
				edges = append(edges, Edge{0, i + 1, 10 - float32(i)*1e-5})
			}
			scored := 0
			score := func(a, b int32) float64 { scored++; return test.other }
			labels, err := cluster(t.Context(), n, edges, score, nil, ClusterOptions{MaxSize: 50})
			if err != nil {
				t.Fatal(err)
			}
			if scored > 50*n {
				t.Errorf("%d pairs were scored for %d edges", scored, n)
			}
			e, err := Evaluate(labels, make([]int32, n), EvaluationOptions{})
			if err != nil || e.Largest != test.size {
				t.Errorf("the largest cluster has %d records, want %d (%v)", e.Largest, test.size, err)
			}
		})
	}
}

func TestCluster_a_chain_stops_at_the_cap(t *testing.T) {
	const n = 100_000
	edges := make([]Edge, 0, n)
	for i := range int32(n - 1) {
		edges = append(edges, Edge{i, i + 1, 9})
	}
	labels, err := cluster(t.Context(), n, edges, func(a, b int32) float64 { return 0 }, nil, ClusterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for rec, label := range labels {
		if label != int32(rec/200*200) {
			t.Fatalf("record %d is in cluster %d", rec, label)
		}
	}
}

func BenchmarkCluster(b *testing.B) {
	// People of one to twenty records; every record is like a few of other people.
	const n = 200_000
	rng := rand.New(rand.NewPCG(7, 8))
	person := make([]int32, 0, n)
	for p := int32(0); len(person) < n; p++ {
		for range 1 + rng.IntN(20) {
			person = append(person, p)
		}
	}
	person = person[:n]
	score := func(a, b int32) float64 {
		noise := float64(mix(nodePair(a, b))>>40) / (1 << 24)
		if person[a] == person[b] {
			return 14*noise - 2
		}
		return 14*noise - 20
	}
	var edges []Edge
	for a := range int32(n) {
		for d := range int32(20) {
			if b := a + d + 1; b < n && person[a] == person[b] && rng.IntN(2) == 0 {
				edges = append(edges, Edge{a, b, float32(score(a, b))})
			}
		}
		if b := int32(rng.IntN(n)); rng.IntN(2) == 0 && b != a {
			edges = append(edges, Edge{a, b, float32(rng.IntN(12))})
		}
	}
	b.Run(fmt.Sprintf("records=%d/edges=%d", n, len(edges)), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := cluster(b.Context(), n, edges, score, nil, ClusterOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(edges))*float64(b.N)/b.Elapsed().Seconds(), "edges/s")
	})
}
