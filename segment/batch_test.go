package segment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/portraitdb/portrait/internal/shard"
)

func TestBatch_equals_roaring(t *testing.T) {
	rng := newRand(t)
	factored := 0
	for range 3 {
		w := newWorld(t, rng, 12, 2, 0)
		w.churn(40)
		var (
			queries []*Query
			wants   []*roaring.Bitmap
		)
		ask := func(n Node, want *roaring.Bitmap) {
			queries, wants = append(queries, NewQuery(n, 0)), append(wants, want)
		}
		for range 40 {
			ask(w.node(1 + rng.IntN(3)))
		}
		for _, p := range w.pool(10) {
			ask(p.node, p.want)
		}
		for range 120 { // of few operands each, so that they have many in common
			n, want := Node{}, roaring.New()
			for i := range 2 + rng.IntN(4) {
				f := 1 + rng.IntN(12)
				m, b := Bits(FieldID(f)), w.bits[f]
				switch {
				case i == 0 || rng.IntN(5) == 0:
					n, want = n.Or(m), roaring.Or(want, b)
				case rng.IntN(3) == 0:
					n, want = n.AndNot(m), roaring.AndNot(want, b)
				default:
					n, want = n.And(m), roaring.And(want, b)
				}
			}
			ask(n, want)
		}
		b, err := NewBatch(queries...)
		if err != nil {
			t.Fatal(err)
		}
		factored += b.slots
		src := w.source()
		for src.Workers = range 3 {
			counts, err := b.Counts(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range counts {
				if n != wants[i].GetCardinality() {
					t.Errorf("on %d workers: counted %d, want %d, in\n%s", src.Workers, n, wants[i].GetCardinality(), queries[i])
				}
			}
			sets, err := b.Sets(t.Context(), src)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range sets {
				if err := sameAs(s, wants[i]); err != nil {
					t.Errorf("on %d workers: %v, in\n%s", src.Workers, err, queries[i])
				}
				if s.Epoch() != 7 || s.AsOf() != 9 {
					t.Errorf("a set of epoch %d as of %d", s.Epoch(), s.AsOf())
				}
			}
			if err := sameAs(sets[0].Not(), roaring.AndNot(w.bits[0], wants[0])); err != nil {
				t.Errorf("Not: %v", err)
			}
		}
	}
	if factored == 0 {
		t.Error("nothing was found in common")
	}
}

func TestBatch_finds_what_queries_have_in_common(t *testing.T) {
	var queries []*Query
	for i := range FieldID(8) {
		queries = append(queries, NewQuery(Bits(1).And(Bits(2), Bits(10+i)).AndNot(Bits(3)), 0))
	}
	b, err := NewBatch(queries...)
	if err != nil {
		t.Fatal(err)
	}
	const want = "#1 is all of\n  bitmap[field 1]\n  bitmap[field 2]\n  minus bitmap[field 3]\nall of\n  bitmap[field 10]\n  #1\n"
	if got := b.text(nil); len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("got\n%s", got)
	}
}

