package linkage

// jaroWinkler returns the similarity of Jaro and Winkler of two texts, 0 to 1:
// a prefix of up to four counts a tenth each. It works on bytes or runes.
func jaroWinkler[C byte | rune](a, b []C) float64 {
	j := jaro(a, b)
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return j + 0.1*float64(prefix)*(1-j)
}

// jaro counts the characters that two texts share within half the longer one's
// length, and how many of them are out of order.
func jaro[C byte | rune](a, b []C) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if len(a) > 64 || len(b) > 64 {
		// One word of bits tells which characters are taken: what comes after
		// 64 characters is not looked at.
		a, b = a[:min(64, len(a))], b[:min(64, len(b))]
	}
	window := max(0, max(len(a), len(b))/2-1)
	var takenA, takenB uint64
	shared := 0
	for i, c := range a {
		for k := max(0, i-window); k < min(len(b), i+window+1); k++ {
			if b[k] == c && takenB&(1<<k) == 0 {
				takenA |= 1 << i
				takenB |= 1 << k
				shared++
				break
			}
		}
	}
	if shared == 0 {
		return 0
	}
	moved, k := 0, 0
	for i, c := range a {
		if takenA&(1<<i) == 0 {
			continue
		}
		for takenB&(1<<k) == 0 {
			k++
		}
		if b[k] != c {
			moved++
		}
		k++
	}
	m := float64(shared)
	return (m/float64(len(a)) + m/float64(len(b)) + (m-float64(moved/2))/m) / 3
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
