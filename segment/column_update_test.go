package segment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/portraitdb/portrait/internal/shard"
)

// freshBytes returns how many bytes of a block of a column are not shared with the
// version before it, and how many chunks.
func freshBytes(old, b *columnBlock) (bytes, chunks int) {
	bytes = int(unsafe.Sizeof(*b))
	for i, p := range b.pages {
		if p == nil || p == old.pages[i] {
			continue
		}
		bytes += int(unsafe.Sizeof(*p))
		before, was := chunksOf(old.pages[i])
		now, is := chunksOf(p)
		for j, c := range now {
			if c != nil && c != before[j] {
				bytes += int(unsafe.Sizeof(*c)) + cap(c.Data)
				chunks++
			}
			if l := is[j]; l != nil && l != was[j] {
				bytes += int(unsafe.Sizeof(*l))
			}
		}
		if p.wide != nil {
			bytes += int(unsafe.Sizeof(*p.wide))
		}
	}
	return bytes, chunks
}

// chunksOf returns what lies in a page, and what waits.
func chunksOf(p *chunkPage) (chunks [pageChunks]*shard.Chunk, late [pageChunks]*lateCell) {
	if p == nil || p.wide == nil {
		if p != nil {
			chunks = p.chunks
		}
		return chunks, late
	}
	for i := range chunks {
		chunks[i], late[i] = p.wide.chunks[i].Load(), p.wide.late[i].Load()
	}
	return chunks, late
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

// One update copies one chunk and the way to it: within 2 KiB where the numbers take up
// to four bytes, as decimals do. Where they take eight it is less than one KiB, for the value
// waits beside the chunk, but for one update in many.
func TestColumnBlock_update_copies_one_chunk(t *testing.T) {
	rng := newRand(t)
	for name, draw := range updateDraws {
		most, mean := 2048, 2048
		if name == "doubles" {
			most, mean = 3072, 1024
		}
		b := updatedColumn(rng, draw)
		all, replaced := 0, 0
		for i := range 4000 {
			cell := shard.Cell{Offset: rng.Uint32N(2048), Value: SortableNumber(draw(rng)), Deleted: i%100 == 99}
			d, _ := b.with([]shard.Cell{cell})
			bytes, chunks := freshBytes(b, d)
			bytes += columnBytes // the directory of the shard, and the slot's of it
			if bytes > most || chunks > 1 {
				t.Fatalf("%s: one update has copied %d bytes, %d chunks", name, bytes, chunks)
			}
			if !cell.Deleted {
				all, replaced = all+bytes, replaced+1
			}
			b = d
		}
		if all > mean*replaced {
			t.Errorf("%s: updates have copied %d bytes each", name, all/replaced)
		}
	}
}

// Every version of a column keeps its own values, whoever reads it when, and many at once.
func TestColumnBlock_versions_keep_their_values(t *testing.T) {
	rng := newRand(t)
	draw := updateDraws["doubles"]
	b := updatedColumn(rng, draw)
	want := make([]int64, 3*chunkSpan)
	for i := range want {
		want[i], _ = b.at(uint16(i))
	}
	type version struct {
		block *columnBlock
		want  []int64 // 0: none
	}
	var versions []version
	for range 300 {
		cells := []shard.Cell{{Offset: rng.Uint32N(uint32(len(want))), Value: SortableNumber(draw(rng))}}
		switch rng.IntN(12) {
		case 0:
			cells[0].Deleted, cells[0].Value = true, 0
		case 1: // of another packing
			cells[0].Value = math.MaxInt64 - rng.Int64N(9)
		case 2:
			other := shard.Cell{Offset: cells[0].Offset + 1 + rng.Uint32N(9), Value: SortableNumber(draw(rng))}
			if other.Offset < uint32(len(want)) {
				cells = append(cells, other)
			}
		}
		b, _ = b.with(cells)
		for _, c := range cells {
			want[c.Offset] = c.Value
		}
		versions = append(versions, version{b, slices.Clone(want)})
		if rng.IntN(20) == 0 {
			b.at(uint16(rng.IntN(len(want))))
		}
	}
	check := func(v version) error {
		for i, w := range v.want {
			if got, ok := v.block.at(uint16(i)); got != w || ok != (w != 0) {
				return fmt.Errorf("offset %d has %d, %v; want %d", i, got, ok, w)
			}
		}
		for i := range len(v.want) / chunkSpan {
			c := v.block.chunk(i)
			for _, w := range v.want[i*chunkSpan:][:chunkSpan] {
				if w != 0 && (w < c.Min || w > c.Max) {
					return fmt.Errorf("chunk %d is said to lie from %d to %d, and has %d", i, c.Min, c.Max, w)
				}
			}
		}
		return nil
	}
	errs := make(chan error, 4)
	for range cap(errs) {
		go func() {
			for i, v := range versions {
				if err := check(v); err != nil {
					errs <- fmt.Errorf("version %d: %w", i, err)
					return
				}
			}
			errs <- nil
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
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
