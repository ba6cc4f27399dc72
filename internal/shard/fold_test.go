package shard

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// model is the naive shard: exactly one of the maps is of use, by column.
type model struct {
	column bool
	bits   map[uint32]bool // false: known to be clear
	cells  map[uint32]Cell
	whole  bool
}

func (m *model) reset(column bool) {
	*m = model{column: column, bits: map[uint32]bool{}, cells: map[uint32]Cell{}, whole: true}
}

// apply is the definition of one more value on top.
func (m *model) apply(t interface{ Fatal(...any) }, v []byte) {
	form, err := FormOf(v)
	if err != nil {
		return
	}
	switch form {
	case BitDelta:
		flips, err := DecodeBitDelta(nil, v)
		if err != nil || len(flips) == 0 {
			return
		}
		if m.column {
			m.reset(false)
		}
		for _, f := range flips {
			m.bits[f.Offset()] = f.On()
		}
	case ColumnDelta:
		cells, err := DecodeColumnDelta(nil, v)
		if err != nil || len(cells) == 0 {
			return
		}
		if !m.column {
			m.reset(true)
		}
		for _, c := range cells {
			m.cells[c.Offset] = c
		}
	case BitBase:
		if _, err := DecodeBitBase(nil, v); err != nil {
			return
		}
		m.reset(false)
		for off := range decodeBits(t, v) {
			m.bits[off] = true
		}
	case ColumnBase:
		if _, err := DecodeColumnBase(nil, v); err != nil {
			return
		}
		m.reset(true)
		for off, x := range decodeColumn(t, v) {
			m.cells[off] = Cell{Offset: off, Value: x}
		}
	}
}

func decodeBits(t interface{ Fatal(...any) }, v []byte) map[uint32]bool {
	cs, err := DecodeBitBase(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	out := map[uint32]bool{}
	for _, c := range cs {
		var w Words
		c.Fill(&w)
		for i := range BlockSpan {
			if w[i>>6]>>(i&63)&1 == 1 {
				out[uint32(c.Key)<<16|uint32(i)] = true
			}
		}
	}
	return out
}

func decodeColumn(t interface{ Fatal(...any) }, v []byte) map[uint32]int64 {
	cs, err := DecodeColumnBase(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	out := map[uint32]int64{}
	for _, c := range cs {
		for slot := range ChunkSpan {
			if x, ok := c.At(uint8(slot)); ok {
				out[uint32(c.Index)*ChunkSpan+uint32(slot)] = x
			}
		}
	}
	return out
}

func genOffset(clustered bool) *rapid.Generator[uint32] {
	if clustered {
		return rapid.Uint32Range(0, 300)
	}
	return rapid.OneOf(rapid.Uint32Range(0, Span-1), rapid.Uint32Range(0, 2000), rapid.Uint32Range(BlockSpan-200, BlockSpan+200), rapid.Just[uint32](Span-1))
}

func genNumber() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Int64(),
		rapid.Int64Range(-3, 300),
		rapid.Custom(func(t *rapid.T) int64 { return Sortable(float64(rapid.IntRange(-50, 100000).Draw(t, "i"))) }),
		rapid.Custom(func(t *rapid.T) int64 { return Sortable(float64(rapid.IntRange(0, 100000).Draw(t, "c")) / 100) }),
		rapid.Custom(func(t *rapid.T) int64 { return Sortable(rapid.Float64Range(-1e9, 1e9).Draw(t, "f")) }),
		rapid.Custom(func(t *rapid.T) int64 {
			return 1767225600_000_000 + 86_400_000_000*rapid.Int64Range(0, 400).Draw(t, "d")
		}),
		rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 0, Sortable(math.Inf(1)), Sortable(math.Inf(-1))}),
	)
}

// genValue draws a durable value of the kind.
func genValue(column bool) *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		clustered := rapid.Bool().Draw(t, "clustered")
		offs := rapid.SliceOfNDistinct(genOffset(clustered), 0, 40, rapid.ID[uint32]).Draw(t, "offsets")
		slices.Sort(offs)
		base := rapid.IntRange(0, 3).Draw(t, "base") == 0
		if column {
			cells := make([]Cell, len(offs))
			for i, off := range offs {
				if cells[i].Offset = off; !base && rapid.Bool().Draw(t, "deleted") {
					cells[i].Deleted = true
				} else {
					cells[i].Value = genNumber().Draw(t, "value")
				}
			}
			if base {
				return AppendColumnBase(nil, chunksOf(cells))
			}
			return AppendColumnDelta(nil, cells)
		}
		flips := make([]Flip, len(offs))
		for i, off := range offs {
			flips[i] = MakeFlip(off, base || rapid.Bool().Draw(t, "on"))
		}
		if base {
			f := folded{flips: [][]Flip{flips}}
			if v := f.appendBits(nil); v != nil {
				return v
			}
			return AppendBitBase(nil, nil)
		}
		return AppendBitDelta(nil, flips)
	})
}

func chunksOf(cells []Cell) []Numbered {
	var out []Numbered
	for len(cells) > 0 {
		index := cells[0].Offset / ChunkSpan
		n := 0
		for n < len(cells) && cells[n].Offset/ChunkSpan == index {
			n++
		}
		out = append(out, Numbered{Index: uint16(index), Chunk: (*Chunk)(nil).With(cells[:n])})
		cells = cells[n:]
	}
	return out
}

