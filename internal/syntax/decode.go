package syntax

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// DecodeJSON reads the JSON form that [EncodeJSON] writes. The error is an
// *[Error] with the path to the fault.
func DecodeJSON(data []byte) (Expr, error) {
	switch {
	case len(data) > maxJSON:
		return nil, &Error{Offset: -1, Msg: fmt.Sprintf("the JSON is longer than %d MiB", maxJSON>>20)}
	case !utf8.Valid(data):
		return nil, &Error{Offset: -1, Msg: "the JSON is not valid UTF-8"}
	}
	d := &decoder{json: json.NewDecoder(bytes.NewReader(data)), path: []byte("$")}
	d.json.UseNumber()
	e, err := d.whole()
	if err != nil {
		return nil, err
	}
	if err := withinLimits(e); err != nil {
		return nil, err
	}
	if err := writable(len(data), func() string { return Print(e) }); err != nil {
		return nil, err
	}
	return e, nil
}

func (d *decoder) whole() (Expr, *Error) {
	e, err := d.expr()
	if err != nil {
		return nil, err
	}
	if _, err := d.json.Token(); err != io.EOF {
		return nil, d.fault("", "there is more behind the expression")
	}
	return e, nil
}

var conditionKeys = []string{"and", "or", "not", "xor", "minus", "at_least", "compare", "in", "not_in", "any_of", "all_of", "none_of", "contains", "starts_with", "ends_with", "matches", "exists", "missing", "near", "within", "in_list", "consent", "tag", "sequence", "any", "all"}

func (d *decoder) expr() (e Expr, err *Error) {
	err = d.single(func(t json.Token) *Error {
		b, ok := t.(bool)
		if !ok {
			return d.fault("", "a condition should be here: an object, true or false")
		}
		e = &Const{Value: b}
		return nil
	}, func(key string) (err *Error) {
		e, err = d.condition(key)
		return err
	})
	return e, err
}

func (d *decoder) exprs() (xs []Expr, err *Error) {
	xs = []Expr{}
	err = d.array(func() *Error {
		x, err := d.expr()
		xs = append(xs, x)
		return err
	})
	return xs, err
}

// condition reads the value of a condition's key.
func (d *decoder) condition(key string) (Expr, *Error) {
	switch key {
	case "and":
		xs, err := d.exprs()
		return &And{X: xs}, err
	case "or":
		xs, err := d.exprs()
		return &Or{X: xs}, err
	case "xor":
		xs, err := d.exprs()
		return &Xor{X: xs}, err
	case "minus":
		xs, err := d.exprs()
		if err == nil && len(xs) == 0 {
			err = d.fault("", "minus wants at least one condition")
		}
		return &Minus{X: xs}, err
	case "not":
		x, err := d.expr()
		return &Not{X: x}, err
	case "at_least":
		return d.atLeast()
	case "compare":
		return d.compare()
	case "in", "not_in":
		x, list, err := d.values()
		return &In{X: x, List: list, Negated: key == "not_in", Pos: -1}, err
	case "any_of", "all_of", "none_of":
		x, list, err := d.values()
		return &Has{Mode: hasModes[key], X: x, List: list, Pos: -1}, err
	case "contains", "starts_with", "ends_with", "matches":
		return d.match(matchModes[key])
	case "exists", "missing":
		x, err := d.operand()
		return &Exists{X: x, Missing: key == "missing", Pos: -1}, err
	case "near":
		return d.near()
	case "within":
		return d.area()
	case "in_list":
		name, err := d.text()
		if err == nil && name == "" {
			err = d.fault("", "the list's name is empty")
		}
		return &InList{Name: name, Pos: -1}, err
	case "consent":
		purpose, err := d.text()
		if err == nil && purpose == "" {
			err = d.fault("", "the purpose's name is empty")
		}
		return &Consent{Purpose: purpose, Pos: -1}, err
	case "tag":
		return d.tag()
	case "sequence":
		x, err := d.sequence()
		return &Happened{X: x}, err
	case "any", "all":
		return d.each(key == "all")
	}
	return nil, d.fault(suggest(key, conditionKeys), "unknown condition %s", quote(shorten(key)))
}

func (d *decoder) atLeast() (Expr, *Error) {
	e := &AtLeast{}
	err := d.fields([]string{"k", "of"}, func(key string) (err *Error) {
		if key == "of" {
			e.X, err = d.exprs()
			return err
		}
		t, err := d.token()
		n, _ := t.(json.Number)
		k, bad := strconv.Atoi(string(n))
		if err == nil && bad != nil {
			err = d.fault("", "a whole number should be here")
		}
		e.K = k
		return err
	})
	if err == nil && (e.K < 1 || e.K > len(e.X)) {
		err = d.fault("", "k should be from 1 to the number of conditions, %d", len(e.X))
	}
	return e, err
}

func (d *decoder) compare() (Expr, *Error) {
	e := &Compare{Pos: -1}
	return e, d.fields([]string{"op", "left", "right"}, func(key string) (err *Error) {
		switch key {
		case "left":
			e.L, err = d.operand()
		case "right":
			e.R, err = d.operand()
		default:
			var text string
			if text, err = d.text(); err != nil {
				return err
			}
			op, ok := comparisonWords[text]
			if !ok {
				return d.fault("the operators are = != < <= > >=", "unknown operator %s", quote(shorten(text)))
			}
			e.Op = op
		}
		return err
	})
}

