package segment

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/portraitdb/portrait/internal/shard"
)

// freshBytes returns how many bytes of a block of a column are not shared with the
// version before it, and how many chunks.
func freshBytes(old, b *columnBlock) (bytes, chunks int) {
	bytes = int(unsafe.Sizeof(*b))
	for i, p := range b.pages {
		if p != nil && p != old.pages[i] {
			bytes += int(unsafe.Sizeof(*p))
		}
	}
	for i := range blockChunks {
		if c := b.chunk(i); c != nil && c != old.chunk(i) {
			bytes += int(unsafe.Sizeof(*c)) + cap(c.Data)
			chunks++
		}
	}
	return bytes, chunks
}

// updatedColumn is a full block of numbers of 20 bits, of cents, or of doubles.
func updatedColumn(rng *rand.Rand, draw func(rng *rand.Rand) float64) *columnBlock {
	cells := make([]shard.Cell, blockSpan)
	for i := range cells {
		cells[i] = shard.Cell{Offset: uint32(i), Value: SortableNumber(draw(rng))}
	}
	b, _ := (*columnBlock)(nil).with(cells)
	return b
}

var updateDraws = map[string]func(rng *rand.Rand) float64{
	"bits20":  func(rng *rand.Rand) float64 { return float64(rng.IntN(1 << 20)) },
	"cents":   func(rng *rand.Rand) float64 { return float64(rng.IntN(60_000)) / 100 },
	"doubles": func(rng *rand.Rand) float64 { return rng.NormFloat64() },
}

// One update copies one chunk and the way to it: within 2 KiB where the numbers take
// up to four bytes, as decimals do, and within 2.5 KiB where they take eight.
func TestColumnBlock_update_copies_one_chunk(t *testing.T) {
	rng := newRand(t)
	for name, draw := range updateDraws {
		limit := 2048
		if name == "doubles" {
			limit = 2560
		}
		b := updatedColumn(rng, draw)
		for range 500 {
			cell := shard.Cell{Offset: rng.Uint32N(blockSpan), Value: SortableNumber(draw(rng)), Deleted: rng.IntN(10) == 0}
			d, _ := b.with([]shard.Cell{cell})
			bytes, chunks := freshBytes(b, d)
			bytes += columnBytes // the directory of the shard, and the slot's of it
			if bytes > limit || chunks > 1 {
				t.Fatalf("%s: one update has copied %d bytes, %d chunks", name, bytes, chunks)
			}
			b = d
		}
	}
}

func BenchmarkColumnUpdate(b *testing.B) {
	for name, draw := range updateDraws {
		b.Run("column="+name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			block := updatedColumn(rng, draw)
			cells := make([]shard.Cell, 1024)
			for i := range cells {
				cells[i] = shard.Cell{Offset: rng.Uint32N(blockSpan), Value: SortableNumber(draw(rng))}
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				at := i % len(cells)
				d, _ := block.with(cells[at : at+1])
				block, i = d, i+1
			}
			old := block
			block, _ = block.with(cells[:1])
			copied, _ := freshBytes(old, block)
			b.ReportMetric(float64(copied), "copied-B/op")
		})
	}
}
