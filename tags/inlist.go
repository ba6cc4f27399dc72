package tags

import (
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// listed holds of who is in an uploaded list, which the state was told; see
// [profile.State.InLists].
type listed string

func (n listed) eval(st *profile.State, _ profile.Instant) answer {
	return always(st.Listed(string(n)))
}

// inList compiles a condition on an uploaded list.
func (c *compiler) inList(e *syntax.InList) node {
	if e.Known != nil {
		return fixed(*e.Known)
	}
	c.deps.Lists = append(c.deps.Lists, e.Name)
	return listed(e.Name)
}
