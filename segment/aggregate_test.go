package segment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// valuesOf returns what the members of a set have in a column, by ordinal.
func (w *world) valuesOf(f FieldID, members *roaring.Bitmap) []Ranked {
	var out []Ranked
	for it := members.Iterator(); it.HasNext(); {
		x := it.Next()
		if v, ok := w.cols[f][x]; ok {
			out = append(out, Ranked{profile.MakeID(0, x), v})
		}
	}
	return out
}

func numbersOf(rs []Ranked) []int64 {
	out := make([]int64, len(rs))
	for i, r := range rs {
		out[i] = r.Value
	}
	return out
}

// naiveSummary adds fractions. A number whose shortest text is a decimal of few
// digits is that decimal.
func naiveSummary(values []int64, kind profile.Kind) Summary {
	if len(values) == 0 {
		return Summary{}
	}
	micros, binary := new(big.Int), new(big.Float).SetPrec(3000) // the latter holds every sum exactly
	for _, v := range values {
		if kind == profile.KindTime {
			micros.Add(micros, big.NewInt(v).Mul(big.NewInt(v), big.NewInt(million)))
		} else if k, f := naiveNumber(Number(v)); k != nil {
			micros.Add(micros, k)
		} else {
			binary.Add(binary, big.NewFloat(f))
		}
	}
	sum, _ := binary.Rat(nil)
	sum.Add(sum, new(big.Rat).SetFrac(micros, big.NewInt(million)))
	avg := new(big.Rat).Quo(sum, new(big.Rat).SetInt64(int64(len(values))))
	s := Summary{Count: uint64(len(values)), Min: slices.Min(values), Max: slices.Max(values)}
	s.Sum, _ = sum.Float64()
	if kind == profile.KindTime {
		s.Avg = nearestInt(avg)
	} else {
		f, _ := avg.Float64()
		s.Avg = SortableNumber(f)
	}
	return s
}

// naiveNumber returns the number as millionths where its shortest text is a
// decimal of few digits, and otherwise as it is.
func naiveNumber(f float64) (*big.Int, float64) {
	if f = max(f, -math.MaxFloat64); !(f < math.MaxFloat64) {
		f = math.MaxFloat64
	}
	if math.Abs(f) > 1<<50 || f != 0 && math.Abs(f) < 1e-7 {
		return nil, f
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > 6 {
		return nil, f
	}
	digits := func(places int) *big.Int {
		k, _ := new(big.Int).SetString(whole+fraction+strings.Repeat("0", places-len(fraction)), 10)
		return k
	}
	millionths := digits(6)
	if millionths.CmpAbs(big.NewInt(1e15)) < 0 || len(fraction) <= 4 && digits(len(fraction)).CmpAbs(big.NewInt(1<<50)) <= 0 {
		return millionths, 0
	}
	return nil, f
}

// nearestInt rounds half to even.
func nearestInt(r *big.Rat) int64 {
	n, _ := strconv.ParseInt(r.FloatString(0), 10, 64) // half away from zero
	twice := new(big.Rat).Add(r, r)
	if twice.IsInt() && !r.IsInt() && n%2 != 0 {
		if r.Sign() > 0 {
			return n - 1
		}
		return n + 1
	}
	return n
}

// drawQuestion draws a set and a column with a kind that its values may be of.
func (w *world) drawQuestion() (q *Query, members *roaring.Bitmap, m Measure) {
	n, members := w.node(w.rng.IntN(4))
	m = Measure{FieldID(len(w.bits) + w.rng.IntN(len(w.cols))), profile.KindNumber}
	if w.rng.IntN(4) == 0 {
		m.Kind = profile.KindTime
	}
	return NewQuery(n, 0), members, m
}

// asked returns the source, for one goroutine or for several.
func (w *world) asked() Source {
	src := w.source()
	src.Workers = w.rng.IntN(4)
	return src
}

// worlds runs a check on questions in worlds that are all in memory, and that are
// evicted all the time; on columns loaded and toggled by commits.
func worlds(t *testing.T, rounds int, check func(t *testing.T, w *world)) {
	for name, budget := range map[string]int64{"all in memory": 0, "little memory": 300_000} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, newRand(t), 6, 4, budget)
			for round := range rounds {
				if round%5 == 4 {
					w.churn(60)
				}
				if check(t, w); t.Failed() {
					t.FailNow()
				}
			}
		})
	}
}

