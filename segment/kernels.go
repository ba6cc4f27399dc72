package segment

import (
	"encoding/binary"
	"math/bits"
)

// The kernels are the inner loops of the executor. Each has a portable form in
// this file, which is their definition, and may have a faster one in assembly.

// andWordsGo writes to dst the bits that all of the first pos operands and none
// of the others have, and returns how many; dst may be nil. There is at least
// one operand of the first kind.
func andWordsGo(dst *words, ops []*words, pos int) int {
	n := 0
	for at := 0; at < len(words{}); at += strip {
		f := (*[strip]uint64)(ops[0][at:])
		x0, x1, x2, x3, x4, x5, x6, x7 := f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7]
		for _, w := range ops[1:pos] {
			y := (*[strip]uint64)(w[at:])
			x0 &= y[0]
			x1 &= y[1]
			x2 &= y[2]
			x3 &= y[3]
			x4 &= y[4]
			x5 &= y[5]
			x6 &= y[6]
			x7 &= y[7]
		}
		for _, w := range ops[pos:] {
			y := (*[strip]uint64)(w[at:])
			x0 &^= y[0]
			x1 &^= y[1]
			x2 &^= y[2]
			x3 &^= y[3]
			x4 &^= y[4]
			x5 &^= y[5]
			x6 &^= y[6]
			x7 &^= y[7]
		}
		n += storeStrip(dst, at, [strip]uint64{x0, x1, x2, x3, x4, x5, x6, x7})
	}
	return n
}

// strip is how many words the portable kernels take through all operands at
// once: as many as stay in registers.
const strip = 8

// storeStrip writes x to its place in dst, unless that is nil, and returns how
// many bits are set.
func storeStrip(dst *words, at int, x [strip]uint64) int {
	if dst != nil {
		*(*[strip]uint64)(dst[at:]) = x
	}
	return bits.OnesCount64(x[0]) + bits.OnesCount64(x[1]) + bits.OnesCount64(x[2]) + bits.OnesCount64(x[3]) +
		bits.OnesCount64(x[4]) + bits.OnesCount64(x[5]) + bits.OnesCount64(x[6]) + bits.OnesCount64(x[7])
}

// orWordsGo writes to dst the bits that any operand has, and returns how many;
// dst may be nil. There is at least one operand.
func orWordsGo(dst *words, ops []*words) int {
	n := 0
	for at := 0; at < len(words{}); at += strip {
		f := (*[strip]uint64)(ops[0][at:])
		x0, x1, x2, x3, x4, x5, x6, x7 := f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7]
		for _, w := range ops[1:] {
			y := (*[strip]uint64)(w[at:])
			x0 |= y[0]
			x1 |= y[1]
			x2 |= y[2]
			x3 |= y[3]
			x4 |= y[4]
			x5 |= y[5]
			x6 |= y[6]
			x7 |= y[7]
		}
		n += storeStrip(dst, at, [strip]uint64{x0, x1, x2, x3, x4, x5, x6, x7})
	}
	return n
}

// hitsGo returns how many of values are set in w.
func hitsGo(values []uint16, w *words) int {
	n := uint64(0)
	for _, x := range values {
		n += w[x>>6] >> (x & 63) & 1
	}
	return int(n)
}

// filterGo writes to dst the values that are set in w, or with flip 1 those that
// are not, and returns how many. dst has room for all values and may be the
// memory of values.
func filterGo(dst, values []uint16, w *words, flip uint64) int {
	n := 0
	dst = dst[:len(values)]
	for _, x := range values {
		dst[n] = x
		n += int(w[x>>6]>>(x&63)&1 ^ flip)
	}
	return n
}

// meetGo returns how many values two ascending arrays have in common.
func meetGo(a, b []uint16) int {
	n, j := 0, 0
	for _, value := range a {
		for j < len(b) && b[j] < value {
			j++
		}
		if j == len(b) {
			return n
		}
		if b[j] == value {
			n++
		}
	}
	return n
}

// scanPackedGo sets bit i of out where the i-th integer of data, each of width
// bytes, lies from from to from+span.
func scanPackedGo(out *[4]uint64, data []byte, width uint8, from, span uint64) {
	switch width {
	case 0:
		out[0] = 0 // all are 0: the caller has compared the bounds
	case 1:
		f, s := uint8(from), uint8(span)
		for i, x := range data {
			out[i>>6] |= below(uint64(x-f), uint64(s)) << (i & 63)
		}
	case 2:
		f, s := uint16(from), uint16(span)
		for i := 0; len(data) >= 2; i, data = i+1, data[2:] {
			out[i>>6] |= below(uint64(binary.LittleEndian.Uint16(data)-f), uint64(s)) << (i & 63)
		}
	case 4:
		f, s := uint32(from), uint32(span)
		for i := 0; len(data) >= 4; i, data = i+1, data[4:] {
			out[i>>6] |= below(uint64(binary.LittleEndian.Uint32(data)-f), uint64(s)) << (i & 63)
		}
	default:
		for i := 0; len(data) >= 8; i, data = i+1, data[8:] {
			out[i>>6] |= below(binary.LittleEndian.Uint64(data)-from, span) << (i & 63)
		}
	}
}

// below returns 1 where x <= limit, without a branch.
func below(x, limit uint64) uint64 {
	_, borrow := bits.Sub64(limit, x, 0)
	return 1 - borrow
}

// spread adds to out the packed bits, the i-th of which belongs to the i-th
// bit that is set in exists.
func spread(out, packed, exists *[4]uint64) {
	at := 0
	for j, mask := range exists {
		// The bits of this word start at bit position at of packed.
		x := packed[at>>6] >> (at & 63)
		if at&63 != 0 && at>>6 < 3 {
			x |= packed[at>>6+1] << (64 - at&63)
		}
		n := bits.OnesCount64(mask)
		out[j] |= deposit(x, mask)
		if at += n; at >= chunkSpan {
			return
		}
	}
}

// depositGo places the low bits of x at the bits set in mask, in order.
func depositGo(x, mask uint64) uint64 {
	if mask == ^uint64(0) {
		return x
	}
	out := uint64(0)
	for ; mask != 0; mask &= mask - 1 {
		out |= mask & -mask & -(x & 1)
		x >>= 1
	}
	return out
}
