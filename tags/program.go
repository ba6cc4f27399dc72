package tags

import "github.com/portraitdb/portrait/profile"

// Program is a compiled rule. It is immutable and safe for concurrent use.
type Program struct {
	root *part
	deps Deps
}

// Deps is what a program reads, through every tag that its rule names. Each list
// is sorted and without repetitions.
type Deps struct {
	// Attributes are the traits that are told, not computed.
	Attributes []string
	// Events are the names of the events that are counted or folded.
	Events []string
	// Timed says that the answer may change with the clock alone.
	Timed bool
}

// Deps returns what the program reads. The lists belong to the program: do not
// change them.
func (p *Program) Deps() Deps { return p.deps }

// Eval reports whether the rule holds of a state at now, and until when that is
// so if nothing happens: the first instant after now at which the answer changes,
// or [profile.Never]. Only where a rule compares ago() with the clock, or has
// dozens of dates that cancel out, may until be an earlier instant, at which to
// ask again. Eval allocates nothing.
func (p *Program) Eval(st *profile.State, now profile.Instant) (ok bool, until profile.Instant) {
	if !p.deps.Timed {
		return p.root.eval(st, now).ok, profile.Never
	}
	a := settle(p.root.node, st, now)
	return a.ok, a.until
}