func TestQuery_Summary_equals_adding(t *testing.T) {
	worlds(t, 25, func(t *testing.T, w *world) {
		q, members, m := w.drawQuestion()
		got, err := q.Summary(t.Context(), w.asked(), m)
		if err != nil {
			t.Fatal(err)
		}
		want := naiveSummary(numbersOf(w.valuesOf(m.Field, members)), m.Kind)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("of %v over %v (-want +got):\n%s", m, q, d)
		}
	})
}

// inColumn returns a source with the values in column 1, spread over ordinals and
// with all of them in bitmap 0.
func inColumn(t *testing.T, rng *rand.Rand, values []int64) (Source, *Query) {
	t.Helper()
	tx := New(0).Begin()
	for i, at := range rng.Perm(len(values)) {
		x := uint32(at * 3)
		tx.Put(1, x, values[i])
		tx.Set(0, x, true)
	}
	return Source{Root: tx.Commit(), Loader: newLoader()}, NewQuery(All(), 0)
}

func TestQuery_Summary_of_hostile_values(t *testing.T) {
	numbers := func(fs ...float64) []int64 {
		out := make([]int64, len(fs))
		for i, f := range fs {
			out[i] = SortableNumber(f)
		}
		return out
	}
	tests := map[string]struct {
		values []int64
		sum    float64
		avg    float64
	}{
		"decimals add as decimals":     {numbers(0.1, 0.2), 0.3, 0.15},
		"a tenth ten times":            {numbers(slices.Repeat([]float64{0.1}, 10)...), 1, 0.1},
		"what cancels leaves the rest": {numbers(1e300, 1, -1e300), 1, 1.0 / 3},
		"the least numbers":            {numbers(5e-324, 5e-324, 5e-324), 15e-324, 5e-324},
		"large and small":              {numbers(1e18, 0.000001, -1e18), 1e-6, 1e-6 / 3},
		"beyond the numbers":           {numbers(math.MaxFloat64, math.MaxFloat64), math.Inf(1), math.MaxFloat64},
		"both infinities":              {numbers(math.Inf(1), math.Inf(-1)), 0, 0},
		"not a number":                 {numbers(math.NaN(), -math.MaxFloat64), 0, 0},
		"2^53 and one":                 {numbers(1<<53, 1, 1), 1<<53 + 2, (1<<53 + 2) / 3.0},
		"negative":                     {numbers(-1.5, -2.25, 1), -2.75, -2.75 / 3},
		"negative zero":                {numbers(math.Copysign(0, -1)), 0, 0},
		"seven places":                 {numbers(0.0000001, 0.0000002), 3e-07, 0.15e-6},
	}
	rng := newRand(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			src, q := inColumn(t, rng, tt.values)
			got, err := q.Summary(t.Context(), src, Measure{1, profile.KindNumber})
			if err != nil {
				t.Fatal(err)
			}
			if got.Sum != tt.sum || math.Abs(Number(got.Avg)-tt.avg) > math.Abs(tt.avg)*0x1p-52 {
				t.Errorf("sum %v, average %v; want %v, %v", got.Sum, Number(got.Avg), tt.sum, tt.avg)
			}
			if d := cmp.Diff(naiveSummary(tt.values, profile.KindNumber), got); d != "" {
				t.Errorf("(-fractions +got):\n%s", d)
			}
		})
	}
}

func TestQuery_Summary_of_any_numbers(t *testing.T) {
	rng := newRand(t)
	draws := []func() float64{
		func() float64 { return math.Float64frombits(rng.Uint64()) },
		func() float64 { return rng.NormFloat64() },
		func() float64 { return float64(rng.Int64N(1<<51)-1<<50) / 10_000 },
		func() float64 { return float64(rng.Int64N(2e15)-1e15) / 1_000_000 },
		func() float64 { return float64(rng.Int64()) },
		func() float64 { return float64(rng.IntN(3)) * 0.25 },
		func() float64 { return math.Nextafter(float64(rng.IntN(1e9))/100, 0) },
	}
	for range 60 {
		var values []int64
		some := rng.Perm(len(draws))[:1+rng.IntN(3)]
		for range 1 + rng.IntN(1500) {
			if f := draws[some[rng.IntN(len(some))]](); !math.IsNaN(f) && !math.IsInf(f, 0) {
				values = append(values, SortableNumber(f))
			}
		}
		if len(values) == 0 {
			continue
		}
		src, q := inColumn(t, rng, values)
		for _, kind := range []profile.Kind{profile.KindNumber, profile.KindTime} {
			got, err := q.Summary(t.Context(), src, Measure{1, kind})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(naiveSummary(values, kind), got); d != "" {
				t.Fatalf("of %d of %v (-want +got):\n%s", len(values), kind, d)
			}
		}
	}
}

