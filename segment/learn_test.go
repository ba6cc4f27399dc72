package segment

import (
	"sync"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// TestDirectory_learns loads fields by several readers at once, while other fields of
// the same page change, and holds what the directory then says of them against that of
// an index that was made in memory.
func TestDirectory_learns(t *testing.T) {
	rng := newRand(t)
	const fields, busy, shards = 24, 8, 3
	for range 4 {
		cold := &world{rng: rng, ix: New(0), loader: newLoader()}
		warm := New(0)
		tx := warm.Begin()
		for f := range fields {
			bm := roaring.New()
			for range 1 + rng.IntN(3) {
				from := uint64(rng.Uint32N(shards * shard.Span))
				bm.AddRange(from, min(from+1+uint64(rng.IntN(300)), shards*shard.Span))
			}
			if rng.IntN(4) == 0 { // a shard without an empty block
				for b := range uint64(shard.Blocks) {
					bm.Add(uint32(shard.Span + b*blockSpan))
				}
			}
			cold.bits = append(cold.bits, bm)
			cold.attachTo(t, FieldID(f), bm, (shards-1)*shard.Span)
			for x := range roaring.Values(bm) {
				tx.Set(FieldID(f), x, true)
			}
		}
		want := tx.Commit()
		var readers sync.WaitGroup
		for range 3 {
			src := cold.source()
			readers.Go(func() {
				for f := range fields - 1 {
					n, err := NewQuery(Bits(FieldID(f)).Or(Bits(FieldID(f+1))), 0).Count(t.Context(), src)
					if both := roaring.Or(cold.bits[f], cold.bits[f+1]).GetCardinality(); err != nil || n != both {
						t.Errorf("fields %d or %d: %d, %v; want %d", f, f+1, n, err, both)
					}
				}
			})
		}
		for i := range 100 { // fields that nobody reads, in the same page
			tx := cold.ix.Begin()
			tx.Set(FieldID(fields+i%busy), uint32(i), true)
			tx.Commit()
		}
		readers.Wait()
		src := cold.source() // what a copy of the page did not see yet is learned when it is read next
		for f := range FieldID(fields) {
			if _, err := NewQuery(Bits(f), 0).Set(t.Context(), src); err != nil {
				t.Fatal(err)
			}
		}
		for f := range FieldID(fields) {
			p, i := src.Root.dir.at(f)
			q, j := want.dir.at(f)
			a, b := p.fields[i], q.fields[j]
			if a.known != b.known || a.shape != b.shape || p.bounds[i] != q.bounds[j] {
				t.Errorf("field %d: %t, %x, %v was learned; %t, %x, %v in memory", f, a.known, a.shape, p.bounds[i], b.known, b.shape, q.bounds[j])
			}
			checkOutline(t, src.Root, f, cold.bits[f])
		}
	}
}
