package syntax

import (
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// Purpose is the declaration of one purpose that data is used for.
type Purpose struct {
	// Terms are what a grant has to meet.
	profile.Terms
	// Automated says that decisions are made about people by machines alone: whoever has
	// asked for none does not count.
	Automated bool
}

// Consent holds of whoever may be processed for a purpose: who has granted it and, at no
// identifier, refused, and has not asked to be left out.
type Consent struct {
	Purpose string
	Pos     Pos
}

func (*Consent) expr() {}

// ConsentTag returns the name of the tag that keeps live who may be processed for a
// purpose.
func ConsentTag(purpose string) string { return ConsentPrefix + purpose }

// ConsentPrefix is what the names of those tags begin with.
const ConsentPrefix = "consent:"

// consent reads the argument of consent(.
func (p *parser) consent(name token) (Expr, *Error) {
	at := p.tok
	purpose, err := p.string(name)
	switch {
	case err != nil:
		return nil, err
	case purpose == "":
		return nil, faultAt(at.pos, at.end-at.pos, "", "the purpose's name is empty")
	case !p.is(")"):
		return nil, p.misused(name)
	}
	return &Consent{Purpose: purpose, Pos: Pos(name.pos)}, nil
}

func (c *checker) consent(e *Consent) {
	if !c.outside("consent()", e.Pos) {
		return
	}
	if !utf8.ValidString(e.Purpose) {
		c.fault(e.Pos, "", "a purpose wants a name in valid UTF-8")
		return
	}
	if _, ok := c.scope.Purpose(e.Purpose); !ok {
		c.fault(e.Pos, c.suggest(e.Purpose, "purpose"), "unknown purpose %s", quote(shorten(e.Purpose)))
	}
}
