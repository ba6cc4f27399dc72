package linkage

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// ErrRecords is what every error about records wraps: a row of the wrong length, two
// columns of one name, too many rows.
var ErrRecords = errors.New("linkage: records")

// Records holds the rows of one list or two, column by column: a number of 4
// bytes a cell, and each distinct value of a column once. It may not be added to
// while a Linker reads it, nor by two goroutines at once.
type Records struct {
	columns []string
	cells   [][]uint32 // By column, then row: the number of the value.
	values  []interner // By column. Number 0 is the missing value.
	second  int        // Where the second list starts; 0 if there is one list only.
}

// NewRecords returns an empty list with the columns of those names. Blanks around
// a name do not count. The error wraps ErrRecords.
func NewRecords(columns ...string) (*Records, error) {
	r := &Records{
		columns: make([]string, len(columns)),
		cells:   make([][]uint32, len(columns)),
		values:  make([]interner, len(columns)),
	}
	for i, name := range columns {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			return nil, fmt.Errorf("%w: column %d has no name", ErrRecords, i+1)
		case slices.Contains(r.columns[:i], name):
			return nil, fmt.Errorf("%w: two columns named %q", ErrRecords, name)
		}
		r.columns[i] = name
		r.values[i].intern("")
	}
	return r, nil
}

// Add adds a row, one value a column, and returns its number: the count of the rows
// before. Blanks around a value do not count, an empty value is missing, and what is not
// UTF-8 is replaced. The values are copied. The error wraps ErrRecords.
func (r *Records) Add(values ...string) (int, error) {
	n := r.Len()
	if len(values) != len(r.columns) {
		return 0, fmt.Errorf("%w: row %d has %d values, want %d", ErrRecords, n, len(values), len(r.columns))
	}
	if n == math.MaxInt32-1 {
		return 0, fmt.Errorf("%w: more than %d rows", ErrRecords, n)
	}
	for i, v := range values {
		r.cells[i] = append(r.cells[i], r.values[i].intern(trimmed(v)))
	}
	return n, nil
}

// StartSecondList makes the rows that follow the second list. The error, if both
// lists have begun or the first has no row, wraps ErrRecords.
func (r *Records) StartSecondList() error {
	if r.second != 0 || r.Len() == 0 {
		return fmt.Errorf("%w: a second list starts once, after the rows of the first", ErrRecords)
	}
	r.second = r.Len()
	return nil
}

// SecondList returns the number of the second list's first row, 0 if there is one
// list only.
func (r *Records) SecondList() int { return r.second }

// Len returns how many rows there are.
func (r *Records) Len() int {
	if len(r.cells) == 0 {
		return 0
	}
	return len(r.cells[0])
}

// Columns returns the names of the columns. The caller owns the slice.
func (r *Records) Columns() []string { return slices.Clone(r.columns) }

// Value returns the value of a row in a column, "" if it is missing or there is
// no such column.
func (r *Records) Value(row int, column string) string {
	c := slices.Index(r.columns, column)
	if c < 0 || row < 0 || row >= r.Len() {
		return ""
	}
	return r.values[c].texts[r.cells[c][row]]
}

// column returns the position of a column, and an error that suggests the nearest
// name where there is none.
func (r *Records) column(name string) (int, error) {
	if i := slices.Index(r.columns, name); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("no column %q%s", name, suggest(name, r.columns))
}

// suggest returns `, did you mean "x"?` for the nearest of the names, if one is near.
func suggest(name string, names []string) string {
	best, least := "", 1+len(name)/3
	for _, n := range names {
		if d := editDistance([]rune(strings.ToLower(n)), []rune(strings.ToLower(name)), least+1); d <= least && (best == "" || d < least) {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}
