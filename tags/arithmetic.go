package tags

import (
	"math"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// calculate applies an operator; ok is false where a side is no number and where the
// outcome is not finite.
func calculate(op syntax.ArithOp, l, r profile.Value) (v profile.Value, ok bool) {
	if l.Kind() != profile.KindNumber || r.Kind() != profile.KindNumber {
		return profile.Value{}, false
	}
	a, b := l.Number(), r.Number()
	switch op {
	case syntax.Add:
		a += b
	case syntax.Sub:
		a -= b
	case syntax.Mul:
		a *= b
	case syntax.Div:
		a /= b // By zero it is not finite.
	default:
		return profile.Value{}, false
	}
	return finite(a)
}

func finite(f float64) (v profile.Value, ok bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return profile.Value{}, false
	}
	return profile.Number(f), true
}

// reckon applies a function of one number; digits is of round alone.
func reckon(fn syntax.CallFn, x profile.Value, digits int) (v profile.Value, ok bool) {
	if x.Kind() != profile.KindNumber {
		return profile.Value{}, false
	}
	f := x.Number()
	switch fn {
	case syntax.Round:
		return finite(round(f, digits))
	case syntax.Floor:
		return finite(math.Floor(f))
	case syntax.Ceil:
		return finite(math.Ceil(f))
	case syntax.Abs:
		return finite(math.Abs(f))
	}
	return profile.Value{}, false
}

// digitsOf returns the second argument of round.
func digitsOf(args []syntax.Operand) int {
	if len(args) < 2 {
		return 0
	}
	if l, ok := args[1].(*syntax.Literal); ok {
		return int(min(max(l.Value.Number(), 0), 15))
	}
	return 0
}

// round rounds the shortest decimal that reads back as f, half away from zero, so
// that 1.005 to two decimals is 1.01 as it is on paper.
func round(f float64, digits int) float64 {
	const whole, tiny = 1 << 52, 1e-20
	switch {
	case !(math.Abs(f) < whole): // has no decimals
		return f
	case math.Abs(f) < tiny:
		return 0
	}
	var buf [64]byte
	text := strconv.AppendFloat(buf[:0], math.Abs(f), 'f', -1, 64)
	point := len(text)
	for i, c := range text {
		if c == '.' {
			point = i
		}
	}
	cut := point + 1 + digits
	if cut >= len(text) {
		return f
	}
	up := text[cut] >= '5'
	text = text[:cut]
	for i := len(text) - 1; up && i >= 0; i-- {
		switch text[i] {
		case '.':
		case '9':
			text[i] = '0'
		default:
			text[i]++
			up = false
		}
	}
	whole10, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return f
	}
	if up { // All digits were nines.
		whole10 += math.Pow10(point)
	}
	return math.Copysign(whole10, f)
}

// extremes reports whether values of that kind have a least and a greatest.
func extremes(k profile.Kind) bool {
	return k == profile.KindNumber || k == profile.KindTime || k == profile.KindString
}

// daysBetween returns the civil days from one time to another.
func daysBetween(from, to profile.Value, zone *time.Location) (v profile.Value, ok bool) {
	if from.Kind() != profile.KindTime || to.Kind() != profile.KindTime {
		return profile.Value{}, false
	}
	return profile.Number(float64(dayOf(to, zone) - dayOf(from, zone))), true
}

func dayOf(v profile.Value, zone *time.Location) int64 {
	return int64(civil.Today(int64(v.Instant()), zone))
}
