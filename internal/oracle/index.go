package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/RoaringBitmap/roaring/v2"
)

// The sizes of an index, as its stored form defines them.
const (
	shardSpan = 1 << 20 // ordinals of a shard; the place in it is an offset
	chunkSpan = 256     // offsets of a chunk of a column
)

// Bits reads the stored base of one shard of a bitmap and returns the offsets
// that are set, ascending. The base is version 1, form 1, and a bitmap in the
// portable roaring format, which roaring itself reads here.
func Bits(base []byte) ([]uint32, error) {
	data, err := afterHeader(base, 1)
	if err != nil {
		return nil, err
	}
	bitmap := roaring.New()
	n, err := bitmap.FromBuffer(data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("oracle: bits: %w", err)
	case n != int64(len(data)):
		return nil, fmt.Errorf("oracle: bits: %d bytes too many", int64(len(data))-n)
	case bitmap.IsEmpty():
		return nil, nil
	}
	if err := bitmap.Validate(); err != nil {
		return nil, fmt.Errorf("oracle: bits: %w", err)
	}
	if last := bitmap.Maximum(); last >= shardSpan {
		return nil, fmt.Errorf("oracle: bits: offset %d is of another shard", last)
	}
	return bitmap.ToArray(), nil
}

// Column reads the stored base of one shard of a column and returns the value at
// each offset that has one. The base is version 1, form 3, the number of chunks,
// and of each
//
//	how many chunks are left out before it
//	how many of its offsets have a value, less 1 (one byte)
//	which: nothing if all have, a bitmap of 32 bytes if more than 31, else a byte each
//	packing (one byte): 16 times its scale, plus the width of a number in bytes
//	base, signed, and factor
//	the numbers, little-endian
//
// with integers as varints. A value is base + factor * number, or, under a scale s
// above 0, the sortable form of that divided by 10^(s-1).
func Column(base []byte) (map[uint32]int64, error) {
	data, err := afterHeader(base, 3)
	if err != nil {
		return nil, err
	}
	r := &columnReader{data: data}
	values := map[uint32]int64{}
	index := uint64(0)
	for range min(r.uvarint(), shardSpan/chunkSpan+1) {
		index += min(r.uvarint(), shardSpan)
		if index >= shardSpan/chunkSpan {
			r.short = true
		}
		if r.short {
			break
		}
		r.chunk(uint32(index)*chunkSpan, values)
		index++
	}
	if r.short || len(r.data) > 0 {
		return nil, errors.New("oracle: column: not as long, or not of the chunks, that it says")
	}
	return values, nil
}

// columnReader takes a column off the front of data. Past the end it reads zeros
// and is short.
type columnReader struct {
	data  []byte
	short bool
}

// chunk reads one chunk into values.
func (r *columnReader) chunk(first uint32, values map[uint32]int64) {
	count := int(r.take(1)[0]) + 1
	var offsets []uint32
	switch {
	case count == chunkSpan:
		for i := range uint32(chunkSpan) {
			offsets = append(offsets, i)
		}
	case count > 31:
		for i, b := range r.take(chunkSpan / 8) {
			for bit := range 8 {
				if b>>bit&1 == 1 {
					offsets = append(offsets, uint32(8*i+bit))
				}
			}
		}
	default:
		for _, b := range r.take(count) {
			offsets = append(offsets, uint32(b))
		}
	}
	packing := r.take(1)[0]
	scale, width := packing>>4, int(packing&15)
	base, factor := r.varint(), r.uvarint()
	if len(offsets) != count || width > 8 || scale > 5 {
		r.short = true
		return
	}
	for _, offset := range offsets {
		var number uint64
		for i, b := range r.take(width) {
			number |= uint64(b) << (8 * i)
		}
		v := base + int64(factor*number)
		if scale > 0 {
			v = sortable(float64(v) / []float64{1, 10, 100, 1000, 10_000}[scale-1])
		}
		values[first+offset] = v
	}
}

// take returns the next n bytes.
func (r *columnReader) take(n int) []byte {
	if n > len(r.data) {
		r.short, r.data = true, nil
		return make([]byte, n)
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *columnReader) uvarint() uint64 {
	x, n := binary.Uvarint(r.data)
	r.take(max(n, 1)) // one byte too few where there is no integer
	r.short = r.short || n <= 0
	return x
}

func (r *columnReader) varint() int64 {
	x, n := binary.Varint(r.data)
	r.take(max(n, 1))
	r.short = r.short || n <= 0
	return x
}

// sortable returns a number as an integer, so that both are in the same order:
// the bits of a positive one, and of a negative one those below the sign turned
// around.
func sortable(f float64) int64 {
	if f < 0 {
		return -int64(math.Float64bits(-f)) - 1
	}
	return int64(math.Float64bits(math.Abs(f)))
}

// afterHeader returns what follows version 1 and a form.
func afterHeader(base []byte, form byte) ([]byte, error) {
	if len(base) < 2 || base[0] != 1 || base[1] != form {
		return nil, fmt.Errorf("oracle: no stored base of form %d in version 1", form)
	}
	return base[2:], nil
}
