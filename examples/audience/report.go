package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/portraitdb/portrait/examples/internal/table"
)

// width is that of the terminal that the report is printed for.
const width = 100

// report is what the tour found out, in the order of the tour.
type report struct {
	Sheets []*sheet `json:"sheets"`
}

// sheet is a table. Of each row the first cell is its name, the numbers are sizes of
// audiences, and other text explains them; that in the last column may be long.
type sheet struct {
	Title   string   `json:"title"`
	Columns []string `json:"columns,omitempty"` // none: the table needs no head
	Rows    [][]any  `json:"rows,omitempty"`
	Lines   []string `json:"lines,omitempty"` // what is no table, such as the head of a file
}

// sheet begins a new table.
func (r *report) sheet(title string, columns ...string) *sheet {
	s := &sheet{Title: title, Columns: columns}
	r.Sheets = append(r.Sheets, s)
	return s
}

// row adds a row: a name, and then sizes (uint64) and text (string).
func (s *sheet) row(name string, cells ...any) {
	s.Rows = append(s.Rows, append([]any{name}, cells...))
}

func (s *sheet) line(format string, args ...any) {
	s.Lines = append(s.Lines, fmt.Sprintf(format, args...))
}

// print writes the report for people.
func (r *report) print(to io.Writer) error {
	w := bufio.NewWriter(to)
	for i, s := range r.Sheets {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, s.Title)
		if _, err := s.table().WriteTo(w); err != nil {
			return err
		}
		for _, l := range s.Lines {
			for _, part := range wrap(l, width-2) {
				fmt.Fprintln(w, " ", part)
			}
		}
	}
	return w.Flush()
}

// table lays the rows out. What is too long for the last column goes on below.
func (s *sheet) table() *table.Table {
	t := &table.Table{Indent: "  "}
	t.Head(s.Columns...)
	room := s.room(width - len(t.Indent))
	for _, row := range s.Rows {
		last, long := row[len(row)-1].(string)
		if !long {
			t.Row(row...)
			continue
		}
		for i, part := range wrap(last, room) {
			cells := append(row[:len(row)-1:len(row)-1], part)
			if i > 0 {
				for j := range cells[:len(cells)-1] {
					cells[j] = ""
				}
			}
			t.Row(cells...)
		}
	}
	return t
}

// room is what the columns before the last leave of a line to it.
func (s *sheet) room(cells int) int {
	var widest []int
	measure := func(column int, text string) {
		if column == len(widest) {
			widest = append(widest, 0)
		}
		widest[column] = max(widest[column], table.Width(text))
	}
	for i, name := range s.Columns {
		measure(i, name)
	}
	for _, row := range s.Rows {
		for i, c := range row {
			if n, ok := c.(uint64); ok {
				measure(i, table.Count(n))
			} else {
				measure(i, fmt.Sprint(c))
			}
		}
	}
	for _, w := range widest[:max(len(widest)-1, 0)] {
		cells -= w + 2
	}
	return max(cells, 20)
}

// wrap breaks a text into lines of so many cells of a terminal: before a condition that
// fits on a line, else between words.
func wrap(text string, cells int) (lines []string) {
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	line, empty := indent, true
	add := func(words string) {
		switch wide := table.Width(words); {
		case empty:
			line += words
		case table.Width(line)+1+wide <= cells:
			line += " " + words
		default:
			lines, line = append(lines, line), indent+words
		}
		empty = false
	}
	for words := strings.Fields(text); len(words) > 0; {
		n := 1 // how many there are up to the next condition
		for n < len(words) && words[n] != "and" && words[n] != "or" {
			n++
		}
		if whole := strings.Join(words[:n], " "); table.Width(whole) <= cells {
			add(whole)
		} else {
			for _, word := range words[:n] {
				add(word)
			}
		}
		words = words[n:]
	}
	return append(lines, line)
}
