package shard

import "encoding/binary"

// Flip sets or clears one offset.
type Flip uint32

// MakeFlip returns the flip that makes the offset's bit on or off.
func MakeFlip(offset uint32, on bool) Flip {
	f := Flip(offset << 1)
	if on {
		f |= 1
	}
	return f
}

// Offset returns the offset within the shard.
func (f Flip) Offset() uint32 { return uint32(f >> 1) }

// On reports whether the bit becomes set.
func (f Flip) On() bool { return f&1 == 1 }

// Cell gives one offset of a column a value, or takes its value away.
type Cell struct {
	Offset  uint32
	Deleted bool
	Value   int64 // 0 where Deleted
}

// AppendBitDelta appends the durable form of flips, which ascend by offset, one
// per offset, all below Span.
func AppendBitDelta(dst []byte, flips []Flip) []byte {
	dst = append(dst, version, byte(BitDelta))
	sets := 0
	for _, f := range flips {
		sets += int(f & 1)
	}
	dst = appendOffsets(dst, flips, true, sets)
	return appendOffsets(dst, flips, false, len(flips)-sets)
}

func appendOffsets(dst []byte, flips []Flip, on bool, n int) []byte {
	dst = binary.AppendUvarint(dst, uint64(n))
	next := uint32(0)
	for _, f := range flips {
		if f.On() == on {
			dst = binary.AppendUvarint(dst, uint64(f.Offset()-next))
			next = f.Offset() + 1
		}
	}
	return dst
}

// DecodeBitDelta appends the flips of a bit delta to dst, ascending by offset.
func DecodeBitDelta(dst []Flip, v []byte) ([]Flip, error) {
	b, err := body(v, BitDelta)
	if err != nil {
		return dst, err
	}
	r := &reader{b: b}
	set, err := readOffsets(r, true)
	if err != nil {
		return dst, err
	}
	unset, err := readOffsets(r, false)
	if err != nil {
		return dst, err
	}
	if len(r.b) != 0 {
		return dst, malformed("%d bytes after the delta", len(r.b))
	}
	for len(set) > 0 && len(unset) > 0 {
		switch s, u := set[0].Offset(), unset[0].Offset(); {
		case s < u:
			dst, set = append(dst, set[0]), set[1:]
		case s > u:
			dst, unset = append(dst, unset[0]), unset[1:]
		default:
			return dst, malformed("offset %d is both set and cleared", s)
		}
	}
	return append(append(dst, set...), unset...), nil
}

func readOffsets(r *reader, on bool) ([]Flip, error) {
	n := r.uvarint()
	if r.bad || n > uint64(len(r.b)) { // an offset takes a byte at least
		return nil, malformed("delta states %d offsets in %d bytes", n, len(r.b))
	}
	out := make([]Flip, n)
	next := uint64(0)
	for i := range out {
		gap := r.uvarint()
		if r.bad || gap >= Span || next+gap >= Span {
			return nil, malformed("delta: offset %d of %d is out of range", i, n)
		}
		out[i] = MakeFlip(uint32(next+gap), on)
		next += gap + 1
	}
	return out, nil
}

// AppendColumnDelta appends the durable form of cells, which ascend by offset,
// one per offset, all below Span.
func AppendColumnDelta(dst []byte, cells []Cell) []byte {
	dst = append(dst, version, byte(ColumnDelta))
	dst = binary.AppendUvarint(dst, uint64(len(cells)))
	next := uint32(0)
	for _, c := range cells {
		gap := uint64(c.Offset-next) << 1
		if c.Deleted {
			dst = binary.AppendUvarint(dst, gap|1)
		} else {
			dst = binary.AppendUvarint(dst, gap)
			dst = binary.AppendVarint(dst, c.Value)
		}
		next = c.Offset + 1
	}
	return dst
}

// DecodeColumnDelta appends the cells of a column delta to dst, ascending by
// offset.
func DecodeColumnDelta(dst []Cell, v []byte) ([]Cell, error) {
	b, err := body(v, ColumnDelta)
	if err != nil {
		return dst, err
	}
	r := &reader{b: b}
	n := r.uvarint()
	if r.bad || n > uint64(len(r.b)) { // a cell takes a byte at least
		return dst, malformed("delta states %d cells in %d bytes", n, len(r.b))
	}
	next := uint64(0)
	for i := range n {
		gap := r.uvarint()
		offset := next + gap>>1
		if r.bad || gap>>1 >= Span || offset >= Span {
			return dst, malformed("delta: cell %d of %d is out of range", i, n)
		}
		c := Cell{Offset: uint32(offset), Deleted: gap&1 == 1}
		if !c.Deleted {
			c.Value = r.varint()
			if r.bad {
				return dst, malformed("delta: cell %d of %d has no value", i, n)
			}
		}
		dst = append(dst, c)
		next = offset + 1
	}
	if len(r.b) != 0 {
		return dst, malformed("%d bytes after the delta", len(r.b))
	}
	return dst, nil
}

// mergeRuns merges lists, oldest first, each ascending by key, to one list in
// which the newest entry of every key stands.
func mergeRuns[T any](runs [][]T, key func(T) uint32) []T {
	if len(runs) == 0 {
		return nil
	}
	for len(runs) > 1 {
		half := runs[:0:0]
		for i := 0; i+1 < len(runs); i += 2 {
			half = append(half, mergePair(runs[i], runs[i+1], key))
		}
		if len(runs)%2 == 1 {
			half = append(half, runs[len(runs)-1])
		}
		runs = half
	}
	return runs[0]
}

func mergePair[T any](older, newer []T, key func(T) uint32) []T {
	out := make([]T, 0, len(older)+len(newer))
	for len(older) > 0 && len(newer) > 0 {
		o, n := key(older[0]), key(newer[0])
		if o < n {
			out, older = append(out, older[0]), older[1:]
			continue
		}
		if o == n {
			older = older[1:]
		}
		out, newer = append(out, newer[0]), newer[1:]
	}
	return append(append(out, older...), newer...)
}
