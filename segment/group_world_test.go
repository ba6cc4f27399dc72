package segment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// market is a population with attributes and a column, and the same as rows.
type market struct {
	src  Source
	by   [2]valuesInOrder
	rows []marketRow
}

type marketRow struct {
	in     bool     // of the set, which is bitmap 1
	values [2][]int // by attribute: places among its values, ascending
	number int64
	has    bool
}

// marketColumn is the field of the column, and marketFirst that of the first value.
const (
	marketColumn FieldID = 2
	marketFirst  FieldID = 3
)

// layout says how a market is drawn.
type layout struct {
	rows    int // spread over three shards
	values  [2]int
	most    [2]int // how many values a row may have of an attribute
	missing int    // one in so many has no number; 0: all have one
	share   int    // one in so many is in the set
	number  func(rng *rand.Rand, part int) int64
}

// newMarket draws a market. Of its blocks, which lie in three shards, some are full.
func newMarket(rng *rand.Rand, l layout) *market {
	s := &market{rows: make([]marketRow, l.rows)}
	ix := New(0)
	tx := ix.Begin()
	tx.Add(marketColumn, Column)
	for i := range s.by {
		for v := range l.values[i] {
			f := marketFirst + FieldID(i*l.values[0]+v)
			tx.Add(f, Bitmap)
			s.by[i] = append(s.by[i], f)
		}
	}
	for i := range s.rows {
		part := i * 3 / l.rows
		x := uint32(part*shard.Span + i - part*l.rows/3)
		r := &s.rows[i]
		r.in, r.has = rng.IntN(l.share) == 0, l.missing == 0 || rng.IntN(l.missing) > 0
		tx.Set(0, x, true)
		if r.in {
			tx.Set(1, x, true)
		}
		for j := range r.values {
			for range rng.IntN(l.most[j] + 1) {
				r.values[j] = append(r.values[j], rng.IntN(l.values[j]))
			}
			slices.Sort(r.values[j])
			r.values[j] = slices.Compact(r.values[j])
			for _, v := range r.values[j] {
				tx.Set(s.by[j][v], x, true)
			}
		}
		if r.has {
			r.number = l.number(rng, part)
			tx.Put(marketColumn, x, r.number)
		}
	}
	s.src = Source{Root: tx.Commit(), Loader: newLoader()}
	return s
}

