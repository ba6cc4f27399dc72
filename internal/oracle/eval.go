package oracle

import (
	"regexp"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Truth is an answer in three values: what a missing value leaves open is
// Unknown.
type Truth int8

// The answers, in the order that makes "and" the least and "or" the greatest.
const (
	False Truth = iota
	Unknown
	True
)

// String returns "false", "unknown" or "true".
func (t Truth) String() string { return [...]string{"false", "unknown", "true"}[t] }

// Eval reports whether e holds of p at the instant now. A condition on a missing
// value does not hold, its negation does: "not" is the complement. Names that the
// scope does not know, and tags that refer to themselves, do not hold; traits that do
// are missing.
func Eval(e syntax.Expr, p *Person, s syntax.Scope, now profile.Instant) bool {
	w := &world{person: p, scope: s, now: now}
	return w.truth(e) == True
}

// Judge is Eval in three values: a condition on a missing value is Unknown, and
// so is what depends on it (Kleene's logic).
func Judge(e syntax.Expr, p *Person, s syntax.Scope, now profile.Instant) Truth {
	w := &world{person: p, scope: s, now: now, kleene: true}
	return w.truth(e)
}

// Value returns what an operand that does not read the clock is of p; ok is false
// when it is missing.
func Value(o syntax.Operand, p *Person, s syntax.Scope) (v profile.Value, ok bool) {
	return ValueAt(o, p, s, 0)
}

// ValueAt returns what an operand is of p at the instant now; ok is false when it
// is missing.
func ValueAt(o syntax.Operand, p *Person, s syntax.Scope, now profile.Instant) (v profile.Value, ok bool) {
	w := &world{person: p, scope: s, now: now}
	return w.value(o)
}

// world is all that an expression can see.
type world struct {
	person *Person
	scope  syntax.Scope
	now    profile.Instant
	fields fields          // in a where(), what names mean there; else nil
	kleene bool            // keep Unknown apart from False
	tags   []syntax.TagRef // being evaluated, outermost first
	traits []string        // likewise
}

// truth evaluates a condition.
func (w *world) truth(e syntax.Expr) Truth {
	switch e := e.(type) {
	case *syntax.And:
		return slices.Min(append(w.truths(e.X), True))
	case *syntax.Or:
		return slices.Max(append(w.truths(e.X), False))
	case *syntax.Not:
		return not(w.truth(e.X))
	case *syntax.Xor:
		ts := w.truths(e.X)
		if slices.Contains(ts, Unknown) {
			return Unknown
		}
		return truthOf(number(ts, True)%2 == 1)
	case *syntax.Minus:
		if len(e.X) == 0 {
			return False
		}
		ts := w.truths(e.X)
		others := slices.Max(append(ts[1:], False))
		return min(ts[0], not(others))
	case *syntax.AtLeast:
		ts := w.truths(e.X)
		switch yes, maybe := number(ts, True), number(ts, Unknown); {
		case yes >= e.K:
			return True
		case yes+maybe >= e.K:
			return Unknown
		}
		return False
	case *syntax.Const:
		return truthOf(e.Value)
	case *syntax.InList:
		return truthOf(w.person.Lists[e.Name])
	case *syntax.Consent:
		return truthOf(w.consents(e.Purpose))
	case *syntax.TagRef:
		return w.tag(syntax.TagRef{Name: e.Name, Value: e.Value})
	}
	return w.condition(e)
}

// condition evaluates a condition on operands. It is unknown, or does not hold,
// when one of them is missing; only Exists asks about that.
func (w *world) condition(e syntax.Expr) Truth {
	missing := False
	if w.kleene {
		missing = Unknown
	}
	switch e := e.(type) {
	case *syntax.Compare:
		l, lok := w.value(e.L)
		r, rok := w.value(e.R)
		if !lok || !rok {
			return missing
		}
		return truthOf(compare(e.Op, w.alike(l, e.R), w.alike(r, e.L)))
	case *syntax.In:
		x, ok := w.value(e.X)
		if !ok {
			return missing
		}
		return truthOf(contains(e.List, x) != e.Negated)
	case *syntax.Has:
		x, ok := w.value(e.X)
		if !ok {
			return missing
		}
		return truthOf(x.Kind() >= profile.KindList && has(e.Mode, x.Elements(), e.List))
	case *syntax.Match:
		x, ok := w.value(e.X)
		if !ok {
			return missing
		}
		return truthOf(match(e.Mode, x, e.Pattern))
	case *syntax.Inside:
		x, ok := w.value(e.X)
		if !ok {
			return missing
		}
		return truthOf(w.inside(e, x))
	case *syntax.Exists:
		_, ok := w.value(e.X)
		return truthOf(ok != e.Missing)
	case *syntax.Happened:
		n, ok := w.matches(e.X)
		if !ok {
			return missing
		}
		return truthOf(n > 0)
	case *syntax.Each:
		return truthOf(w.each(e))
	}
	return False
}

// tag evaluates the rule of another tag in its place.
func (w *world) tag(tag syntax.TagRef) Truth {
	rule, ok := w.scope.Tag(tag.Name, tag.Value)
	if !ok || slices.Contains(w.tags, tag) {
		return False
	}
	w.tags = append(w.tags, tag)
	t := w.truth(rule)
	w.tags = w.tags[:len(w.tags)-1]
	return t
}

func (w *world) truths(xs []syntax.Expr) []Truth {
	ts := make([]Truth, 0, len(xs)+1)
	for _, x := range xs {
		ts = append(ts, w.truth(x))
	}
	return ts
}

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

func not(t Truth) Truth { return True - t }

func number(ts []Truth, t Truth) int {
	n := 0
	for _, x := range ts {
		if x == t {
			n++
		}
	}
	return n
}

// compare compares two present values. No operator holds between different kinds.
func compare(op syntax.Op, l, r profile.Value) bool {
	if l.Kind() != r.Kind() {
		return false
	}
	c := l.Compare(r)
	switch op {
	case syntax.Eq:
		return c == 0
	case syntax.Ne:
		return c != 0
	case syntax.Lt:
		return c < 0
	case syntax.Le:
		return c <= 0
	case syntax.Gt:
		return c > 0
	case syntax.Ge:
		return c >= 0
	}
	return false
}

func contains(vs []profile.Value, v profile.Value) bool {
	return slices.ContainsFunc(vs, v.Equal)
}

func has(mode syntax.HasMode, elements, list []profile.Value) bool {
	found := 0
	for _, v := range list {
		if contains(elements, v) {
			found++
		}
	}
	switch mode {
	case syntax.AnyOf:
		return found > 0
	case syntax.AllOf:
		return found == len(list)
	case syntax.NoneOf:
		return found == 0
	}
	return false
}

func match(mode syntax.MatchMode, v profile.Value, pattern string) bool {
	if v.Kind() != profile.KindString {
		return false
	}
	switch mode {
	case syntax.Contains:
		return strings.Contains(v.Text(), pattern)
	case syntax.StartsWith:
		return strings.HasPrefix(v.Text(), pattern)
	case syntax.EndsWith:
		return strings.HasSuffix(v.Text(), pattern)
	case syntax.Regex:
		re, err := regexp.Compile(pattern)
		return err == nil && re.MatchString(v.Text())
	}
	return false
}
