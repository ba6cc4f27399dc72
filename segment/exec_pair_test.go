package segment

import (
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// TestField_bounds_hold_all_members flips bits of small clusters, in commits to shards
// that are loaded and that are not, and holds the bounds against the members.
func TestField_bounds_hold_all_members(t *testing.T) {
	rng := newRand(t)
	const fields, shards = 12, 4
	w := &world{rng: rng, ix: New(0), loader: newLoader()}
	for f := range fields {
		bm := roaring.New()
		for range rng.IntN(3) {
			bm.AddRange(uint64(rng.Uint32N(shards*shard.Span)), uint64(rng.Uint32N(shards*shard.Span)))
		}
		w.bits = append(w.bits, bm)
		w.attachTo(t, FieldID(f), bm, (shards-1)*shard.Span)
	}
	exact, apart := 0, 0
	for range 300 {
		tx := w.ix.Begin()
		for f, bm := range w.bits {
			from := rng.Uint32N(shards * shard.Span)
			for range rng.IntN(6) {
				x, on := min(from+rng.Uint32N(2000), shards*shard.Span-1), rng.IntN(3) > 0
				if tx.Set(FieldID(f), x, on); on {
					bm.Add(x)
				} else {
					bm.Remove(x)
				}
			}
			if rng.IntN(4) == 0 {
				for _, x := range bm.ToArray()[:min(bm.GetCardinality(), 3000)] {
					tx.Set(FieldID(f), x, false)
					bm.Remove(x)
				}
			}
		}
		w.loader.merge(tx)
		tx.Commit()
		root := w.ix.Root()
		for f, bm := range w.bits {
			p, i := root.dir.at(FieldID(f))
			b := p.bounds[i]
			if bm.IsEmpty() {
				continue
			}
			if bm.Minimum() < b.first || bm.Maximum() > ^b.notLast {
				t.Fatalf("field %d lies from %d to %d, its bounds are from %d to %d", f, bm.Minimum(), bm.Maximum(), b.first, ^b.notLast)
			}
			if bm.Minimum() == b.first && bm.Maximum() == ^b.notLast {
				exact++
			}
			other := rng.IntN(fields)
			p, j := root.dir.at(FieldID(other))
			if both := roaring.And(bm, w.bits[other]).GetCardinality(); b.apart(&p.bounds[j]) {
				if apart++; both > 0 {
					t.Fatalf("fields %d and %d are not apart", f, other)
				}
			}
			q := NewQuery(Bits(FieldID(f)).And(Bits(FieldID(other))), 0)
			n, err := q.Count(t.Context(), w.source())
			if want := roaring.And(bm, w.bits[other]).GetCardinality(); err != nil || n != want {
				t.Fatalf("fields %d and %d have %d members in common, %v; want %d", f, other, n, err, want)
			}
		}
	}
	if exact == 0 || apart == 0 {
		t.Errorf("%d bounds were exact, %d pairs apart", exact, apart)
	}
}
