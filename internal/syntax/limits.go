package syntax

import (
	"fmt"
)

// What one expression may hold. They keep every walk over a tree, here and in
// what compiles it, within bounds.
const (
	maxDepth = 200       // of conditions and values within each other
	maxNodes = 10_000    // conditions and operands
	maxTags  = 100       // in a chain of tags and traits that depend on each other
	maxText  = 256 << 10 // bytes of text
	maxJSON  = 2 << 20   // bytes of JSON

	// maxBrackets bounds the recursion of the parser, which brackets without need
	// deepen too.
	maxBrackets = 3 * maxDepth
)

// withinLimits returns an error where the tree is too deep or too large.
func withinLimits(e Expr) *Error {
	var m measure
	m.expr(e, 1)
	return m.fault
}

// operandWithinLimits is withinLimits of an operand.
func operandWithinLimits(x Operand) *Error {
	var m measure
	m.operand(x, 1)
	return m.fault
}

// measure counts the parts of a tree until it is found to be too large.
type measure struct {
	nodes  int
	fault  *Error
	placed bool // fault says where, if that is known
}

// in counts so many parts and reports whether to go on into them.
func (m *measure) in(depth, parts int) bool {
	m.nodes += parts
	switch {
	case m.fault != nil:
	case depth > maxDepth:
		m.fault = &Error{Offset: -1, Msg: fmt.Sprintf("the expression is nested deeper than %d levels", maxDepth)}
	case m.nodes > maxNodes:
		m.fault = &Error{Offset: -1, Msg: fmt.Sprintf("the expression has more than %d parts", maxNodes), Hint: "put values into one list with in, or divide the rule into tags"}
	}
	return m.fault == nil
}

// at says where a limit was passed, the first time.
func (m *measure) at(place func() Pos) {
	if !m.placed {
		m.placed, m.fault.Offset = true, int(max(place(), -1))
	}
}

func (m *measure) expr(e Expr, depth int) {
	if e, ok := e.(*Refused); ok && m.fault == nil {
		m.fault, m.placed = e.Err, true
	}
	if !m.in(depth, 1) {
		m.at(func() Pos { return placeOf(e) })
		return
	}
	for _, x := range Parts(e) {
		m.expr(x, depth+1)
	}
	// Operands are a level of their own only within each other.
	for _, x := range operands(e) {
		m.operand(x, depth)
	}
	for _, x := range wheres(e) {
		m.expr(x, depth+1)
	}
}

func (m *measure) operand(x Operand, depth int) {
	if !m.in(depth, 1) {
		m.at(func() Pos { return placeOfOperand(x) })
		return
	}
	switch x := x.(type) {
	case *If:
		m.expr(x.Cond, depth+1)
	case *Sequence:
		if !m.in(depth, len(x.filters())) {
			m.at(func() Pos { return x.Pos })
			return
		}
	}
	for _, y := range arguments(x) {
		m.operand(y, depth+1)
	}
	for _, e := range wheres(x) {
		m.expr(e, depth+1)
	}
}

// writable returns an error where the canonical text of a tree, which was read
// from n bytes, is longer than what can be read again. Escapes and numbers may
// make it longer than those bytes, but not eight times.
func writable(n int, canonical func() string) *Error {
	if n > maxText/8 && len(canonical()) > maxText {
		return &Error{Offset: -1, Msg: fmt.Sprintf("the canonical text is longer than %d KiB", maxText>>10)}
	}
	return nil
}
