package syntax

import (
	"fmt"
)

// What one expression may hold. They keep every walk over a tree, here and in
// what compiles it, within bounds.
const (
	maxDepth = 200       // of conditions within conditions
	maxNodes = 10_000    // conditions and operands
	maxTags  = 100       // in a chain of tags that depend on tags
	maxText  = 256 << 10 // bytes of text
	maxJSON  = 2 << 20   // bytes of JSON

	// maxBrackets bounds the recursion of the parser, which brackets without need
	// deepen too.
	maxBrackets = 3 * maxDepth
)

// withinLimits returns an error where the tree is too deep or too large.
func withinLimits(e Expr) *Error {
	nodes := 0
	var walk func(e Expr, depth int) *Error
	walk = func(e Expr, depth int) *Error {
		nodes += 1 + len(operands(e))
		switch {
		case depth > maxDepth:
			return &Error{Offset: -1, Msg: fmt.Sprintf("the expression is nested deeper than %d levels", maxDepth)}
		case nodes > maxNodes:
			return &Error{Offset: -1, Msg: fmt.Sprintf("the expression has more than %d parts", maxNodes), Hint: "put values into one list with in, or divide the rule into tags"}
		}
		for _, x := range Parts(e) {
			if err := walk(x, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(e, 1)
}

// writable returns an error where the canonical text of a tree, which was read
// from n bytes, is longer than what can be read again. Escapes and numbers may
// make it longer than those bytes, but not eight times.
func writable(e Expr, n int) *Error {
	if n > maxText/8 && len(Print(e)) > maxText {
		return &Error{Offset: -1, Msg: fmt.Sprintf("the canonical text is longer than %d KiB", maxText>>10)}
	}
	return nil
}

// Parts returns the conditions that e combines, none for a condition on
// operands. The slice may be part of e: do not change it.
func Parts(e Expr) []Expr {
	switch e := e.(type) {
	case *And:
		return e.X
	case *Or:
		return e.X
	case *Xor:
		return e.X
	case *Minus:
		return e.X
	case *AtLeast:
		return e.X
	case *Not:
		return []Expr{e.X}
	}
	return nil
}

// operands returns the operands of a condition.
func operands(e Expr) []Operand {
	switch e := e.(type) {
	case *Compare:
		return []Operand{e.L, e.R}
	case *In:
		return []Operand{e.X}
	case *Has:
		return []Operand{e.X}
	case *Match:
		return []Operand{e.X}
	case *Exists:
		return []Operand{e.X}
	}
	return nil
}
