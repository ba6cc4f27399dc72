package segment

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"
)

// naiveCross intersects what roaring has, cell by cell.
func naiveCross(base *roaring.Bitmap, dims [][]*roaring.Bitmap) []uint64 {
	if len(dims) == 0 {
		return []uint64{base.GetCardinality()}
	}
	var out []uint64
	for _, b := range dims[0] {
		out = append(out, naiveCross(roaring.And(base, b), dims[1:])...)
	}
	return append(out, naiveCross(base, dims[1:])...)
}

// crossWorld draws a table over a world: dimensions with so many queries each.
func crossWorld(rng *rand.Rand, w *world, depth int, lengths ...int) (base *Query, dims [][]*Query, want []uint64) {
	n, bits := All(), w.bits[0]
	if rng.IntN(2) == 0 {
		n, bits = w.node(depth)
	}
	base = NewQuery(n, 0)
	sets := make([][]*roaring.Bitmap, len(lengths))
	for d, length := range lengths {
		var qs []*Query
		for range length {
			n, b := w.node(depth)
			if f := rng.IntN(len(w.bits)); length > crossBitmaps && rng.IntN(8) > 0 {
				n, b = Bits(FieldID(f)), w.bits[f]
			}
			qs, sets[d] = append(qs, NewQuery(n, 0)), append(sets[d], b)
		}
		dims = append(dims, qs)
	}
	return base, dims, naiveCross(bits, sets)
}

func TestCross_equals_roaring(t *testing.T) {
	rng := newRand(t)
	for range 2 {
		w := newWorld(t, rng, 12, 2, 0)
		w.churn(40)
		for _, lengths := range [][]int{
			{}, {5}, {0}, {1, 40}, {40, 1}, {3, 0, 2}, {4, 3, 2}, {2, 3, 4}, {1, 1, 1, 1, 1, 1}, {2, 9, 3},
			// Gone through bitmap by bitmap.
			{100}, {100, 1}, {1, 200}, {3, 100, 2}, {0, 100, 8}, {100, 9},
		} {
			base, dims, want := crossWorld(rng, w, rng.IntN(3), lengths...)
			c, err := NewCross(base, dims...)
			if err != nil {
				t.Fatal(err)
			}
			src := w.source()
			for src.Workers = range 3 {
				got, err := c.Counts(t.Context(), src)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%v on %d workers: error %v, and against roaring (-want +got):\n%s", lengths, src.Workers, err, cmp.Diff(want, got))
				}
			}
			src.Workers, src.Budget = 0, &Budget{Blocks: 1 << 40}
			if got, err := c.Counts(t.Context(), src); err != nil || !slices.Equal(got, want) {
				t.Errorf("%v within a budget: error %v, and against roaring (-want +got):\n%s", lengths, err, cmp.Diff(want, got))
			}
		}
	}
}

// Where nobody is in two places of a dimension, profiles are counted by the codes of
// their places; where some are, they are not.
func TestCross_of_exclusive_queries_equals_roaring(t *testing.T) {
	rng := newRand(t)
	w := newWorld(t, rng, 24, 1, 0)
	w.churn(40)
	for _, lengths := range [][]int{{20, 12, 5}, {62, 60}, {100, 12}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {7, 0, 31, 3}} {
		for _, apart := range []bool{true, true, false} {
			n, bits := All(), w.bits[0]
			if rng.IntN(2) == 0 {
				n, bits = w.node(1)
			}
			sets, dims := make([][]*roaring.Bitmap, len(lengths)), make([][]*Query, len(lengths))
			for d, length := range lengths {
				before, beforeBits := Node{}, roaring.New()
				for range length {
					n, b := w.node(0)
					if apart || rng.IntN(20) > 0 {
						n, b = n.AndNot(before), roaring.AndNot(b, beforeBits)
					}
					before, beforeBits = before.Or(n), roaring.Or(beforeBits, b)
					dims[d], sets[d] = append(dims[d], NewQuery(n, 0)), append(sets[d], b)
				}
			}
			c, err := NewCross(NewQuery(n, 0), dims...)
			if err != nil {
				t.Fatal(err)
			}
			if c.planes == 0 {
				t.Fatalf("%v: there are no codes", lengths)
			}
			want, src := naiveCross(bits, sets), w.source()
			for src.Workers = range 3 {
				got, err := c.Counts(t.Context(), src)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%v on %d workers: error %v, and against roaring (-want +got):\n%s", lengths, src.Workers, err, cmp.Diff(want, got))
				}
			}
		}
	}
}

