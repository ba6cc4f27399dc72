// Package table lays text out in columns on a terminal, where a Chinese
// character takes two cells, for the example programs.
package table

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// Table collects rows and prints them with every column as wide as its widest
// cell. The zero Table is empty and ready for use.
type Table struct {
	// Indent leads every line.
	Indent string
	head   []string
	rows   [][]string
}

// Head names the columns, above the rows. A name stands as its column does.
func (t *Table) Head(names ...string) { t.head = names }

// Row adds a row. An int or a uint64 is written with separators. A column that
// holds only numbers and shares stands to the right.
func (t *Table) Row(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		switch c := c.(type) {
		case int:
			row[i] = Count(uint64(max(c, 0)))
		case uint64:
			row[i] = Count(c)
		default:
			row[i] = fmt.Sprint(c)
		}
	}
	t.rows = append(t.rows, row)
}

// WriteTo prints the table.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	var widths []int
	var figures []bool
	rows := t.rows
	if len(t.head) > 0 {
		rows = append([][]string{t.head}, rows...)
	}
	for n, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths, figures = append(widths, 0), append(figures, true)
			}
			widths[i] = max(widths[i], Width(c))
			named := n == 0 && len(t.head) > 0
			figures[i] = figures[i] && (named || c == "" || isFigure(c))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		line.WriteString(t.Indent)
		for i, c := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			pad := strings.Repeat(" ", widths[i]-Width(c))
			if figures[i] {
				line.WriteString(pad + c)
			} else {
				line.WriteString(c + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// Width returns how many cells of a terminal the text takes.
func Width(s string) int { return uniseg.StringWidth(s) }

// isFigure reports whether a cell is a number or a share.
func isFigure(s string) bool {
	return s != "" && unicode.IsDigit(rune(s[0])) && strings.Trim(s, "0123456789,. %") == ""
}

// Count writes a number with separators of thousands.
func Count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Share writes n as a share of all.
func Share(n, all uint64) string {
	if all == 0 {
		return "0.0 %"
	}
	return strconv.FormatFloat(100*float64(n)/float64(all), 'f', 1, 64) + " %"
}

// Bar draws n as a share of all, the whole taking so many cells.
func Bar(n, all uint64, cells int) string {
	if all == 0 || n == 0 {
		return ""
	}
	eighths := max(1, int(float64(n)/float64(all)*float64(8*cells)+0.5))
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string(rune('█' + 8 - rest)) // From seven eighths down to one.
	}
	return bar
}

// Clean replaces what would upset a terminal: control characters and invisible
// marks, which data of strangers may hold.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, s)
}

// Fit makes a text take so many cells: it cuts what is too long, with a mark, and fills
// what is too short.
func Fit(s string, cells int) string {
	width := Width(s)
	if width <= cells {
		return s + strings.Repeat(" ", cells-width)
	}
	kept, rest, state := 0, s, -1
	for {
		cluster, after, w, next := uniseg.FirstGraphemeClusterInString(rest, state)
		if cluster == "" || kept+w > cells-1 {
			break
		}
		kept, rest, state = kept+w, after, next
	}
	if cells < 1 {
		return ""
	}
	return s[:len(s)-len(rest)] + "…" + strings.Repeat(" ", cells-1-kept)
}
