package export

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/portraitdb/portrait/profile"
)

// CSV writes the profiles as CSV (RFC 4180, lines ended by a line feed), a row each
// after one of headers, and returns how far it came, also beside an error.
//
// Numbers are the shortest decimals that read back as the same, times are RFC 3339 in
// UTC, a point is "latitude,longitude", a list or set is its JSON. Null is an empty
// cell, empty text one of two quotes; a null that is alone in its row is written so
// too, since readers pass over empty lines.
func CSV(w io.Writer, profiles iter.Seq2[*profile.Profile, error], columns []Column, opts *Options) (Progress, error) {
	if err := check(columns); err != nil {
		return opts.begun(), err
	}
	sheet := sheetOf(opts)
	headers := make([]string, len(columns))
	for i, c := range columns {
		headers[i] = c.header
	}
	var cell []byte
	f := format{layout: layout("csv", columns) + sheet.layout(), header: sheet.header(headers)}
	f.rows = func(dst []byte, p *profile.Profile, done *Progress) ([]byte, error) {
		for i, c := range columns {
			if i > 0 {
				dst = append(dst, ',')
			}
			text, typed, err := c.appendText(cell[:0], p)
			if err != nil {
				return nil, fmt.Errorf("column %q: %w", c.header, err)
			}
			switch cell = text; {
			case len(text) > 0:
				dst = sheet.append(dst, text, !typed)
			case !typed || len(columns) == 1:
				dst = append(dst, '"', '"')
			}
		}
		done.Rows++
		return append(dst, '\n'), nil
	}
	return f.write(w, profiles, opts)
}

// check refuses columns that ParseColumns did not make.
func check(columns []Column) error {
	if len(columns) == 0 {
		return errors.New("export: no columns")
	}
	headers := make(map[string]int, len(columns))
	for i, c := range columns {
		if c.header == "" {
			return fmt.Errorf("export: column %d is none that ParseColumns made", i+1)
		}
		if other, taken := headers[c.header]; taken {
			return fmt.Errorf("export: columns %d and %d are both headed %q", other, i+1, c.header)
		}
		headers[c.header] = i + 1
	}
	return nil
}

// layout is how a Progress names a format and its columns.
func layout(format string, columns []Column) string {
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = c.String()
	}
	return format + " of " + strings.Join(texts, ", ")
}
