package syntax

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/portraitdb/portrait/internal/spelling"
	"github.com/portraitdb/portrait/profile"
)

// faultAt returns an error about n bytes at an offset, to be shown in its text.
func faultAt(offset, n int, hint, format string, args ...any) *Error {
	return &Error{Offset: offset, Msg: fmt.Sprintf(format, args...), Hint: hint, span: n}
}

func (e *Error) shownIn(text string) *Error { return e.in(text, e.span) }

// parser reads conditions by precedence: or, and, not, then conditions on
// operands. Every method leaves tok at the first token that it did not use.
type parser struct {
	lexer
	tok    token
	before int // where the token before ended
	depth  int
	values map[int]bool // see opensValue
}

// binary operators by rising precedence.
const (
	precOr = 1 + iota
	precAnd
	precNot
)

func (p *parser) whole() (Expr, *Error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenEnd {
		return nil, faultAt(p.tok.pos, 1, `write a condition, such as city = "上海"`, "the expression is empty")
	}
	e, err := p.expr(precOr)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		err := p.unexpected("and, or, or the end")
		if _, ok := e.(*TagRef); ok && (p.is("=") || p.is("!=")) {
			err.Hint = `whether a tag has a value is tag("name", "value")`
		}
		return nil, err
	}
	return e, nil
}

func (p *parser) wholeOperand() (Operand, *Error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenEnd {
		return nil, faultAt(p.tok.pos, 1, `write a value, such as count("event")`, "the expression is empty")
	}
	x, err := p.operand()
	if err != nil {
		return nil, err
	}
	switch {
	case isOperator(p.tok) || p.is("and") || p.is("or"):
		return nil, faultAt(p.tok.pos, p.tok.end-p.tok.pos, "as a value, a condition is if(condition, 1, 0)", "a value should be here, and no condition")
	case p.tok.kind != tokenEnd:
		return nil, p.unexpected("the end")
	}
	return x, nil
}

func (p *parser) advance() *Error {
	p.before = p.tok.end
	t, err := p.next()
	p.tok = t
	return err
}

// is reports whether the token is a symbol or a keyword of that text.
func (p *parser) is(text string) bool {
	return (p.tok.kind == tokenSymbol || p.tok.kind == tokenName) && p.tok.text == text
}

// expect consumes a symbol.
func (p *parser) expect(symbol, after string) *Error {
	if !p.is(symbol) {
		return p.unexpected(symbol + " " + after)
	}
	return p.advance()
}

// unexpected is the error that the token is not what was wanted.
func (p *parser) unexpected(want string) *Error {
	found, hint := quote(p.tok.text), ""
	switch p.tok.kind {
	case tokenEnd:
		found = "the end"
	case tokenString:
		found = "the string " + found
	case tokenName:
		hint = p.wordHint()
	}
	return faultAt(p.tok.pos, p.tok.end-p.tok.pos, hint, "found %s where %s should be", shorten(found), want)
}

// wordHint guesses at what a misplaced word stands for.
func (p *parser) wordHint() string {
	word := p.tok.text
	if other, ok := otherWords[word]; ok {
		return "did you mean " + other + "?"
	}
	if f, ok := functions[word]; ok && p.followedByText() {
		return "a function stands first: " + f
	}
	switch strings.ToLower(word) {
	case "is":
		return "a missing trait is asked for with missing(name), another value with ="
	case "between":
		return "write name >= low and name <= high"
	case "like":
		return "write contains(name, \"text\"), starts_with, ends_with or matches"
	}
	if near := spelling.Nearest(word, operatorWords[:]); near != "" && near != word {
		return "did you mean " + near + "?"
	}
	return ""
}

// followedByText reports whether a string comes next.
func (p *parser) followedByText() bool {
	ahead := p.lexer
	t, err := ahead.next()
	return err == nil && t.kind == tokenString
}

// deeper counts one more level, which the caller takes back.
func (p *parser) deeper() *Error {
	if p.depth++; p.depth > maxBrackets {
		return faultAt(p.tok.pos, 1, "", "the brackets are nested deeper than %d levels", maxBrackets)
	}
	return nil
}

// followedBy reports whether a symbol comes next.
func (p *parser) followedBy(symbol string) bool {
	ahead := p.lexer
	t, err := ahead.next()
	return err == nil && t.kind == tokenSymbol && t.text == symbol
}

// expr reads conditions joined by operators of at least the precedence min.
func (p *parser) expr(least int) (Expr, *Error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	for {
		word, prec := "and", precAnd
		if p.is("or") {
			word, prec = "or", precOr
		}
		if prec < least || !p.is(word) {
			return left, nil
		}
		chain := []Expr{left}
		for p.is(word) {
			if err := p.advance(); err != nil {
				return nil, err
			}
			x, err := p.expr(prec + 1)
			if err != nil {
				return nil, err
			}
			chain = append(chain, x)
		}
		if prec == precOr {
			left = &Or{X: chain}
		} else {
			left = &And{X: chain}
		}
	}
}

