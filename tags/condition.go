package tags

import (
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// tester is an operand that finds out by itself when a condition on it changes,
// faster than it can be read again and again.
type tester interface {
	test(p predicate, st *profile.State, now profile.Instant) answer
}

// The bounds on how often a condition on operands asks on for the instant at which
// it changes: where every step is cheap and a bucket or a midnight, a year of days;
// and where it may be anything.
const (
	maxEdges = 366
	maxTurns = 64
)

// ask is a condition on one operand.
type ask struct {
	x     operand
	is    predicate
	by    tester // the operand, where it is one
	steps int
}

func newAsk(x operand, is predicate) *ask {
	n := &ask{x: x, is: is, steps: maxTurns}
	n.by, _ = x.(tester)
	switch x := x.(type) {
	case *windowed:
		if !x.lists() {
			n.steps = maxEdges
		}
	case *daysOf:
		n.steps = maxEdges
	}
	return n
}

func (n *ask) eval(st *profile.State, now profile.Instant) answer {
	a := n.once(st, now)
	if a.exact {
		return a
	}
	return pursue(n, a, st, n.steps)
}

func (n *ask) once(st *profile.State, now profile.Instant) answer {
	if n.by != nil {
		return n.by.test(n.is, st, now)
	}
	r := n.x.read(st, now)
	a := answer{ok: n.is.holds(r.value, r.ok), until: r.until}
	if r.clock != nil {
		a.until = min(a.until, n.is.flip(r.clock, now))
	}
	a.exact = a.until == profile.Never
	return a
}

// comparison compares two operands.
type comparison struct {
	op   syntax.Op
	l, r operand
}

func (n *comparison) eval(st *profile.State, now profile.Instant) answer {
	a := n.once(st, now)
	if a.exact {
		return a
	}
	return pursue(n, a, st, maxTurns)
}

func (n *comparison) once(st *profile.State, now profile.Instant) answer {
	l, r := n.l.read(st, now), n.r.read(st, now)
	return compared(n.op, &l, &r, now)
}

// compared answers "l op r".
func compared(op syntax.Op, l, r *reading, now profile.Instant) answer {
	a := answer{until: min(l.until, r.until)}
	if !l.ok || !r.ok || l.value.Kind() != r.value.Kind() {
		a.exact = a.until == profile.Never
		return a
	}
	a.ok = holds(op, l.value.Compare(r.value))
	flip, exact := profile.Never, true
	switch {
	case l.clock != nil && r.clock != nil:
		flip, exact = flipClocks(op, l.clock, r.clock, now)
	case l.clock != nil:
		flip = l.clock.flip(op, r.value.Instant(), now)
	case r.clock != nil:
		flip = r.clock.flip(op.Mirrored(), l.value.Instant(), now)
	}
	if flip < a.until {
		a.until, a.exact = flip, exact
		return a
	}
	a.exact = a.until == profile.Never
	return a
}

// inquiry is a condition that may be asked on.
type inquiry interface {
	once(st *profile.State, now profile.Instant) answer
}

// pursue asks on, at the instants that the answers name, until one differs from the
// first. After so many steps it settles for a safe bound.
func pursue(n inquiry, first answer, st *profile.State, steps int) answer {
	a, guess := first, true
	for range steps {
		next := n.once(st, a.until)
		if next.ok != first.ok {
			guess = false
			break
		}
		a.until = next.until
		if next.exact {
			guess = next.guess
			break
		}
	}
	return answer{ok: first.ok, until: a.until, exact: true, guess: guess}
}