func TestBatch_refuses_and_fails(t *testing.T) {
	w := newWorld(t, newRand(t), 3, 1, 0)
	if _, err := NewBatch(NewQuery(Bits(1), 0), NewQuery(Bits(1), 2)); err == nil {
		t.Error("two universes were taken")
	}
	none, err := NewBatch()
	if err != nil {
		t.Fatal(err)
	}
	if counts, err := none.Counts(t.Context(), w.source()); len(counts) != 0 || err != nil {
		t.Errorf("no queries: %v, %v", counts, err)
	}
	ask := func(ctx context.Context, src Source, ns ...Node) error {
		t.Helper()
		var queries []*Query
		for _, n := range ns {
			queries = append(queries, NewQuery(n, 0))
		}
		b, err := NewBatch(queries...)
		if err != nil {
			t.Fatal(err)
		}
		_, countErr := b.Counts(ctx, src)
		_, setErr := b.Sets(ctx, src)
		if (countErr == nil) != (setErr == nil) {
			t.Errorf("Counts: %v; Sets: %v", countErr, setErr)
		}
		return countErr
	}
	if err := ask(t.Context(), w.source(), Bits(1), HasValue(2)); err == nil {
		t.Error("a bitmap was read as a column")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ask(ctx, w.source(), Bits(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context: %v", err)
	}
	broken := w.source()
	broken.Loader = failingLoader{}
	broken.Root = func() *Root {
		ix := New(0)
		ix.Attach(1, Bitmap, []uint32{0})
		return ix.Root()
	}()
	for broken.Workers = range 3 {
		if err := ask(t.Context(), broken, Bits(1), Bits(1).Not()); !errors.Is(err, errDisk) {
			t.Errorf("on %d workers: %v", broken.Workers, err)
		}
	}
}

// tagWorld makes an index of tags over that many profiles, all loaded: field 0 is
// everyone, and of the others a fifth are held by 20 to 60 % of them, two fifths
// by 2 to 20 %, and two fifths by 0.1 to 2 %.
func tagWorld(profiles, tags int) *Index {
	ix := New(0)
	rng := rand.New(rand.NewPCG(1, 2))
	var edits []edit
	for f := range tags + 1 {
		share := 1.0
		if f > 0 {
			from, to := 0.2, 0.6
			switch f % 5 {
			case 1, 2:
				from, to = 0.02, 0.2
			case 3, 4:
				from, to = 0.001, 0.02
			}
			share = from + rng.Float64()*(to-from)
		}
		d := &field{id: FieldID(f), kind: Bitmap}
		for from := 0; from < profiles; from += shard.Span {
			m := &bitmap{bytes: largeBytes, blocks: new([shard.Blocks]*block)}
			for i := range m.blocks {
				var w words
				for x := range min(blockSpan, profiles-from-i*blockSpan) {
					if share == 1 || rng.Float64() < share {
						w[x>>6] |= 1 << (x & 63)
					}
				}
				m.put(i, newBlock(&w))
			}
			s := newSlot(Bitmap)
			s.data.Store(newContent(m))
			d.entries = append(d.entries, entry{makeKey(uint32(from/shard.Span), m.mask), s})
		}
		edits = append(edits, edit{d.id, d})
	}
	ix.root.Store(&Root{index: ix, dir: ix.Root().dir.with(edits)})
	return ix
}

// segments draws expressions of three to five tags. With shared they build on 30
// bases of two or three tags, as segments do that start from the same audience.
func segments(rng *rand.Rand, n, tags int, shared bool) []Node {
	tag := func() Node { return Bits(FieldID(1 + rng.IntN(tags))) }
	grow := func(n Node, operands int) Node {
		for range operands {
			switch rng.IntN(4) {
			case 0:
				n = n.AndNot(tag())
			case 1:
				n = n.And(tag().Or(tag()))
			default:
				n = n.And(tag())
			}
		}
		return n
	}
	bases := make([]Node, 30)
	for i := range bases {
		bases[i] = grow(tag(), 1+rng.IntN(2))
	}
	out := make([]Node, n)
	for i := range out {
		if shared {
			out[i] = grow(bases[rng.IntN(len(bases))], 1+rng.IntN(2))
		} else {
			out[i] = grow(tag(), 2+rng.IntN(3))
		}
	}
	return out
}

func BenchmarkBatch(b *testing.B) {
	const profiles, tags, count = 10_000_000, 200, 1000
	ix := tagWorld(profiles, tags)
	for _, shared := range []bool{false, true} {
		var queries []*Query
		for _, n := range segments(rand.New(rand.NewPCG(3, 4)), count, tags, shared) {
			queries = append(queries, NewQuery(n, 0))
		}
		src := Source{Root: ix.Root()}
		want := make([]uint64, count)
		one := func() {
			for i, q := range queries {
				want[i], _ = q.Count(b.Context(), src)
			}
		}
		one()
		batch, err := NewBatch(queries...)
		if err != nil {
			b.Fatal(err)
		}
		name := fmt.Sprintf("shared=%v/profiles=1e7/queries=%d", shared, count)
		b.Run(name+"/how=one_by_one", func(b *testing.B) {
			for b.Loop() {
				one()
			}
		})
		b.Run(name+"/how=batch", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				got, err := batch.Counts(b.Context(), src)
				if err != nil || !slices.Equal(got, want) {
					b.Fatal(err, "other counts")
				}
			}
		})
		b.Run(name+"/how=plan", func(b *testing.B) {
			for b.Loop() {
				if _, err := NewBatch(queries...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
