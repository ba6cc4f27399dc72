package syntax

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Error is one fault in an expression: where it is, what is wrong and what may
// have been meant. Its text spans several lines where the source is known.
type Error struct {
	Offset int    // in bytes from the start of the text; -1 where there is none
	Line   int    // from 1; 0 where the text is not known, see [Locate]
	Column int    // in characters, from 1
	Path   string // where in a JSON form, such as "$.and[1].compare.op"
	Msg    string // what is wrong
	Hint   string // what may have been meant; may be empty
	Text   string // the line, or the part of it around the column; without a line, the condition

	indent, span int // of the caret line, in cells
}

// Error returns the place and the message, then the line with a mark under the
// fault, then the hint.
func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.Path != "":
		b.WriteString(e.Path + ": ")
	case e.Line > 0:
		fmt.Fprintf(&b, "%d:%d: ", e.Line, e.Column)
	}
	b.WriteString(e.Msg)
	switch {
	case e.Line > 0:
		fmt.Fprintf(&b, "\n  %s\n  %s%s", e.Text, strings.Repeat(" ", e.indent), strings.Repeat("^", max(1, e.span)))
		if e.Hint != "" {
			b.WriteString("\n  " + e.Hint)
		}
	default:
		if e.Text != "" {
			b.WriteString(" in " + e.Text)
		}
		if e.Hint != "" {
			b.WriteString("; " + e.Hint)
		}
	}
	return b.String()
}

// Locate fills in line and column of every [Error] in err that has an offset and
// no line yet, from the text that the expression was parsed from, and sorts them
// by place. Other errors stay as they are.
func Locate(err error, text string) error {
	var located []error
	for _, e := range flatten(err) {
		//nolint:errorlint // An error that wraps an Error is another error, and stays as it is.
		if se, ok := e.(*Error); ok && se.Offset >= 0 && se.Offset <= len(text) && se.Line == 0 {
			e = se.in(text, tokenWidth(text, se.Offset))
		}
		located = append(located, e)
	}
	slices.SortStableFunc(located, func(a, b error) int { return cmp.Compare(offset(a), offset(b)) })
	if len(located) == 1 {
		return located[0]
	}
	return errors.Join(located...)
}

// flatten lists the errors that err joins.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

func offset(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Offset
	}
	return -1
}

// in returns a copy of the error that shows its line of the text. n is the
// length of what is marked, in bytes.
func (e *Error) in(text string, n int) *Error {
	const around = 60 // characters shown on either side of the mark
	c := *e
	c.Text = ""
	start := strings.LastIndexByte(text[:e.Offset], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[e.Offset:], '\n'); i >= 0 {
		end = e.Offset + i
	}
	before, after := text[start:e.Offset], text[e.Offset:end]
	c.Line = strings.Count(text[:e.Offset], "\n") + 1
	c.Column = utf8.RuneCountInString(before) + 1
	marked := after[:min(n, len(after))]
	if cut := tail(before, around); cut != before {
		before = "…" + cut
	}
	if cut := head(after, around); cut != after {
		marked = marked[:min(len(marked), len(cut))]
		after = cut + "…"
	}
	c.Text = strings.TrimRight(printable(before+after), " ")
	c.indent, c.span = cells(printable(before)), cells(printable(marked))
	return &c
}

// head returns the first n characters of s.
func head(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// tail returns the last n characters of s.
func tail(s string, n int) string {
	i := len(s)
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return s[i:]
}

// printable replaces what would move the mark away from its place.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\r':
			return ' '
		case r < ' ' || r == utf8.RuneError:
			return '?'
		}
		return r
	}, s)
}

// cells returns how many columns of a terminal the text takes: two for a
// full-width character.
func cells(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n++
		}
		n++
	}
	return n
}
