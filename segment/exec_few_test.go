package segment

import (
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// TestQuery_counts_conjunctions_of_few counts conjunctions of bitmaps and unions whose
// blocks are empty, full, or hold a few values or runs, near to each other.
func TestQuery_counts_conjunctions_of_few(t *testing.T) {
	rng := newRand(t)
	w := &world{rng: rng, ix: New(0), loader: newLoader()}
	const fields, blocks = 14, 40
	for f := range fields {
		bm := roaring.New()
		for b := range uint64(blocks) {
			from := b * blockSpan
			switch form := rng.IntN(8); {
			case form == 0: // empty
			case form == 1:
				bm.AddRange(from, from+blockSpan)
			case form < 4 || f < 4:
				for range 1 + rng.IntN(20) {
					bm.Add(uint32(from) + rng.Uint32N(40))
				}
			default:
				for range 1 + rng.IntN(5) {
					at := from + rng.Uint64N(500)
					bm.AddRange(at, min(at+1+rng.Uint64N(100), from+blockSpan))
				}
			}
		}
		w.bits = append(w.bits, bm)
		w.attachTo(t, FieldID(f), bm, blocks*blockSpan/shard.Span*shard.Span)
	}
	for range 3000 {
		n, b := make([]Node, 7), make([]*roaring.Bitmap, 7)
		most := []int{4, fields}[rng.IntN(2)]
		for i := range n {
			f := rng.IntN(most)
			n[i], b[i] = Bits(FieldID(f)), w.bits[f]
		}
		either := roaring.Or(b[0], b[1])
		for _, c := range []struct {
			node Node
			want *roaring.Bitmap
		}{
			{n[0].Or(n[1]).And(n[2]), roaring.And(either, b[2])},
			{n[0].Or(n[1]).And(n[2]).AndNot(n[3]), roaring.AndNot(roaring.And(either, b[2]), b[3])},
			{n[0].Or(n[1]).And(n[2], n[4]).AndNot(n[3], n[5]), roaring.AndNot(roaring.FastAnd(either, b[2], b[4]), roaring.Or(b[3], b[5]))},
			{n[0].Or(n[1]).And(n[2], n[3].Or(n[4], n[5])), roaring.FastAnd(either, b[2], roaring.FastOr(b[3:6]...))},
		} {
			got, err := NewQuery(c.node, 0).Count(t.Context(), w.source())
			if err != nil || got != c.want.GetCardinality() {
				t.Fatalf("%d, %v; want %d, in\n%s", got, err, c.want.GetCardinality(), NewQuery(c.node, 0))
			}
		}
	}
}
