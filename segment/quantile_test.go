package segment

import (
	"math"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// naiveQuantile sorts.
func naiveQuantile(sorted []int64, m Measure, method QuantileMethod, share float64) int64 {
	n := len(sorted)
	if method == Discrete {
		for i, v := range sorted {
			if float64(i+1)/float64(n) >= share {
				return v
			}
		}
	}
	at := share * float64(n-1)
	i := int(at)
	a, b := sorted[i], sorted[min(i+1, n-1)]
	part := at - float64(i)
	if a == b || part == 0 {
		return a
	}
	if m.Kind == profile.KindTime {
		return a + int64(math.RoundToEven(float64(uint64(b)-uint64(a))*part))
	}
	return min(max(SortableNumber(Number(a)+(Number(b)-Number(a))*part), a), b)
}

func checkQuantiles(t *testing.T, q *Query, src Source, m Measure, sorted []int64, shares []float64) {
	t.Helper()
	for _, method := range []QuantileMethod{Discrete, Linear} {
		got, err := q.Quantiles(t.Context(), src, m, method, shares...)
		if err != nil {
			t.Fatal(err)
		}
		if len(sorted) == 0 {
			if got != nil {
				t.Errorf("quantiles of nothing are %v", got)
			}
			continue
		}
		for i, share := range shares {
			if want := naiveQuantile(sorted, m, method, share); got[i] != want {
				t.Errorf("quantile %v by method %d of %d values is %d, want %d", share, method, len(sorted), got[i], want)
			}
		}
	}
}

func TestQuery_Quantiles_equal_sorting(t *testing.T) {
	worlds(t, 20, func(t *testing.T, w *world) {
		q, members, m := w.drawQuestion()
		sorted := numbersOf(w.valuesOf(m.Field, members))
		slices.Sort(sorted)
		shares := []float64{0, 1, 0.5, w.rng.Float64(), 0.25, w.rng.Float64(), 0.999}
		checkQuantiles(t, q, w.asked(), m, sorted, shares[:1+w.rng.IntN(len(shares))])
	})
}

func TestQuery_Quantiles_of_many_alike(t *testing.T) {
	rng := newRand(t)
	draws := map[string]func() float64{
		"one value":           func() float64 { return 7 },
		"two values":          func() float64 { return float64(rng.IntN(2)) },
		"mostly zero":         func() float64 { return float64(max(rng.IntN(300_000)-150_000, 0)) },
		"few values":          func() float64 { return float64(rng.IntN(9)) },
		"a heavy one within":  func() float64 { return float64(max(min(rng.IntN(2000), 1010), 990)) },
		"both signs":          func() float64 { return rng.NormFloat64() },
		"any magnitude":       func() float64 { return math.Exp(rng.NormFloat64() * 50) },
		"one far from others": func() float64 { return float64(rng.IntN(2)) * 1e300 * float64(rng.IntN(2)) },
	}
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			values := make([]int64, 60_000)
			for i := range values {
				values[i] = SortableNumber(draw())
			}
			src, q := inColumn(t, rng, values)
			slices.Sort(values)
			checkQuantiles(t, q, src, Measure{1, profile.KindNumber}, values, []float64{0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1, rng.Float64()})
		})
	}
}

// An ascending column and one that repeats in step with the sample are the worst
// that a sample taken evenly can meet.
func TestQuery_Quantiles_of_a_column_in_order(t *testing.T) {
	tx := New(0).Begin()
	const n = 100_000
	var inOrder, inStep []int64
	for x := range uint32(n) {
		tx.Set(0, x, true)
		tx.Put(1, x, SortableNumber(float64(x)/8))
		tx.Put(2, x, SortableNumber(float64(x%16)*1000+float64(x/16)))
		inOrder = append(inOrder, SortableNumber(float64(x)/8))
		inStep = append(inStep, SortableNumber(float64(x%16)*1000+float64(x/16)))
	}
	src := Source{Root: tx.Commit(), Loader: newLoader()}
	slices.Sort(inStep)
	shares := []float64{0, 0.001, 0.2, 0.5, 0.8, 1}
	checkQuantiles(t, NewQuery(All(), 0), src, Measure{1, profile.KindNumber}, inOrder, shares)
	checkQuantiles(t, NewQuery(All(), 0), src, Measure{2, profile.KindNumber}, inStep, shares)
}

func TestSelection_search_equals_sorting(t *testing.T) {
	rng := newRand(t)
	values := make([]int64, 5000)
	for i := range values {
		values[i] = int64(rng.Uint64()) >> (rng.IntN(4) * 20)
	}
	values[0], values[1] = math.MinInt64, math.MaxInt64
	src, q := inColumn(t, rng, values)
	slices.Sort(values)
	s := selection{src: src, members: q, measure: Measure{1, profile.KindTime}}
	for range 20 {
		from := rng.IntN(len(values))
		for from > 0 && values[from-1] == values[from] {
			from--
		}
		rank := rng.IntN(len(values) - from)
		got, err := s.search(t.Context(), values[from], math.MaxInt64, uint64(rank))
		if want := values[from+rank]; got != want || err != nil {
			t.Errorf("the value of rank %d from %d on is %d, %v; want %d", rank, values[from], got, err, want)
		}
	}
	if got, _ := s.search(t.Context(), math.MinInt64, math.MaxInt64, 4999); got != math.MaxInt64 {
		t.Errorf("the last is %d", got)
	}
}

