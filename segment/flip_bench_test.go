package segment

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// BenchmarkFlip changes one bit of a shard after another, as commits do.
func BenchmarkFlip(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	some := func(n int) *roaring.Bitmap {
		bm := roaring.New()
		for range n {
			bm.Add(rng.Uint32N(shard.Span))
		}
		return bm
	}
	full, clusters := roaring.New(), roaring.New()
	full.AddRange(0, shard.Span)
	for at := uint64(0); at < shard.Span; at += 10_000 {
		clusters.AddRange(at, at+1000)
	}
	for _, c := range []struct {
		name string
		bits *roaring.Bitmap
	}{
		{"10", some(10)},
		{"100", some(100)},
		{"1000", some(1000)},
		{"3000", some(3000)},
		{"10000", some(10_000)},
		{"30000", some(30_000)},
		{"dense", some(200_000)},
		{"clusters", clusters},
		{"full", full},
	} {
		w := &world{ix: New(0), loader: newLoader()}
		w.attachTo(b, 1, c.bits, 0)
		if _, err := NewQuery(Bits(1).Or(Range(9, 0, 1)), 0).Count(b.Context(), w.source()); err != nil {
			b.Fatal(err)
		}
		begin := w.ix.Root().dir.find(1).entries[0].slot.data.Load()
		b.Run(fmt.Sprintf("members=%s", c.name), func(b *testing.B) {
			b.ReportAllocs()
			now, n := begin, 0
			for b.Loop() {
				if n++; n%1000 == 0 {
					now = begin // so that it stays what it is
				}
				x := rng.Uint32N(shard.Span)
				now = now.with(changes{flips: []shard.Flip{shard.MakeFlip(x, n&1 == 0 || c.name == "10" && n > 2)}})
				if n%20 == 0 && c.name == "10" {
					now = begin
				}
			}
		})
	}
}
