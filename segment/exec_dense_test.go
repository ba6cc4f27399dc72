package segment

import (
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// TestQuery_counts_dense_conjunctions counts conjunctions of bitmaps and unions whose
// blocks are mostly words, with toggles and under commits, and in between everything,
// nothing, arrays and runs.
func TestQuery_counts_dense_conjunctions(t *testing.T) {
	rng := newRand(t)
	w := &world{rng: rng, ix: New(0), loader: newLoader()}
	const fields, blocks = 9, 2 * shard.Blocks
	for f := range fields {
		bm := roaring.New()
		for b := range uint64(blocks) {
			switch form := rng.IntN(12); {
			case form == 0:
				w.fillBlock(bm, b*blockSpan)
			case form == 1 || f == fields-1:
				for range 1 + rng.IntN(900) {
					bm.Add(uint32(b*blockSpan) + rng.Uint32N(blockSpan))
				}
			default:
				for range 6000 {
					bm.Add(uint32(b*blockSpan) + rng.Uint32N(blockSpan))
				}
			}
		}
		w.bits = append(w.bits, bm)
		w.attachTo(t, FieldID(f), bm, shard.Span)
	}
	for range 3 {
		for range 40 {
			n, b := make([]Node, 7), make([]*roaring.Bitmap, 7)
			for i := range n {
				f := rng.IntN(fields)
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
				{n[0].Or(n[1], n[2]).And(n[3]).AndNot(n[4], n[5], n[6]), roaring.AndNot(roaring.And(roaring.Or(either, b[2]), b[3]), roaring.FastOr(b[4:]...))},
			} {
				got, err := NewQuery(c.node, 0).Count(t.Context(), w.source())
				if err != nil || got != c.want.GetCardinality() {
					t.Fatalf("%d, %v; want %d, in\n%s", got, err, c.want.GetCardinality(), NewQuery(c.node, 0))
				}
			}
		}
		tx := w.ix.Begin()
		for f, bm := range w.bits {
			for range rng.IntN(200) {
				x := rng.Uint32N(blocks * blockSpan)
				if bm.CheckedAdd(x) {
					tx.Set(FieldID(f), x, true)
				} else {
					bm.Remove(x)
					tx.Set(FieldID(f), x, false)
				}
			}
		}
		w.loader.merge(tx)
		tx.Commit()
	}
}

// TestExec_takes_dense_blocks_as_they_lie asks which conjunctions of a block are counted
// without the executor, and what the next block is.
func TestExec_takes_dense_blocks_as_they_lie(t *testing.T) {
	rng, ix := newRand(t), New(0)
	tx := ix.Begin()
	for f, n := range []int{9000, 8000, 7000, 300} {
		for range n {
			tx.Set(FieldID(f), rng.Uint32N(blockSpan), true)
			tx.Set(FieldID(f), blockSpan+rng.Uint32N(blockSpan), true)
		}
	}
	root := tx.Commit()
	a, b, c, few := Bits(0), Bits(1), Bits(2), Bits(3)
	for _, e := range []struct {
		node Node
		ok   bool
	}{
		{a.Or(b).And(c), true},
		{a.Or(b).And(c).AndNot(few), true},
		{a.Or(few).And(b).AndNot(c), true},
		{a.Or(b).And(few), false}, // whose values are looked up instead
	} {
		q := NewQuery(e.node, 0)
		x := newExec(t.Context(), q.program, Source{Root: root}, nil)
		x.enterShard(0)
		got, ok := x.countDense(x.p.roots[0], 0)
		if ok != e.ok || x.ahead.n != 0 {
			t.Errorf("%v, %d blocks left to ask for, in\n%s", ok, x.ahead.n, q)
		}
		for f, name := range []string{"a", "b"} {
			block := root.dir.find(FieldID(f)).slot(0).data.Load().bits.blocks[1]
			if ok && !slices.Contains(x.ahead.next[:], block.words) {
				t.Errorf("the second block of %s is not asked for, in\n%s", name, q)
			}
		}
		if want := x.at(0, true).card; ok && got != want {
			t.Errorf("%d, want %d, in\n%s", got, want, q)
		}
		x.release()
		if x.ahead != (ahead{}) {
			t.Error("a spare exec holds on to blocks")
		}
	}
}