// A bad sample makes the answer slow and no other.
func TestSelection_survives_any_sample(t *testing.T) {
	rng := newRand(t)
	values := make([]int64, 30_000)
	for i := range values {
		values[i] = SortableNumber(float64(rng.IntN(20_000)))
	}
	src, q := inColumn(t, rng, values)
	slices.Sort(values)
	for range 10 {
		s := selection{src: src, members: q, measure: Measure{1, profile.KindNumber}, n: 30_000, stride: 8}
		for range 30_000 / 8 {
			s.drawn = append(s.drawn, SortableNumber(float64(rng.IntN(1+rng.IntN(25_000)))))
		}
		slices.Sort(s.drawn)
		ranks := []uint64{0, 777, 15_000, 15_001, 29_999}
		got, err := s.at(t.Context(), ranks)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range ranks {
			if got[i] != values[r] {
				t.Errorf("the value of rank %d is %d, want %d", r, got[i], values[r])
			}
		}
	}
}

func TestSieve_keeps_no_more_than_it_has_room_for(t *testing.T) {
	p := newSieve([]int64{0, 1}, []Span{{math.MinInt64, math.MaxInt64}})
	p.room = 300
	exists, values := allSlots, [chunkSpan]int64{}
	for i := range values {
		values[i] = int64(i + 5)
	}
	tx := New(0).Begin()
	for i, v := range values {
		tx.Put(1, uint32(i), v)
	}
	c := shard.PackChunk(&exists, &values)
	for range 3 {
		p.keep(2, c, &exists, chunkSpan)
	}
	if n := len(p.kept[2]); n != chunkSpan {
		t.Errorf("%d values are kept", n)
	}
}

func TestNth_equals_sorting(t *testing.T) {
	rng := newRand(t)
	for range 300 {
		values := make([]int64, 1+rng.IntN(2000))
		spread := 1 + rng.Int64N(1+rng.Int64N(5000))
		for i := range values {
			values[i] = rng.Int64N(spread) - spread/2
		}
		if rng.IntN(4) == 0 {
			slices.Sort(values)
		}
		sorted := slices.Sorted(slices.Values(values))
		rank := rng.IntN(len(values))
		if got := nth(values, rank); got != sorted[rank] {
			t.Fatalf("of %d values the one of rank %d is %d, want %d", len(values), rank, got, sorted[rank])
		}
	}
}

func TestQuantileMethod_ranks(t *testing.T) {
	tests := []struct {
		share float64
		n     uint64
		want  uint64 // Discrete
	}{
		{0, 10, 0}, {0.1, 10, 0}, {0.3, 10, 2}, {0.7, 10, 6}, {0.70001, 10, 7},
		{1, 10, 9}, {0.5, 1, 0}, {0.5, 2, 0}, {0.5, 3, 1}, {1, 1 << 32, 1<<32 - 1},
	}
	for _, tt := range tests {
		if got := Discrete.ranks(tt.share, tt.n)[0]; got != tt.want {
			t.Errorf("quantile %v of %d values is that of rank %d, want %d", tt.share, tt.n, got, tt.want)
		}
	}
}

func TestQuery_Quantiles_of_many_shares(t *testing.T) {
	rng := newRand(t)
	values := make([]int64, 50_000)
	for i := range values {
		values[i] = SortableNumber(float64(rng.IntN(1_000_000)) / 100)
	}
	src, q := inColumn(t, rng, values)
	slices.Sort(values)
	var shares []float64
	for range 400 {
		shares = append(shares, rng.Float64())
	}
	checkQuantiles(t, q, src, Measure{1, profile.KindNumber}, values, shares)
}

func TestQuery_Quantiles_refuses_other_shares(t *testing.T) {
	w := newWorld(t, newRand(t), 1, 1, 0)
	for _, share := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := NewQuery(All(), 0).Quantiles(t.Context(), w.source(), Measure{2, profile.KindNumber}, Discrete, 0.5, share); err == nil {
			t.Errorf("there is a quantile %v", share)
		}
	}
}

func TestLinear_times_at_the_ends_of_time(t *testing.T) {
	m := Measure{Field: 1, Kind: profile.KindTime}
	for share, want := range map[float64]int64{0: math.MinInt64, 0.25: -1 << 62, 0.5: 0, 0.75: 1 << 62, 1: math.MaxInt64} {
		got := Linear.value(m, share, 2, func(rank uint64) int64 { return []int64{math.MinInt64, math.MaxInt64}[rank] })
		if got != want {
			t.Errorf("at %v: %d, want %d", share, got, want)
		}
	}
}
