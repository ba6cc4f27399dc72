package yamlfile

import (
	"fmt"
	"math"
	"math/big"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Int is a whole number in a file. An int would take 1.5 for 1, and text that looks
// like a number for that number; Int refuses both.
type Int int

// UnmarshalYAML reads a whole number, in any notation of one: 1e3 and 2.0 are whole.
func (n *Int) UnmarshalYAML(decode func(any) error) error {
	v, err := whole(decode, math.MinInt, math.MaxInt)
	if err == nil {
		*n = Int(v.Int64())
	}
	return err
}

// Uint is a whole number of 64 bits in a file, not below 0, as strict as Int.
type Uint uint64

// UnmarshalYAML reads a whole number, in any notation of one.
func (n *Uint) UnmarshalYAML(decode func(any) error) error {
	v, err := whole(decode, 0, math.MaxUint64)
	if err == nil {
		*n = Uint(v.Uint64())
	}
	return err
}

// whole reads a whole number from least to most. Its errors know their place in the
// text.
func whole(decode func(any) error, least int64, most uint64) (*big.Int, error) {
	var value any
	if err := decode(&value); err != nil {
		return nil, err
	}
	var node ast.Node // The same once more, for its place.
	if err := decode(&node); err != nil {
		return nil, err
	}
	fault := func(format string, args ...any) error {
		return &yaml.SyntaxError{Message: fmt.Sprintf(format, args...), Token: node.GetToken()}
	}
	n, ok := integer(value, node)
	switch {
	case !ok:
		return nil, fault("want a whole number, got %s", shown(value, node))
	case n.Cmp(big.NewInt(least)) < 0:
		return nil, fault("want a whole number of at least %d, got %d", least, n)
	case n.Cmp(new(big.Int).SetUint64(most)) > 0:
		return nil, fault("want a whole number of at most %d, got %d", most, n)
	}
	return n, nil
}

// integer returns the whole number that a value is.
func integer(value any, node ast.Node) (*big.Int, bool) {
	switch v := value.(type) {
	case nil:
		return new(big.Int), true // As elsewhere: no value is the zero value.
	case int64:
		return big.NewInt(v), true
	case uint64:
		return new(big.Int).SetUint64(v), true
	case float64:
		if math.IsNaN(v) {
			return nil, false
		}
		return integral(big.NewFloat(v))
	case int:
		// What is tagged !!int is 0 to the decoder if it is no whole number.
		return new(big.Int).SetString(tagged(node), 0)
	case string:
		// Numbers with an exponent, and those of more than 64 bits, come as plain text.
		if node.GetToken().Type == token.StringType {
			f, _, err := big.ParseFloat(v, 10, maxBits, big.ToZero)
			if err != nil {
				return nil, false
			}
			return integral(f)
		}
	}
	return nil, false
}

// maxBits bounds the numbers that an error quotes in full.
const maxBits = 256

// integral returns a number that has no fraction.
func integral(f *big.Float) (*big.Int, bool) {
	if !f.IsInt() || f.MantExp(nil) > maxBits {
		return nil, false
	}
	n, _ := f.Int(nil)
	return n, true
}

// tagged returns the text that a tag is about.
func tagged(node ast.Node) string {
	if tag, ok := node.(*ast.TagNode); ok && tag.Value != nil {
		return tag.Value.GetToken().Value
	}
	return node.GetToken().Value
}

// shown is a value as an error quotes it.
func shown(value any, node ast.Node) string {
	switch v := value.(type) {
	case float64, bool:
		return fmt.Sprint(v)
	case string:
		return fmt.Sprintf("text %q", v)
	case int:
		return tagged(node)
	}
	return kindName(reflect.TypeOf(value))
}
