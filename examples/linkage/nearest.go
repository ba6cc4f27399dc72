package main

import "fmt"

// meant is the end of an error about a name that is not there: the near one, if
// there is one, or all that there are.
func meant(name string, known []string) string {
	best, least := "", 1+len([]rune(name))/3
	for _, k := range known {
		if d := edits(name, k); k != "" && d <= least && (best == "" || d < edits(name, best)) {
			best, least = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return fmt.Sprintf("; it has %q", known)
}

// edits counts the insertions, deletions and replacements of characters that
// turn one name into the other.
func edits(a, b string) int {
	to := []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	i := 0
	for _, from := range a {
		i++
		diagonal := row[0]
		row[0] = i
		for j, c := range to {
			cost := diagonal
			if from != c {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
