package syntax

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// aggregate reads what follows the key of a function of events.
func (d *decoder) aggregate(fn Fn) (Operand, *Error) {
	x := &Aggregate{Fn: fn, Pos: -1}
	keys := []string{"event"}
	options := []string{"where", "window"}
	switch {
	case fn.picks():
		keys = append(keys, "property", "n")
	case fn.folds():
		keys = append(keys, "property")
	case fn == Sessions:
		keys = append(keys, "gap")
	}
	switch fn {
	case Top:
		options = append(options, "by")
	case Dwell:
		options = append(options, "during", "cell", "min_days", "except")
		x.Stay = usualStay()
	}
	short := len(keys) == 1
	err := d.textOr(func(text string) *Error {
		if !short {
			return d.fault("", "an object should be here")
		}
		x.Event = text
		return d.named(text, "event")
	}, func() *Error {
		return d.object(keys, options, func(key string) *Error { return d.aggregateField(x, key) })
	})
	return x, err
}

func (d *decoder) aggregateField(x *Aggregate, key string) (err *Error) {
	switch key {
	case "event":
		x.Event, err = d.name("event")
	case "property":
		x.Property, err = d.name("property")
	case "by":
		x.By, err = d.name("property")
	case "n":
		x.N, err = d.wholeNumber(maxValues)
	case "gap":
		x.Gap, err = d.length()
	case "where":
		x.Where, err = d.expr()
	case "window":
		x.Window, err = d.window()
	default:
		err = d.stayField(x.Stay, key)
	}
	return err
}

// textOr reads a string or an object, whose opening brace is read.
func (d *decoder) textOr(text func(string) *Error, object func() *Error) *Error {
	t, err := d.token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case string:
		return text(t)
	case json.Delim:
		if t == '{' {
			return object()
		}
	}
	return d.fault("", "a string or an object should be here")
}

// name reads the name of something, which is not empty.
func (d *decoder) name(of string) (string, *Error) {
	text, err := d.text()
	if err == nil {
		err = d.named(text, of)
	}
	return text, err
}

func (d *decoder) named(text, of string) *Error {
	if text == "" {
		return d.fault("", "the %s's name is empty", of)
	}
	return nil
}

// wholeNumber reads a whole number from 1 to most.
func (d *decoder) wholeNumber(most int) (int, *Error) {
	t, err := d.token()
	if err != nil {
		return 0, err
	}
	n, _ := t.(json.Number)
	k, bad := strconv.Atoi(string(n))
	if bad != nil || k < 1 || k > most {
		return 0, d.fault("", "a whole number from 1 to %d should be here", most)
	}
	return k, nil
}

// length reads a length of time that is more than nothing.
func (d *decoder) length() (time.Duration, *Error) {
	text, err := d.text()
	if err != nil {
		return 0, err
	}
	span, msg, hint := parseLength(text)
	if msg != "" {
		return 0, d.fault(hint, "%s", msg)
	}
	return span, nil
}

var windowKeys = []string{"last", "between", "since", "this"}

func (d *decoder) window() (w Window, err *Error) {
	err = d.single(func(json.Token) *Error {
		return d.fault("", `a window should be here, such as {"last": "30d"}`)
	}, func(key string) *Error {
		if !slices.Contains(windowKeys, key) {
			return d.fault(suggest(key, windowKeys), "unknown window %s", quote(shorten(key)))
		}
		var texts []string
		var err *Error
		if key == "between" {
			err = d.array(func() *Error {
				text, err := d.text()
				texts = append(texts, text)
				return err
			})
			if err == nil && len(texts) != 2 {
				err = d.fault("", `between wants two windows, such as ["60d", "30d"]`)
			}
		} else {
			var text string
			text, err = d.text()
			texts = append(texts, text)
		}
		if err != nil {
			return err
		}
		var msg, hint string
		if w, msg, hint = newWindow(key, texts); msg != "" {
			return d.fault(hint, "%s", msg)
		}
		return nil
	})
	return w, err
}

func (d *decoder) interest() (Operand, *Error) {
	x := &Interest{Pos: -1}
	err := d.textOr(func(text string) *Error {
		x.Name = text
		return nil
	}, func() *Error {
		return d.object([]string{"name", "key"}, nil, func(key string) (err *Error) {
			if key == "name" {
				x.Name, err = d.text()
				return err
			}
			if x.Key, err = d.text(); err == nil && x.Key == "" {
				err = d.fault("the sum over all keys is written without a key", "the key is empty")
			}
			return err
		})
	})
	return x, err
}

func (d *decoder) interests() (Operand, *Error) {
	x := &Interests{Pos: -1}
	return x, d.fields([]string{"name", "n"}, func(key string) (err *Error) {
		if key == "name" {
			x.Name, err = d.text()
		} else {
			x.N, err = d.wholeNumber(maxValues)
		}
		return err
	})
}

func (d *decoder) operands() (xs []Operand, err *Error) {
	err = d.array(func() *Error {
		x, err := d.operand()
		xs = append(xs, x)
		return err
	})
	return xs, err
}

func (d *decoder) arith(op ArithOp) (Operand, *Error) {
	xs, err := d.operands()
	if err == nil && len(xs) != 2 {
		err = d.fault("", "two values should be here")
	}
	if err != nil {
		return nil, err
	}
	return &Arith{Op: op, L: xs[0], R: xs[1], Pos: -1}, nil
}

func (d *decoder) valueCall(fn CallFn) (Operand, *Error) {
	x := &Call{Fn: fn, Pos: -1}
	least, most := fn.arity()
	if most == 1 {
		arg, err := d.operand()
		x.Args = []Operand{arg}
		return x, err
	}
	var err *Error
	if x.Args, err = d.operands(); err == nil && (len(x.Args) < least || most > 0 && len(x.Args) > most) {
		err = d.fault("", "%s is written %s", fn, functions[fn.String()])
	}
	return x, err
}

func (d *decoder) choice() (Operand, *Error) {
	x := &If{Pos: -1}
	return x, d.fields([]string{"cond", "then", "else"}, func(key string) (err *Error) {
		switch key {
		case "cond":
			x.Cond, err = d.expr()
		case "then":
			x.Then, err = d.operand()
		default:
			x.Else, err = d.operand()
		}
		return err
	})
}

func (d *decoder) each(all bool) (Expr, *Error) {
	e := &Each{All: all, Pos: -1}
	return e, d.fields([]string{"of", "where"}, func(key string) (err *Error) {
		if key == "of" {
			e.X, err = d.operand()
			if _, ok := e.X.(*Trait); err == nil && !ok {
				err = d.fault("", "the name of a property should be here")
			}
			return err
		}
		e.Where, err = d.expr()
		return err
	})
}

// tag reads a tag's name, or an object that says which value.
func (d *decoder) tag() (Expr, *Error) {
	e := &TagRef{Pos: -1}
	err := d.textOr(func(text string) *Error {
		e.Name = text
		return nil
	}, func() *Error {
		return d.object([]string{"name", "value"}, nil, func(key string) (err *Error) {
			if key == "name" {
				e.Name, err = d.text()
				return err
			}
			if e.Value, err = d.text(); err == nil && e.Value == "" {
				err = d.fault("a tag with any value is written without one", "the value is empty")
			}
			return err
		})
	})
	return e, err
}
