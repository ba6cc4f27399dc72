package syntax

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// Print returns the canonical text of e: [Parse] reads it as the same tree. It
// has brackets only where they are needed.
func Print(e Expr) string { return string(appendExpr(nil, e, precOr)) }

// PrintOperand returns the canonical text of an operand.
func PrintOperand(x Operand) string { return string(appendOperand(nil, x)) }

var (
	opTexts    = [...]string{Eq: "=", Ne: "!=", Lt: "<", Le: "<=", Gt: ">", Ge: ">="}
	hasTexts   = [...]string{AnyOf: "any_of", AllOf: "all_of", NoneOf: "none_of"}
	matchTexts = [...]string{Contains: "contains", StartsWith: "starts_with", EndsWith: "ends_with", Regex: "matches"}
	fnTexts    = [...]string{
		Count: "count", SumOf: "sum", AvgOf: "avg", MinOf: "min", MaxOf: "max", FirstOf: "first", LastOf: "last", FirstTime: "first_time", LastTime: "last_time", Unique: "unique",
		MostFrequent: "most_frequent", Top: "top", Latest: "latest", Earliest: "earliest", Days: "days", ShareOfDays: "share_of_days", Streak: "streak", LongestStreak: "longest_streak", Sessions: "sessions", Dwell: "dwell", FirstDaySum: "first_day_sum",
	}
)

// String returns the operator as the text form writes it.
func (o Op) String() string { return nameOf(opTexts[:], int(o)) }

// String returns the operator as the text form writes it.
func (m HasMode) String() string { return nameOf(hasTexts[:], int(m)) }

// String returns the function's name.
func (m MatchMode) String() string { return nameOf(matchTexts[:], int(m)) }

// String returns the function's name.
func (f Fn) String() string { return nameOf(fnTexts[:], int(f)) }

// String returns the letters that write the unit.
func (u Unit) String() string { return nameOf(unitLetters[:], int(u)) }

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "?"
}

// appendExpr writes e where only operators of at least the precedence least may
// stand without brackets.
func appendExpr(b []byte, e Expr, least int) []byte {
	switch e := e.(type) {
	case *And:
		return appendChain(b, e.X, "all", " and ", precAnd, least)
	case *Or:
		return appendChain(b, e.X, "any", " or ", precOr, least)
	case *Not:
		return appendExpr(append(b, "not "...), e.X, precNot)
	case *Xor:
		return append(appendExprs(append(b, "xor("...), e.X), ')')
	case *Minus:
		return append(appendExprs(append(b, "minus("...), e.X), ')')
	case *AtLeast:
		b = strconv.AppendInt(append(b, "at_least("...), int64(e.K), 10)
		if len(e.X) > 0 {
			b = append(b, ", "...)
		}
		return append(appendExprs(b, e.X), ')')
	case *Const:
		return strconv.AppendBool(b, e.Value)
	case *Compare:
		if salt, share, ok := e.sampled(); ok {
			b = append(appendQuoted(append(b, "sample("...), salt), ", "...)
			return append(appendNumber(b, share), ')')
		}
		b = append(append(appendOperand(b, e.L), ' '), e.Op.String()...)
		return appendOperand(append(b, ' '), e.R)
	case *In:
		b = appendOperand(b, e.X)
		if e.Negated {
			b = append(b, " not"...)
		}
		return appendList(append(b, " in "...), e.List)
	case *Has:
		if namespace, ok := e.identified(); ok {
			return append(appendQuoted(append(b, "identified("...), namespace), ')')
		}
		b = append(append(appendOperand(b, e.X), ' '), e.Mode.String()...)
		return appendList(append(b, ' '), e.List)
	case *Inside:
		return appendInside(b, e)
	case *Members:
		return appendMembers(b, e)
	case *Refused:
		return appendRefused(b, e)
	case *Consent:
		return append(appendQuoted(append(b, "consent("...), e.Purpose), ')')
	case *InList:
		return append(appendQuoted(append(b, "in_list("...), e.Name), ')')
	case *Match:
		b = append(append(b, e.Mode.String()...), '(')
		b = append(appendOperand(b, e.X), ", "...)
		return append(appendQuoted(b, e.Pattern), ')')
	case *Exists:
		if e.Missing {
			b = append(b, "missing("...)
		} else {
			b = append(b, "exists("...)
		}
		return append(appendOperand(b, e.X), ')')
	case *TagRef:
		b = appendQuoted(append(b, "tag("...), e.Name)
		if e.Value != "" {
			b = appendQuoted(append(b, ", "...), e.Value)
		}
		return append(b, ')')
	case *Happened:
		return appendSequence(b, "sequence", e.X)
	case *Each:
		if e.All {
			b = append(b, "all("...)
		} else {
			b = append(b, "any("...)
		}
		b = append(appendOperand(b, e.X), ", where("...)
		return append(appendExpr(b, e.Where, precOr), "))"...)
	}
	return append(b, "nothing"...)
}

