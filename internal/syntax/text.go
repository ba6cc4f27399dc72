package syntax

import (
	"strings"
	"unicode/utf8"
)

// Parse reads the text form of a condition. The error is an *[Error] that shows the
// place.
func Parse(text string) (Expr, error) {
	var e Expr
	err := read(text, func(p *parser) (err *Error) {
		e, err = p.whole()
		return err
	})
	if err == nil {
		err = withinLimits(e).placedIn(text)
	}
	if err == nil {
		err = writable(len(text), func() string { return Print(e) })
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// ParseOperand reads the text form of a value: what a trait computes. The error is an
// *[Error] that shows the place.
func ParseOperand(text string) (Operand, error) {
	var x Operand
	err := read(text, func(p *parser) (err *Error) {
		x, err = p.wholeOperand()
		return err
	})
	if err == nil {
		err = operandWithinLimits(x).placedIn(text)
	}
	if err == nil {
		err = writable(len(text), func() string { return PrintOperand(x) })
	}
	if err != nil {
		return nil, err
	}
	return x, nil
}

// read has a text read, once it is known to be one.
func read(text string, whole func(*parser) *Error) *Error {
	if len(text) > maxText {
		at := maxText
		for ; at > 0 && !utf8.RuneStart(text[at]); at-- { //nolint:revive // Back to where the character begins.
		}
		return faultAt(at, 1, "", "the text is longer than %d KiB", maxText>>10).shownIn(text)
	}
	if at := invalidUTF8(text); at >= 0 {
		return faultAt(at, 1, "", "the text is not valid UTF-8").shownIn(text)
	}
	if err := whole(&parser{lexer: lexer{text: text}}); err != nil {
		return err.shownIn(text)
	}
	return nil
}

// placedIn shows an error that has a place in its text; nil stays nil.
func (e *Error) placedIn(text string) *Error {
	if e == nil || e.Offset < 0 {
		return e
	}
	return e.in(text, tokenWidth(text, e.Offset))
}

func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}
