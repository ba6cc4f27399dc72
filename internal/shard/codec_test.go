package shard

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPortable_agrees_with_roaring(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, fill := range map[string]func(*roaring.Bitmap){
		"empty":  func(*roaring.Bitmap) {},
		"sparse": func(b *roaring.Bitmap) { b.Add(3); b.Add(1 << 17); b.Add(math.MaxUint32) },
		"dense": func(b *roaring.Bitmap) {
			for range 100_000 {
				b.Add(rng.Uint32N(400_000))
			}
		},
		"runs": func(b *roaring.Bitmap) { b.AddRange(10, 70_000); b.AddRange(200_000, 300_000); b.Add(1 << 30) },
		"full": func(b *roaring.Bitmap) { b.AddRange(0, 1<<20) },
		"at the array's limit": func(b *roaring.Bitmap) {
			for i := range uint32(4096) {
				b.Add(2 * i)
				b.Add(1<<16 + 3*i)
			}
			b.Add(65535)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bm := roaring.New()
			fill(bm)
			for _, optimize := range []bool{false, true} {
				if optimize {
					bm.RunOptimize()
				}
				data, err := bm.ToBytes()
				if err != nil {
					t.Fatal(err)
				}
				cs, err := ParsePortable(nil, data)
				if err != nil {
					t.Fatal(err)
				}
				var packed []Container
				var buf []byte
				for _, c := range cs {
					var w Words
					c.Fill(&w)
					var p Container
					p, buf = Pack(c.Key, &w, buf)
					packed = append(packed, p)
				}
				out := AppendPortable([]byte("x"), packed)[1:]
				back := roaring.New()
				if _, err := back.FromBuffer(out); err != nil {
					t.Fatal(err)
				}
				if err := back.Validate(); err != nil && !back.IsEmpty() {
					t.Fatal(err)
				}
				if !back.Equals(bm) {
					t.Fatal("the bitmap changed on the way")
				}
				if optimize && !bytes.Equal(out, data) {
					t.Error("the canonical bytes are not those of an optimised roaring bitmap")
				}
			}
		})
	}
}

func TestDelta_round_trip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offs := rapid.SliceOfDistinct(genOffset(false), rapid.ID[uint32]).Draw(t, "offsets")
		slices.Sort(offs)
		var flips []Flip
		var cells []Cell
		for _, off := range offs {
			on := rapid.Bool().Draw(t, "on")
			flips = append(flips, MakeFlip(off, on))
			c := Cell{Offset: off, Deleted: !on}
			if on {
				c.Value = genNumber().Draw(t, "value")
			}
			cells = append(cells, c)
		}
		gotFlips, err := DecodeBitDelta(nil, AppendBitDelta(nil, flips))
		if err != nil || !slices.Equal(gotFlips, flips) {
			t.Fatalf("flips: %v %s", err, cmp.Diff(flips, gotFlips))
		}
		gotCells, err := DecodeColumnDelta(nil, AppendColumnDelta(nil, cells))
		if err != nil || !slices.Equal(gotCells, cells) {
			t.Fatalf("cells: %v %s", err, cmp.Diff(cells, gotCells))
		}
	})
}

func genCells() *rapid.Generator[[]Cell] {
	return rapid.Custom(func(t *rapid.T) []Cell {
		slots := rapid.SliceOfNDistinct(rapid.Uint32Range(0, ChunkSpan-1), 1, ChunkSpan, rapid.ID[uint32]).Draw(t, "slots")
		slices.Sort(slots)
		gen := rapid.OneOf(rapid.Just(genNumber()), rapid.Just(rapid.Int64Range(1000, 1200)),
			rapid.Just(rapid.Custom(func(t *rapid.T) int64 { return Sortable(float64(rapid.IntRange(-100, 60000).Draw(t, "c")) / 100) }))).Draw(t, "kind")
		cells := make([]Cell, len(slots))
		for i, s := range slots {
			cells[i] = Cell{Offset: s, Value: gen.Draw(t, "value")}
		}
		return cells
	})
}

