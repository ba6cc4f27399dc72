package syntax

import "unicode/utf8"

// InList holds of whoever has an identifier in an uploaded list.
type InList struct {
	Name string
	// Known is the answer for one profile, once it has been looked up for it alone.
	Known *bool
	Pos   Pos
}

func (*InList) expr() {}

// inList reads the argument of in_list(.
func (p *parser) inList(name token) (Expr, *Error) {
	at := p.tok
	list, err := p.string(name)
	switch {
	case err != nil:
		return nil, err
	case list == "":
		return nil, faultAt(at.pos, at.end-at.pos, "", "the list's name is empty")
	case !p.is(")"):
		return nil, p.misused(name)
	}
	return &InList{Name: list, Pos: Pos(name.pos)}, nil
}

func (c *checker) inList(e *InList) {
	switch {
	case !c.outside("in_list()", e.Pos):
	case !utf8.ValidString(e.Name) || e.Name == "":
		c.fault(e.Pos, "", "a list wants a name in valid UTF-8")
	}
}
