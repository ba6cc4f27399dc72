package segment

import (
	"cmp"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/portraitdb/portrait/internal/draw"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// What a lot gives is at least a number exactly where it lies in the spans, at their
// ends too.
func TestLotsFrom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		x := &syntax.Draw{N: r.IntN(3) * (1 + r.IntN(10))}
		number := r.Float64()
		if x.N > 0 {
			number = float64(r.IntN(x.N+3)) - float64(r.IntN(2))/2
		}
		if r.IntN(5) == 0 {
			number = []float64{-1, 0, 1, 2, 1e30}[r.IntN(5)]
		}
		above := r.IntN(2) == 0
		spans := lotsFrom(x, number, above)
		check := func(lot uint64) {
			gives := draw.Fraction(lot)
			if x.N > 0 {
				gives = float64(draw.Bucket(lot, x.N))
			}
			want := gives > number || gives == number && !above
			if got := holds(spans, SortableLot(lot)); got != want {
				t.Fatalf("draw of %d parts, at least %v (above %t): lot %x gives %v: %t", x.N, number, above, lot, gives, got)
			}
		}
		for _, lot := range []uint64{0, 1, 1<<64 - 1, 1 << 63, r.Uint64()} {
			check(lot)
		}
		for _, s := range spans {
			edge := uint64(s.Lo) ^ 1<<63
			check(edge)
			if edge > 0 {
				check(edge - 1)
			}
		}
	}
}

// Every operator takes in the lots that a naive comparison takes in, and a list of any
// length is one leaf, of spans that do not touch.
func TestLotsWhere(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	number := func(x *syntax.Draw) float64 {
		switch r.IntN(4) {
		case 0:
			return []float64{-1, 0, 1, 2, 1e30, 0x1p-53, 1 - 0x1p-53, 0x1p-54, math.Inf(1), math.Inf(-1), 1e-20}[r.IntN(11)]
		case 1:
			return r.Float64()
		}
		return float64(r.IntN(x.N + 3))
	}
	ops := []syntax.Op{syntax.Eq, syntax.Ne, syntax.Lt, syntax.Le, syntax.Gt, syntax.Ge}
	for range 2000 {
		x := &syntax.Draw{N: r.IntN(3) * (1 + r.IntN(1000))}
		gives := func(lot uint64) float64 {
			if x.N > 0 {
				return float64(draw.Bucket(lot, x.N))
			}
			return draw.Fraction(lot)
		}
		n, op := number(x), ops[r.IntN(len(ops))]
		want := func(lot uint64) bool {
			g := gives(lot)
			return compares(op, cmp.Compare(g, n))
		}
		spans := lotsWhere(x, op, n)
		lots := []uint64{0, 1 << 11, 1<<11 - 1, 1<<64 - 1, 1 << 63, r.Uint64()}
		for _, s := range spans {
			for _, edge := range []uint64{uint64(s.Lo) ^ 1<<63, uint64(s.Hi) ^ 1<<63} {
				lots = append(lots, edge, edge-1, edge+1)
			}
		}
		for _, lot := range lots {
			if got := holds(spans, SortableLot(lot)); got != want(lot) {
				t.Fatalf("draw of %d parts, op %v %v: lot %x gives %v: %t", x.N, op, n, lot, gives(lot), got)
			}
		}
	}
}

type lotCatalog struct{ Catalog }

func (lotCatalog) Lots() (FieldID, bool) { return 1, true }

func TestLots_of_a_list_are_one_leaf(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	x := &syntax.Draw{Salt: "layer", N: 100_000}
	var list []profile.Value
	in := map[int]bool{}
	for range 60_000 {
		b := r.IntN(x.N+2) - 1
		in[b] = true
		list = append(list, profile.Number(float64(b)))
	}
	for _, negated := range []bool{false, true} {
		k := &compiler{catalog: lotCatalog{}}
		n, ok := k.drawnAmong(x, &syntax.In{X: x, List: list, Negated: negated})
		if !ok || n.n == nil || n.n.op != opLot || len(n.n.kids) > 0 {
			t.Fatalf("negated %t: %+v is no leaf of lots", negated, n.n)
		}
		for i, s := range n.n.spans[1:] {
			if s.Lo-1 <= n.n.spans[i].Hi {
				t.Fatalf("span %d touches the one before", i+1)
			}
		}
		for range 20_000 {
			lot := r.Uint64()
			if got, want := holds(n.n.spans, SortableLot(lot)), in[draw.Bucket(lot, x.N)] != negated; got != want {
				t.Fatalf("negated %t: bucket %d is in it: %t", negated, draw.Bucket(lot, x.N), got)
			}
		}
	}
	k := &compiler{catalog: lotCatalog{}}
	if n, _ := k.drawnAmong(x, &syntax.In{X: x}); n.n != nil {
		t.Error("somebody is in an empty list")
	}
}

// The executor salts what a loop over the profiles salts.
func TestLots(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const everyone, column = FieldID(0), FieldID(1)
	ix := New(0)
	ix.Attach(everyone, Bitmap, nil)
	ix.Attach(column, Column, nil)
	tx := ix.Begin()
	keys := map[uint32]uint64{}
	for range 3000 {
		o := r.Uint32N(3 * blockSpan)
		if r.IntN(3) == 0 {
			o = r.Uint32N(600)
		}
		keys[o] = r.Uint64()
		tx.Set(everyone, o, true)
		tx.Put(column, o, int64(keys[o]))
	}
	tx.Commit()
	for range 200 {
		salt := r.Uint64()
		spans := joinSpans([]Span{{SortableLot(r.Uint64()), SortableLot(r.Uint64())}, {SortableLot(r.Uint64()), SortableLot(r.Uint64())}})
		n := Lots(column, salt, spans...)
		if r.IntN(2) == 0 {
			n = n.And(Range(column, -1<<62, 1<<62))
		}
		set, err := NewQuery(n, everyone).Set(t.Context(), Source{Root: ix.Root()})
		if err != nil {
			t.Fatal(err)
		}
		var want []uint32
		for o, key := range keys {
			if holds(spans, SortableLot(draw.Salted(key, salt))) && (n.node().op == opLot || int64(key) >= -1<<62 && int64(key) <= 1<<62) {
				want = append(want, o)
			}
		}
		if got := NewSet(Source{Root: ix.Root()}, want); !set.Equal(got) {
			t.Fatalf("%d, want %d", set.Count(), got.Count())
		}
	}
}

func BenchmarkLots(b *testing.B) {
	const people = 1 << 20
	ix := New(0)
	ix.Attach(0, Bitmap, nil)
	ix.Attach(1, Column, nil)
	tx := ix.Begin()
	r := rand.New(rand.NewPCG(3, 4))
	for o := range uint32(people) {
		tx.Set(0, o, true)
		tx.Put(1, o, int64(r.Uint64()))
	}
	tx.Commit()
	q := NewQuery(Lots(1, draw.Salt("exp"), Span{-1 << 63, -1 << 60}), 0)
	for b.Loop() {
		if _, err := q.Count(b.Context(), Source{Root: ix.Root()}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/people, "ns/profile")
}
