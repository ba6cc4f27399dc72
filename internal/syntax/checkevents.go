package syntax

import (
	"time"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// outside refuses in a condition on events what is not of one event.
func (c *checker) outside(what string, pos Pos) bool {
	if c.place == ofProfile {
		return true
	}
	c.fault(pos, "where() asks of one event: compare its properties", "%s cannot stand in where()", what)
	return false
}

func (c *checker) aggregate(x *Aggregate) Operand {
	checked := new(*x)
	if !c.outside(x.Fn.String()+"()", x.Pos) {
		return checked
	}
	switch {
	case x.Fn > FirstDaySum:
		c.fault(x.Pos, "", "unknown function")
		return checked
	case x.Event == "" || !utf8.ValidString(x.Event) || !utf8.ValidString(x.Property) || !utf8.ValidString(x.By):
		c.fault(x.Pos, "", "%s wants the name of an event in valid UTF-8", x.Fn)
		return checked
	case !x.Fn.folds() && x.Property != "":
		c.fault(x.Pos, "", "%s takes no property", x.Fn)
	case x.Fn.folds() && x.Property == "":
		c.fault(x.Pos, "", "%s wants the name of a property", x.Fn)
	case x.By != "" && x.Fn != Top:
		c.fault(x.Pos, "", "by(...) means nothing in %s", x.Fn)
	case x.Fn.picks() && (x.N < 1 || x.N > maxValues):
		c.fault(x.Pos, "", "%s gives 1 to %d values", x.Fn, maxValues)
	case x.Fn == Sessions && !isLength(x.Gap):
		c.fault(x.Pos, "", "sessions wants a gap of whole microseconds, more than nothing and at most 200 years")
	}
	checked.Where = c.where(x.Where, ofEvent)
	checked.Window = c.window(x.Window, x.Pos)
	checked.Stay = c.stay(x)
	if k := x.Window.Kind; x.Fn == FirstDaySum && k != Lifetime && k != Since {
		c.fault(x.Pos, `the first day since a time is asked with since("2026-01-31")`, "%s looks at the whole life, or since a time", x.Fn)
	}
	switch x.Fn {
	case Days, ShareOfDays, Streak, LongestStreak, Sessions, Dwell:
		if g := x.Window.Grain(); g == profile.ByMinute || g == profile.ByHour {
			c.fault(x.Pos, `as in last("7d")`, "the window of %s is counted in days", x.Fn)
		}
	}
	return checked
}

// window checks a window and reads the time that it begins at.
func (c *checker) window(w Window, pos Pos) Window {
	if msg, hint := w.fault(); msg != "" {
		c.fault(pos, hint, "%s", msg)
		return w
	}
	if w.Kind != Since {
		return w
	}
	at, kind := c.coerce(&Literal{Value: w.Since, Pos: pos}, w.Since.Kind(), profile.KindTime)
	switch l, ok := at.(*Literal); {
	case kind == profile.KindNull && isText(w.Since.Kind()): // an error of its own
	case kind != profile.KindTime:
		c.fault(pos, dateHelp, "since() wants a time")
	case ok:
		c.literal(l.Value, pos)
		w.Since = l.Value
	}
	return w
}

// isLength reports whether a length of time can be written and is more than nothing.
func isLength(d time.Duration) bool {
	return d > 0 && d <= maxSpan && d%time.Microsecond == 0
}

// where checks a condition on events, or on the elements of a list.
func (c *checker) where(e Expr, in place) Expr {
	if e == nil {
		return nil
	}
	before := c.place
	c.place = in
	checked := c.expr(e)
	c.place = before
	return checked
}

func (c *checker) each(e *Each) Expr {
	checked := *e
	name := "any"
	if e.All {
		name = "all"
	}
	list, isName := e.X.(*Trait)
	switch {
	case c.place == ofProfile:
		c.fault(e.Pos, "a set of values is asked with any_of, all_of and none_of", "%s(list, where(...)) stands in the where() of an event alone", name)
		return e
	case c.place == ofElement:
		c.fault(e.Pos, "the objects in an element are flattened: a.b is the field b of its a", "%s(list, where(...)) cannot stand in another", name)
		return e
	case !isName:
		c.fault(e.Pos, "", "%s(list, where(...)) wants the name of a property", name)
		return e
	case e.Where == nil:
		c.fault(e.Pos, "", "%s(list, where(...)) wants a condition on the elements", name)
		return e
	}
	c.trait(list)
	checked.Where = c.where(e.Where, ofElement)
	return &checked
}

func (c *checker) happened(e *Happened) Expr {
	if e.X == nil {
		c.fault(-1, "", "a value is missing")
		return e
	}
	x, _, _ := c.operand(e.X, e.X.Pos)
	if s, ok := x.(*Sequence); ok {
		return &Happened{X: s}
	}
	return e
}

func (c *checker) sequence(x *Sequence, pos Pos) Operand {
	checked := new(*x)
	if !c.outside("sequence()", pos) {
		return checked
	}
	c.sequenceShape(x)
	checked.Steps = make([]Step, len(x.Steps))
	for i, s := range x.Steps {
		checked.Steps[i] = Step{Filter: c.filter(s.Filter, pos), Within: s.Within, Without: c.filters(s.Without, pos)}
	}
	checked.Without = c.filters(x.Without, pos)
	checked.Window = c.window(x.Window, pos)
	return checked
}

// sequenceShape checks how the parts of a sequence fit together.
func (c *checker) sequenceShape(x *Sequence) {
	pos := x.Pos
	filters := x.filters()
	switch {
	case len(x.Steps) > maxSteps:
		c.fault(pos, "", "a sequence has at most %d steps, this one %d", maxSteps, len(x.Steps))
	case len(filters) > maxFilters:
		c.fault(pos, "", "the steps of a sequence and all that is forbidden are at most %d, here %d", maxFilters, len(filters))
	case len(x.Steps) == 0:
		c.fault(pos, "", "a sequence has at least one step")
	case len(x.Steps) == 1 && len(x.Without) == 0:
		c.fault(pos, `one event alone is count("`+x.Steps[0].Event+`") >= 1; one that another does not follow is sequence("a", without("b"), within("2h"))`, "a sequence has 2 to %d steps, or one and a without() behind it", maxSteps)
	}
	for i, s := range x.Steps {
		switch {
		case i == 0 && len(s.Without) > 0:
			c.fault(s.Without[0].Pos, "write the step that it comes after first", "nothing can be forbidden before the first step")
		case i == 0 && s.Within != 0:
			c.fault(s.Pos, "write it in a later step, or behind the steps for all of them", "nothing comes before the first step that it could be within")
		case s.Within != 0 && !isLength(s.Within):
			c.fault(s.Pos, "", "within() wants whole microseconds, more than nothing and at most 200 years")
		}
	}
	switch days := x.Span().buckets(); {
	case x.Within != 0 && !isLength(x.Within):
		c.fault(pos, "", "within() wants whole microseconds, more than nothing and at most 200 years")
	case len(x.Without) > 0 && x.Within == 0:
		c.fault(x.Without[0].Pos, `write for how long: without("event"), within("2h")`, "what is forbidden behind the last step is so until within(...) has passed since the first")
	case len(x.Without) > 0 && x.Within > time.Duration(days)*24*time.Hour:
		c.fault(x.Without[0].Pos, `write a longer one: last(...)`, "the window of %d days is over before within(...) has passed", days)
	}
	if !utf8.ValidString(x.Same) {
		c.fault(pos, "", "same() wants the name of a property in valid UTF-8")
	}
	if k := x.Window.Kind; k != Lifetime && k != Last || k == Last && x.Window.Unit < Day {
		c.fault(pos, `such as last("30d")`, "the window of a sequence is the last days, weeks, months or years")
	}
}

func (c *checker) filters(fs []Filter, pos Pos) []Filter {
	if fs == nil {
		return nil
	}
	checked := make([]Filter, len(fs))
	for i, f := range fs {
		checked[i] = c.filter(f, pos)
	}
	return checked
}

func (c *checker) filter(f Filter, pos Pos) Filter {
	if f.Event == "" || !utf8.ValidString(f.Event) {
		c.fault(max(f.Pos, pos), "", "a step wants the name of an event in valid UTF-8")
	}
	f.Where = c.where(f.Where, ofEvent)
	return f
}

func (c *checker) interest(name string, pos Pos) {
	if !c.outside("interest()", pos) {
		return
	}
	if _, ok := c.scope.Interest(name); ok {
		return
	}
	hint := c.suggest(name, "interest")
	if hint == "" {
		hint = "interests are declared in the model"
	}
	c.fault(pos, hint, "unknown interest %s", quote(shorten(name)))
}
