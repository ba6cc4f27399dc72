package segment

import (
	"fmt"
	"math"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// TestField_outline_is_all_members counts operations on fields of a few runs, at the ends
// of blocks and shards and anywhere, with each other and with larger fields.
func TestField_outline_is_all_members(t *testing.T) {
	rng := newRand(t)
	const few, fields, shards = 40, 52, 3
	w := &world{rng: rng, ix: New(0), loader: newLoader()}
	place := func() uint64 {
		x := uint64(rng.IntN(shards*shard.Blocks)) * blockSpan
		switch rng.IntN(4) {
		case 0: // the end of a block, or the beginning of the next
			return min(x+blockSpan-uint64(rng.IntN(2)), shards*shard.Span-1)
		case 1:
			return x + uint64(rng.IntN(6))
		}
		return x + uint64(rng.IntN(blockSpan))
	}
	for f := range fields {
		bm := roaring.New()
		switch {
		case f < few:
			for range rng.IntN(4) {
				from := place()
				bm.AddRange(from, min(from+1+uint64(rng.IntN(4))*uint64(rng.IntN(1<<uint(1+rng.IntN(18)))), shards*shard.Span))
			}
		default:
			for s := range uint64(shards) {
				for b := range uint64(rng.IntN(5)) {
					w.fillBlock(bm, s*shard.Span+b*blockSpan)
				}
			}
			for range rng.IntN(50) {
				bm.Add(uint32(place()))
			}
		}
		w.bits = append(w.bits, bm)
		w.attachTo(t, FieldID(f), bm, (shards-1)*shard.Span)
	}
	outlines := 0
	for range 6 {
		tx := w.ix.Begin()
		for f, bm := range w.bits {
			for range rng.IntN(4) / 2 {
				x, on := uint32(place()), rng.IntN(2) == 0
				if f < few && !bm.IsEmpty() { // grow, shrink or part a run
					x = bm.ToArray()[rng.IntN(int(bm.GetCardinality()))]
					x += uint32(rng.IntN(2))
				}
				if x >= shards*shard.Span {
					continue
				}
				if tx.Set(FieldID(f), x, on); on {
					bm.Add(x)
				} else {
					bm.Remove(x)
				}
			}
		}
		w.loader.merge(tx)
		tx.Commit()
		src := w.source()
		for f, bm := range w.bits {
			outlines += checkOutline(t, src.Root, FieldID(f), bm)
			for range 20 {
				g := rng.IntN(fields)
				other := w.bits[g]
				a, b := Bits(FieldID(f)), Bits(FieldID(g))
				for op, c := range map[string]struct {
					n    Node
					want *roaring.Bitmap
				}{
					"and": {a.And(b), roaring.And(bm, other)}, "or": {a.Or(b), roaring.Or(bm, other)},
					"andnot": {a.AndNot(b), roaring.AndNot(bm, other)}, "xor": {a.Xor(b), roaring.Xor(bm, other)},
				} {
					if n, err := NewQuery(c.n, 0).Count(t.Context(), src); err != nil || n != c.want.GetCardinality() {
						t.Fatalf("fields %d %s %d: %d, %v; want %d", f, op, g, n, err, c.want.GetCardinality())
					}
				}
			}
		}
	}
	if outlines < few/2 {
		t.Errorf("%d fields had outlines", outlines)
	}
}

// checkOutline holds a field's outline, if it has one, against its members, and returns
// how many outlines it has.
func checkOutline(t *testing.T, root *Root, id FieldID, members *roaring.Bitmap) int {
	t.Helper()
	p, i := root.dir.at(id)
	f, b := p.fields[i], p.bounds[i]
	if !f.known {
		for x := range roaring.Values(members) {
			if f.shape>>(x/blockSpan%64)&1 == 0 {
				t.Fatalf("field %d has %d, its print is %x", id, x, f.shape)
			}
		}
		return 0
	}
	all := roaring.New()
	all.AddRange(uint64(b.first), uint64(f.outline().head)+1)
	if f.outline().tail <= ^b.notLast {
		all.AddRange(uint64(f.outline().tail), uint64(^b.notLast)+1)
	}
	if !all.Equals(members) {
		t.Fatalf("field %d is %v, its outline %v", id, members, all)
	}
	return 1
}

// TestField_outline_at_the_last_ordinal has members at either end of all ordinals.
func TestField_outline_at_the_last_ordinal(t *testing.T) {
	ix := New(0)
	sets := [][]uint32{{math.MaxUint32}, {0, math.MaxUint32}, {0}, {math.MaxUint32 - 1, math.MaxUint32}, {1, math.MaxUint32 - 1}}
	tx := ix.Begin()
	for i, set := range sets {
		for _, x := range set {
			tx.Set(FieldID(i), x, true)
		}
	}
	src := Source{Root: tx.Commit()}
	for i, a := range sets {
		checkOutline(t, src.Root, FieldID(i), roaring.BitmapOf(a...))
		for j, b := range sets {
			want := roaring.BitmapOf(a...).AndCardinality(roaring.BitmapOf(b...))
			n, err := NewQuery(Bits(FieldID(i)).And(Bits(FieldID(j))), 0).Count(t.Context(), src)
			if err != nil || n != want {
				t.Error(fmt.Sprint(a, " and ", b, ": ", n, ", ", err, "; want ", want))
			}
		}
	}
}