func TestBinarySum_passes_carries_on(t *testing.T) {
	rng := newRand(t)
	for range 100 {
		var s binarySum
		want := new(big.Float).SetPrec(3000)
		for range 200 {
			f := math.Ldexp(rng.NormFloat64(), rng.IntN(2000)-1000)
			s.add(f)
			want.Add(want, big.NewFloat(f))
			if rng.IntN(20) == 0 {
				s.adds = 1<<30 - 1 // the next addition finds no room
			}
		}
		if got := s.quotient(wide{}, 1); got != must64(want) {
			t.Fatalf("the sum is %v, want %v", got, must64(want))
		}
	}
}

func must64(f *big.Float) float64 {
	out, _ := f.Float64()
	return out
}

func TestWide_quotient_equals_fractions(t *testing.T) {
	rng := newRand(t)
	for range 5000 {
		w := wide{rng.Uint64() >> rng.IntN(64), rng.Uint64() >> rng.IntN(64)}
		if rng.IntN(2) == 0 {
			w.hi = 0
		}
		if rng.IntN(2) == 0 {
			w = w.times(^uint64(0))
		}
		n := 1 + rng.Uint64()>>(12+rng.IntN(50))
		r := new(big.Rat).SetFrac(w.big(), new(big.Int).SetUint64(n))
		if want, _ := r.Float64(); w.quotient(n) != want {
			t.Fatalf("%v / %d is %v, want %v", w.big(), n, w.quotient(n), want)
		}
		sum := wide{}
		sum.addProduct(int64(w.lo), n>>20+1)
		sum.add(int64(n % (n>>20 + 1)))
		r.SetFrac(sum.big(), new(big.Int).SetUint64(n>>20+1))
		if got, want := sum.rounded(n>>20+1), nearestInt(r); got != want {
			t.Fatalf("%v / %d is %d, want %d", sum.big(), n>>20+1, got, want)
		}
	}
}

func TestAggregates_of_nothing(t *testing.T) {
	w := newWorld(t, newRand(t), 2, 1, 0)
	src, ctx := w.source(), t.Context()
	for name, tt := range map[string]struct {
		node Node
		m    Measure
	}{
		"the empty set":     {Node{}, Measure{3, profile.KindNumber}},
		"an empty fixed":    {Fixed(NewSet(src, nil)), Measure{3, profile.KindTime}},
		"no such column":    {All(), Measure{99, profile.KindNumber}},
		"an ordinal beyond": {Fixed(NewSet(src, []uint32{1 << 30})), Measure{3, profile.KindNumber}},
	} {
		t.Run(name, func(t *testing.T) {
			q := NewQuery(tt.node, 0)
			if s, err := q.Summary(ctx, src, tt.m); s != (Summary{}) || err != nil {
				t.Errorf("Summary is %+v, %v", s, err)
			}
			if vs, err := q.Quantiles(ctx, src, tt.m, Discrete, 0, 0.5, 1); vs != nil || err != nil {
				t.Errorf("Quantiles are %v, %v", vs, err)
			}
			if top, err := q.Top(ctx, src, tt.m, Ranking{K: 3}); len(top) != 0 || err != nil {
				t.Errorf("Top is %v, %v", top, err)
			}
			if h, err := q.Histogram(ctx, src, tt.m, []int64{0}); !slices.Equal(h, []uint64{0, 0}) || err != nil {
				t.Errorf("Histogram is %v, %v", h, err)
			}
			if r, err := q.Rank(ctx, src, tt.m, 5); r != (Rank{}) || err != nil {
				t.Errorf("Rank is %v, %v", r, err)
			}
		})
	}
}

// aggregates asks each aggregate and returns what they fail with.
func aggregates(ctx context.Context, q *Query, src Source, m Measure) map[string]error {
	out := map[string]error{}
	_, out["Summary"] = q.Summary(ctx, src, m)
	_, out["Quantiles"] = q.Quantiles(ctx, src, m, Linear, 0.5)
	_, out["Top"] = q.Top(ctx, src, m, Ranking{K: 3})
	counts, err := q.Histogram(ctx, src, m, []int64{0})
	if out["Histogram"] = err; err != nil && counts != nil {
		out["Histogram"] = nil // half an answer is none
	}
	_, out["Rank"] = q.Rank(ctx, src, m, 0)
	_, out["Groups"] = q.Groups(ctx, src, &m, bitValues{1, 2})
	return out
}

