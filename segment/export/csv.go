package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/portraitdb/portrait/profile"
)

// byteOrderMark begins a file of UTF-8 for Excel.
const byteOrderMark = "\ufeff"

// CSV writes the profiles as CSV (RFC 4180, lines ended by a line feed), a row each
// after one of headers, and returns how far it came, also beside an error.
//
// Numbers are the shortest decimals that read back as the same, times are RFC 3339 in
// UTC, a point is "latitude,longitude", a list or set is its JSON. Null is an empty
// cell, empty text one of two quotes; a null that is alone in its row is written so
// too, since readers pass over empty lines.
func CSV(w io.Writer, profiles iter.Seq2[*profile.Profile, error], columns []Column, opts *Options) (Progress, error) {
	if err := check(columns); err != nil {
		return Progress{}, err
	}
	sheet := sheetOf(opts)
	headers := make([]string, len(columns))
	for i, c := range columns {
		headers[i] = c.header
	}
	var cell []byte
	f := format{layout: layout("csv", columns), header: sheet.header(headers)}
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

// sheet says how cells are written.
type sheet struct{ bom, bare, guard bool }

func sheetOf(opts *Options) sheet {
	if opts == nil {
		return sheet{}
	}
	return sheet{bom: opts.BOM, bare: opts.NoHeader, guard: opts.GuardFormulas}
}

// header is the beginning of a file.
func (s sheet) header(headers []string) []byte {
	var dst []byte
	if s.bom {
		dst = append(dst, byteOrderMark...)
	}
	if s.bare {
		return dst
	}
	for i, h := range headers {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = s.append(dst, []byte(h), true)
	}
	return append(dst, '\n')
}

// append appends a cell that is not empty. told says that its text is somebody's.
func (s sheet) append(dst, text []byte, told bool) []byte {
	guard := s.guard && told && bytes.IndexByte([]byte("=+-@\t\r\n"), text[0]) >= 0
	if !guard && !quoted(text) {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	if guard {
		dst = append(dst, '\'')
	}
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			break
		}
		dst = append(append(dst, text[:i]...), '"', '"')
		text = text[i+1:]
	}
	return append(append(dst, text...), '"')
}

// quoted reports whether a cell stands in quotes: for what CSV makes of it, for spaces
// at its ends, which some readers cut off, and where it is the end of data to Postgres.
func quoted(text []byte) bool {
	return bytes.ContainsAny(text, ",\"\r\n") || text[0] == ' ' || text[len(text)-1] == ' ' || string(text) == `\.`
}
