package syntax

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// operand checks a value and returns its kind; ok is false where that is not
// known or an error was found. pos stands in for an operand without a place.
func (c *checker) operand(x Operand, pos Pos) (checked Operand, kind profile.Kind, ok bool) {
	before := c.found
	checked = x
	switch x := x.(type) {
	case *Trait:
		c.trait(x)
	case *Aggregate:
		checked = c.aggregate(x)
	case *Sequence:
		checked = c.sequence(x, x.Pos)
	case *Interest:
		if c.interest(x.Name, x.Pos); !utf8.ValidString(x.Key) {
			c.fault(x.Pos, "", "the key is not valid UTF-8")
		}
	case *Interests:
		if c.interest(x.Name, x.Pos); x.N < 1 || x.N > maxValues {
			c.fault(x.Pos, "", "interests gives 1 to %d keys", maxValues)
		}
	case *Namespaces:
		c.outside("namespaces()", x.Pos)
	case *Draw:
		c.draw(x)
	case *Standing:
		checked = c.standing(x)
	case *Arith:
		checked = c.arith(x)
	case *Call:
		checked = c.call(x)
	case *If:
		checked = c.choice(x)
	case *Literal:
		c.literal(x.Value, x.Pos)
	case *Now:
		if c.clock("now()", x.Pos); x.Offset%time.Microsecond != 0 || x.Offset > maxSpan || x.Offset < -maxSpan {
			c.fault(x.Pos, "", "now() is moved by whole microseconds, at most 200 years")
		}
	case *Ago:
		if c.clock("ago()", x.Pos); x.Unit > Year || x.N < 1 || x.N > maxWindow[x.Unit] {
			c.fault(x.Pos, "", "ago() wants a window of 1 to 200 years' length")
		}
	default:
		c.fault(pos, "", "a value is missing")
	}
	if c.found > before {
		return checked, profile.KindNull, false
	}
	c.kept(checked, pos)
	return checked, c.kindOf(checked).kind, c.found == before
}

// kindOf returns the kind of an operand in the place at hand.
func (c *checker) kindOf(x Operand) kinded {
	c.kinds.properties = c.place != ofProfile
	return c.kinds.operand(x)
}

// kept refuses an operand whose ground profiles do not keep.
func (c *checker) kept(x Operand, pos Pos) {
	if c.place != ofProfile {
		return
	}
	f := FoldOf(x, c.scope)
	if f == nil {
		return
	}
	switch x := x.(type) {
	case *Aggregate:
		pos = x.Pos
	case *Sequence:
		pos = x.Pos
	case *Interest:
		pos = x.Pos
	case *Interests:
		pos = x.Pos
	}
	if _, ok := c.scope.Kept(f); !ok {
		text := PrintOperand(x)
		c.fault(pos, "declare a trait with compute: "+head(text, 1000), "profiles do not keep what %s needs", shorten(text))
	}
}

func (c *checker) trait(x *Trait) {
	if c.place != ofProfile {
		if x.Name == "" || !utf8.ValidString(x.Name) {
			c.fault(x.Pos, "", "a property wants a name in valid UTF-8")
		}
		return // Nothing says which there are.
	}
	if _, ok := c.scope.Trait(x.Name); ok {
		c.follow(dependency{kind: traitDependency, name: x.Name}, x.Pos)
		return
	}
	hint := c.suggest(x.Name, "trait")
	if hint == "" {
		hint = "traits are declared in the model; a text is written in quotes"
		switch form, ok := functions[x.Name]; {
		case ok:
			hint = "a function is written with brackets: " + form
		case strings.EqualFold(x.Name, "null") || strings.EqualFold(x.Name, "nil"):
			hint = "a missing value is asked for with missing(name)"
		}
	}
	c.fault(x.Pos, hint, "unknown trait %s", quote(shorten(x.Name)))
}

// clock refuses the clock in a condition on events: what was kept of an event would
// change by itself.
func (c *checker) clock(what string, pos Pos) {
	if c.place != ofProfile {
		c.fault(pos, `the time of the event is bounded by a window, such as last("30d")`, "%s cannot stand in where()", what)
	}
}

// arith checks arithmetic: on numbers, and no division by what is always zero.
func (c *checker) arith(x *Arith) Operand {
	checked := &Arith{Op: x.Op, Pos: x.Pos}
	checked.L = c.number(x.L, x.Op.String(), x.Pos)
	checked.R = c.number(x.R, x.Op.String(), x.Pos)
	if x.Op > Div {
		c.fault(x.Pos, "", "unknown operator")
	}
	if zero, ok := constant(x.R); ok && zero == 0 && x.Op == Div {
		c.fault(x.Pos, "", "division by the constant zero")
	}
	return checked
}

