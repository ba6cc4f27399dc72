// Package spelling finds the name that was probably meant.
package spelling

import (
	"slices"
	"strings"
)

// longest is how many characters of a name are looked at: the time that it takes
// grows with their square.
const longest = 256

// Nearest returns the name that differs the least from name, whatever the case, or ""
// when none is near: at most a third of its characters apart, and at least one in
// common. Of several the first in the alphabet is taken.
func Nearest(name string, names []string) string {
	want := []rune(strings.ToLower(name))
	if len(want) > longest {
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

// distance counts the insertions, deletions, changes and swaps of neighbours that turn
// a into b.
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
