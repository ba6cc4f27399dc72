package tags

import (
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// standing is how a value stands among everybody's.
type standing struct {
	x     operand
	among syntax.Ladder
}

func (o *standing) read(st *profile.State, now profile.Instant) reading {
	r := o.x.read(st, now)
	if !r.ok || o.among == nil {
		return missing(r.change(now))
	}
	level, ok := o.among.Level(r.value)
	return reading{value: profile.Number(level), ok: ok, until: r.change(now)}
}
