package idlist

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// field returns the identifier's text in a line without its newline: nothing for
// an empty line or field. Its memory is that of the line, except where quotes are
// doubled.
func (f *Format) field(line []byte, longest int) ([]byte, error) {
	line = withoutReturn(line)
	if len(line) > longest {
		return nil, ErrLongLine
	}
	if f.Column == 0 {
		return unquote(trim(line)), nil
	}
	if len(trim(line)) == 0 {
		return nil, nil
	}
	return f.cell(line)
}

// withoutReturn cuts the carriage return off that a line may end with.
func withoutReturn(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// cell returns one column of a line of CSV.
func (f *Format) cell(line []byte) ([]byte, error) {
	for column := 1; ; column++ {
		var text []byte
		more := false
		if start := trimLeft(line, f.Comma); len(start) > 0 && start[0] == '"' {
			end := closing(start)
			if end < 0 {
				return nil, errQuote
			}
			text = start[1:end]
			rest := trimLeft(start[end+1:], f.Comma)
			if len(rest) > 0 && rest[0] != f.Comma {
				return nil, errQuote
			}
			if more = len(rest) > 0; more {
				line = rest[1:]
			}
			if column == f.Column {
				return trim(bytes.ReplaceAll(text, []byte(`""`), []byte(`"`))), nil
			}
		} else {
			text, line, more = bytes.Cut(line, []byte{f.Comma})
			if column == f.Column {
				return unquote(trim(text)), nil
			}
		}
		if !more {
			return nil, errColumn
		}
	}
}

// closing returns the place of the quote that closes the one a text begins with,
// or -1. Doubled quotes stand for themselves.
func closing(text []byte) int {
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if i+1 == len(text) || text[i+1] != '"' {
			return i
		}
		i++
	}
	return -1
}

// trimLeft cuts spaces and tabs off the left, unless they separate columns.
func trimLeft(text []byte, comma byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') && text[0] != comma {
		text = text[1:]
	}
	return text
}

// unquote cuts one pair of quotes off a value, and the blanks within.
func unquote(v []byte) []byte {
	if n := len(v); n >= 2 && v[0] == v[n-1] && (v[0] == '"' || v[0] == '\'') {
		return trim(v[1 : n-1])
	}
	return v
}

// trim cuts what cannot be seen off both ends.
func trim(v []byte) []byte {
	if len(v) > 0 && visible(v[0]) && visible(v[len(v)-1]) {
		return v
	}
	return bytes.TrimFunc(v, invisible)
}

// visible reports whether a byte is a character that can be seen.
func visible(b byte) bool { return ' ' < b && b < 0x7f }

// invisible reports whether a character is none that can be seen. A byte that is
// not UTF-8 stays, so that its line is invalid.
func invisible(c rune) bool {
	return c != utf8.RuneError && (unicode.IsSpace(c) || unicode.IsControl(c) || unicode.Is(unicode.Cf, c))
}