// appendChain writes conditions with an operator between them or, where there
// are fewer than two, as a function.
func appendChain(b []byte, xs []Expr, function, operator string, prec, least int) []byte {
	if len(xs) < 2 {
		return append(appendExprs(append(append(b, function...), '('), xs), ')')
	}
	if prec < least {
		b = append(b, '(')
	}
	for i, x := range xs {
		if i > 0 {
			b = append(b, operator...)
		}
		b = appendExpr(b, x, prec+1)
	}
	if prec < least {
		b = append(b, ')')
	}
	return b
}

func appendExprs(b []byte, xs []Expr) []byte {
	for i, x := range xs {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendExpr(b, x, precOr)
	}
	return b
}

func appendOperand(b []byte, x Operand) []byte {
	switch x := x.(type) {
	case *Trait:
		return appendName(b, x.Name)
	case *Aggregate:
		return appendAggregate(b, x)
	case *Sequence:
		return appendSequence(b, "sequence_count", x)
	case *Interest:
		b = appendQuoted(append(b, "interest("...), x.Name)
		if x.Key != "" {
			b = appendQuoted(append(b, ", "...), x.Key)
		}
		return append(b, ')')
	case *Interests:
		b = append(appendQuoted(append(b, "interests("...), x.Name), ", "...)
		return append(strconv.AppendInt(b, int64(x.N), 10), ')')
	case *Namespaces:
		return append(b, "namespaces()"...)
	case *Draw:
		if x.N == 0 {
			return append(appendQuoted(append(b, "draw("...), x.Salt), ')')
		}
		b = append(appendQuoted(append(b, "bucket("...), x.Salt), ", "...)
		return append(strconv.AppendInt(b, int64(x.N), 10), ')')
	case *Standing:
		b = appendOperand(append(append(b, x.Fn.String()...), '('), x.X)
		if x.Fn == NTile {
			b = strconv.AppendInt(append(b, ", "...), int64(x.N), 10)
		}
		return append(b, ')')
	case *Arith:
		return appendArith(b, x)
	case *Call:
		return appendCall(b, x)
	case *If:
		b = append(appendExpr(append(b, "if("...), x.Cond, precOr), ", "...)
		b = append(appendOperand(b, x.Then), ", "...)
		return append(appendOperand(b, x.Else), ')')
	case *Literal:
		return appendValue(b, x.Value)
	case *Now:
		b = append(b, "now()"...)
		if x.Offset != 0 {
			sign, span := signAndSpan(x.Offset)
			b = append(b, ' ', sign, ' ')
			b = append(append(append(b, '"'), span...), '"')
		}
		return b
	case *Ago:
		b = append(b, `ago("`...)
		return append(append(b, windowText(x.N, x.Unit)...), `")`...)
	}
	return append(b, "nothing"...)
}

func signAndSpan(d time.Duration) (sign byte, span string) {
	if d < 0 {
		return '-', spanText(-max(d, -maxSpan))
	}
	return '+', spanText(min(d, maxSpan))
}

// appendName writes a trait's name in the plainest form that reads as it.
func appendName(b []byte, name string) []byte {
	plain := name != "" && !keywords[name]
	backQuotes := name != ""
	for i, r := range name {
		if i == 0 && !isNameStart(r) || !isNamePart(r) {
			plain = false
		}
		if r == '`' || r == utf8.RuneError || r < ' ' || !strconv.IsPrint(r) {
			backQuotes = false
		}
	}
	switch {
	case plain:
		return append(b, name...)
	case backQuotes:
		return append(append(append(b, '`'), name...), '`')
	}
	return append(appendQuoted(append(b, "trait("...), name), ')')
}

func appendList(b []byte, list []profile.Value) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendValue(b, v)
	}
	return append(b, ']')
}

func appendValue(b []byte, v profile.Value) []byte {
	switch v.Kind() {
	case profile.KindString:
		return appendQuoted(b, v.Text())
	case profile.KindNumber:
		return appendNumber(b, v.Number())
	case profile.KindTime:
		return append(append(append(b, `date("`...), v.Instant().String()...), `")`...)
	case profile.KindPoint:
		lat, lon := v.Point()
		b = append(appendNumber(append(b, "point("...), lat), ", "...)
		return append(appendNumber(b, lon), ')')
	case profile.KindList, profile.KindSet:
		return appendList(b, v.Elements())
	}
	return append(b, v.String()...)
}

// appendNumber writes a number as the shortest decimal that reads as it.
func appendNumber(b []byte, f float64) []byte {
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}
