package syntax

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// EncodeJSON returns the JSON form, in which every condition and operand is an
// object of one key and constants stand for themselves:
//
//	{"and": [{"compare": {"op": ">=", "left": {"count": "Order Completed"}, "right": 3}}, {"tag": "沉睡"}]}
//
// [DecodeJSON] reads it as the same tree. It fails for a tree that was built by
// hand and holds what cannot be written.
func EncodeJSON(e Expr) ([]byte, error) {
	if err := withinLimits(e); err != nil {
		return nil, err
	}
	w := &encoder{}
	w.expr(e)
	if w.err != nil {
		return nil, w.err
	}
	return w.b, nil
}

type encoder struct {
	b   []byte
	err error // the first
}

func (w *encoder) fail(format string, args ...any) {
	w.err = errors.Join(w.err, fmt.Errorf(format, args...))
}

func (w *encoder) raw(s string) { w.b = append(w.b, s...) }

func (w *encoder) text(s string) {
	if !utf8.ValidString(s) {
		w.fail("%q is not valid UTF-8", s)
	}
	w.b = appendQuoted(w.b, s)
}

// open begins an object of one key; the caller closes it.
func (w *encoder) open(key string) {
	w.raw("{")
	w.b = appendQuoted(w.b, key)
	w.raw(":")
}

func (w *encoder) exprs(key string, xs []Expr) {
	w.open(key)
	w.list(xs)
	w.raw("}")
}

func (w *encoder) list(xs []Expr) {
	w.raw("[")
	for i, x := range xs {
		if i > 0 {
			w.raw(",")
		}
		w.expr(x)
	}
	w.raw("]")
}

func (w *encoder) expr(e Expr) {
	switch e := e.(type) {
	case *And:
		w.exprs("and", e.X)
	case *Or:
		w.exprs("or", e.X)
	case *Xor:
		w.exprs("xor", e.X)
	case *Minus:
		w.exprs("minus", e.X)
	case *Not:
		w.open("not")
		w.expr(e.X)
		w.raw("}")
	case *AtLeast:
		w.open("at_least")
		w.raw(`{"k":` + strconv.Itoa(e.K) + `,"of":`)
		w.list(e.X)
		w.raw("}}")
	case *Const:
		w.raw(strconv.FormatBool(e.Value))
	case *Compare:
		w.open("compare")
		w.raw(`{"op":"` + e.Op.String() + `","left":`)
		w.operand(e.L)
		w.raw(`,"right":`)
		w.operand(e.R)
		w.raw("}}")
	case *In:
		if e.Negated {
			w.values("not_in", e.X, e.List)
		} else {
			w.values("in", e.X, e.List)
		}
	case *Has:
		w.values(e.Mode.String(), e.X, e.List)
	case *Match:
		w.open(e.Mode.String())
		w.raw(`{"of":`)
		w.operand(e.X)
		w.raw(`,"text":`)
		w.text(e.Pattern)
		w.raw("}}")
	case *Exists:
		if e.Missing {
			w.open("missing")
		} else {
			w.open("exists")
		}
		w.operand(e.X)
		w.raw("}")
	case *TagRef:
		w.open("tag")
		if e.Value == "" {
			w.text(e.Name)
		} else {
			w.raw(`{"name":`)
			w.text(e.Name)
			w.field("value", e.Value)
			w.raw("}")
		}
		w.raw("}")
	case *Inside:
		w.inside(e)
	case *Members:
		w.err = errors.Join(w.err, errMembers)
	case *InList:
		w.open("in_list")
		w.text(e.Name)
		w.raw("}")
	case *Consent:
		w.open("consent")
		w.text(e.Purpose)
		w.raw("}")
	case *Happened:
		w.sequence("sequence", e.X)
	case *Each:
		w.each(e)
	default:
		w.fail("a condition is missing")
	}
}

func (w *encoder) values(key string, x Operand, list []profile.Value) {
	w.open(key)
	w.raw(`{"of":`)
	w.operand(x)
	w.raw(`,"list":[`)
	for i, v := range list {
		if i > 0 {
			w.raw(",")
		}
		w.value(v)
	}
	w.raw("]}}")
}

func (w *encoder) operand(x Operand) {
	switch x := x.(type) {
	case *Trait:
		w.open("trait")
		w.text(x.Name)
		w.raw("}")
	case *Aggregate:
		w.aggregate(x)
	case *Sequence:
		w.sequence("sequence_count", x)
	case *Interest:
		w.interest(x)
	case *Interests:
		w.open("interests")
		w.raw(`{"name":`)
		w.text(x.Name)
		w.raw(`,"n":` + strconv.Itoa(x.N) + "}}")
	case *Namespaces:
		w.raw(`{"namespaces":""}`)
	case *Draw:
		w.draw(x)
	case *Standing:
		w.standing(x)
	case *Arith:
		w.operands(nameOf(arithKeys[:], int(x.Op)), x.L, x.R)
	case *Call:
		w.call(x)
	case *If:
		w.choice(x)
	case *Literal:
		w.value(x.Value)
	case *Now:
		w.open("now")
		sign, span := signAndSpan(x.Offset)
		if x.Offset == 0 {
			w.text("")
		} else {
			w.text(string(sign) + span)
		}
		w.raw("}")
	case *Ago:
		w.open("ago")
		w.text(windowText(x.N, x.Unit))
		w.raw("}")
	default:
		w.fail("a value is missing")
	}
}

func (w *encoder) value(v profile.Value) {
	switch v.Kind() {
	case profile.KindString:
		w.text(v.Text())
	case profile.KindBool:
		w.raw(v.String())
	case profile.KindNumber:
		if f := v.Number(); math.IsNaN(f) || math.IsInf(f, 0) {
			w.fail("a number is finite")
		}
		w.b = appendNumber(w.b, v.Number())
	case profile.KindTime:
		w.open("date")
		w.text(v.Instant().String())
		w.raw("}")
	case profile.KindPoint:
		lat, lon := v.Point()
		w.raw(`{"point":[`)
		w.b = appendNumber(w.b, lat)
		w.raw(",")
		w.b = appendNumber(w.b, lon)
		w.raw("]}")
	default:
		w.fail("%s is no constant", v.Kind())
	}
}