func TestChunk_With_equals_a_map(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[uint8]int64{}
		var c *Chunk
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			cells := genCells().Draw(t, "cells")
			if rapid.Bool().Draw(t, "single") {
				cells = cells[:1]
			}
			for i := range cells {
				if rapid.IntRange(0, 2).Draw(t, "delete") == 0 {
					cells[i] = Cell{Offset: cells[i].Offset, Deleted: true}
					delete(want, uint8(cells[i].Offset))
				} else {
					want[uint8(cells[i].Offset)] = cells[i].Value
				}
			}
			c = c.With(cells)
			got := map[uint8]int64{}
			for slot := range ChunkSpan {
				if c == nil {
					break
				}
				if v, ok := c.At(uint8(slot)); ok {
					got[uint8(slot)] = v
					if v < c.Min || v > c.Max {
						t.Fatalf("value %d outside of the bounds %d to %d", v, c.Min, c.Max)
					}
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("(-map +chunk):\n%s", d)
			}
			if c != nil && c.N != len(want) {
				t.Fatalf("N is %d, want %d", c.N, len(want))
			}
		}
	})
}

func TestChunk_Below_halves_drawn_cells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := genCells().Draw(t, "cells")
		c := (*Chunk)(nil).With(cells)
		v := rapid.OneOf(genNumber(), rapid.Custom(func(t *rapid.T) int64 {
			return rapid.SampledFrom(cells).Draw(t, "near").Value + rapid.Int64Range(-1, 1).Draw(t, "by")
		})).Draw(t, "cut")
		cut := CutAt(v)
		limit, all := c.Below(&cut)
		for i, cell := range cells {
			if got, want := all || c.packed(i) < limit, cell.Value < v; got != want {
				t.Fatalf("value %d (packed %d) is below %d: %v, want %v; limit %d", cell.Value, c.packed(i), v, got, want, limit)
			}
		}
	})
}

func TestChunk_stays_narrow(t *testing.T) {
	tests := map[string]struct {
		value func(i int) int64
		width uint8
	}{
		"one value":            {func(int) int64 { return Sortable(3.25) }, 0},
		"small integers":       {func(i int) int64 { return Sortable(float64(i % 200)) }, 1},
		"amounts with cents":   {func(i int) int64 { return Sortable(float64(i*200+i%100) / 100) }, 2},
		"large amounts":        {func(i int) int64 { return Sortable(float64(i*1_000_003) / 100) }, 4},
		"days":                 {func(i int) int64 { return int64(i) * 86_400_000_000 }, 1},
		"instants of a year":   {func(i int) int64 { return 1767225600_000_000 + int64(i)*123_456_789_123 }, 8},
		"seconds of a year":    {func(i int) int64 { return 1767225600_000_000 + int64(i)*123_456_000_000 }, 1},
		"irrational fractions": {func(i int) int64 { return Sortable(math.Sqrt(float64(i + 2))) }, 8},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var cells []Cell
			for i := range ChunkSpan {
				cells = append(cells, Cell{Offset: uint32(i), Value: tt.value(i)})
			}
			if got := (*Chunk)(nil).With(cells).Width; got > tt.width {
				t.Errorf("%d bytes a value, want %d at most", got, tt.width)
			}
		})
	}
}

func TestSortable_keeps_order(t *testing.T) {
	fs := []float64{math.Inf(-1), -math.MaxFloat64, -1.5, -1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 1, 1.5, math.MaxFloat64, math.Inf(1), math.NaN()}
	for i, f := range fs {
		if i > 0 && Sortable(fs[i-1]) >= Sortable(f) {
			t.Errorf("%v does not sort before %v", fs[i-1], f)
		}
		if back := Number(Sortable(f)); back != f && !math.IsNaN(f) {
			t.Errorf("%v came back as %v", f, back)
		}
	}
	if Sortable(math.Copysign(0, -1)) != Sortable(0) {
		t.Error("negative zero is not zero")
	}
	if Sortable(math.Copysign(math.NaN(), -1)) <= Sortable(math.Inf(1)) {
		t.Error("a NaN with a sign does not sort beyond infinity")
	}
}

