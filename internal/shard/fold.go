package shard

import "slices"

// FoldBase appends to dst the canonical base of values folded oldest first; any
// of them may be a base or a delta, and a base replaces what is older. Empty
// says that nothing is left, in which case dst is returned as it was.
//
// Values that cannot be decoded are skipped. Where bits and columns are mixed a
// value of the other kind counts as malformed and, like a base, hides what is
// older. Skipped is the number of both.
func FoldBase(dst []byte, values [][]byte) (out []byte, empty bool, skipped int) {
	f := gather(values)
	n := len(dst)
	if f.column {
		dst = f.appendColumn(dst)
	} else {
		dst = f.appendBits(dst)
	}
	if dst == nil || len(dst) == n {
		return dst, true, f.skipped
	}
	return dst, false, f.skipped
}

// FoldDelta appends to dst one canonical delta that does what values do when
// they are applied oldest first, whatever lies below; it keeps clears and
// deletes. Where a value hides what is older (see FoldBase) the result is a
// base. Of nothing it is a delta without entries, which changes nothing.
func FoldDelta(dst []byte, values [][]byte) (out []byte, skipped int) {
	f := gather(values)
	n := len(dst)
	switch {
	case f.whole && f.column:
		if dst = f.appendColumn(dst); len(dst) == n {
			dst = AppendColumnBase(dst, nil)
		}
	case f.whole:
		if dst = f.appendBits(dst); len(dst) == n {
			dst = AppendBitBase(dst, nil)
		}
	case f.column:
		dst = AppendColumnDelta(dst, mergeRuns(f.cells, cellOffset))
	default:
		dst = AppendBitDelta(dst, mergeRuns(f.flips, Flip.Offset))
	}
	return dst, f.skipped
}

func cellOffset(c Cell) uint32 { return c.Offset }

// folded is what a list of values says, decoded.
type folded struct {
	column  bool // of a column; else of bits
	whole   bool // hides whatever is older than the list
	skipped int

	containers []Container // the base
	chunks     []Numbered
	flips      [][]Flip // the deltas, oldest first
	cells      [][]Cell
}

// gather decodes values from the newest back to the base, or to a value of the
// other kind.
func gather(values [][]byte) *folded {
	f := &folded{}
	known := false // the kind is
	for _, v := range slices.Backward(values) {
		form, err := FormOf(v)
		if err != nil {
			f.skipped++
			continue
		}
		column := form == ColumnBase || form == ColumnDelta
		var (
			flips      []Flip
			cells      []Cell
			containers []Container
			chunks     []Numbered
		)
		switch form {
		case BitDelta:
			flips, err = DecodeBitDelta(nil, v)
		case ColumnDelta:
			cells, err = DecodeColumnDelta(nil, v)
		case BitBase:
			containers, err = DecodeBitBase(nil, v)
		case ColumnBase:
			chunks, err = DecodeColumnBase(nil, v)
		}
		if err != nil {
			f.skipped++
			continue
		}
		base := form == BitBase || form == ColumnBase
		if !base && len(flips) == 0 && len(cells) == 0 {
			continue // an empty delta is of no kind
		}
		if known && column != f.column {
			f.skipped++
			f.whole = true
			break
		}
		known, f.column = true, column
		if base {
			f.containers, f.chunks, f.whole = containers, chunks, true
			break
		}
		if column {
			f.cells = append(f.cells, cells)
		} else {
			f.flips = append(f.flips, flips)
		}
	}
	slices.Reverse(f.flips)
	slices.Reverse(f.cells)
	return f
}

// appendBits appends the base of the shard, or nothing where it is empty.
func (f *folded) appendBits(dst []byte) []byte {
	flips := mergeRuns(f.flips, Flip.Offset)
	base := f.containers
	var (
		w   Words
		buf []byte
		out []Container
	)
	for len(base) > 0 || len(flips) > 0 {
		key := uint16(Blocks)
		if len(base) > 0 {
			key = base[0].Key
		}
		if len(flips) > 0 {
			key = min(key, uint16(flips[0].Offset()/BlockSpan))
		}
		if len(base) > 0 && base[0].Key == key {
			base[0].Fill(&w)
			base = base[1:]
		} else {
			clear(w[:])
		}
		for len(flips) > 0 && uint16(flips[0].Offset()/BlockSpan) == key {
			x := flips[0].Offset() % BlockSpan
			w[x>>6] &^= 1 << (x & 63)
			w[x>>6] |= uint64(flips[0]&1) << (x & 63)
			flips = flips[1:]
		}
		var c Container
		if c, buf = Pack(key, &w, buf); c.Card > 0 {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return dst
	}
	return AppendBitBase(dst, out)
}

// appendColumn appends the base of the shard, or nothing where it is empty.
func (f *folded) appendColumn(dst []byte) []byte {
	cells := mergeRuns(f.cells, cellOffset)
	base := f.chunks
	var out []Numbered
	for len(base) > 0 || len(cells) > 0 {
		index := uint16(Chunks)
		if len(base) > 0 {
			index = base[0].Index
		}
		if len(cells) > 0 {
			index = min(index, uint16(cells[0].Offset/ChunkSpan))
		}
		var (
			exists [ChunkSpan / 64]uint64
			values [ChunkSpan]int64
		)
		if len(base) > 0 && base[0].Index == index {
			exists = base[0].Exists
			base[0].Unpack(&values)
			base = base[1:]
		}
		for len(cells) > 0 && uint16(cells[0].Offset/ChunkSpan) == index {
			slot := uint8(cells[0].Offset)
			exists[slot>>6] &^= 1 << (slot & 63)
			if !cells[0].Deleted {
				exists[slot>>6] |= 1 << (slot & 63)
				values[slot] = cells[0].Value
			}
			cells = cells[1:]
		}
		if c := PackChunk(&exists, &values); c != nil {
			out = append(out, Numbered{Index: index, Chunk: c})
		}
	}
	if len(out) == 0 {
		return dst
	}
	return AppendColumnBase(dst, out)
}
