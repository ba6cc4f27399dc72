package tags

import (
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// fields compiles several values.
func (c *whereCompiler) fields(xs []syntax.Operand) []field {
	all := make([]field, len(xs))
	for i, x := range xs {
		all[i] = c.field(x)
	}
	return all
}

// field compiles a value of a row.
func (c *whereCompiler) field(x syntax.Operand) field {
	switch x := x.(type) {
	case *syntax.Trait:
		return property(x.Name)
	case *syntax.Literal:
		v := x.Value
		return func(row) (profile.Value, bool) { return v, !v.IsNull() }
	case *syntax.Arith:
		l, r, op := c.field(x.L), c.field(x.R), x.Op
		return func(w row) (profile.Value, bool) {
			a, ok := l(w)
			if !ok {
				return profile.Value{}, false
			}
			b, ok := r(w)
			if !ok {
				return profile.Value{}, false
			}
			return calculate(op, a, b)
		}
	case *syntax.Call:
		return c.call(x)
	case *syntax.If:
		cond, then, otherwise := c.filter(x.Cond), c.field(x.Then), c.field(x.Else)
		return func(r row) (profile.Value, bool) {
			if cond(r) {
				return then(r)
			}
			return otherwise(r)
		}
	}
	c.fail("a where() reads one event alone: %s does not", syntax.PrintOperand(x))
	return func(row) (profile.Value, bool) { return profile.Value{}, false }
}

// property returns the field of a name: a property of the event, or what the event
// is, or a member of an element.
func property(name string) field {
	return func(r row) (profile.Value, bool) {
		switch {
		case r.scalar != nil:
			return *r.scalar, name == "value" && !r.scalar.IsNull()
		case !r.inner && name[:min(len(name), 1)] == "$":
			switch name {
			case "$source":
				return profile.String(r.event.Source), true
			case "$type":
				return profile.String(r.event.Type.String()), true
			case "$name":
				return profile.String(r.event.Name), true
			}
		}
		v := r.event.Properties[name]
		return v, !v.IsNull()
	}
}

// call compiles a function of values.
func (c *whereCompiler) call(x *syntax.Call) field {
	args, zone := c.fields(x.Args), c.zone
	switch x.Fn {
	case syntax.Coalesce:
		return func(r row) (profile.Value, bool) {
			for _, arg := range args {
				if v, ok := arg(r); ok {
					return v, true
				}
			}
			return profile.Value{}, false
		}
	case syntax.Least:
		return outermost(args, syntax.Lt)
	case syntax.Greatest:
		return outermost(args, syntax.Gt)
	case syntax.DaysBetween:
		if len(args) == 2 {
			return func(r row) (profile.Value, bool) {
				from, ok := args[0](r)
				to, also := args[1](r)
				if !ok || !also {
					return profile.Value{}, false
				}
				return daysBetween(from, to, zone)
			}
		}
	case syntax.Round, syntax.Floor, syntax.Ceil, syntax.Abs:
		if len(args) > 0 {
			fn, digits := x.Fn, digitsOf(x.Args)
			return func(r row) (profile.Value, bool) {
				v, ok := args[0](r)
				if !ok {
					return profile.Value{}, false
				}
				return reckon(fn, v, digits)
			}
		}
	}
	c.fail("a where() reads one event alone: %s does not", syntax.PrintOperand(x))
	return func(row) (profile.Value, bool) { return profile.Value{}, false }
}

// outermost compiles least and greatest.
func outermost(args []field, op syntax.Op) field {
	return func(r row) (best profile.Value, ok bool) {
		for i, arg := range args {
			v, ok := arg(r)
			if !ok || !extremes(v.Kind()) || i > 0 && v.Kind() != best.Kind() {
				return profile.Value{}, false
			}
			if i == 0 || holds(op, v.Compare(best)) {
				best = v
			}
		}
		return best, len(args) > 0
	}
}
