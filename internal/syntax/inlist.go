package syntax

import "unicode/utf8"

// InList holds of whoever has an identifier in an uploaded list. It is answered when it
// is asked, as a Standing is.
type InList struct {
	Name string
	// Known is the answer for one profile, once it has been looked up.
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
	case e.Known != nil:
	case !c.asked:
		c.fault(e.Pos, "tell a tag from outside (told: imported), or declare the tag with query: true", "in_list() is answered when it is asked, and cannot be part of what is kept live")
	case c.valued:
		c.fault(e.Pos, "join it with and, or, not", "in_list() is a condition of people, and cannot stand within a value")
	}
}
