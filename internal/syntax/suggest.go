package syntax

import (
	"slices"
	"strings"
)

// suggest returns the name that was probably meant, as a hint, or "".
func suggest(name string, names []string) string {
	if near := nearest(name, names); near != "" {
		return "did you mean " + quote(near) + "?"
	}
	return ""
}

// nearest returns the name that differs the least from name, or "" when none is
// near: at most a third of its characters apart, and at least one in common.
func nearest(name string, names []string) string {
	want := []rune(strings.ToLower(name))
	if len(want) > 256 {
		return ""
	}
	best, least := "", max(1, len(want)/3)+1
	for _, n := range slices.Sorted(slices.Values(names)) {
		got := []rune(strings.ToLower(n))
		if diff := len(got) - len(want); diff >= least || -diff >= least {
			continue
		}
		if d := distance(want, got); d < least && d < max(len(want), len(got)) {
			best, least = n, d
		}
	}
	return best
}

// distance counts the insertions, deletions, changes and swaps of neighbours
// that turn a into b.
func distance(a, b []rune) int {
	before := make([]int, len(b)+1) // two rows up
	above := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range row {
		above[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(above[j+1]+1, row[j]+1, above[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