// groups goes through the rows.
func (s *market) groups(operands int, m *Measure) []Group {
	type group struct {
		count   uint64
		numbers []int64
	}
	found := map[[2]int]*group{}
	for _, r := range s.rows {
		second := []int{0}
		if operands == 2 {
			second = r.values[1]
		}
		for _, a := range r.values[0] {
			for _, b := range second {
				if !r.in {
					continue
				}
				g := found[[2]int{a, b}]
				if g == nil {
					g = &group{}
					found[[2]int{a, b}] = g
				}
				if g.count++; r.has {
					g.numbers = append(g.numbers, r.number)
				}
			}
		}
	}
	out := make([]Group, 0, len(found))
	for key, g := range found {
		made := Group{Count: g.count}
		for i := range operands {
			made.Values = append(made.Values, profile.Number(float64(key[i])))
		}
		if m != nil {
			made.Summary = naiveSummary(g.numbers, m.Kind)
		}
		out = append(out, made)
	}
	slices.SortFunc(out, func(a, b Group) int {
		for i := range a.Values {
			if c := a.Values[i].Compare(b.Values[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	return out
}

// check asks for all groups on one goroutine and on four.
func (s *market) check(t *testing.T, m *Measure) {
	t.Helper()
	equal := cmp.Comparer(func(a, b profile.Value) bool { return a.Equal(b) })
	for operands := 1; operands <= 2; operands++ {
		want := s.groups(operands, m)
		by := []Values{s.by[0], s.by[1]}[:operands]
		for _, workers := range []int{1, 4} {
			src := s.src
			src.Workers = workers
			got, err := NewQuery(Bits(1), 0).Groups(t.Context(), src, m, by...)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got, equal); d != "" && len(want)+len(got) > 0 {
				t.Fatalf("by %d operands on %d goroutines (-want +got):\n%.2000s", operands, workers, d)
			}
		}
	}
}

func TestQuery_Groups_equal_going_through_rows(t *testing.T) {
	numbers := map[string]func(rng *rand.Rand, part int) int64{
		"cents":         func(rng *rand.Rand, _ int) int64 { return SortableNumber(float64(rng.IntN(9_000_000)-4_000_000) / 100) },
		"whole numbers": func(rng *rand.Rand, _ int) int64 { return SortableNumber(float64(rng.IntN(100))) },
		"one number":    func(*rand.Rand, int) int64 { return SortableNumber(7.5) },
		"finer from shard to shard": func(rng *rand.Rand, part int) int64 {
			return SortableNumber(float64(rng.IntN(90_000)) / []float64{1, 100, 10_000}[part])
		},
		"coarser from shard to shard": func(rng *rand.Rand, part int) int64 {
			return SortableNumber(float64(rng.IntN(90_000)) / []float64{1000, 10, 1}[part])
		},
		"large beside fine": func(rng *rand.Rand, part int) int64 {
			return SortableNumber([]float64{0.0001, 1 << 49, 0.25}[part] * float64(rng.IntN(2)+1))
		},
		"doubles": func(rng *rand.Rand, _ int) int64 { return SortableNumber(rng.NormFloat64()) },
		"doubles in one shard": func(rng *rand.Rand, part int) int64 {
			return SortableNumber([]float64{1, math.Pi, 0.5}[part] * float64(rng.IntN(1000)))
		},
		"the greatest and the least": func(rng *rand.Rand, _ int) int64 {
			return SortableNumber([]float64{math.MaxFloat64, -math.MaxFloat64, 5e-324, 0}[rng.IntN(4)])
		},
	}
	layouts := map[string]layout{
		"few values":             {rows: 3600, values: [2]int{3, 2}, most: [2]int{1, 1}, share: 2},
		"more values":            {rows: 3600, values: [2]int{20, 12}, most: [2]int{1, 1}, share: 1, missing: 9},
		"many values":            {rows: 3600, values: [2]int{300, 12}, most: [2]int{1, 1}, share: 3, missing: 2},
		"sets":                   {rows: 2400, values: [2]int{40, 30}, most: [2]int{6, 9}, share: 1, missing: 5},
		"sets divided by values": {rows: 2400, values: [2]int{50, 4}, most: [2]int{9, 1}, share: 2},
		"values divided by sets": {rows: 2400, values: [2]int{4, 50}, most: [2]int{1, 9}, share: 2},
		"very many pairs":        {rows: 1500, values: [2]int{600, 600}, most: [2]int{1, 2}, share: 1, missing: 4},
		"no one":                 {rows: 30, values: [2]int{3, 3}, most: [2]int{1, 1}, share: 1 << 40},
	}
	rng := newRand(t)
	for name, l := range layouts {
		t.Run(name, func(t *testing.T) {
			for kind, draw := range numbers {
				l.number = draw
				s := newMarket(rng, l)
				t.Run(kind, func(t *testing.T) { s.check(t, &Measure{marketColumn, profile.KindNumber}) })
				if kind == "cents" {
					s.check(t, nil)
				}
			}
			l.number = func(rng *rand.Rand, part int) int64 {
				switch rng.IntN(40) {
				case 0:
					return math.MaxInt64
				case 1:
					return math.MinInt64
				}
				return 1_767_225_600_000_000 + int64(part)*rng.Int64N(86_400_000_000)
			}
			newMarket(rng, l).check(t, &Measure{marketColumn, profile.KindTime})
		})
	}
}

// Where a group has a large part of a block its numbers are added up chunk by chunk;
// whole blocks have no gaps among their packed integers.
func TestQuery_Groups_of_dense_blocks(t *testing.T) {
	l := layout{rows: 3 * 40_000, values: [2]int{2, 3}, most: [2]int{1, 1}, share: 1}
	for _, scale := range []float64{1, 100} {
		l.number = func(rng *rand.Rand, _ int) int64 { return SortableNumber(float64(rng.IntN(100_000)) / scale) }
		newMarket(newRand(t), l).check(t, &Measure{marketColumn, profile.KindNumber})
	}
}

// More values may meet in a block than are told apart at a time.
func TestQuery_Groups_of_more_values_than_codes(t *testing.T) {
	l := layout{
		rows: 3 * 900, values: [2]int{2, codesMax + 2000}, most: [2]int{1, 400}, share: 1,
		number: func(rng *rand.Rand, _ int) int64 { return SortableNumber(float64(rng.IntN(100))) },
	}
	s := newMarket(newRand(t), l)
	got, err := NewQuery(Bits(1), 0).Groups(t.Context(), s.src, &Measure{marketColumn, profile.KindNumber}, s.by[0], s.by[1])
	if err != nil {
		t.Fatal(err)
	}
	want := map[[2]float64]Group{}
	for _, r := range s.rows {
		for _, a := range r.values[0] {
			for _, b := range r.values[1] {
				key := [2]float64{float64(a), float64(b)}
				g := want[key]
				g.Count++
				g.Summary.Sum += Number(r.number)
				want[key] = g
			}
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d groups, want %d", len(got), len(want))
	}
	for _, g := range got {
		key := [2]float64{g.Values[0].Number(), g.Values[1].Number()}
		if w := want[key]; w.Count != g.Count || w.Summary.Sum != g.Summary.Sum {
			t.Fatalf("%v: %+v, want %+v", key, g, w)
		}
	}
}
