package tags

import (
	"slices"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Value is a compiled operand: what a trait computes. It is immutable and safe for
// concurrent use.
type Value struct {
	x    operand
	deps Deps
}

// CompileValue checks an operand against what a model declares and compiles it. The
// error joins one *syntax.Error for every fault.
func CompileValue(x syntax.Operand, s syntax.Scope) (*Value, error) {
	checked, err := syntax.CheckOperand(x, s)
	if err != nil {
		return nil, err
	}
	c := newCompiler(s)
	o := c.operand(checked)
	if len(c.faults) == 0 && running(o.operand) {
		c.fault(-1, "%s is another time with every microsecond: write days_since() or compare it in a rule", shorten(syntax.PrintOperand(checked)))
	}
	if err := c.finish(o.size); err != nil {
		return nil, err
	}
	return &Value{x: o.operand, deps: c.deps}, nil
}

// running reports whether a value may be that of now().
func running(o operand) bool {
	var of []operand
	switch o := o.(type) {
	case *ticking:
		return o.clock.ago == nil
	case *coalesce:
		of = o.x
	case *extreme:
		of = o.x
	case *choice:
		of = []operand{o.then, o.otherwise}
	}
	return slices.ContainsFunc(of, running)
}

// Deps returns what the value is computed from. The lists belong to the value: do
// not change them.
func (v *Value) Deps() Deps { return v.deps }

// Eval returns the value of a state at now; ok is false where it is missing. until is
// the first instant after now at which that changes if nothing happens, or
// [profile.Never]; of a value that stays the same through dozens of windows moving on
// it may be an earlier instant, at which to ask again.
func (v *Value) Eval(st *profile.State, now profile.Instant) (value profile.Value, ok bool, until profile.Instant) {
	var r reading
	if x, is := v.x.(lasting); is {
		r, until = x.lasts(st, now)
	} else {
		r = v.x.read(st, now)
		until = lasts(v.x, &r, st, now)
	}
	if !r.ok {
		return profile.Value{}, false, until
	}
	return r.value, true, until
}

// lasting is an operand that finds out by itself until when its reading of now lasts.
type lasting interface {
	lasts(st *profile.State, now profile.Instant) (r reading, until profile.Instant)
}

// lasts returns the first instant after now at which an operand is something else
// than a reading of now, or a safe bound.
func lasts(x operand, r *reading, st *profile.State, now profile.Instant) profile.Instant {
	if x, ok := x.(lasting); ok {
		_, until := x.lasts(st, now)
		return until
	}
	until := r.change(now)
	for range maxTurns {
		if until == profile.Never {
			break
		}
		next := x.read(st, until)
		if !next.same(r) {
			break
		}
		until = next.change(until)
	}
	return until
}
