package shard

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/portraitdb/portrait/internal/seeds"
)

func TestChunk_Below_equals_comparing(t *testing.T) {
	rng := rand.New(rand.NewPCG(seeds.Draw(t), 1))
	draws := []func() int64{
		func() int64 { return Sortable(float64(rng.IntN(100))) },
		func() int64 { return Sortable(float64(rng.IntN(5_000_000)-2_500_000) / 100) },
		func() int64 { return Sortable(float64(rng.Int64N(maxDecimal)) / 10_000) },
		func() int64 { return int64(rng.IntN(400)) * 86_400_000_000 },
		func() int64 { return Sortable(rng.NormFloat64() * 1000) },
		func() int64 { return int64(rng.Uint64()) },
		func() int64 { return []int64{math.MinInt64, math.MaxInt64, 0, -1, 1}[rng.IntN(5)] },
	}
	for range 400 {
		exists, values := [4]uint64{rng.Uint64(), rng.Uint64() & rng.Uint64(), 0, rng.Uint64()}, [ChunkSpan]int64{}
		draw := draws[rng.IntN(len(draws))]
		for i := range values {
			values[i] = draw()
		}
		c := PackChunk(&exists, &values)
		if c == nil {
			continue
		}
		c = c.With([]Cell{{Offset: rng.Uint32N(ChunkSpan), Value: draw()}})
		for range 20 {
			v := draws[rng.IntN(len(draws))]()
			if rng.IntN(2) == 0 {
				v = c.value(rng.IntN(c.N)) + int64(rng.IntN(3)-1)
			}
			at, after := CutAt(v), CutAfter(v)
			for range 2 { // what is remembered is no other
				below, all := c.Below(&at)
				upTo, every := c.Below(&after)
				for i := range c.N {
					if got, want := all || c.packed(i) < below, c.value(i) < v; got != want {
						t.Fatalf("%d is below %d: %v, in a chunk of scale %d, width %d", c.value(i), v, got, c.Scale, c.Width)
					}
					if got, want := every || c.packed(i) < upTo, c.value(i) <= v; got != want {
						t.Fatalf("%d is up to %d: %v, in a chunk of scale %d, width %d", c.value(i), v, got, c.Scale, c.Width)
					}
				}
			}
		}
	}
}

func TestChunk_Decimal(t *testing.T) {
	exists, values := [4]uint64{7}, [ChunkSpan]int64{Sortable(1.51), Sortable(1200.25), Sortable(7.79)}
	c := PackChunk(&exists, &values)
	scale, ok := c.Decimal()
	if !ok || scale != 2 || c.Base+int64(c.Mult*c.packed(1)) != 120_025 {
		t.Errorf("scale %d, %v, of a chunk of cents", scale, ok)
	}
	for i, f := range []float64{0, 1, 0} { // as narrow as the bits of the numbers
		values[i] = Sortable(f)
	}
	if scale, ok := PackChunk(&exists, &values).Decimal(); !ok || scale != 0 {
		t.Errorf("scale %d, %v, of a chunk of truth values", scale, ok)
	}
	values[1] = Sortable(math.Pi)
	if _, ok := PackChunk(&exists, &values).Decimal(); ok {
		t.Error("pi is taken for a decimal")
	}
}