func genValues() *rapid.Generator[[][]byte] {
	return rapid.Custom(func(t *rapid.T) [][]byte {
		mixed := rapid.IntRange(0, 4).Draw(t, "mixed") == 0
		column := rapid.Bool().Draw(t, "column")
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []byte {
			if rapid.IntRange(0, 9).Draw(t, "malformed") == 0 {
				return rapid.SampledFrom([][]byte{nil, {1}, {2, 1}, {1, 9}, {1, 2, 5}, {1, 1, 0, 0}, {1, 4, 1, 0}}).Draw(t, "bad")
			}
			return genValue(column != (mixed && rapid.Bool().Draw(t, "other"))).Draw(t, "value")
		}), 0, 12).Draw(t, "values")
	})
}

func TestFoldBase_equals_the_model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := genValues().Draw(t, "values")
		var m model
		m.reset(false)
		m.whole = false
		for _, v := range values {
			m.apply(t, v)
		}
		maps.DeleteFunc(m.bits, func(_ uint32, on bool) bool { return !on })
		maps.DeleteFunc(m.cells, func(_ uint32, c Cell) bool { return c.Deleted })
		out, empty, _ := FoldBase([]byte("prefix"), values)
		out = bytes.TrimPrefix(out, []byte("prefix"))
		if empty {
			if len(out) != 0 || len(m.bits)+len(m.cells) != 0 {
				t.Fatalf("empty with %d bytes; the model holds %d bits and %d cells", len(out), len(m.bits), len(m.cells))
			}
			return
		}
		form, err := FormOf(out)
		if err != nil {
			t.Fatal(err)
		}
		if form == BitBase {
			if d := cmp.Diff(m.bits, decodeBits(t, out)); d != "" {
				t.Fatalf("bits (-model +fold):\n%s", d)
			}
		} else {
			want := map[uint32]int64{}
			for off, c := range m.cells {
				want[off] = c.Value
			}
			if d := cmp.Diff(want, decodeColumn(t, out)); d != "" {
				t.Fatalf("cells (-model +fold):\n%s", d)
			}
		}
		again, _, skipped := FoldBase(nil, [][]byte{out})
		if skipped != 0 || !bytes.Equal(again, out) {
			t.Fatal("a base folded alone is not itself")
		}
	})
}

func TestFold_is_associative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := genValues().Draw(t, "values")
		wantBase, wantEmpty, _ := FoldBase(nil, values)
		wantDelta, _ := FoldDelta(nil, values)
		parts := values
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			var next [][]byte
			for rest := parts; len(rest) > 0; {
				n := rapid.IntRange(1, len(rest)).Draw(t, "group")
				v, _ := FoldDelta(nil, rest[:n])
				next, rest = append(next, v), rest[n:]
			}
			parts = next
		}
		gotBase, gotEmpty, skipped := FoldBase(nil, parts)
		if gotEmpty != wantEmpty || !bytes.Equal(gotBase, wantBase) {
			t.Fatalf("grouped base %x (empty %v), at once %x (empty %v)", gotBase, gotEmpty, wantBase, wantEmpty)
		}
		gotDelta, _ := FoldDelta(nil, parts)
		if !bytes.Equal(gotDelta, wantDelta) {
			t.Fatalf("grouped delta %x, at once %x", gotDelta, wantDelta)
		}
		mixed := false
		for _, p := range parts {
			f, _ := FormOf(p)
			first, _ := FormOf(parts[0])
			mixed = mixed || (f > BitDelta) != (first > BitDelta)
		}
		if skipped != 0 && !mixed {
			t.Fatalf("%d folded values are malformed", skipped)
		}
	})
}

func TestFold_is_idempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := genValues().Draw(t, "values")
		once, _ := FoldDelta(nil, values)
		twice, _ := FoldDelta(nil, slices.Concat(values, [][]byte{once}))
		base, _, _ := FoldBase(nil, values)
		again, _, _ := FoldBase(nil, slices.Concat(values, [][]byte{once}))
		if !bytes.Equal(once, twice) || !bytes.Equal(base, again) {
			t.Fatal("applying a delta again changed the outcome")
		}
	})
}

func TestFold_counts_what_it_skips(t *testing.T) {
	bits := AppendBitDelta(nil, []Flip{MakeFlip(7, true)})
	cells := AppendColumnDelta(nil, []Cell{{Offset: 7, Value: 1}})
	tests := map[string]struct {
		values [][]byte
		want   int
	}{
		"nothing":                  {nil, 0},
		"a malformed value":        {[][]byte{bits, {1, 2, 3}, bits}, 1},
		"a value of another kind":  {[][]byte{cells, bits}, 1},
		"an unknown version":       {[][]byte{{9, 2, 0, 0}}, 1},
		"an empty delta is no one": {[][]byte{cells, AppendBitDelta(nil, nil), cells}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, _, got := FoldBase(nil, tt.values); got != tt.want {
				t.Errorf("FoldBase skipped %d, want %d", got, tt.want)
			}
			if _, got := FoldDelta(nil, tt.values); got != tt.want {
				t.Errorf("FoldDelta skipped %d, want %d", got, tt.want)
			}
		})
	}
}

func BenchmarkFoldBase(b *testing.B) {
	var flips []Flip
	for off := uint32(0); off < Span; off += 10 {
		flips = append(flips, MakeFlip(off, true))
	}
	base, _, _ := FoldBase(nil, [][]byte{AppendBitDelta(nil, flips)})
	values := [][]byte{base}
	for i := range uint32(64) {
		values = append(values, AppendBitDelta(nil, []Flip{MakeFlip(i*16001, i%2 == 0)}))
	}
	b.ReportAllocs()
	for b.Loop() {
		FoldBase(nil, values)
	}
}
