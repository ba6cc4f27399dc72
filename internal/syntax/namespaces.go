package syntax

import (
	"slices"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// Namespaces is the set of the namespaces that the profile has identifiers of, which is
// never missing.
type Namespaces struct{ Pos Pos }

func (*Namespaces) operand() {}

// namespaces reads the end of namespaces(.
func (p *parser) namespaces(name token) (Operand, *Error) {
	if !p.is(")") {
		return nil, p.misused(name)
	}
	return &Namespaces{Pos: Pos(name.pos)}, p.advance()
}

// identified reads the argument of identified(: those who have an identifier of one
// namespace.
func (p *parser) identified(name token) (Expr, *Error) {
	at := p.tok
	namespace, err := p.string(name)
	switch {
	case err != nil:
		return nil, err
	case namespace == "":
		return nil, faultAt(at.pos, at.end-at.pos, "who has any at all is everybody: true", "the namespace is empty")
	case !p.is(")"):
		return nil, p.misused(name)
	}
	return Identified(namespace, Pos(name.pos)), nil
}

// Identified is the condition that identified( stands for.
func Identified(namespace string, pos Pos) *Has {
	return &Has{Mode: AnyOf, X: &Namespaces{Pos: pos}, List: []profile.Value{profile.String(namespace)}, Pos: pos}
}

// identified returns the namespace of what [Identified] makes.
func (e *Has) identified() (namespace string, ok bool) {
	if _, ok := e.X.(*Namespaces); !ok || e.Mode != AnyOf || len(e.List) != 1 || e.List[0].Kind() != profile.KindString {
		return "", false
	}
	namespace = e.List[0].Text()
	return namespace, namespace != "" && utf8.ValidString(namespace)
}

// namespaces refuses those that the model does not declare, in a list that namespaces()
// is compared with.
func (c *checker) namespaces(e *Has) {
	declared := c.scope.Names("namespace")
	if _, ok := e.X.(*Namespaces); !ok || len(declared) == 0 {
		return
	}
	for _, v := range e.List {
		if name := v.Text(); v.Kind() == profile.KindString && !slices.Contains(declared, name) {
			c.fault(e.Pos, c.suggest(name, "namespace"), "unknown namespace %s", quote(shorten(name)))
		}
	}
}
