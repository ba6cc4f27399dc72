package segment

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// aggregateWorld is a bitmap of a fifth of ten million profiles and columns of
// them, each with the same values in a plain slice.
type aggregateWorld struct {
	src     Source
	fifth   *Query
	plain   *Query // of everyone
	bits    []uint64
	columns []benchColumn
}

type benchColumn struct {
	name    string
	measure Measure
	values  []float64
}

const benchProfiles = 10_000_000

// plainColumn is what the columns of most engines are: four bytes a value.
func plainColumn(values []float64) []uint32 {
	out := make([]uint32, len(values))
	for i, f := range values {
		out[i] = uint32(f)
	}
	return out
}

func newAggregateWorld(b *testing.B, names ...string) *aggregateWorld {
	b.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	ix, loader := New(0), newLoader()
	w := &aggregateWorld{bits: make([]uint64, benchProfiles/64+1)}
	fifth, all := roaring.New(), roaring.New()
	all.AddRange(0, benchProfiles)
	for x := range uint32(benchProfiles) {
		if rng.IntN(5) == 0 {
			fifth.Add(x)
			w.bits[x>>6] |= 1 << (x & 63)
		}
	}
	a := &world{ix: ix, loader: loader}
	a.attachTo(b, 0, all, benchProfiles)
	a.attachTo(b, 1, fifth, benchProfiles)
	draws := map[string]func() float64{
		"bits20":  func() float64 { return float64(rng.IntN(1 << 20)) },
		"cents":   func() float64 { return float64(rng.IntN(60_000)) / 100 },
		"bits8":   func() float64 { return float64(rng.IntN(200)) },
		"doubles": func() float64 { return rng.ExpFloat64() * 100 },
		"flag":    func() float64 { return float64(rng.IntN(2)) },
	}
	for i, name := range names {
		f := FieldID(i + 2)
		values := make([]float64, benchProfiles)
		var shards []uint32
		for s := range uint32(benchProfiles/shard.Span + 1) {
			var cells []shard.Cell
			for x := s * shard.Span; x < min((s+1)*shard.Span, benchProfiles); x++ {
				values[x] = draws[name]()
				cells = append(cells, shard.Cell{Offset: x % shard.Span, Value: SortableNumber(values[x])})
			}
			v, _, _ := shard.FoldBase(nil, [][]byte{shard.AppendColumnDelta(nil, cells)})
			loader.shard[ShardKey{f, s}] = v
			shards = append(shards, s)
		}
		ix.Attach(f, Column, shards)
		w.columns = append(w.columns, benchColumn{name, Measure{f, profile.KindNumber}, values})
	}
	w.src = Source{Root: ix.Root(), Loader: loader}
	w.fifth, w.plain = NewQuery(Bits(1), 0), NewQuery(Bits(0), 0)
	return w
}