func (d *decoder) match(mode MatchMode) (Expr, *Error) {
	e := &Match{Mode: mode, Pos: -1}
	return e, d.fields([]string{"of", "text"}, func(key string) (err *Error) {
		if key == "of" {
			e.X, err = d.operand()
			return err
		}
		if e.Pattern, err = d.text(); err == nil && mode == Regex {
			if msg := patternFault(e.Pattern); msg != "" {
				return d.fault("", "%s", msg)
			}
		}
		return err
	})
}

// values reads an operand and a list of constants.
func (d *decoder) values() (x Operand, list []profile.Value, err *Error) {
	list = []profile.Value{}
	err = d.fields([]string{"of", "list"}, func(key string) (err *Error) {
		if key == "of" {
			x, err = d.operand()
			return err
		}
		return d.array(func() *Error {
			v, err := d.operand()
			if err != nil {
				return err
			}
			l, ok := v.(*Literal)
			if !ok {
				return d.fault("", "a constant should be here")
			}
			list = append(list, l.Value)
			return nil
		})
	})
	return x, list, err
}

var operandKeys = slices.Concat([]string{"trait", "now", "ago", "date", "point", "interest", "interests", "sequence_count", "if", "draw", "bucket", "namespaces"}, fnTexts[:], callTexts[:], standingTexts[:], arithKeys[:])

func (d *decoder) operand() (x Operand, err *Error) {
	err = d.single(func(t json.Token) *Error {
		v, err := d.constant(t)
		x = &Literal{Value: v, Pos: -1}
		return err
	}, func(key string) (err *Error) {
		x, err = d.call(key)
		return err
	})
	return x, err
}

func (d *decoder) constant(t json.Token) (profile.Value, *Error) {
	switch t := t.(type) {
	case string:
		return profile.String(t), nil
	case bool:
		return profile.Bool(t), nil
	case json.Number:
		f, err := t.Float64()
		if err != nil {
			return profile.Value{}, d.fault("", "the number %s is too large", shorten(string(t)))
		}
		return profile.Number(f), nil
	}
	return profile.Value{}, d.fault("", "a value should be here: an object, a string, a number, true or false")
}

// call reads the value of an operand's key.
func (d *decoder) call(key string) (Operand, *Error) {
	if fn, ok := aggregates[key]; ok {
		return d.aggregate(fn)
	}
	if fn, ok := calls[key]; ok {
		return d.valueCall(fn)
	}
	if fn, ok := standings[key]; ok {
		return d.standing(fn)
	}
	if op := index(arithKeys[:], key); op >= 0 {
		return d.arith(ArithOp(op))
	}
	switch key {
	case "point":
		return d.point()
	case "sequence_count":
		return d.sequence()
	case "interest":
		return d.interest()
	case "interests":
		return d.interests()
	case "if":
		return d.choice()
	case "bucket":
		return d.bucket()
	}
	if index(operandKeys, key) < 0 {
		return nil, d.fault(suggest(key, operandKeys), "unknown value %s", quote(shorten(key)))
	}
	text, err := d.text()
	if err != nil {
		return nil, err
	}
	switch key {
	case "namespaces":
		if text != "" {
			return nil, d.fault("", `namespaces takes nothing: {"namespaces": ""}`)
		}
		return &Namespaces{Pos: -1}, nil
	case "trait":
		if text == "" {
			return nil, d.fault("", "the trait's name is empty")
		}
		return &Trait{Name: text, Pos: -1}, nil
	case "draw":
		return &Draw{Salt: text, Pos: -1}, nil
	case "now":
		return d.now(text)
	case "ago":
		n, unit, msg, hint := parseWindow(text)
		if msg != "" {
			return nil, d.fault(hint, "%s", msg)
		}
		return &Ago{N: n, Unit: unit, Pos: -1}, nil
	}
	v, ok := dateValue(text)
	if !ok {
		return nil, d.fault(dateHelp, "%s is no time", quote(shorten(text)))
	}
	return &Literal{Value: v, Pos: -1}, nil
}

// now reads what now() is moved by: nothing, or a length of time with its sign.
func (d *decoder) now(text string) (Operand, *Error) {
	if text == "" {
		return &Now{Pos: -1}, nil
	}
	sign := time.Duration(1)
	switch text[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return nil, d.fault("", `%s has no sign: write "", "-36h" or "+2d"`, quote(shorten(text)))
	}
	span, msg, hint := parseSpan(text[1:])
	if msg != "" {
		return nil, d.fault(hint, "%s", msg)
	}
	return &Now{Offset: sign * span, Pos: -1}, nil
}

func (d *decoder) point() (Operand, *Error) {
	var at []float64
	err := d.array(func() *Error {
		t, err := d.token()
		if err != nil {
			return err
		}
		n, _ := t.(json.Number)
		f, bad := n.Float64()
		if bad != nil || len(at) == 2 {
			return d.fault("", "a point is [latitude, longitude]")
		}
		at = append(at, f)
		return nil
	})
	if err == nil && (len(at) != 2 || !onEarth(at[0], at[1])) {
		err = d.fault("", "a point is a latitude from -90 to 90 and a longitude from -180 to 180")
	}
	if err != nil {
		return nil, err
	}
	return &Literal{Value: profile.Point(at[0], at[1]), Pos: -1}, nil
}
