package portrait

import (
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// namespaceIndex is the name of the index of namespaces(), which every catalog has: a
// bitmap for each namespace of who has an identifier of it. No trait has that name.
// Everybody has some, so that who has any is universe.
const namespaceIndex = ""

func newNamespaceIndex() *traitIndex {
	return &traitIndex{
		name: namespaceIndex, field: universe, values: newValueFields(),
		info: syntax.TraitInfo{Kind: profile.KindSet, Elem: profile.KindString, Compute: &syntax.Namespaces{Pos: -1}},
	}
}

// operand is what the index has the values of.
func (ix *traitIndex) operand() syntax.Operand {
	if ix.label != nil || ix.name == namespaceIndex {
		return ix.info.Compute
	}
	return &syntax.Trait{Name: ix.name}
}

// program is what computes the values of a trait's index; nil of an attribute.
func (c *catalog) program(ix *traitIndex) (*tags.Value, error) {
	if ix.name == namespaceIndex {
		return tags.CompileValue(ix.info.Compute, c)
	}
	return c.computed[ix.name], nil
}
