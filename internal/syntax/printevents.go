package syntax

import (
	"strconv"
	"time"
)

var (
	arithTexts = [...]string{Add: "+", Sub: "-", Mul: "*", Div: "/"}
	callTexts  = [...]string{Coalesce: "coalesce", Least: "least", Greatest: "greatest", Round: "round", Floor: "floor", Ceil: "ceil", Abs: "abs", DaysSince: "days_since", DaysBetween: "days_between", DaysAt: "days_at", DaysSeen: "days_seen", Confidence: "confidence"}
)

// String returns the operator as the text form writes it.
func (o ArithOp) String() string { return nameOf(arithTexts[:], int(o)) }

// String returns the function's name.
func (f CallFn) String() string { return nameOf(callTexts[:], int(f)) }

// String returns the period's name.
func (p Period) String() string { return nameOf(periodNames[:], int(p)) }

// picks reports whether the function gives so many values as it is told.
func (f Fn) picks() bool { return f == Top || f == Latest || f == Earliest }

// folds reports whether the function folds a property.
func (f Fn) folds() bool {
	switch f {
	case Count, FirstTime, LastTime, Days, ShareOfDays, Streak, LongestStreak, Sessions:
		return false
	}
	return true
}

func appendAggregate(b []byte, x *Aggregate) []byte {
	b = append(append(b, x.Fn.String()...), '(')
	if x.Fn.picks() {
		b = append(strconv.AppendInt(b, int64(x.N), 10), ", "...)
	}
	b = appendQuoted(b, x.Event)
	if x.Fn.folds() {
		b = appendQuoted(append(b, ", "...), x.Property)
	}
	if x.Fn == Sessions {
		b = appendQuoted(append(b, ", "...), spanText(x.Gap))
	}
	if x.By != "" {
		b = append(appendQuoted(append(b, ", by("...), x.By), ')')
	}
	b = appendWhere(b, x.Where)
	if x.Fn == Dwell {
		b = appendStay(b, x.stay())
	}
	if x.Window.Kind != Lifetime {
		b = appendWindow(append(b, ", "...), x.Window)
	}
	return append(b, ')')
}

// appendWhere writes the clause, with the comma before it, where there is one.
func appendWhere(b []byte, e Expr) []byte {
	if e == nil {
		return b
	}
	return append(appendExpr(append(b, ", where("...), e, precOr), ')')
}

func appendWindow(b []byte, w Window) []byte {
	switch w.Kind {
	case Between:
		b = appendQuoted(append(b, "between("...), windowText(w.N, w.Unit))
		return append(appendQuoted(append(b, ", "...), windowText(w.M, w.Unit)), ')')
	case Since:
		return append(appendQuoted(append(b, "since("...), w.sinceText()), ')')
	case This:
		if w.Period == ThisDay {
			return append(b, "today()"...)
		}
		return append(appendQuoted(append(b, "this("...), w.Period.String()), ')')
	}
	return append(appendQuoted(append(b, "last("...), windowText(w.N, w.Unit)), ')')
}

// sinceText writes the time that the window begins at.
func (w Window) sinceText() string {
	if text := w.Since.Text(); text != "" {
		return text
	}
	return w.Since.Instant().String()
}

func appendSequence(b []byte, function string, x *Sequence) []byte {
	if x == nil {
		return append(b, "nothing"...)
	}
	b = append(append(b, function...), '(')
	start := len(b)
	part := func(b []byte) []byte {
		if len(b) > start {
			b = append(b, ", "...)
		}
		return b
	}
	for _, s := range x.Steps {
		for _, f := range s.Without {
			b = appendFilter(part(b), "without", f, 0)
		}
		b = appendFilter(part(b), "", s.Filter, s.Within)
	}
	for _, f := range x.Without {
		b = appendFilter(part(b), "without", f, 0)
	}
	if x.Within != 0 {
		b = appendWithin(part(b), x.Within)
	}
	if x.Same != "" {
		b = append(appendQuoted(append(part(b), "same("...), x.Same), ')')
	}
	if x.Window.Kind != Lifetime {
		b = appendWindow(part(b), x.Window)
	}
	if x.Overlap {
		b = append(part(b), "overlapping()"...)
	}
	return append(b, ')')
}

func appendFilter(b []byte, function string, f Filter, within time.Duration) []byte {
	if function == "" && f.Where == nil && within == 0 {
		return appendQuoted(b, f.Event)
	}
	if function == "" {
		function = "step"
	}
	b = appendQuoted(append(append(b, function...), '('), f.Event)
	b = appendWhere(b, f.Where)
	if within != 0 {
		b = appendWithin(append(b, ", "...), within)
	}
	return append(b, ')')
}

func appendWithin(b []byte, d time.Duration) []byte {
	return append(appendQuoted(append(b, "within("...), spanText(min(max(d, 0), maxSpan))), ')')
}

func appendCall(b []byte, x *Call) []byte {
	b = append(append(b, x.Fn.String()...), '(')
	for i, arg := range x.Args {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendOperand(b, arg)
	}
	return append(b, ')')
}

// appendTerm writes an operand where only operators of at least the precedence least
// may stand without brackets.
func appendTerm(b []byte, x Operand, least int) []byte {
	switch y := x.(type) {
	case *Now: // A text behind it would move it.
		return append(appendOperand(append(b, '('), x), ')')
	case *Arith:
		if y.Op.prec() < least {
			return append(appendOperand(append(b, '('), x), ')')
		}
	}
	return appendOperand(b, x)
}

func appendArith(b []byte, x *Arith) []byte {
	b = appendTerm(b, x.L, x.Op.prec())
	b = append(append(append(b, ' '), x.Op.String()...), ' ')
	return appendTerm(b, x.R, x.Op.prec()+1)
}