func TestNewCross_bounds(t *testing.T) {
	q, other := NewQuery(Bits(1), 0), NewQuery(Bits(1), 5)
	for name, tt := range map[string]struct {
		dims [][]*Query
		want string
	}{
		"another universe": {[][]*Query{{q}, {other}}, "universes"},
		"too many cells":   {[][]*Query{slices.Repeat([]*Query{q}, 5000), slices.Repeat([]*Query{q}, 5000)}, "cells"},
		"too many to keep": {[][]*Query{slices.Repeat([]*Query{q}, 1100), slices.Repeat([]*Query{q}, 1100)}, "1024"},
	} {
		if _, err := NewCross(q, tt.dims...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one about %q", name, err, tt.want)
		}
	}
}

func TestCross_ends_with_its_context_and_its_budget(t *testing.T) {
	w := newWorld(t, newRand(t), 6, 0, 0)
	c, err := NewCross(NewQuery(All(), 0), []*Query{NewQuery(Bits(1), 0), NewQuery(Bits(2), 0)}, []*Query{NewQuery(Bits(3), 0)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Counts(ctx, w.source()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	src, over := w.source(), (*BudgetError)(nil)
	for workers := range 3 {
		src.Budget, src.Workers = &Budget{Blocks: 1}, workers
		if got, err := c.Counts(t.Context(), src); !errors.As(err, &over) || got != nil {
			t.Errorf("%d workers counted %v (error: %v), want that of the budget alone", workers, got, err)
		}
	}
	c, err = NewCross(NewQuery(All(), 0), slices.Repeat([]*Query{NewQuery(Bits(1), 0)}, crossBitmaps))
	if err != nil {
		t.Fatal(err)
	}
	src.Budget, src.Workers = &Budget{Bytes: 1}, 0
	if got, err := c.Counts(t.Context(), src); !errors.As(err, &over) {
		t.Errorf("bitmap by bitmap it counted %v (error: %v), want that of the budget", got, err)
	}
}

// BenchmarkCross counts tables over four million profiles.
func BenchmarkCross(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	index := New(0)
	add := func(f FieldID, share float64) {
		tx := index.Begin()
		for i := range uint32(4 << 20) {
			if rng.Float64() < share {
				tx.Set(f, i, true)
			}
		}
		tx.Commit()
	}
	add(0, 1)
	dimension := func(from FieldID, n int, share float64) (out []*Query) {
		for i := range n {
			add(from+FieldID(i), share)
			out = append(out, NewQuery(Bits(from+FieldID(i)), 0))
		}
		return out
	}
	exclusive := func(from FieldID, n int) (out []*Query) {
		tx := index.Begin()
		for i := range uint32(4 << 20) {
			tx.Set(from+FieldID(rng.IntN(n)), i, true)
		}
		tx.Commit()
		for i := range n {
			out = append(out, NewQuery(Bits(from+FieldID(i)), 0))
		}
		return out
	}
	tables := map[string][][]*Query{"20x12x5-exclusive": {exclusive(100, 20), exclusive(120, 12), exclusive(132, 5)}, "20x12x5": {dimension(1, 20, 0.05), dimension(21, 12, 0.08), dimension(33, 5, 0.2)}}
	var each [][]*Query
	for i := range 8 {
		each = append(each, dimension(FieldID(40+i), 1, []float64{0.5, 0.35, 0.25, 0.2, 0.15, 0.1, 0.06, 0.03}[i]))
	}
	tables["overlap-8"] = each
	for name, dims := range tables {
		b.Run("table="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, err := NewCross(NewQuery(All(), 0), dims...)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := c.Counts(b.Context(), Source{Root: index.Root()}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
