package segment

import (
	"math"
	"regexp"
	"strings"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// compare compiles the comparison of an operand with a constant. It does not
// hold where the operand is missing, not even of !=.
func (k *compiler) compare(e *syntax.Compare) (Node, bool) {
	x, op := e.L, e.Op
	v, ok := k.constant(e.R)
	if !ok {
		if v, ok = k.constant(e.L); !ok {
			return Node{}, false
		}
		x, op = e.R, e.Op.Mirrored()
	}
	if l, ok := k.constant(x); ok {
		return constant(l.Kind() == v.Kind() && compares(op, l.Compare(v))), true
	}
	if x, ok := x.(*syntax.Draw); ok {
		return k.drawn(x, op, v)
	}
	if f, kind, ok := k.catalog.Column(x); ok {
		at, ok := columnValue(v, kind)
		if !ok {
			return Node{}, true
		}
		return compareColumn(f, op, at), true
	}
	vs, ok := k.catalog.Values(x)
	if !ok || !isAtom(v) {
		return Node{}, false
	}
	switch op {
	case syntax.Eq:
		return valueBits(vs, v), true
	case syntax.Ne:
		return k.unequal(vs, v), true
	}
	return matching(vs, func(o profile.Value) bool { return o.Kind() == v.Kind() && compares(op, o.Compare(v)) }), true
}

// unequal is the profiles that have a value of v's kind other than v.
func (k *compiler) unequal(vs Values, v profile.Value) Node {
	return Bits(vs.Exists()).AndNot(valueBits(vs, v))
}

func compares(op syntax.Op, c int) bool {
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
	}
	return c >= 0
}

// isAtom reports whether the bitmaps of an operand can be of this value.
func isAtom(v profile.Value) bool {
	switch v.Kind() {
	case profile.KindString, profile.KindBool, profile.KindNumber, profile.KindTime:
		return true
	}
	return false
}

// columnValue returns what a column of the kind keeps for a constant; ok is
// false for one of another kind, which no value compares with.
func columnValue(v profile.Value, kind profile.Kind) (int64, bool) {
	switch {
	case v.Kind() != kind:
		return 0, false
	case kind == profile.KindTime:
		return int64(v.Instant()), true
	}
	return SortableNumber(v.Number()), !math.IsNaN(v.Number())
}

func compareColumn(f FieldID, op syntax.Op, at int64) Node {
	below, above := Span{math.MinInt64, at - 1}, Span{at + 1, math.MaxInt64}
	if at == math.MinInt64 {
		below = Span{1, 0}
	}
	if at == math.MaxInt64 {
		above = Span{1, 0}
	}
	here := Span{at, at}
	switch op {
	case syntax.Eq:
		return InSpans(f, here)
	case syntax.Ne:
		return InSpans(f, below, above)
	case syntax.Lt:
		return InSpans(f, below)
	case syntax.Le:
		return InSpans(f, below, here)
	case syntax.Gt:
		return InSpans(f, above)
	}
	return InSpans(f, here, above)
}

// in compiles the membership of an operand in a list of constants.
func (k *compiler) in(e *syntax.In) (Node, bool) {
	if v, ok := k.constant(e.X); ok {
		found := false
		for _, o := range e.List {
			found = found || v.Equal(o)
		}
		return constant(found != e.Negated), true
	}
	if x, ok := e.X.(*syntax.Draw); ok {
		return k.drawnAmong(x, e)
	}
	if f, kind, ok := k.catalog.Column(e.X); ok {
		var spans []Span
		for _, v := range e.List {
			if at, ok := columnValue(v, kind); ok {
				spans = append(spans, Span{at, at})
			}
		}
		if e.Negated {
			return HasValue(f).AndNot(InSpans(f, spans...)), true
		}
		return InSpans(f, spans...), true
	}
	vs, ok := k.catalog.Values(e.X)
	if !ok {
		return Node{}, false
	}
	listed := anyOf(vs, e.List)
	if e.Negated {
		return Bits(vs.Exists()).AndNot(listed), true
	}
	return listed, true
}

// has compiles the comparison of a set-valued operand with a list of constants.
func (k *compiler) has(e *syntax.Has) (Node, bool) {
	vs, ok := k.catalog.Values(e.X)
	if !ok {
		return Node{}, false
	}
	switch exists := Bits(vs.Exists()); e.Mode {
	case syntax.AnyOf:
		return anyOf(vs, e.List), true
	case syntax.NoneOf:
		return exists.AndNot(anyOf(vs, e.List)), true
	default:
		all := make([]Node, len(e.List))
		for i, v := range e.List {
			all[i] = valueBits(vs, v)
		}
		return exists.And(all...), true
	}
}

func anyOf(vs Values, list []profile.Value) Node {
	out := make([]Node, len(list))
	for i, v := range list {
		out[i] = valueBits(vs, v)
	}
	return Node{}.Or(out...)
}

// valueBits is the profiles that have the value.
func valueBits(vs Values, v profile.Value) Node {
	if f, ok := vs.Field(v); ok {
		return Bits(f)
	}
	return Node{}
}

// matching is the profiles that have a value which ok accepts.
func matching(vs Values, ok func(profile.Value) bool) Node {
	var out []Node
	for v, f := range vs.All() {
		if ok(v) {
			out = append(out, Bits(f))
		}
	}
	return Node{}.Or(out...)
}

// match compiles a predicate on text: of each value that anyone has.
func (k *compiler) match(e *syntax.Match) (n Node, ok bool, err error) {
	test, err := matcher(e)
	if err != nil {
		return Node{}, false, err
	}
	if v, ok := k.constant(e.X); ok {
		return constant(v.Kind() == profile.KindString && test(v.Text())), true, nil
	}
	vs, ok := k.catalog.Values(e.X)
	if !ok {
		return Node{}, false, nil
	}
	return matching(vs, func(v profile.Value) bool { return v.Kind() == profile.KindString && test(v.Text()) }), true, nil
}

func matcher(e *syntax.Match) (func(string) bool, error) {
	switch e.Mode {
	case syntax.Contains:
		return func(s string) bool { return strings.Contains(s, e.Pattern) }, nil
	case syntax.StartsWith:
		return func(s string) bool { return strings.HasPrefix(s, e.Pattern) }, nil
	case syntax.EndsWith:
		return func(s string) bool { return strings.HasSuffix(s, e.Pattern) }, nil
	}
	re, err := regexp.Compile(e.Pattern)
	if err != nil {
		return nil, &syntax.Error{Offset: int(e.Pos), Msg: "the pattern is invalid: " + err.Error()}
	}
	return re.MatchString, nil
}