// number checks an operand that has to be a number.
func (c *checker) number(x Operand, of string, pos Pos) Operand {
	checked, kind, ok := c.operand(x, pos)
	if !ok || kind == profile.KindNumber || kind == Any {
		return checked
	}
	hint := ""
	_, isNumber := number(textOf(x))
	switch {
	case kind == profile.KindTime:
		hint = `the days between two times are days_between(a, b); the clock is moved as in now() - "36h"`
	case isNumber:
		hint = "a number is written without quotes: " + shorten(textOf(x))
	case kind == profile.KindBool:
		hint = "if(x = true, 1, 0) makes a number of a bool"
	}
	c.fault(pos, hint, "%s wants numbers, %s is %s", of, shorten(PrintOperand(x)), a(kind))
	return checked
}

// textOf returns the text of a constant.
func textOf(x Operand) string {
	if l, ok := x.(*Literal); ok {
		return l.Value.Text()
	}
	return ""
}

func (c *checker) call(x *Call) Operand {
	checked := &Call{Fn: x.Fn, Pos: x.Pos}
	if x.Fn > Confidence {
		c.fault(x.Pos, "", "unknown function")
		return checked
	}
	if least, most := x.Fn.arity(); len(x.Args) < least || most > 0 && len(x.Args) > most {
		c.fault(x.Pos, "", "%s is written %s", x.Fn, functions[x.Fn.String()])
		return checked
	}
	switch x.Fn {
	case DaysAt, DaysSeen, Confidence:
		checked.Args = []Operand{c.dwelling(x)}
	case Coalesce:
		checked.Args = c.alike(x.Args, x.Pos)
	case Least, Greatest:
		checked.Args = c.alike(x.Args, x.Pos)
		if k := c.kindOf(checked); k.ok && !ordered(k.kind) {
			c.fault(x.Pos, "", "%s wants numbers, times or texts, %s is %s", x.Fn, shorten(PrintOperand(x.Args[0])), a(k.kind))
		}
	case DaysSince, DaysBetween:
		if x.Fn == DaysSince {
			c.clock("days_since()", x.Pos)
		}
		for _, arg := range x.Args {
			checked.Args = append(checked.Args, c.time(arg, x))
		}
	default:
		for _, arg := range x.Args {
			checked.Args = append(checked.Args, c.number(arg, x.Fn.String(), x.Pos))
		}
		if len(x.Args) == 2 {
			if l, ok := x.Args[1].(*Literal); !ok || l.Value.Number() != float64(int(l.Value.Number())) || l.Value.Number() < 0 || l.Value.Number() > maxDecimals {
				c.fault(x.Pos, "", "round wants a constant from 0 to %d for the decimals", maxDecimals)
			}
		}
	}
	return checked
}

// time checks an operand that has to be a time.
func (c *checker) time(x Operand, of *Call) Operand {
	checked, kind, ok := c.operand(x, of.Pos)
	if !ok {
		return checked
	}
	checked, kind = c.coerce(checked, kind, profile.KindTime)
	if kind != profile.KindTime && kind != Any && kind != profile.KindNull {
		c.fault(of.Pos, "", "%s wants a time, %s is %s", of.Fn, shorten(PrintOperand(x)), a(kind))
	}
	return checked
}

func (c *checker) choice(x *If) Operand {
	outer := c.valued
	c.valued = true
	checked := &If{Cond: c.expr(x.Cond), Pos: x.Pos}
	c.valued = outer
	values := c.alike([]Operand{x.Then, x.Else}, x.Pos)
	checked.Then, checked.Else = values[0], values[1]
	return checked
}

// alike checks operands that have to be of one kind, and reads texts beside times as
// times.
func (c *checker) alike(xs []Operand, pos Pos) []Operand {
	checked, before := make([]Operand, len(xs)), c.found
	of := make([]profile.Kind, len(xs))
	common := Any
	for i, x := range xs {
		checked[i], of[i], _ = c.operand(x, pos)
		if common == Any || of[i] == profile.KindTime && isText(common) {
			common = of[i]
		}
	}
	if c.found > before {
		return checked
	}
	for i := range xs {
		x, kind := c.coerce(checked[i], of[i], common)
		checked[i] = x
		switch {
		case kind == profile.KindNull || kind == Any || kind == common || isCollection(kind) && isCollection(common):
		default:
			c.fault(pos, "", "the values are of different kinds: %s and %s", described(xs[firstOf(of, common)], common), described(xs[i], kind))
			return checked
		}
	}
	return checked
}

// firstOf returns the first index of a kind, or 0.
func firstOf(of []profile.Kind, kind profile.Kind) int {
	for i, k := range of {
		if k == kind {
			return i
		}
	}
	return 0
}
