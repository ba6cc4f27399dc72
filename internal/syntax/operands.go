package syntax

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// primary reads a value of a profile or a constant.
func (p *parser) primary() (Operand, *Error) {
	t := p.tok
	switch {
	case t.kind == tokenString:
		return &Literal{Value: profile.String(t.text), Pos: Pos(t.pos)}, p.advance()
	case t.kind == tokenNumber:
		f, err := p.signed()
		return &Literal{Value: profile.Number(f), Pos: Pos(t.pos)}, err
	case p.is("true") || p.is("false"):
		return &Literal{Value: profile.Bool(t.text == "true"), Pos: Pos(t.pos)}, p.advance()
	case t.kind == tokenQuoted:
		return &Trait{Name: t.text, Pos: Pos(t.pos)}, p.advance()
	case t.kind != tokenName || keywords[t.text]:
		return nil, p.unexpected("a trait, a value or a function")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.is("(") {
		return &Trait{Name: t.text, Pos: Pos(t.pos)}, nil
	}
	if isConditionFunction(t.text) {
		return nil, faultAt(t.pos, len(t.text), "", "%s(...) is a condition, a value should be here", t.text)
	}
	if _, ok := functions[t.text]; !ok {
		if use, ok := clauses[t.text]; ok {
			return nil, faultAt(t.pos, len(t.text), "as in "+use, "%s(...) stands within a function of events", t.text)
		}
		return nil, p.unknownFunction(t)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return p.call(t)
}

func (p *parser) unknownFunction(t token) *Error {
	hint := suggest(t.text, slices.Collect(maps.Keys(functions)))
	if t.text == "segment" {
		return faultAt(t.pos, len(t.text), `a tracked segment is asked for as a tag is: tag("name")`, "unknown function segment")
	}
	if hint == "" {
		hint = "the functions are " + strings.Join(slices.Sorted(maps.Keys(functions)), ", ")
	}
	return faultAt(t.pos, len(t.text), strings.ReplaceAll(hint, `"`, ""), "unknown function %s", shorten(t.text))
}

// call reads the arguments of a function that is an operand.
func (p *parser) call(name token) (Operand, *Error) {
	pos := Pos(name.pos)
	if fn, ok := aggregates[name.text]; ok {
		return p.aggregate(name, fn)
	}
	if fn, ok := calls[name.text]; ok {
		return p.valueCall(name, fn)
	}
	if fn, ok := standings[name.text]; ok {
		return p.standing(name, fn)
	}
	switch name.text {
	case "now":
		if !p.is(")") {
			return nil, p.misused(name)
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.moved(pos)
	case "point":
		return p.point(name)
	case "sequence_count":
		x, err := p.sequence(name)
		if err != nil {
			return nil, err
		}
		return x, p.expect(")", "to close sequence_count(")
	case "interest", "interests":
		return p.interest(name)
	case "namespaces":
		return p.namespaces(name)
	case "draw", "bucket":
		return p.draw(name)
	case "if":
		return p.choice(name)
	}
	text := p.tok
	texts, err := p.strings(name, 1)
	if err != nil {
		return nil, err
	}
	var x Operand
	switch name.text {
	case "trait":
		if texts[0] == "" {
			return nil, faultAt(text.pos, 2, "", "the trait's name is empty")
		}
		x = &Trait{Name: texts[0], Pos: pos}
	case "ago":
		n, unit, msg, hint := parseWindow(texts[0])
		if msg != "" {
			return nil, faultAt(text.pos, text.end-text.pos, hint, "%s", msg)
		}
		x = &Ago{N: n, Unit: unit, Pos: pos}
	default: // date
		v, ok := dateValue(texts[0])
		if !ok {
			return nil, faultAt(text.pos, text.end-text.pos, dateHelp, "%s is no time", quote(texts[0]))
		}
		x = &Literal{Value: v, Pos: pos}
	}
	return x, p.expect(")", "to close "+name.text+"(")
}

// dateValue returns what date() of the text stands for: a time, or for a civil
// time the text itself, which is read in the model's zone where it is compared.
func dateValue(text string) (profile.Value, bool) {
	if at, ok := readAbsolute(text); ok {
		return profile.TimeAt(at), true
	}
	_, ok := readTime(text, time.UTC)
	return profile.String(text), ok
}

// strings reads n strings between commas, up to the closing bracket.
func (p *parser) strings(name token, n int) ([]string, *Error) {
	texts := make([]string, 0, n)
	for i := range n {
		if i > 0 {
			if err := p.comma(name); err != nil {
				return nil, err
			}
		}
		text, err := p.string(name)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	if !p.is(")") {
		return nil, p.misused(name)
	}
	return texts, nil
}

// string reads one string of a function.
func (p *parser) string(name token) (string, *Error) {
	if p.tok.kind != tokenString {
		return "", p.misused(name)
	}
	text := p.tok.text
	return text, p.advance()
}

// comma reads the comma between a function's arguments.
func (p *parser) comma(name token) *Error {
	if !p.is(",") {
		return p.misused(name)
	}
	return p.advance()
}

// wholeNumber reads a whole number from 1 to most.
func (p *parser) wholeNumber(name token, most int) (int, *Error) {
	if p.tok.kind != tokenNumber {
		return 0, p.misused(name)
	}
	f, _ := number(p.tok.text)
	n := int(min(f, float64(most)+1))
	if float64(n) != f || n < 1 || n > most {
		return 0, faultAt(p.tok.pos, p.tok.end-p.tok.pos, "", "%s wants a whole number from 1 to %d", name.text, most)
	}
	return n, p.advance()
}

// moved reads what may follow now(): + or - and a length of time.
func (p *parser) moved(pos Pos) (Operand, *Error) {
	now := &Now{Pos: pos}
	sign := time.Duration(1)
	switch {
	case p.is("-"):
		sign = -1
	case !p.is("+"):
		return now, nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	t := p.tok
	if t.kind != tokenString {
		err := p.unexpected("a length of time in quotes")
		err.Hint = `such as now() - "36h"`
		return nil, err
	}
	span, msg, hint := parseSpan(t.text)
	if msg != "" {
		return nil, faultAt(t.pos, t.end-t.pos, hint, "%s", msg)
	}
	now.Offset = sign * span
	return now, p.advance()
}

func (p *parser) point(name token) (Operand, *Error) {
	var at [2]float64
	for i := range at {
		if i > 0 {
			if !p.is(",") {
				return nil, p.misused(name)
			}
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		f, err := p.signed()
		if err != nil {
			return nil, err
		}
		at[i] = f
	}
	if !onEarth(at[0], at[1]) {
		return nil, faultAt(name.pos, len(name.text), "the latitude comes first", "point wants a latitude from -90 to 90 and a longitude from -180 to 180")
	}
	return &Literal{Value: profile.Point(at[0], at[1]), Pos: Pos(name.pos)}, p.expect(")", "to close point(")
}

func onEarth(lat, lon float64) bool {
	return lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180
}

// signed reads a number that may be negative.
func (p *parser) signed() (float64, *Error) {
	sign, start := 1.0, p.tok
	if p.is("-") {
		sign = -1
		if err := p.advance(); err != nil {
			return 0, err
		}
	}
	if p.tok.kind != tokenNumber {
		return 0, p.unexpected("a number")
	}
	f, ok := number(p.tok.text)
	if !ok {
		return 0, faultAt(start.pos, p.tok.end-start.pos, "", "the number %s is too large", shorten(p.tok.text))
	}
	return sign * f, p.advance()
}

// misused is the error that a function's arguments are not what it takes.
func (p *parser) misused(name token) *Error {
	use, hint := functions[name.text], ""
	switch {
	case name.kind == tokenClause:
		use = "as in " + clauses[name.text]
	case name.text == "within":
		hint = "a length of time stands within a function of events, as in " + clauses["within"]
	case name.text == "last":
		hint = "a window stands within a function of events, as in " + clauses["last"]
	}
	return faultAt(name.pos, len(name.text), hint, "%s is written %s", name.text, use)
}
