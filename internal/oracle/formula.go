package oracle

import (
	"math"
	"math/big"
	"strconv"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// arithmetic evaluates an operator on two numbers; ok is false when one is
// missing or no number, and when the outcome is not finite.
func (w *world) arithmetic(o *syntax.Arith) (v profile.Value, ok bool) {
	l, lok := w.value(o.L)
	r, rok := w.value(o.R)
	if !lok || !rok || l.Kind() != profile.KindNumber || r.Kind() != profile.KindNumber {
		return profile.Value{}, false
	}
	a, b := l.Number(), r.Number()
	switch o.Op {
	case syntax.Add:
		return finite(a + b)
	case syntax.Sub:
		return finite(a - b)
	case syntax.Mul:
		return finite(a * b)
	case syntax.Div:
		return finite(a / b)
	}
	return profile.Value{}, false
}

// finite returns a number; ok is false for one that is not finite.
func finite(f float64) (v profile.Value, ok bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return profile.Value{}, false
	}
	return profile.Number(f), true
}

// call evaluates a function; ok is false when an argument is missing, but for
// coalesce, or is of a kind that the function does not take.
func (w *world) call(c *syntax.Call) (v profile.Value, ok bool) {
	switch c.Fn {
	case syntax.DaysAt, syntax.DaysSeen, syntax.Confidence:
		return w.evidence(c)
	}
	var args []profile.Value
	for _, x := range c.Args {
		v, ok := w.value(x)
		if ok && c.Fn == syntax.Coalesce {
			return v, true
		}
		if !ok && c.Fn != syntax.Coalesce {
			return profile.Value{}, false
		}
		args = append(args, v)
	}
	if len(args) == 0 || c.Fn == syntax.Coalesce {
		return profile.Value{}, false
	}
	for _, v := range args {
		if v.Kind() != args[0].Kind() {
			return profile.Value{}, false
		}
	}
	switch kind := args[0].Kind(); c.Fn {
	case syntax.Least, syntax.Greatest:
		return extreme(args, c.Fn == syntax.Greatest)
	case syntax.DaysSince, syntax.DaysBetween:
		if kind != profile.KindTime {
			return profile.Value{}, false
		}
		from := dayAt(args[0].Instant(), w.scope.Zone())
		to := w.now
		if c.Fn == syntax.DaysBetween {
			to = args[1].Instant()
		}
		return profile.Number(float64(dayAt(to, w.scope.Zone()) - from)), true
	default:
		if kind != profile.KindNumber {
			return profile.Value{}, false
		}
	}
	x := args[0].Number()
	switch c.Fn {
	case syntax.Round:
		digits := 0
		if len(args) > 1 {
			digits = int(args[1].Number())
		}
		return finite(rounded(x, digits))
	case syntax.Floor:
		return finite(math.Floor(x))
	case syntax.Ceil:
		return finite(math.Ceil(x))
	case syntax.Abs:
		return finite(math.Abs(x))
	}
	return profile.Value{}, false
}

// extreme returns the least or the greatest of values of one kind that is in an
// order.
func extreme(vs []profile.Value, greatest bool) (v profile.Value, ok bool) {
	v = vs[0]
	for _, x := range vs {
		if c := x.Compare(v); greatest && c > 0 || !greatest && c < 0 {
			v = x
		}
	}
	kind := v.Kind()
	return v, kind == profile.KindNumber || kind == profile.KindTime || kind == profile.KindString
}

// rounded rounds the shortest decimal that reads back as x, half away from zero.
func rounded(x float64, digits int) float64 {
	exact, ok := new(big.Rat).SetString(strconv.FormatFloat(x, 'e', -1, 64))
	if !ok {
		return x
	}
	f, _ := strconv.ParseFloat(exact.FloatString(digits), 64)
	return f
}
