package syntax

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

func (c *checker) compare(e *Compare) Expr {
	l, lk, lok := c.operand(e.L, e.Pos)
	r, rk, rok := c.operand(e.R, e.Pos)
	checked := &Compare{Op: e.Op, L: l, R: r, Pos: e.Pos}
	if e.Op > Ge {
		c.fault(e.Pos, "", "unknown comparison")
		return checked
	}
	if !lok || !rok {
		return checked
	}
	checked.L, lk = c.coerce(l, lk, rk)
	checked.R, rk = c.coerce(r, rk, lk)
	switch {
	case lk == profile.KindNull || rk == profile.KindNull: // an error of its own
	case (lk == Any || rk == Any) && scalar(lk) && scalar(rk):
	case !scalar(lk) || !scalar(rk):
		set := l
		if scalar(lk) {
			set = r
		}
		name := shorten(PrintOperand(set))
		c.fault(e.Pos, fmt.Sprintf(`write %s any_of ["..."], all_of or none_of`, name), "%s is a set of values and cannot be compared with %s", name, e.Op)
	case lk != rk:
		c.fault(e.Pos, kindHint(l, r, lk, rk), "%s and %s cannot be compared", described(l, lk), described(r, rk))
	case e.Op != Eq && e.Op != Ne && !ordered(lk):
		c.fault(e.Pos, "write = or !=", "%s has no order: %s means nothing here", a(lk), e.Op)
	}
	return checked
}

// kindHint guesses at why a constant is not of the kind that it is compared with.
func kindHint(l, r Operand, lk, rk profile.Kind) string {
	lit, ok := r.(*Literal)
	want := lk
	if !ok {
		if lit, ok = l.(*Literal); !ok {
			return dateHint(l, r, lk, rk)
		}
		want = rk
	}
	switch _, isNumber := number(lit.Value.Text()); {
	case want == profile.KindBool:
		return "a bool is written true or false"
	case want == profile.KindString:
		return "a text is written in quotes"
	case want == profile.KindTime:
		return dateHelp
	case want == profile.KindNumber && isNumber:
		return "a number is written without quotes: " + shorten(lit.Value.Text())
	}
	return ""
}

// dateHint guesses that a number which is worked out beside a time is a date without
// its quotes, such as 2026-05-01.
func dateHint(l, r Operand, lk, rk profile.Kind) string {
	_, left := l.(*Arith)
	_, right := r.(*Arith)
	if left && rk == profile.KindTime || right && lk == profile.KindTime {
		return dateHelp
	}
	return ""
}

// described names an operand and its kind, for messages.
func described(x Operand, k profile.Kind) string {
	return shorten(PrintOperand(x)) + " (" + a(k) + ")"
}

// coerce turns a text beside a time into a time.
func (c *checker) coerce(x Operand, kind, beside profile.Kind) (Operand, profile.Kind) {
	lit, ok := x.(*Literal)
	if !ok || kind != profile.KindString || beside != profile.KindTime {
		return x, kind
	}
	at, ok := readTime(lit.Value.Text(), c.scope.Zone())
	if !ok {
		c.fault(lit.Pos, dateHelp, "%s is no time", quote(shorten(lit.Value.Text())))
		return x, profile.KindNull
	}
	return &Literal{Value: profile.TimeAt(at), Pos: lit.Pos}, profile.KindTime
}

func (c *checker) in(e *In) Expr {
	x, kind, ok := c.operand(e.X, e.Pos)
	checked := &In{X: x, List: e.List, Negated: e.Negated, Pos: e.Pos}
	switch {
	case !ok:
	case kind != profile.KindNull && !scalar(kind):
		name := shorten(PrintOperand(x))
		c.fault(e.Pos, "write "+name+" any_of [...] or none_of", "%s is a set of values: in asks of one value", name)
	default:
		checked.List = c.values(e.List, kind, e.Pos)
	}
	return checked
}

// values checks the constants of a list against the kind that they are compared
// with; null allows every kind.
func (c *checker) values(list []profile.Value, kind profile.Kind, pos Pos) []profile.Value {
	checked := make([]profile.Value, 0, len(list))
	for _, v := range list {
		x, k := c.coerce(&Literal{Value: v, Pos: pos}, v.Kind(), kind)
		switch {
		case v.IsNull():
			c.literal(v, pos)
		case k == profile.KindNull: // an error of its own
		case kind != profile.KindNull && kind != Any && k != kind || !scalar(k):
			c.fault(pos, "", "the list holds %s where %s should be", described(&Literal{Value: v}, k), a(kind))
		default:
			c.literal(v, pos)
		}
		if l, ok := x.(*Literal); ok {
			v = l.Value
		}
		checked = append(checked, v)
	}
	return checked
}

func (c *checker) has(e *Has) Expr {
	x, kind, ok := c.operand(e.X, e.Pos)
	checked := &Has{Mode: e.Mode, X: x, List: e.List, Pos: e.Pos}
	switch {
	case e.Mode > NoneOf:
		c.fault(e.Pos, "", "unknown predicate of sets")
	case !ok:
	case kind != Any && !isCollection(kind):
		name := shorten(PrintOperand(x))
		c.fault(e.Pos, "write "+name+" in [...]", "%s asks of a set of values, %s is %s", e.Mode, name, a(kind))
	default:
		checked.List = c.values(e.List, c.kindOf(x).elem, e.Pos)
		c.namespaces(e)
	}
	return checked
}

func (c *checker) match(e *Match) Expr {
	x, kind, ok := c.operand(e.X, e.Pos)
	if ok && kind != profile.KindString && kind != Any {
		c.fault(e.Pos, "", "%s asks of a text, %s is %s", e.Mode, shorten(PrintOperand(x)), a(kind))
	}
	switch {
	case e.Mode > Regex:
		c.fault(e.Pos, "", "unknown predicate of texts")
	case !utf8.ValidString(e.Pattern):
		c.fault(e.Pos, "", "the text is not valid UTF-8")
	case e.Mode == Regex:
		if msg := patternFault(e.Pattern); msg != "" {
			c.fault(e.Pos, "patterns are RE2: no look-around, no back references", "%s", msg)
		}
	}
	return &Match{Mode: e.Mode, X: x, Pattern: e.Pattern, Pos: e.Pos}
}

// literal refuses constants that cannot be written.
func (c *checker) literal(v profile.Value, pos Pos) {
	//exhaustive:enforce
	switch v.Kind() {
	case profile.KindBool:
	case profile.KindNull:
		c.fault(pos, "ask exists(...) or missing(...)", "nothing is equal to null")
	case profile.KindNumber:
		if f := v.Number(); math.IsNaN(f) || math.IsInf(f, 0) {
			c.fault(pos, "", "a number is finite")
		}
	case profile.KindString:
		if !utf8.ValidString(v.Text()) {
			c.fault(pos, "", "the text is not valid UTF-8")
		}
	case profile.KindTime:
		if _, ok := inCalendar(v.Instant()); !ok {
			c.fault(pos, "", "a time lies in the years 1 to 9999")
		}
	case profile.KindPoint:
		if !onEarth(v.Point()) {
			c.fault(pos, "", "the point is not on earth")
		}
	case profile.KindList, profile.KindSet:
		c.fault(pos, "write trait any_of [...]", "a list is no value to compare with")
	}
}
