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

// TestQuery_counts_unions_within_a_shard unites many bitmaps of one or two shards: dense
// ones that come to everything in some blocks and nearly so in others, and small ones that
// fill the rest, or all but a member of it.
func TestQuery_counts_unions_within_a_shard(t *testing.T) {
	rng := newRand(t)
	rounds := 12
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		w := &world{rng: rng, ix: New(0), loader: newLoader()}
		const fields, span = 150, 2 * shard.Span
		hole := rng.Uint64N(span) // in nobody
		for f := range fields {
			bm := roaring.New()
			switch f % 10 {
			case 0, 9: // dense, more than are united at once in the last blocks
				from, one := span-(1+rng.Uint64N(3))*blockSpan, 2+rng.IntN(10)
				for i := range uint64(blockSpan) {
					if rng.IntN(one) == 0 {
						bm.Add(uint32(from + i))
					}
				}
			case 1: // half of a block as words, the other half mostly of another
				from := rng.Uint64N(4) * blockSpan
				parity := rng.Uint64N(2)
				for i := parity; i < blockSpan; i += 2 {
					bm.Add(uint32(from + i))
				}
			case 2, 3, 4: // long runs, which together come to whole blocks
				from := rng.Uint64N(span)
				bm.AddRange(from, min(from+10_000+rng.Uint64N(60_000), span))
			default:
				for range 1 + rng.IntN(200) {
					bm.Add(uint32(rng.Uint64N(span)))
				}
			}
			bm.Remove(uint32(hole))
			w.bits = append(w.bits, bm)
			w.attachTo(t, FieldID(f), bm, shard.Span)
		}
		for range 20 {
			picked := rng.Perm(fields)[:60+rng.IntN(fields-60)]
			nodes, maps := make([]Node, len(picked)), make([]*roaring.Bitmap, len(picked))
			for i, f := range picked {
				nodes[i], maps[i] = Bits(FieldID(f)), w.bits[f]
			}
			want := roaring.FastOr(maps...).GetCardinality()
			got, err := NewQuery(nodes[0].Or(nodes[1:]...), 0).Count(t.Context(), w.source())
			if err != nil || got != want {
				t.Fatalf("the union of %d: %d (%v), want %d", len(picked), got, err, want)
			}
		}
	}
}
