package export

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// byteOrderMark begins a file of UTF-8 for Excel.
const byteOrderMark = "\ufeff"

// sheet says how cells are written.
type sheet struct{ bom, bare, guard bool }

func sheetOf(opts *Options) sheet {
	if opts == nil {
		return sheet{}
	}
	return sheet{bom: opts.BOM, bare: opts.NoHeader, guard: opts.GuardFormulas}
}

// layout is what a Progress says of it, after the columns: nothing of what is as usual.
func (s sheet) layout() string {
	var text string
	if s.bom {
		text += ", with a byte order mark"
	}
	if s.bare {
		text += ", without headers"
	}
	if s.guard {
		text += ", with formulas guarded"
	}
	return text
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
	guard := s.guard && told && formula(text)
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

// formula reports whether a spreadsheet may run a cell as a formula. Those of East Asia
// read the full-width forms of the signs as they do the signs.
func formula(text []byte) bool {
	first, _ := utf8.DecodeRune(text)
	return strings.ContainsRune("=+-@＝＋－＠\t\r\n", first)
}

// quoted reports whether a cell stands in quotes: for what CSV makes of it, for spaces
// at its ends, which some readers cut off, and where it is the end of data to Postgres.
func quoted(text []byte) bool {
	return bytes.ContainsAny(text, ",\"\r\n") || text[0] == ' ' || text[len(text)-1] == ' ' || string(text) == `\.`
}
