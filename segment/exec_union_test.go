package segment

import (
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// TestQuery_counts_unions_of_many unites bitmaps of every form, many of them, that
// have few shards in common, with toggles and under commits.
func TestQuery_counts_unions_of_many(t *testing.T) {
	rng := newRand(t)
	w := &world{rng: rng, ix: New(0), loader: newLoader()}
	const fields, shards = 120, 9
	for f := range fields {
		bm := roaring.New()
		switch {
		case f%40 == 39: // everything in a shard
			from := rng.Uint64N(shards) * shard.Span
			bm.AddRange(from, from+shard.Span)
		case f%3 == 0: // tiny, anywhere
			for range 1 + rng.IntN(30) {
				bm.Add(rng.Uint32N(shards * shard.Span))
			}
		case f%3 == 1: // runs
			for range 1 + rng.IntN(5) {
				at := rng.Uint64N(shards * shard.Span)
				bm.AddRange(at, min(at+rng.Uint64N(50_000), shards*shard.Span))
			}
		default:
			for range 2 {
				w.fillBlock(bm, rng.Uint64N(shards*shard.Blocks)*blockSpan)
			}
		}
		w.bits = append(w.bits, bm)
		w.attachTo(t, FieldID(f), bm, (shards-1)*shard.Span)
	}
	for range 4 {
		for range 60 {
			n := 3 + rng.IntN(fields)
			if rng.IntN(2) == 0 {
				n = 3 + rng.IntN(6)
			}
			nodes, maps := make([]Node, n), make([]*roaring.Bitmap, n)
			for i := range n {
				f := rng.IntN(fields)
				nodes[i], maps[i] = Bits(FieldID(f)), w.bits[f]
			}
			want := roaring.FastOr(maps...).GetCardinality()
			got, err := NewQuery(nodes[0].Or(nodes[1:]...), 0).Count(t.Context(), w.source())
			if err != nil || got != want {
				t.Fatalf("the union of %d: %d (%v), want %d", n, got, err, want)
			}
		}
		for f, bm := range w.bits {
			if n, err := NewQuery(Bits(FieldID(f)), 0).Count(t.Context(), w.source()); err != nil || n != bm.GetCardinality() {
				t.Fatalf("field %d has %d (%v), want %d", f, n, err, bm.GetCardinality())
			}
		}
		tx := w.ix.Begin()
		for f, bm := range w.bits {
			for range rng.IntN(40) {
				x := rng.Uint32N(shards * shard.Span)
				if !bm.IsEmpty() && rng.IntN(2) == 0 {
					x, _ = bm.Select(rng.Uint32N(uint32(bm.GetCardinality())))
				}
				if bm.Contains(x) {
					bm.Remove(x)
				} else {
					bm.Add(x)
				}
				tx.Set(FieldID(f), x, bm.Contains(x))
			}
		}
		w.loader.merge(tx)
		tx.Commit()
	}
}
