package tags

import (
	"fmt"
	"strings"
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// row is what the names in a where() are read from: an event, or an element of a
// list.
type row struct {
	event *profile.Event
	// scalar, where it is set, is an element that is no object.
	scalar *profile.Value
	// inner says that the row is an element: one that is an object stands as the
	// properties of an event.
	inner bool
}

// A filter answers about one row; a field gives a value of it.
type (
	filter func(row) bool
	field  func(row) (v profile.Value, ok bool)
)

// newFilter compiles a where() that Check has passed.
func newFilter(e syntax.Expr, zone *time.Location) (func(*profile.Event) bool, error) {
	if e == nil {
		return nil, nil
	}
	c := whereCompiler{zone: zone}
	holds := c.filter(e)
	if c.err != nil {
		return nil, c.err
	}
	return func(e *profile.Event) bool { return holds(row{event: e}) }, nil
}

type whereCompiler struct {
	zone *time.Location
	err  error // the first
}

func (c *whereCompiler) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *whereCompiler) filters(xs []syntax.Expr) []filter {
	all := make([]filter, len(xs))
	for i, x := range xs {
		all[i] = c.filter(x)
	}
	return all
}

func (c *whereCompiler) filter(e syntax.Expr) filter {
	switch e := e.(type) {
	case *syntax.And:
		return every(c.filters(e.X), true)
	case *syntax.Or:
		return every(c.filters(e.X), false)
	case *syntax.Not:
		x := c.filter(e.X)
		return func(r row) bool { return !x(r) }
	case *syntax.Xor:
		xs := c.filters(e.X)
		return func(r row) bool { return held(xs, r)%2 == 1 }
	case *syntax.Minus:
		xs := c.filters(e.X)
		return func(r row) bool { return len(xs) > 0 && xs[0](r) && held(xs[1:], r) == 0 }
	case *syntax.AtLeast:
		xs, k := c.filters(e.X), e.K
		return func(r row) bool { return held(xs, r) >= k }
	case *syntax.Const:
		value := e.Value
		return func(row) bool { return value }
	case *syntax.Each:
		return c.each(e)
	}
	return c.condition(e)
}

// every returns a conjunction or a disjunction.
func every(xs []filter, all bool) filter {
	return func(r row) bool {
		for _, x := range xs {
			if x(r) != all {
				return !all
			}
		}
		return all
	}
}

func held(xs []filter, r row) (n int) {
	for _, x := range xs {
		if x(r) {
			n++
		}
	}
	return n
}

// condition compiles a condition on values of the row.
func (c *whereCompiler) condition(e syntax.Expr) filter {
	switch e := e.(type) {
	case *syntax.Compare:
		return c.compare(e)
	case *syntax.In:
		return asked(c.field(e.X), &membership{list: newList(e.List), negated: e.Negated})
	case *syntax.Has:
		return asked(c.field(e.X), &overlap{mode: e.Mode, list: newList(e.List)})
	case *syntax.Match:
		p, err := newMatch(e)
		if err != nil {
			c.fail("matches %q: %w", e.Pattern, err)
		}
		return asked(c.field(e.X), p)
	case *syntax.Inside:
		return asked(c.field(e.X), &insideOf{area: e.Area})
	case *syntax.Exists:
		return asked(c.field(e.X), &existence{missing: e.Missing})
	}
	c.fail("a where() asks of one event alone: %s does not", syntax.Print(e))
	return func(row) bool { return false }
}

func asked(x field, p predicate) filter {
	return func(r row) bool {
		v, ok := x(r)
		return p.holds(v, ok)
	}
}

// compare compiles a comparison. A text beside a time that the rule names is read as
// a time.
func (c *whereCompiler) compare(e *syntax.Compare) filter {
	l, r, op := e.L, e.R, e.Op
	if _, first := l.(*syntax.Literal); first {
		l, r, op = r, l, op.Mirrored()
	}
	x := c.field(l)
	if lit, ok := r.(*syntax.Literal); ok {
		if lit.Value.Kind() == profile.KindTime {
			x = c.asTime(x)
		}
		return asked(x, &threshold{op: op, value: lit.Value})
	}
	y := c.field(r)
	return func(r row) bool {
		v, ok := x(r)
		if !ok {
			return false
		}
		w, ok := y(r)
		return ok && v.Kind() == w.Kind() && holds(op, v.Compare(w))
	}
}

// asTime returns the field with texts that are times read as such.
func (c *whereCompiler) asTime(x field) field {
	zone := c.zone
	return func(r row) (profile.Value, bool) {
		v, ok := x(r)
		if ok && v.Kind() == profile.KindString {
			if at, isTime := textTime(v.Text(), zone); isTime {
				return profile.TimeAt(at), true
			}
		}
		return v, ok
	}
}

// textTime reads a time in RFC 3339 form, or a date as the beginning of its day.
func textTime(text string, zone *time.Location) (at profile.Instant, ok bool) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return profile.InstantOf(t), true
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return profile.Instant(civil.FromDate(t.Date()).Start(zone)), true
	}
	return 0, false
}

// each compiles a condition on the elements of a list.
func (c *whereCompiler) each(e *syntax.Each) filter {
	x, where, all := c.field(e.X), c.filter(e.Where), e.All
	return func(r row) bool {
		v, ok := x(r)
		if !ok || !many(v.Kind()) {
			return false
		}
		elements := v.Elements()
		for i := range elements {
			if where(element(&elements[i])) != all {
				return !all
			}
		}
		return all
	}
}

// element returns the row of an element: of one that is an object, which is kept as
// the text of its JSON, its members as an event's properties would be.
func element(v *profile.Value) row {
	if text := v.Text(); strings.HasPrefix(text, "{") {
		e, err := profile.ParseEvent([]byte(`{"type":"track","properties":` + text + `}`))
		if err == nil {
			return row{event: &e, inner: true}
		}
	}
	return row{scalar: v, inner: true}
}
