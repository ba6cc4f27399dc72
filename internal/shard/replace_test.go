package shard

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/portraitdb/portrait/internal/seeds"
)

// Replace changes the values that it is asked to, in their order, and nothing else, where
// Replaces has said that they fit.
func TestChunk_Replace_is_With_of_values_that_fit(t *testing.T) {
	rng := rand.New(rand.NewPCG(seeds.Draw(t), 1))
	draws := []func() int64{
		func() int64 { return Sortable(rng.NormFloat64()) },
		func() int64 { return Sortable(float64(rng.IntN(60_000)) / 100) },
		func() int64 { return int64(rng.IntN(300)) },
		func() int64 { return 7 },
	}
	replaced, refused := 0, 0
	for range 300 {
		var (
			exists [ChunkSpan / 64]uint64
			values [ChunkSpan]int64
			draw   = draws[rng.IntN(len(draws))]
		)
		for i := range values {
			if rng.IntN(3) > 0 {
				exists[i>>6] |= 1 << (i & 63)
				values[i] = draw()
			}
		}
		c := PackChunk(&exists, &values)
		var before, after [ChunkSpan]int64
		c.Unpack(&before)
		want, cells := c, []Cell(nil)
		for range rng.IntN(20) {
			cell := Cell{Offset: rng.Uint32N(1 << 16), Value: draw(), Deleted: rng.IntN(10) == 0}
			if rng.IntN(10) == 0 {
				cell.Value = int64(rng.Uint64())
			}
			if !c.Replaces(cell) {
				refused++
				continue
			}
			if _, ok := c.At(uint8(cell.Offset)); !ok || cell.Deleted {
				t.Fatalf("%+v replaces what does not exist, or deletes", cell)
			}
			cells = append(cells, cell)
			want = want.With([]Cell{cell})
			replaced++
		}
		if diff := cmp.Diff(want, c.Replace(cells)); diff != "" {
			t.Fatalf("replacing %d values (-want +got):\n%s", len(cells), diff)
		}
		if c.Unpack(&after); after != before {
			t.Fatal("the chunk that was replaced has changed")
		}
	}
	if replaced == 0 || refused == 0 {
		t.Errorf("%d replaced, %d refused", replaced, refused)
	}
}