func TestAggregates_report_errors(t *testing.T) {
	w := newWorld(t, newRand(t), 3, 1, 1) // no memory: every question loads
	src, column := w.source(), Measure{4, profile.KindNumber}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	broken := src
	broken.Loader = failingLoader{}
	for name, tt := range map[string]struct {
		ctx   context.Context
		src   Source
		m     Measure
		wants error
	}{
		"a cancelled context": {cancelled, src, column, context.Canceled},
		"a failing loader":    {t.Context(), broken, column, errDisk},
		"a bitmap":            {t.Context(), src, Measure{1, profile.KindNumber}, nil},
		"a column of text":    {t.Context(), src, Measure{4, profile.KindString}, nil},
	} {
		for method, err := range aggregates(tt.ctx, NewQuery(Bits(0).Or(Bits(2)), 0), tt.src, tt.m) {
			if err == nil || tt.wants != nil && !errors.Is(err, tt.wants) {
				t.Errorf("%s of %s: %v", method, name, err)
			}
		}
	}
}

// stoppingLoader ends the context while it loads a field.
type stoppingLoader struct {
	*memLoader

	field FieldID
	stop  context.CancelFunc
}

func (l stoppingLoader) LoadShard(f FieldID, n uint32) ([]byte, error) {
	if f == l.field {
		l.stop()
	}
	return l.memLoader.LoadShard(f, n)
}

func TestAggregates_stop_between_blocks(t *testing.T) {
	for field := range FieldID(2) {
		for method := range aggregates(t.Context(), NewQuery(Node{}, 0), Source{Root: New(0).Root()}, Measure{3, profile.KindNumber}) {
			w := newWorld(t, newRand(t), 2, 1, 1)
			src := w.source()
			ctx, cancel := context.WithCancel(t.Context())
			src.Loader = stoppingLoader{w.loader, 3 * field, cancel}
			if err := aggregates(ctx, NewQuery(All(), 0), src, Measure{3, profile.KindNumber})[method]; !errors.Is(err, context.Canceled) {
				t.Errorf("%s went on: %v", method, err)
			}
		}
	}
}

func TestAggregates_keep_to_the_budget(t *testing.T) {
	w := newWorld(t, newRand(t), 2, 1, 0)
	for _, budget := range []Budget{{Blocks: 1}, {Bytes: 1000}, {}, {Blocks: -1}} {
		src := w.source()
		src.Budget = &budget
		for workers := range 3 {
			src.Workers = workers
			for method, err := range aggregates(t.Context(), NewQuery(All(), 0), src, Measure{3, profile.KindNumber}) {
				if err == nil {
					t.Errorf("%s of %d goroutines has read more than %+v", method, workers, budget)
				}
			}
		}
	}
	src := w.source()
	src.Budget = &Budget{Blocks: 1 << 20, Bytes: 1 << 40}
	for method, err := range aggregates(t.Context(), NewQuery(All(), 0), src, Measure{3, profile.KindNumber}) {
		if err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestQuery_Summary_allocates_nothing(t *testing.T) {
	rng := newRand(t)
	var values []int64
	for range 5000 {
		values = append(values, SortableNumber(float64(rng.IntN(1_000_000))/100))
	}
	src, q := inColumn(t, rng, values)
	if got := testing.AllocsPerRun(20, func() {
		if _, err := q.Summary(t.Context(), src, Measure{1, profile.KindNumber}); err != nil {
			t.Fatal(err)
		}
	}); got > 0 {
		t.Errorf("%v allocations a summary", got)
	}
}

func ExampleQuery_Summary() {
	tx := New(0).Begin()
	for x, spent := range []float64{19.90, 5, 120.10} {
		tx.Set(0, uint32(x), true)
		tx.Put(1, uint32(x), SortableNumber(spent))
	}
	src := Source{Root: tx.Commit()}
	spent := Measure{Field: 1, Kind: profile.KindNumber}
	s, err := NewQuery(All(), 0).Summary(context.Background(), src, spent)
	fmt.Println(s.Count, s.Sum, Number(s.Max), err)
	// Output: 3 145 120.1 <nil>
}
