package oracle

import (
	"bytes"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/shard"
)

func TestBits(t *testing.T) {
	// One array container of the offsets 1 and 65535, after the cookie 12346.
	stored := []byte{1, 1, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 1, 0, 0xff, 0xff}
	got, err := Bits(stored)
	if d := cmp.Diff([]uint32{1, 65535}, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	if got, err := Bits([]byte{1, 1, 0x3a, 0x30, 0, 0, 0, 0, 0, 0}); err != nil || len(got) > 0 {
		t.Errorf("of none: %v, %v", got, err)
	}
	change := func(at int, to byte) []byte {
		c := slices.Clone(stored)
		c[at] = to
		return c
	}
	for name, bad := range map[string][]byte{
		"nothing":           nil,
		"another version":   change(0, 2),
		"another form":      change(1, 2),
		"another cookie":    change(2, 0),
		"another shard":     change(10, 16), // the container of offsets from 2^20
		"a byte more":       append(slices.Clone(stored), 0),
		"a byte less":       stored[:len(stored)-1],
		"not ascending":     append(slices.Clone(stored[:18]), 1, 0, 1, 0), // 1 twice
		"without a payload": stored[:2],
	} {
		if got, err := Bits(bad); err == nil {
			t.Errorf("%s: reads as %v", name, got)
		}
	}
}

func TestColumn(t *testing.T) {
	stored := []byte{
		1, 3, 2, // two chunks
		1, 1, 5, 200, 0<<4 | 1, 19, 3, 0, 4, // chunk 1: offsets 5 and 200, base -10, factor 3, numbers 0 and 4
		0, 0, 7, 3<<4 | 2, 0, 1, 0x39, 0x30, // chunk 2: offset 7, scale 3, 12345 hundredths
	}
	got, err := Column(stored)
	want := map[uint32]int64{256 + 5: -10, 256 + 200: 2, 512 + 7: sortable(123.45)}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for _, f := range []float64{0, math.Copysign(0, -1), 1.5, -1.5, 1e300, -1e300, -5e-324} {
		if got, want := sortable(f), shard.Sortable(f); got != want {
			t.Errorf("sortable(%v) = %d, want %d", f, got, want)
		}
	}
	if sortable(-1.5) >= sortable(-1) || sortable(-1) >= sortable(0) || sortable(0) >= sortable(5e-324) || sortable(1) >= sortable(1.5) {
		t.Error("sortable numbers are out of order")
	}
	for n := range stored {
		if got, err := Column(stored[:n]); err == nil {
			t.Errorf("%d bytes of %d read as %v", n, len(stored), got)
		}
	}
	change := func(at int, to byte) []byte {
		c := slices.Clone(stored)
		c[at] = to
		return c
	}
	for name, bad := range map[string][]byte{
		"a byte more":             append(slices.Clone(stored), 0),
		"a width of nine":         change(7, 9),
		"an unknown scale":        change(7, 6<<4|1),
		"a chunk too far":         append([]byte{1, 3, 1, 0xff, 0x7f}, stored[4:12]...),
		"more chunks than follow": change(2, 3),
		"an endless integer":      append([]byte{1, 3}, bytes.Repeat([]byte{0x80}, 20)...),
		"an endless factor":       append(slices.Clone(stored[:9]), bytes.Repeat([]byte{0x80}, 20)...),
	} {
		if got, err := Column(bad); err == nil {
			t.Errorf("%s: reads as %v", name, got)
		}
	}
}

// What shard writes reads here as what was put in.
func TestCross_shard(t *testing.T) {
	const seed = 20261122
	r := rand.New(rand.NewPCG(seed, 6))
	for round := range 60 {
		span := 1 + r.IntN(shardSpan)
		values := map[uint32]int64{}
		for range r.IntN(3000) {
			var v int64
			switch round % 4 {
			case 0:
				v = shard.Sortable(float64(r.IntN(100_000)-50_000) / 100)
			case 1:
				v = r.Int64() - r.Int64()
			case 2:
				v = int64(r.IntN(5)) * 1000
			case 3:
				v = shard.Sortable(-r.ExpFloat64())
			}
			values[uint32(r.IntN(span))] = v
		}
		var flips []shard.Flip
		var cells []shard.Cell
		offsets := slices.Sorted(maps.Keys(values))
		if len(offsets) == 0 {
			continue
		}
		for _, offset := range offsets {
			flips = append(flips, shard.MakeFlip(offset, true))
			cells = append(cells, shard.Cell{Offset: offset, Value: values[offset]})
		}
		bits, _, _ := shard.FoldBase(nil, [][]byte{shard.AppendBitDelta(nil, flips)})
		gotBits, err := Bits(bits)
		if err != nil || !slices.Equal(gotBits, offsets) {
			t.Fatalf("seed %d, round %d: bits: %v\n%s", seed, round, err, cmp.Diff(offsets, gotBits))
		}
		column, _, _ := shard.FoldBase(nil, [][]byte{shard.AppendColumnDelta(nil, cells)})
		gotColumn, err := Column(column)
		if d := cmp.Diff(values, gotColumn); err != nil || d != "" {
			t.Fatalf("seed %d, round %d: column: %v (-put +read)\n%s", seed, round, err, d)
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte{1, 1, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 1, 0, 0xff, 0xff})
	f.Add([]byte{1, 3, 1, 0, 0, 7, 3<<4 | 2, 0, 1, 0x39, 0x30})
	f.Fuzz(func(t *testing.T, data []byte) {
		if offsets, err := Bits(data); err == nil && !slices.IsSorted(offsets) {
			t.Errorf("offsets %v", offsets)
		}
		if values, err := Column(data); err == nil && len(values) > 256*len(data) {
			t.Errorf("%d values of %d bytes", len(values), len(data))
		}
	})
}
