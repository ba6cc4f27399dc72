package segment

import (
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Facet is a tag, or a trait whose index lists its values, with the values that people
// have.
type Facet struct {
	Name string
	// Trait says that it is a trait; else it is a tag.
	Trait bool
	// Expr is who has it at all, and Size how many they are.
	Expr Expr
	Size uint64
	// Values are none for a tag that people have or have not. Those that a tag declares
	// come first, in the order of the declaration, then the others that anybody has, the
	// most frequent first.
	Values []FacetValue
}

// FacetValue is one value of a [Facet].
type FacetValue struct {
	Value profile.Value
	// Expr is who has it, and Size how many they are.
	Expr Expr
	Size uint64
}

// HasTrait is the profiles that have the trait.
func HasTrait(name string) Expr {
	return Expr{tree: &syntax.Exists{X: &syntax.Trait{Name: name, Pos: -1}, Pos: -1}}
}

// TraitValue is the profiles of which the trait has the value or, being a set or a list,
// has it among its own.
func TraitValue(name string, kind profile.Kind, v profile.Value) Expr {
	x := &syntax.Trait{Name: name, Pos: -1}
	if kind == profile.KindSet || kind == profile.KindList {
		return Expr{tree: &syntax.Has{Mode: syntax.AnyOf, X: x, List: []profile.Value{v}, Pos: -1}}
	}
	return Expr{tree: &syntax.Compare{Op: syntax.Eq, L: x, R: &syntax.Literal{Value: v, Pos: -1}, Pos: -1}}
}
