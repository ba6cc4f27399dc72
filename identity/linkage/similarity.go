package linkage

import "math/bits"

// maxJaro is how many characters of a text jaro looks at: one word of bits tells
// which of them are taken.
const maxJaro = 64

// jaroWinkler returns the similarity of Jaro and Winkler of two texts, 0 to 1:
// a prefix of up to four counts a tenth each.
func jaroWinkler(a, b []rune) float64 {
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return winkler(jaro(a, b), prefix)
}

// jaroWinklerASCII is jaroWinkler of two texts of nothing but ASCII.
func jaroWinklerASCII(a, b string) float64 {
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return winkler(jaroASCII(a, b), prefix)
}

func winkler(j float64, prefix int) float64 { return j + 0.1*float64(prefix)*(1-j) }

// jaro counts the characters that two texts share within half the longer one's
// length, and how many of them are out of order.
func jaro(a, b []rune) float64 {
	a, b = a[:min(maxJaro, len(a))], b[:min(maxJaro, len(b))]
	window := jaroWindow(len(a), len(b))
	var takenA, takenB uint64
	for i, c := range a {
		for k := max(0, i-window); k < min(len(b), i+window+1); k++ {
			if b[k] == c && takenB&(1<<k) == 0 {
				takenA |= 1 << i
				takenB |= 1 << k
				break
			}
		}
	}
	shared, moved := bits.OnesCount64(takenA), 0
	for x, y := takenA, takenB; x != 0; x, y = x&(x-1), y&(y-1) {
		if a[bits.TrailingZeros64(x)] != b[bits.TrailingZeros64(y)] {
			moved++
		}
	}
	return jaroOf(shared, moved, len(a), len(b))
}

// jaroASCII is jaro of two texts of nothing but ASCII. It knows of each character at
// which places of b it stands, so that it need not look for it.
func jaroASCII(a, b string) float64 {
	a, b = a[:min(maxJaro, len(a))], b[:min(maxJaro, len(b))]
	var places [128]uint64
	for k := range len(b) {
		places[b[k]&127] |= 1 << k
	}
	window := jaroWindow(len(a), len(b))
	// The places of b within the window around i.
	near := uint64(1)<<(window+1) - 1
	var takenA, takenB uint64
	for i := range len(a) {
		if free := places[a[i]&127] & near &^ takenB; free != 0 {
			takenA |= 1 << i
			takenB |= free & -free
		}
		near <<= 1
		if i < window {
			near |= 1
		}
	}
	moved := 0
	for x, y := takenA, takenB; x != 0; x, y = x&(x-1), y&(y-1) {
		if a[bits.TrailingZeros64(x)] != b[bits.TrailingZeros64(y)] {
			moved++
		}
	}
	return jaroOf(bits.OnesCount64(takenA), moved, len(a), len(b))
}

// jaroWindow is how far apart the places of a shared character may be in two texts
// of those lengths.
func jaroWindow(a, b int) int { return max(0, max(a, b)/2-1) }

// jaroOf is the similarity of Jaro of two texts of lengths a and b.
func jaroOf(shared, moved, a, b int) float64 {
	if shared == 0 {
		return 0
	}
	m := float64(shared)
	return (m/float64(a) + m/float64(b) + (m-float64(moved/2))/m) / 3
}

// maxEdit is the greatest length that editDistance looks at.
const maxEdit = 64

// editDistance returns how many insertions, deletions, substitutions and swaps of
// neighbours lead from a to b, where no part is edited twice, or limit if it is
// that many or more.
func editDistance[C byte | rune](a, b []C, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	a, b = trimCommon(a, b)
	if len(a) > maxEdit || len(b) > maxEdit {
		return limit
	}
	var rows [3][maxEdit + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for k := range len(b) + 1 {
		last[k] = k
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for k := 1; k <= len(b); k++ {
			cost := 1
			if a[i-1] == b[k-1] {
				cost = 0
			}
			d := min(last[k]+1, row[k-1]+1, last[k-1]+cost)
			if i > 1 && k > 1 && a[i-1] == b[k-2] && a[i-2] == b[k-1] {
				d = min(d, before[k-2]+1)
			}
			row[k] = d
			least = min(least, d)
		}
		if least >= limit {
			return limit
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}

// trimCommon cuts off what two texts begin and end with.
func trimCommon[C byte | rune](a, b []C) (x, y []C) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}
