package segment

import (
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

// TestQuery_counts_few_bitmaps_of_every_form counts the operations that are not
// left to the executor, on blocks and shards of every form: absent, packed,
// arrays, runs, words, full, and with toggles.
func TestQuery_counts_few_bitmaps_of_every_form(t *testing.T) {
	rng := newRand(t)
	w := &world{rng: rng, ix: New(0), loader: newLoader()}
	const fields, shards = 16, 3
	for f := range fields {
		bm := roaring.New()
		for s := range uint64(shards) {
			switch from := s * shard.Span; rng.IntN(4) {
			case 0: // absent
			case 1: // packed
				for range rng.IntN(400) {
					bm.Add(uint32(from) + rng.Uint32N(1<<uint(8+rng.IntN(13))))
				}
			default:
				for b := range uint64(3) {
					w.fillBlock(bm, from+b*blockSpan)
				}
			}
		}
		w.bits = append(w.bits, bm)
		w.attachTo(t, FieldID(f), bm, (shards-1)*shard.Span)
	}
	src := w.source()
	count := func(n Node, want *roaring.Bitmap) {
		t.Helper()
		q := NewQuery(n, 0)
		for src.Workers = range 3 {
			if got, err := q.Count(t.Context(), src); err != nil || got != want.GetCardinality() {
				t.Fatalf("on %d workers: %d, %v; want %d, in\n%s", src.Workers, got, err, want.GetCardinality(), q)
			}
		}
	}
	for round := range 2 {
		if round == 1 { // toggles
			tx := w.ix.Begin()
			for f, bm := range w.bits {
				for range 60 {
					x := rng.Uint32N(shards * shard.Span / 4)
					on := rng.IntN(2) == 0
					if tx.Set(FieldID(f), x, on); on {
						bm.Add(x)
					} else {
						bm.Remove(x)
					}
				}
			}
			w.loader.merge(tx)
			tx.Commit()
			src.Root = w.ix.Root()
		}
		for range 400 {
			n := make([]Node, 2+rng.IntN(4))
			b := make([]*roaring.Bitmap, len(n))
			for i := range n {
				f := rng.IntN(fields)
				n[i], b[i] = Bits(FieldID(f)), w.bits[f]
			}
			count(n[0].And(n[1]), roaring.And(b[0], b[1]))
			count(n[0].Or(n[1]), roaring.Or(b[0], b[1]))
			count(n[0].Xor(n[1]), roaring.Xor(b[0], b[1]))
			count(n[0].AndNot(n[1]), roaring.AndNot(b[0], b[1]))
			count(n[0].And(n[1:]...), roaring.FastAnd(b...))
			count(n[0].Or(n[1:]...), roaring.FastOr(b...))
			count(n[0].AndNot(n[1:]...), roaring.AndNot(b[0], roaring.FastOr(b[1:]...)))
			count(n[0].And(n[1]).AndNot(n[2:]...), roaring.AndNot(roaring.And(b[0], b[1]), roaring.FastOr(b[2:]...)))
		}
	}
}

func TestRuns_equal_words(t *testing.T) {
	rng := newRand(t)
	draw := func() ([]uint16, *words) {
		var w words
		for range rng.IntN(6) {
			from := rng.IntN(blockSpan)
			w.SetRange(from, min(blockSpan, from+1+rng.IntN(20_000)))
		}
		if rng.IntN(3) == 0 {
			w.SetRange(blockSpan-1, blockSpan)
		}
		return appendRuns(nil, &w), &w
	}
	equal := func(what string, runs []uint16, bit func(i int) uint64) {
		t.Helper()
		var got words
		v := runsView(runs)
		v.fill(&got)
		card := 0
		for i := range got {
			if got[i] != bit(i) {
				t.Fatalf("%s: word %d is %x, want %x", what, i, got[i], bit(i))
			}
		}
		if card = popcount(&got); card != v.card {
			t.Fatalf("%s: card %d, want %d", what, v.card, card)
		}
	}
	for range 500 {
		a, x := draw()
		b, y := draw()
		equal("meet", meetRuns(nil, a, b), func(i int) uint64 { return x[i] & y[i] })
		equal("cut", cutRuns(nil, a, b), func(i int) uint64 { return x[i] &^ y[i] })
		equal("join", joinRuns(nil, a, b), func(i int) uint64 { return x[i] | y[i] })
		ops := [2]*words{x, y}
		both := andWords(nil, ops[:], 2)
		if n := countRuns(a, b); n != both {
			t.Fatalf("countRuns is %d, want %d", n, both)
		}
		if n := countRanges(x, b); n != both {
			t.Fatalf("countRanges is %d, want %d", n, both)
		}
		values := appendValues(nil, x)
		if n := countInRuns(values, b); n != both {
			t.Fatalf("countInRuns is %d, want %d", n, both)
		}
	}
}