// FuzzDecode holds every decoder to its promise: an error or a content that is
// encoded and read again as itself.
func FuzzDecode(f *testing.F) {
	f.Add(AppendBitDelta(nil, []Flip{MakeFlip(1, true), MakeFlip(99, false)}))
	f.Add(AppendColumnDelta(nil, []Cell{{Offset: 1, Value: -5}, {Offset: 70_000, Deleted: true}}))
	var flips []Flip
	var cells []Cell
	for i := range uint32(6000) {
		flips = append(flips, MakeFlip(i*3, true), MakeFlip(i+BlockSpan*2, true))
		cells = append(cells, Cell{Offset: i * 2, Value: Sortable(float64(i) / 100)})
	}
	slices.Sort(flips)
	base, _, _ := FoldBase(nil, [][]byte{AppendBitDelta(nil, flips[:100])})
	f.Add(base)
	base, _, _ = FoldBase(nil, [][]byte{AppendBitDelta(nil, flips)})
	f.Add(base)
	base, _, _ = FoldBase(nil, [][]byte{AppendColumnDelta(nil, cells)})
	f.Add(base)
	f.Fuzz(func(t *testing.T, v []byte) {
		if flips, err := DecodeBitDelta(nil, v); err == nil {
			if again := AppendBitDelta(nil, flips); !bytes.Equal(again, v) {
				t.Fatalf("bit delta %x is written as %x", v, again)
			}
		}
		if cells, err := DecodeColumnDelta(nil, v); err == nil {
			if again, err := DecodeColumnDelta(nil, AppendColumnDelta(nil, cells)); err != nil || !slices.Equal(again, cells) {
				t.Fatalf("column delta %x: %v", v, err)
			}
		}
		out, empty, skipped := FoldBase(nil, [][]byte{v})
		if empty || skipped > 0 {
			return
		}
		again, _, skipped := FoldBase(nil, [][]byte{out})
		if skipped > 0 || !bytes.Equal(again, out) {
			t.Fatalf("%x folds to %x, which folds to %x", v, out, again)
		}
	})
}

// FuzzPortable holds the reader of roaring's format against roaring itself.
func FuzzPortable(f *testing.F) {
	bm := roaring.BitmapOf(1, 2, 3, 70_000, 1<<31)
	b, _ := bm.ToBytes()
	f.Add(b)
	bm.AddRange(5, 100_000)
	bm.RunOptimize()
	b, _ = bm.ToBytes()
	f.Add(b)
	f.Fuzz(func(t *testing.T, data []byte) {
		cs, err := ParsePortable(nil, data)
		if err != nil {
			return
		}
		theirs := roaring.New()
		if _, err := theirs.FromBuffer(data); err != nil {
			t.Fatalf("read here, but roaring says: %v", err)
		}
		card := 0
		for _, c := range cs {
			card += c.Card
		}
		if uint64(card) != theirs.GetCardinality() {
			t.Fatalf("cardinality %d, roaring says %d", card, theirs.GetCardinality())
		}
	})
}

func TestColumnBase_of_one_value_everywhere(t *testing.T) {
	var cells []Cell
	for off := range uint32(3 * ChunkSpan) {
		cells = append(cells, Cell{Offset: off})
	}
	base, empty, skipped := FoldBase(nil, [][]byte{AppendColumnDelta(nil, cells)})
	if empty || skipped != 0 {
		t.Fatalf("empty %v, skipped %d", empty, skipped)
	}
	if got := decodeColumn(t, base); len(got) != len(cells) {
		t.Errorf("%d values came back, want %d", len(got), len(cells))
	}
}
