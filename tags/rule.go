package tags

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/portraitdb/portrait/internal/syntax"
)

// Rule is a condition on a profile, parsed but not yet held against a model. The
// zero Rule is no condition and is refused wherever one is needed. A segment.Expr is
// a condition in the same language, asked instead of kept: one becomes the other by
// its String and the other package's Parse.
type Rule struct {
	tree syntax.Expr
	text string // what it was parsed from; "" for a rule from JSON
}

// Parse reads a rule in its text form, such as
//
//	count("Order Completed") >= 3 and city in ["上海", "北京"] and not tag("沉睡")
//
// The error shows the line, a mark under the fault and what may have been meant.
func Parse(text string) (Rule, error) {
	tree, err := syntax.Parse(text)
	if err != nil {
		return Rule{}, err
	}
	return Rule{tree: tree, text: text}, nil
}

// MustParse is [Parse] for texts that are part of the program: it panics on an
// error.
func MustParse(text string) Rule {
	r, err := Parse(text)
	if err != nil {
		panic("tags: " + err.Error())
	}
	return r
}

// Tree returns the rule's tree, nil for the zero Rule. It is not checked.
func (r Rule) Tree() syntax.Expr { return r.tree }

// IsZero reports whether r is the zero Rule.
func (r Rule) IsZero() bool { return r.tree == nil }

// Equal reports whether both rules are the same condition, however it is spaced
// and bracketed.
func (r Rule) Equal(o Rule) bool { return r.String() == o.String() }

// String returns the canonical text of the rule, "" for the zero Rule.
func (r Rule) String() string {
	if r.tree == nil {
		return ""
	}
	return syntax.Print(r.tree)
}

// Locate adds line, column and the source line to the errors that [Compile]
// found in the rule's tree.
func (r Rule) Locate(err error) error {
	if r.text == "" || err == nil {
		return err
	}
	return syntax.Locate(err, r.text)
}

// MarshalText returns the canonical text.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is [Parse].
func (r *Rule) UnmarshalText(text []byte) error {
	p, err := Parse(string(text))
	if err != nil {
		return err
	}
	*r = p
	return nil
}

// MarshalJSON returns the JSON form, in which the conditions are objects for
// programs to build and to read; null for the zero Rule.
func (r Rule) MarshalJSON() ([]byte, error) {
	if r.tree == nil {
		return []byte("null"), nil
	}
	return syntax.EncodeJSON(r.tree)
}

// UnmarshalJSON reads the JSON form, or a string that holds the text form. Null
// leaves the rule as it is.
func (r *Rule) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0:
		return errors.New("rule: the JSON is empty")
	case string(data) == "null":
		return nil
	case data[0] == '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		return r.UnmarshalText([]byte(text))
	}
	tree, err := syntax.DecodeJSON(data)
	if err != nil {
		return err
	}
	*r = Rule{tree: tree}
	return nil
}
