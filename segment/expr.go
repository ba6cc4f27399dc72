package segment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/internal/syntax"
)

// Expr is a condition that says who is in a segment, in Portrait's language:
// parsed, or put together by And, Or, Not and Tag. It is immutable, and not yet
// held against a model. The zero Expr is no condition and is refused wherever
// one is needed, and so is one that is nested deeper than 200 levels or has more than
// 10,000 parts. A tags.Rule is a condition in the same language, kept instead of
// asked.
type Expr struct {
	tree syntax.Expr
	text string // what it was parsed from, "" otherwise
}

// Parse reads an expression in its text form, such as
//
//	tag("高频购买者") and city in ["上海", "北京"] and not last_time("Order Completed") >= ago("30d")
//
// The error shows the line, a mark under the fault and what may have been meant.
func Parse(text string) (Expr, error) {
	tree, err := syntax.Parse(text)
	if err != nil {
		return Expr{}, err
	}
	return Expr{tree: tree, text: text}, nil
}

// MustParse is Parse for texts that are part of the program: it panics on an
// error.
func MustParse(text string) Expr {
	e, err := Parse(text)
	if err != nil {
		panic("segment: " + err.Error())
	}
	return e
}

// Tag is the profiles that have the tag.
func Tag(name string) Expr { return Expr{tree: &syntax.TagRef{Name: name, Pos: -1}} }

// Consent is the profiles that may be processed for a purpose; see docs/language.md.
func Consent(purpose string) Expr {
	return Expr{tree: &syntax.Consent{Purpose: purpose, Pos: -1}}
}

// TagValue is the profiles that have the tag with the value, which is not empty.
func TagValue(name, value string) Expr {
	return Expr{tree: &syntax.TagRef{Name: name, Value: value, Pos: -1}}
}

// Identified is the profiles that have an identifier of the namespace.
func Identified(namespace string) Expr { return Expr{tree: syntax.Identified(namespace, -1)} }

// And is the profiles in all of es; of none, everyone.
func And(es ...Expr) Expr { return joined(&syntax.And{X: trees(es)}) }

// Or is the profiles in any of es; of none, no one.
func Or(es ...Expr) Expr { return joined(&syntax.Or{X: trees(es)}) }

// Not is the live profiles that are not in e.
func Not(e Expr) Expr { return joined(&syntax.Not{X: e.tree}) }

// joined is an expression that was put together. Where it is nested too deep or has too
// many parts, none of them is kept, and every call that it is given to says so.
func joined(tree syntax.Expr) Expr { return Expr{tree: syntax.Bounded(tree)} }

// trees returns the trees of es. The zero Expr stays in as nil, for Compile to
// refuse.
func trees(es []Expr) []syntax.Expr {
	out := make([]syntax.Expr, len(es))
	for i, e := range es {
		out[i] = e.tree
	}
	return out
}

// Tree returns the expression's tree, nil for the zero Expr.
func (e Expr) Tree() syntax.Expr { return e.tree }

// IsZero reports whether e is the zero Expr.
func (e Expr) IsZero() bool { return e.tree == nil }

// String returns the canonical text of the expression, "" for the zero Expr. In the place
// of [Members] it has a note of how many they are, which Parse refuses.
func (e Expr) String() string {
	if e.tree == nil {
		return ""
	}
	return syntax.Print(e.tree)
}

// Locate adds line, column and the source line to the errors that were found in
// the expression's tree.
func (e Expr) Locate(err error) error {
	if e.text == "" || err == nil {
		return err
	}
	return syntax.Locate(err, e.text)
}

// MarshalText returns the canonical text. An expression with [Members] has none, which is
// an error.
func (e Expr) MarshalText() ([]byte, error) {
	if e.tree != nil {
		if err := syntax.Writable(e.tree); err != nil {
			return nil, fmt.Errorf("segment: %w", err)
		}
	}
	return []byte(e.String()), nil
}

// UnmarshalText is [Parse].
func (e *Expr) UnmarshalText(text []byte) error {
	p, err := Parse(string(text))
	if err != nil {
		return err
	}
	*e = p
	return nil
}

// MarshalJSON returns the JSON form, in which the conditions are objects for
// programs to build and to read; null for the zero Expr. An expression with [Members] has
// none, which is an error.
func (e Expr) MarshalJSON() ([]byte, error) {
	if e.tree == nil {
		return []byte("null"), nil
	}
	return syntax.EncodeJSON(e.tree)
}

// UnmarshalJSON reads the JSON form, or a string that holds the text form. Null
// leaves the expression as it is.
func (e *Expr) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0:
		return errors.New("segment: the JSON is empty")
	case string(data) == "null":
		return nil
	case data[0] == '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		return e.UnmarshalText([]byte(text))
	}
	tree, err := syntax.DecodeJSON(data)
	if err != nil {
		return err
	}
	*e = Expr{tree: tree}
	return nil
}
