package syntax

import "github.com/portraitdb/portrait/profile"

// operators of arithmetic by rising precedence.
const (
	precNone = iota // what stands alone
	precSum
	precProduct
	precValue // what needs no brackets
)

var arithOps = map[string]ArithOp{"+": Add, "-": Sub, "*": Mul, "/": Div}

func (o ArithOp) prec() int {
	if o == Add || o == Sub {
		return precSum
	}
	return precProduct
}

// arithOp returns the operator of arithmetic that the token is.
func arithOp(t token) (ArithOp, bool) {
	op, ok := arithOps[t.text]
	return op, ok && t.kind == tokenSymbol
}

// operand reads a value of a profile, a constant or arithmetic on them.
func (p *parser) operand() (Operand, *Error) { return p.arithmetic(precSum) }

// arithmetic reads values joined by operators of at least the precedence least.
func (p *parser) arithmetic(least int) (Operand, *Error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	left, err := p.signedOperand()
	for err == nil {
		op, ok := arithOp(p.tok)
		if !ok || op.prec() < least {
			return left, nil
		}
		pos := Pos(p.tok.pos)
		if err = p.advance(); err != nil {
			break
		}
		var right Operand
		right, err = p.arithmetic(op.prec() + 1)
		left = &Arith{Op: op, L: left, R: right, Pos: pos}
	}
	return nil, err
}

// signedOperand reads a value that may have a minus before it: a negative number, or
// what is subtracted from 0.
func (p *parser) signedOperand() (Operand, *Error) {
	sign := p.tok
	switch {
	case p.is("("):
		return p.bracket()
	case !p.is("-"):
		return p.primary()
	}
	ahead := p.lexer
	if t, err := ahead.next(); err == nil && t.kind == tokenNumber {
		f, err := p.signed()
		return &Literal{Value: profile.Number(f), Pos: Pos(sign.pos)}, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.arithmetic(precValue)
	if err != nil {
		return nil, err
	}
	if l, ok := x.(*Literal); ok && l.Value.Kind() == profile.KindNumber {
		return &Literal{Value: profile.Number(-l.Value.Number()), Pos: Pos(sign.pos)}, nil
	}
	zero := &Literal{Value: profile.Number(0), Pos: Pos(sign.pos)}
	return &Arith{Op: Sub, L: zero, R: x, Pos: Pos(sign.pos)}, nil
}

// bracket reads a value in brackets.
func (p *parser) bracket() (Operand, *Error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.operand()
	if err != nil {
		return nil, err
	}
	if isOperator(p.tok) || p.is("and") || p.is("or") {
		return nil, faultAt(p.tok.pos, p.tok.end-p.tok.pos, "a condition is no value: if(condition, 1, 0) is one", "found %s in the brackets of a value", quote(p.tok.text))
	}
	return x, p.expect(")", "to close the bracket")
}

// opensValue reports whether the bracket at hand is one of arithmetic, and not one
// around a condition: an operator follows the one that closes it.
func (p *parser) opensValue() bool {
	if p.values == nil {
		p.values = valueBrackets(p.text)
	}
	return p.values[p.tok.pos]
}

// valueBrackets lists the opening brackets, by their offsets, that are followed by an
// operator behind the closing one. It reads as far as the text has tokens.
func valueBrackets(text string) map[int]bool {
	values := map[int]bool{}
	l := lexer{text: text}
	var open []int
	closed := -1 // the bracket that the token before closed
	for {
		t, err := l.next()
		if err != nil || t.kind == tokenEnd {
			return values
		}
		if _, ok := arithOp(t); closed >= 0 && (ok || isOperator(t)) {
			values[closed] = true
		}
		closed = -1
		switch {
		case t.kind != tokenSymbol:
		case t.text == "(":
			open = append(open, t.pos)
		case t.text == ")" && len(open) > 0:
			closed = open[len(open)-1]
			open = open[:len(open)-1]
		}
	}
}

// constant returns the number that an operand always is.
func constant(x Operand) (float64, bool) {
	switch x := x.(type) {
	case *Literal:
		return x.Value.Number(), x.Value.Kind() == profile.KindNumber
	case *Arith:
		l, lok := constant(x.L)
		r, rok := constant(x.R)
		if !lok || !rok {
			return 0, false
		}
		switch x.Op {
		case Add:
			return l + r, true
		case Sub:
			return l - r, true
		case Mul:
			return l * r, true
		case Div:
			return l / r, r != 0
		}
	}
	return 0, false
}
