package syntax

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// Check holds e against what a model declares. It returns the tree with its
// constants in the kind that they are compared with: a text beside a time is
// read as a time, a civil one in the scope's zone. The error joins an *[Error]
// for every fault, of more than 100 for the first of them and their number, in
// the order of the text; [Locate] adds lines and columns.
func Check(e Expr, s Scope) (Expr, error) {
	if err := withinLimits(e); err != nil {
		return nil, err
	}
	c := &checker{scope: s, heights: map[string]int{}}
	checked := c.expr(e)
	if len(c.faults) > 0 {
		slices.SortStableFunc(c.faults, func(a, b error) int { return offset(a) - offset(b) })
		if c.found > maxFaults {
			c.faults = slices.Insert(c.faults, 0, error(&Error{Offset: -1, Msg: fmt.Sprintf("%d faults, of which %d are shown", c.found, maxFaults)}))
		}
		return nil, errors.Join(c.faults...)
	}
	return checked, nil
}

type checker struct {
	scope   Scope
	faults  []error        // at most maxFaults
	found   int            // faults, with those that are not kept
	now     Expr           // the condition that is being checked
	heights map[string]int // of tags known to lead to no cycle: tags in the longest chain from each
}

// maxFaults is how many faults are shown. Each quotes its condition, so that those
// of a long list would take the square of its length.
const maxFaults = 100

// full reports whether a fault would not be shown any more.
func (c *checker) full() bool { return c.found > maxFaults }

// suggest returns the declared name that was probably meant, as a hint, or "".
func (c *checker) suggest(name, kind string) string {
	if c.found >= maxFaults {
		return "" // It would not be shown.
	}
	return suggest(name, c.scope.Names(kind))
}

// fault adds an error about a place in the condition at hand.
func (c *checker) fault(pos Pos, hint, format string, args ...any) {
	if c.found++; c.full() {
		return
	}
	c.faults = append(c.faults, &Error{Offset: int(max(pos, -1)), Msg: fmt.Sprintf(format, args...), Hint: hint, Text: shorten(Print(c.now))})
}

func (c *checker) exprs(xs []Expr) []Expr {
	checked := make([]Expr, len(xs))
	for i, x := range xs {
		checked[i] = c.expr(x)
	}
	return checked
}

func (c *checker) expr(e Expr) Expr {
	c.now = e
	switch e := e.(type) {
	case *And:
		return &And{X: c.exprs(e.X)}
	case *Or:
		return &Or{X: c.exprs(e.X)}
	case *Not:
		return &Not{X: c.expr(e.X)}
	case *Xor:
		return &Xor{X: c.exprs(e.X)}
	case *Minus:
		if len(e.X) == 0 {
			c.fault(-1, "", "minus wants at least one condition")
		}
		return &Minus{X: c.exprs(e.X)}
	case *AtLeast:
		if e.K < 1 || e.K > len(e.X) {
			c.fault(-1, "", "at_least wants a number from 1 to that of its conditions, here %d", len(e.X))
		}
		return &AtLeast{K: e.K, X: c.exprs(e.X)}
	case *Const:
		return e
	case *Compare:
		return c.compare(e)
	case *In:
		return c.in(e)
	case *Has:
		return c.has(e)
	case *Match:
		return c.match(e)
	case *Exists:
		x, _, _ := c.operand(e.X, e.Pos)
		return &Exists{X: x, Missing: e.Missing, Pos: e.Pos}
	case *TagRef:
		c.tag(e)
		return e
	}
	c.fault(-1, "", "a condition is missing")
	return e
}

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
			return ""
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
		case kind != profile.KindNull && k != kind || !scalar(k):
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
	case kind != profile.KindSet && kind != profile.KindList:
		name := shorten(PrintOperand(x))
		c.fault(e.Pos, "write "+name+" in [...]", "%s asks of a set of values, %s is %s", e.Mode, name, a(kind))
	default:
		_, elem, _ := OperandKind(e.X, c.scope)
		checked.List = c.values(e.List, elem, e.Pos)
	}
	return checked
}

func (c *checker) match(e *Match) Expr {
	x, kind, ok := c.operand(e.X, e.Pos)
	if ok && kind != profile.KindString {
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

// operand checks a value and returns its kind; ok is false where that is not
// known or an error was found. pos stands in for an operand without a place.
func (c *checker) operand(x Operand, pos Pos) (checked Operand, kind profile.Kind, ok bool) {
	before := c.found
	switch x := x.(type) {
	case *Trait:
		c.trait(x)
	case *Aggregate:
		c.aggregate(x)
	case *Literal:
		c.literal(x.Value, x.Pos)
	case *Now:
		if x.Offset%time.Microsecond != 0 || x.Offset > maxSpan || x.Offset < -maxSpan {
			c.fault(x.Pos, "", "now() is moved by whole microseconds, at most 200 years")
		}
	case *Ago:
		if x.Unit > Year || x.N < 1 || x.N > maxWindow[x.Unit] {
			c.fault(x.Pos, "", "ago() wants a window of 1 to 200 years' length")
		}
	default:
		c.fault(pos, "", "a value is missing")
	}
	kind, _, _ = OperandKind(x, c.scope)
	return x, kind, c.found == before
}

func (c *checker) trait(x *Trait) {
	if _, ok := c.scope.Trait(x.Name); ok {
		return
	}
	hint := c.suggest(x.Name, "trait")
	if hint == "" {
		hint = "traits are declared in the model; a text is written in quotes"
	}
	c.fault(x.Pos, hint, "unknown trait %s", quote(shorten(x.Name)))
}

func (c *checker) aggregate(x *Aggregate) {
	switch {
	case x.Fn > Unique:
		c.fault(x.Pos, "", "unknown function")
		return
	case x.Event == "" || !utf8.ValidString(x.Event) || !utf8.ValidString(x.Property):
		c.fault(x.Pos, "", "%s wants the name of an event in valid UTF-8", x.Fn)
		return
	case !x.Fn.folds() && x.Property != "":
		c.fault(x.Pos, "", "%s takes no property", x.Fn)
		return
	case !x.Fn.folds():
		return
	}
	number, unique := c.scope.Folded(x.Event, x.Property)
	want, list := number, "numbers"
	if x.Fn == Unique {
		want, list = unique, "uniques"
	}
	if !want {
		hint := fmt.Sprintf("declare it in the model's events: %s: {%s: [%s]}", quote(x.Event), list, quote(x.Property))
		c.fault(x.Pos, hint, "property %s of event %s is not folded for %s", quote(shorten(x.Property)), quote(shorten(x.Event)), x.Fn)
	}
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
