//go:build !amd64

package segment

func andWords(dst *words, ops []*words, pos int) int { return andWordsGo(dst, ops, pos) }

func orWords(dst *words, ops []*words) int { return orWordsGo(dst, ops) }

func prefetch([]*words) {}

func hits(values []uint16, w *words) int { return hitsGo(values, w) }

func filter(dst, values []uint16, w *words, flip uint64) int { return filterGo(dst, values, w, flip) }

func meetsFast() bool { return false }

func meet(a, b []uint16) int { return meetGo(a, b) }

func scanPacked(out *[4]uint64, data []byte, width uint8, from, span uint64) {
	scanPackedGo(out, data, width, from, span)
}

func deposit(x, mask uint64) uint64 { return depositGo(x, mask) }