func BenchmarkSummary(b *testing.B) {
	w := newAggregateWorld(b, "bits20", "cents", "bits8", "doubles", "flag")
	for _, c := range w.columns {
		for _, set := range []struct {
			name string
			q    *Query
		}{{"fifth", w.fifth}, {"all", w.plain}} {
			b.Run(fmt.Sprintf("column=%s/set=%s/profiles=1e7/engine=portrait", c.name, set.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := set.q.Summary(b.Context(), w.src, c.measure); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	values := w.columns[0].values
	ints := plainColumn(values)
	b.Run("column=bits20/set=fifth/profiles=1e7/engine=plain-uint32", func(b *testing.B) {
		for b.Loop() {
			sum, n, least, greatest := uint64(0), 0, ^uint32(0), uint32(0)
			for j, x := range w.bits {
				for ; x != 0; x &= x - 1 {
					v := ints[j<<6|bits.TrailingZeros64(x)]
					sum += uint64(v)
					n++
					least, greatest = min(least, v), max(greatest, v)
				}
			}
			if n == 0 || sum == 0 {
				b.Fatal(least, greatest)
			}
		}
	})
	b.Run("column=bits20/set=fifth/profiles=1e7/engine=plain-uint32-sum-alone", func(b *testing.B) {
		for b.Loop() {
			sum := uint64(0)
			for j, x := range w.bits {
				for ; x != 0; x &= x - 1 {
					sum += uint64(ints[j<<6|bits.TrailingZeros64(x)])
				}
			}
			if sum == 0 {
				b.Fatal(sum)
			}
		}
	})
	b.Run("column=bits20/set=fifth/profiles=1e7/engine=plain-uint32-branchy", func(b *testing.B) {
		for b.Loop() {
			sum := uint64(0)
			for i, v := range ints {
				if w.bits[i>>6]>>(i&63)&1 == 1 {
					sum += uint64(v)
				}
			}
			if sum == 0 {
				b.Fatal(sum)
			}
		}
	})
	b.Run("column=bits20/set=fifth/profiles=1e7/engine=plain-float64", func(b *testing.B) {
		for b.Loop() {
			sum := 0.0
			for j, x := range w.bits {
				for ; x != 0; x &= x - 1 {
					sum += values[j<<6|bits.TrailingZeros64(x)]
				}
			}
			if sum == 0 {
				b.Fatal(sum)
			}
		}
	})
}

func BenchmarkRange_millions(b *testing.B) {
	w := newAggregateWorld(b, "bits20", "cents")
	for _, c := range w.columns {
		sorted := slices.Sorted(slices.Values(c.values))
		lo, hi := sorted[benchProfiles*4/10], sorted[benchProfiles*6/10]
		q := NewQuery(Range(c.measure.Field, SortableNumber(lo), SortableNumber(hi)), 0)
		b.Run(fmt.Sprintf("column=%s/profiles=1e7/engine=portrait", c.name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := q.Count(b.Context(), w.src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	ints := plainColumn(w.columns[0].values)
	b.Run("column=bits20/profiles=1e7/engine=plain-uint32-branchy", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for _, v := range ints {
				if v >= 419_430 && v <= 629_145 {
					n++
				}
			}
			if n == 0 {
				b.Fatal(n)
			}
		}
	})
}

func BenchmarkQuantiles(b *testing.B) {
	w := newAggregateWorld(b, "bits20", "cents", "doubles", "bits8")
	for _, c := range w.columns {
		for _, shares := range [][]float64{{0.5}, {0.1, 0.25, 0.5, 0.75, 0.9}} {
			for _, set := range []struct {
				name string
				q    *Query
			}{{"fifth", w.fifth}, {"all", w.plain}} {
				b.Run(fmt.Sprintf("column=%s/set=%s/shares=%d/profiles=1e7/engine=portrait", c.name, set.name, len(shares)), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if _, err := set.q.Quantiles(b.Context(), w.src, c.measure, Discrete, shares...); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
	ints := plainColumn(w.columns[0].values)
	gathered := make([]int64, 0, benchProfiles)
	b.Run("column=bits20/set=fifth/shares=1/profiles=1e7/engine=plain-uint32-select", func(b *testing.B) {
		for b.Loop() {
			gathered = gathered[:0]
			for j, x := range w.bits {
				for ; x != 0; x &= x - 1 {
					gathered = append(gathered, int64(ints[j<<6|bits.TrailingZeros64(x)]))
				}
			}
			nth(gathered, len(gathered)/2)
		}
	})
	b.Run("column=bits20/set=fifth/shares=1/profiles=1e7/engine=plain-uint32-radix", func(b *testing.B) {
		for b.Loop() {
			var high, low [1 << 10]int
			n := 0
			for j, x := range w.bits {
				for ; x != 0; x &= x - 1 {
					high[ints[j<<6|bits.TrailingZeros64(x)]>>10&1023]++
					n++
				}
			}
			part, rank := 0, n/2
			for ; rank >= high[part]; part++ {
				rank -= high[part]
			}
			for j, x := range w.bits {
				for ; x != 0; x &= x - 1 {
					if v := ints[j<<6|bits.TrailingZeros64(x)]; int(v>>10) == part {
						low[v&1023]++
					}
				}
			}
		}
	})
}

func BenchmarkTop(b *testing.B) {
	w := newAggregateWorld(b, "bits20", "doubles")
	for _, c := range w.columns {
		for _, k := range []int{10, 10_000} {
			b.Run(fmt.Sprintf("column=%s/set=fifth/k=%d/profiles=1e7", c.name, k), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := w.fifth.Top(b.Context(), w.src, c.measure, Ranking{K: k}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkHistogram(b *testing.B) {
	w := newAggregateWorld(b, "bits20", "cents")
	for _, c := range w.columns {
		s, err := w.fifth.Summary(b.Context(), w.src, c.measure)
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range []int{1, 20, 200} {
			bounds := c.measure.Bounds(s.Min, s.Max, n)
			b.Run(fmt.Sprintf("column=%s/set=fifth/parts=%d/profiles=1e7", c.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := w.fifth.Histogram(b.Context(), w.src, c.measure, bounds); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkGroups divides by a field of 20 values, and by one of 1,000.
func BenchmarkGroups(b *testing.B) {
	w := newAggregateWorld(b, "cents")
	rng := rand.New(rand.NewPCG(3, 4))
	a := &world{ix: w.src.Root.index, loader: w.src.Loader.(*memLoader)}
	field := FieldID(10)
	for _, n := range []int{20, 1000} {
		parts := make([]*roaring.Bitmap, n)
		for i := range parts {
			parts[i] = roaring.New()
		}
		for x := range uint32(benchProfiles) {
			parts[rng.IntN(n)].Add(x)
		}
		var by bitValues
		for _, p := range parts {
			a.attachTo(b, field, p, benchProfiles)
			by = append(by, field)
			field++
		}
		src := w.src
		src.Root = a.ix.Root()
		b.Run(fmt.Sprintf("column=cents/set=fifth/groups=%d/profiles=1e7", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.fifth.Groups(b.Context(), src, &w.columns[0].measure, by); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
