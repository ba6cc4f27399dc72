package segment

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// densities are those of the benchmark's fields, in per cent: fields 1 to 6.
var densities = []int{30, 10, 50, 1, 5, 20}

// benchWorld makes random fields over that many profiles.
func benchWorld(b *testing.B, profiles uint32) (*Index, *memLoader, []*roaring.Bitmap) {
	b.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	ix, loader := New(0), newLoader()
	var bits []*roaring.Bitmap
	for i, percent := range densities {
		bm := roaring.New()
		for x := range profiles {
			if rng.IntN(100) < percent {
				bm.Add(x)
			}
		}
		bm.RunOptimize()
		bits = append(bits, bm)
		w := &world{ix: ix, loader: loader}
		w.attachTo(b, FieldID(i+1), bm, profiles)
	}
	return ix, loader, bits
}

func BenchmarkCount(b *testing.B) {
	const profiles = 10_000_000
	ix, loader, d := benchWorld(b, profiles)
	p := make([]Node, 6)
	for i := range p {
		p[i] = Bits(FieldID(i + 1))
	}
	cases := []struct {
		name    string
		node    Node
		roaring func() uint64
	}{
		{"and6", p[0].And(p[1:]...), func() uint64 {
			// By hand: the small array meets bitmaps first, the last is only counted.
			x := roaring.And(d[3], d[1])
			x.And(d[5])
			x.And(d[0])
			x.And(d[4])
			return x.AndCardinality(d[2])
		}},
		{"or6", p[0].Or(p[1:]...), func() uint64 {
			return roaring.FastOr(d...).GetCardinality()
		}},
		{"mixed-or", p[0].Or(p[1]).And(p[2]).AndNot(p[3]).Or(p[4].And(p[5])), func() uint64 {
			x := roaring.Or(d[0], d[1])
			x.And(d[2])
			x.AndNot(d[3])
			return x.OrCardinality(roaring.And(d[4], d[5]))
		}},
		{"mixed-andnot", p[0].Or(p[1]).And(p[2], p[5]).AndNot(p[3], p[4]), func() uint64 {
			x := roaring.Or(d[0], d[1])
			x.And(d[2])
			x.AndNot(d[4])
			x.AndNot(d[3])
			return x.AndCardinality(d[5])
		}},
	}
	for _, c := range cases {
		q := NewQuery(c.node, 0)
		src := Source{Root: ix.Root(), Loader: loader}
		want := c.roaring()
		if n, err := q.Count(b.Context(), src); err != nil || n != want { // loads the shards
			b.Fatal(n, err)
		}
		b.Run(fmt.Sprintf("expr=%s/profiles=1e7/engine=portrait", c.name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n, err := q.Count(b.Context(), src); err != nil || n != want {
					b.Fatal(n, err)
				}
			}
		})
		b.Run(fmt.Sprintf("expr=%s/profiles=1e7/engine=roaring", c.name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n := c.roaring(); n != want {
					b.Fatal(n)
				}
			}
		})
	}
}

func BenchmarkRange(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, full := range []bool{true, false} {
		ix := New(0)
		tx := ix.Begin()
		for x := range uint32(2 * shard.Span) {
			if full || rng.IntN(3) > 0 {
				tx.Put(1, x, SortableNumber(float64(rng.IntN(60_000))/100))
			}
		}
		src := Source{Root: tx.Commit(), Loader: newLoader()}
		q := NewQuery(Range(1, SortableNumber(100), SortableNumber(220)), 0)
		b.Run(fmt.Sprintf("full=%v/profiles=2e6", full), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := q.Count(b.Context(), src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCommit(b *testing.B) {
	w := newWorld(b, rand.New(rand.NewPCG(1, 2)), 20, 2, 0)
	src := w.source()
	for f := range FieldID(21) {
		if _, err := NewQuery(Bits(f), 0).Count(b.Context(), src); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		tx := w.ix.Begin()
		for f := range FieldID(5) {
			x := w.rng.Uint32N(worldSpan)
			ok, _ := tx.ix.Root().Contains(w.loader, f+1, x)
			tx.Set(f+1, x, !ok)
		}
		for range tx.Deltas() {
		}
		tx.Commit()
	}
}
