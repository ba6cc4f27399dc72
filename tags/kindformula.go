package tags

import "github.com/portraitdb/portrait/internal/syntax"

// Formula is a value of a profile, such as `top(3, "Order Completed", "category")`,
// parsed but not yet held against a model. The zero Formula is none.
type Formula struct {
	tree syntax.Operand
	text string
}

// ParseFormula reads a formula. The error shows the line and a mark under the
// fault.
func ParseFormula(text string) (Formula, error) {
	tree, err := syntax.ParseOperand(text)
	if err != nil {
		return Formula{}, err
	}
	return Formula{tree: tree, text: text}, nil
}

// MustParseFormula is [ParseFormula] for texts that are part of the program: it
// panics on an error.
func MustParseFormula(text string) Formula {
	f, err := ParseFormula(text)
	if err != nil {
		panic("tags: " + err.Error())
	}
	return f
}

// Tree returns the formula's tree, nil for the zero Formula. It is not checked.
func (f Formula) Tree() syntax.Operand { return f.tree }

// IsZero reports whether f is the zero Formula.
func (f Formula) IsZero() bool { return f.tree == nil }

// Equal reports whether both formulas are the same, however they are spaced and
// bracketed.
func (f Formula) Equal(o Formula) bool { return f.String() == o.String() }

// String returns the canonical text of the formula, "" for the zero Formula.
func (f Formula) String() string {
	if f.tree == nil {
		return ""
	}
	return syntax.PrintOperand(f.tree)
}

// Locate adds line, column and the source line to the errors that were found in
// the formula's tree.
func (f Formula) Locate(err error) error {
	if f.text == "" || err == nil {
		return err
	}
	return syntax.Locate(err, f.text)
}

// MarshalText returns the canonical text.
func (f Formula) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is [ParseFormula]; of an empty text it leaves the zero Formula.
func (f *Formula) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*f = Formula{}
		return nil
	}
	p, err := ParseFormula(string(text))
	if err != nil {
		return err
	}
	*f = p
	return nil
}
