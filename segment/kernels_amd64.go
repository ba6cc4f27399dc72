package segment

import "golang.org/x/sys/cpu"

// What the processor can do is asked once. The names say what each kernel needs.
var (
	hasAVX512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL &&
		cpu.X86.HasAVX512VPOPCNTDQ && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT
	hasAVX2 = cpu.X86.HasAVX2
	hasBMI2 = cpu.X86.HasBMI2
)

//go:noescape
func andAVX512(dst *words, ops **words, pos, n int) int

//go:noescape
func orAVX512(dst *words, ops **words, n int) int

//go:noescape
func andAVX2(dst *words, ops **words, pos, n int) int

//go:noescape
func orAVX2(dst *words, ops **words, n int) int

//go:noescape
func hitsAVX512(values *uint16, n int, w *words) int

// filterAVX512 writes 16 values at a time: dst has room for n rounded up to a
// multiple of 16.
//
//go:noescape
func filterAVX512(dst, values *uint16, n int, w *words, flip uint64) int

//go:noescape
func meetAVX512(a *uint16, n int, b *uint16, m int) int

//go:noescape
func scan8AVX512(out *[4]uint64, data *byte, n int, from, span uint64)

//go:noescape
func scan16AVX512(out *[4]uint64, data *byte, n int, from, span uint64)

//go:noescape
func scan32AVX512(out *[4]uint64, data *byte, n int, from, span uint64)

//go:noescape
func scan64AVX512(out *[4]uint64, data *byte, n int, from, span uint64)

//go:noescape
func prefetchLines(ops **words, n, bytes int)

func depositBMI2(x, mask uint64) uint64

func andWords(dst *words, ops []*words, pos int) int {
	switch {
	case hasAVX512:
		return andAVX512(dst, &ops[0], pos, len(ops))
	case hasAVX2:
		return andAVX2(dst, &ops[0], pos, len(ops))
	}
	return andWordsGo(dst, ops, pos)
}

func orWords(dst *words, ops []*words) int {
	switch {
	case hasAVX512:
		return orAVX512(dst, &ops[0], len(ops))
	case hasAVX2:
		return orAVX2(dst, &ops[0], len(ops))
	}
	return orWordsGo(dst, ops)
}

// prefetch asks for the beginnings of blocks, of which some may be nil.
func prefetch(ops []*words) { prefetchLines(&ops[0], len(ops), aheadBytes) }

func hits(values []uint16, w *words) int {
	if hasAVX512 && len(values) > 0 {
		return hitsAVX512(&values[0], len(values), w)
	}
	return hitsGo(values, w)
}

func filter(dst, values []uint16, w *words, flip uint64) int {
	if hasAVX512 && len(values) > 0 && len(dst) >= (len(values)+15)&^15 {
		return filterAVX512(&dst[0], &values[0], len(values), w, flip)
	}
	return filterGo(dst, values, w, flip)
}

// meetsFast says that meet is faster than looking values up.
func meetsFast() bool { return hasAVX512 }

func meet(a, b []uint16) int {
	if hasAVX512 && len(a) > 0 && len(b) > 0 {
		return meetAVX512(&a[0], len(a), &b[0], len(b))
	}
	return meetGo(a, b)
}

func scanPacked(out *[4]uint64, data []byte, width uint8, from, span uint64) {
	if !hasAVX512 || len(data) == 0 {
		scanPackedGo(out, data, width, from, span)
		return
	}
	switch width {
	case 1:
		scan8AVX512(out, &data[0], len(data), from, span)
	case 2:
		scan16AVX512(out, &data[0], len(data)/2, from, span)
	case 4:
		scan32AVX512(out, &data[0], len(data)/4, from, span)
	default:
		scan64AVX512(out, &data[0], len(data)/8, from, span)
	}
}

func deposit(x, mask uint64) uint64 {
	if hasBMI2 {
		return depositBMI2(x, mask)
	}
	return depositGo(x, mask)
}
