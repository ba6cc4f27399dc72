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
		return unequal(x, vs, v), true
	}
	return matching(vs, equalTo(x), func(o profile.Value) bool { return o.Kind() == v.Kind() && compares(op, o.Compare(v)) }), true
}

// unequal is the profiles that have a value of v's kind other than v.
func unequal(x syntax.Operand, vs Values, v profile.Value) Node {
	return existing(x, vs).AndNot(valueBits(vs, v).labelled(equalTo(x)(v)))
}

// equalTo makes the condition of which the bitmap of a value is the answer, for Plan.
func equalTo(x syntax.Operand) func(profile.Value) syntax.Expr {
	return func(v profile.Value) syntax.Expr {
		return &syntax.Compare{Op: syntax.Eq, L: x, R: &syntax.Literal{Value: v}}
	}
}

// holding is equalTo for a set.
func holding(x syntax.Operand) func(profile.Value) syntax.Expr {
	return func(v profile.Value) syntax.Expr {
		return &syntax.Has{Mode: syntax.AnyOf, X: x, List: []profile.Value{v}}
	}
}

// existing is the profiles that have a value.
func existing(x syntax.Operand, vs Values) Node {
	return Bits(vs.Exists()).labelled(&syntax.Exists{X: x})
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
		listed := InSpans(f, spans...)
		if e.Negated {
			return HasValue(f).labelled(&syntax.Exists{X: e.X}).AndNot(listed.labelled(&syntax.In{X: e.X, List: e.List})), true
		}
		return listed, true
	}
	vs, ok := k.catalog.Values(e.X)
	if !ok {
		return Node{}, false
	}
	listed := Node{}.Or(valuesBits(vs, e.List, equalTo(e.X))...)
	if e.Negated {
		return existing(e.X, vs).AndNot(listed), true
	}
	return listed, true
}

// has compiles the comparison of a set-valued operand with a list of constants.
func (k *compiler) has(e *syntax.Has) (Node, bool) {
	vs, ok := k.catalog.Values(e.X)
	if !ok {
		return Node{}, false
	}
	listed := valuesBits(vs, e.List, holding(e.X))
	switch e.Mode {
	case syntax.AnyOf:
		return Node{}.Or(listed...), true
	case syntax.NoneOf:
		return existing(e.X, vs).AndNot(listed...), true
	default:
		return existing(e.X, vs).And(listed...), true
	}
}

// valuesBits are the profiles that have each value of a list. Of a short one, which is
// what people write, Plan calls each by its condition.
func valuesBits(vs Values, list []profile.Value, is func(profile.Value) syntax.Expr) []Node {
	out := make([]Node, len(list))
	for i, v := range list {
		out[i] = valueBits(vs, v)
		if len(list) <= labelsMax {
			out[i] = out[i].labelled(is(v))
		}
	}
	return out
}

// valueBits is the profiles that have the value.
func valueBits(vs Values, v profile.Value) Node {
	if f, ok := vs.Field(v); ok {
		return Bits(f)
	}
	return Node{}
}

// matching is the profiles that have a value which ok accepts. Where these are few Plan
// calls each by its condition.
func matching(vs Values, is func(profile.Value) syntax.Expr, ok func(profile.Value) bool) Node {
	var out []Node
	var accepted []profile.Value
	for v, f := range vs.All() {
		if ok(v) {
			out, accepted = append(out, Bits(f)), append(accepted, v)
		}
	}
	if len(out) <= labelsMax {
		for i, v := range accepted {
			out[i] = out[i].labelled(is(v))
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
	return matching(vs, equalTo(e.X), func(v profile.Value) bool { return v.Kind() == profile.KindString && test(v.Text()) }), true, nil
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
