package syntax

import (
	"errors"
	"strconv"
)

// Members holds of the members of a set that the caller has at hand. It is answered when
// it is asked, as a Standing is, and no text stands for it.
type Members struct {
	Set MemberSet
	// Known is the answer for one profile, once it has been looked up.
	Known *bool
	Pos   Pos
}

// MemberSet is a set of profiles, as package segment has them.
type MemberSet interface {
	Count() uint64
	Epoch() uint64
}

func (*Members) expr() {}

// errMembers says why an expression cannot be kept.
var errMembers = errors.New("an expression with the members of a set cannot be written down: keep the set, and the rest apart")

// appendMembers says what the set is: text for people, which Parse refuses.
func appendMembers(b []byte, e *Members) []byte {
	b = strconv.AppendUint(append(b, "members("...), e.Set.Count(), 10)
	if epoch := e.Set.Epoch(); epoch > 0 {
		b = strconv.AppendUint(append(b, " at epoch "...), epoch, 10)
	}
	return append(b, ')')
}

func (c *checker) members(e *Members) {
	switch {
	case !c.outside("the members of a set", e.Pos):
	case e.Set == nil:
		c.fault(e.Pos, "", "a set is missing")
	case e.Known != nil:
	case !c.asked:
		c.fault(e.Pos, "tell a tag from outside (told: imported)", "the members of a set are of the one who asks, and cannot be part of what is kept live")
	case c.valued:
		c.fault(e.Pos, "join it with and, or, not", "the members of a set are a condition of people, and cannot stand within a value")
	}
}

// Writable returns an error where Print does not give a text that Parse would read back.
func Writable(e Expr) error {
	var err error
	v := visitor{expr: func(e Expr) bool {
		switch e := e.(type) {
		case *Members:
			err = errMembers
		case *Refused:
			err = e.Err
		}
		return err == nil
	}}
	v.visit(e)
	return err
}