func (p *parser) unary() (Expr, *Error) {
	switch {
	case p.is("not"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		x, err := p.expr(precNot)
		return &Not{X: x}, err
	case p.is("(") && !p.opensValue():
		if err := p.advance(); err != nil {
			return nil, err
		}
		x, err := p.expr(precOr)
		if err != nil {
			return nil, err
		}
		return x, p.expect(")", "to close the bracket")
	case p.tok.kind == tokenName:
		return p.word()
	}
	return p.condition()
}

// word reads a condition that begins with a bare word.
func (p *parser) word() (Expr, *Error) {
	start := p.tok
	ahead := p.lexer
	behind, err := ahead.next()
	called := err == nil && behind.kind == tokenSymbol && behind.text == "("
	switch {
	case called && isConditionFunction(start.text):
		if err := p.enter(); err != nil {
			return nil, err
		}
		e, err := p.conditionCall(start)
		if err != nil {
			return nil, err
		}
		if err := p.expect(")", "to close "+start.text+"("); err != nil {
			return nil, err
		}
		if _, ok := arithOp(p.tok); start.text == "sequence" && (ok || isOperator(p.tok)) {
			return nil, faultAt(start.pos, len(start.text), "how often it happened is sequence_count(...)", "sequence(...) is a condition, a value should be here")
		}
		return e, nil
	case called && start.text == "stage":
		return p.stage(start)
	case called:
		return p.condition()
	case (start.text == "true" || start.text == "false") && !isOperator(behind):
		return &Const{Value: start.text == "true"}, p.advance()
	}
	return p.condition()
}

// enter consumes a function's name and its opening bracket.
func (p *parser) enter() *Error {
	if err := p.advance(); err != nil {
		return err
	}
	return p.advance()
}

// condition reads an operand, an operator and what follows it.
func (p *parser) condition() (Expr, *Error) {
	first := p.tok
	x, err := p.operand()
	if err != nil {
		return nil, err
	}
	pos := Pos(p.tok.pos)
	if op, ok := comparison(p.tok); ok {
		if err := p.advance(); err != nil {
			return nil, err
		}
		r, err := p.operand()
		if err != nil {
			return nil, err
		}
		if isOperator(p.tok) {
			return nil, faultAt(p.tok.pos, p.tok.end-p.tok.pos, "join two comparisons with and: a < b and b < c", "comparisons cannot be chained")
		}
		return &Compare{Op: op, L: x, R: r, Pos: pos}, nil
	}
	negated := p.is("not")
	if negated {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.is("in") {
			return nil, p.unexpected("in (as in: city not in [...])")
		}
	}
	mode, isHas := hasModes[p.tok.text]
	switch {
	case p.is("in"):
		list, err := p.list()
		return &In{X: x, List: list, Negated: negated, Pos: pos}, err
	case p.tok.kind == tokenName && isHas:
		list, err := p.list()
		return &Has{Mode: mode, X: x, List: list, Pos: pos}, err
	}
	if p.tok.kind == tokenEnd || p.is(")") || p.is(",") || p.is("and") || p.is("or") {
		name := shorten(PrintOperand(x))
		source := strings.TrimSpace(p.text[first.pos:p.tok.pos])
		return nil, faultAt(first.pos, len(source), "compare it ("+name+" = ...) or ask exists("+name+")", "a value is no condition by itself")
	}
	return nil, p.unexpected("an operator (= != < <= > >= in)")
}

// list reads an operator's word and the list behind it.
func (p *parser) list() ([]profile.Value, *Error) {
	word := p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.is("[") {
		err := p.unexpected("[")
		err.Hint = "a list is written in square brackets: " + word + ` ["a", "b"]`
		if word == "in" && (p.tok.kind == tokenName || p.tok.kind == tokenQuoted) {
			err.Hint = "whether a set has a value is asked as in " + shorten(p.tok.text) + ` any_of ["a"]`
		}
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	list := []profile.Value{}
	for !p.is("]") {
		if len(list) > 0 {
			if err := p.expect(",", "or ] in the list"); err != nil {
				return nil, err
			}
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, p.advance()
}

// value reads a constant.
func (p *parser) value() (profile.Value, *Error) {
	start := p.tok
	x, err := p.operand()
	if err != nil {
		return profile.Value{}, err
	}
	l, ok := x.(*Literal)
	if !ok {
		return profile.Value{}, faultAt(start.pos, start.end-start.pos, "a text is written in quotes", "a constant should be here")
	}
	return l.Value, nil
}

// number reads a number's text.
func number(text string) (float64, bool) {
	f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	return f, err == nil
}

// shorten cuts what is quoted in a message.
func shorten(s string) string {
	if cut := head(s, 60); cut != s {
		return cut + "…"
	}
	return s
}
