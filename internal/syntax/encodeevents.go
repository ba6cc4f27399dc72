package syntax

import (
	"strconv"
	"time"
)

// arithKeys are the keys of arithmetic.
var arithKeys = [...]string{Add: "add", Sub: "subtract", Mul: "multiply", Div: "divide"}

// plain reports whether the aggregate says no more than its event, or its event and
// property.
func (x *Aggregate) plain() bool {
	return !x.Fn.picks() && x.Fn != Sessions && x.By == "" && x.Where == nil && x.Window.Kind == Lifetime
}

func (w *encoder) aggregate(x *Aggregate) {
	w.open(x.Fn.String())
	defer w.raw("}")
	if x.plain() && !x.Fn.folds() {
		w.text(x.Event)
		return
	}
	w.raw("{")
	if x.Fn.picks() {
		w.raw(`"n":` + strconv.Itoa(x.N) + ",")
	}
	w.raw(`"event":`)
	w.text(x.Event)
	if x.Fn.folds() {
		w.field("property", x.Property)
	}
	if x.Fn == Sessions {
		w.field("gap", spanText(x.Gap))
	}
	if x.By != "" {
		w.field("by", x.By)
	}
	w.where(x.Where)
	if x.Fn == Dwell {
		w.stay(x.stay())
	}
	w.window(x.Window)
	w.raw("}")
}

// field writes one more field of an object.
func (w *encoder) field(key, text string) {
	w.raw(`,"` + key + `":`)
	w.text(text)
}

func (w *encoder) where(e Expr) {
	if e == nil {
		return
	}
	w.raw(`,"where":`)
	w.expr(e)
}

func (w *encoder) window(x Window) {
	if x.Kind == Lifetime {
		return
	}
	w.raw(`,"window":`)
	switch x.Kind {
	case Between:
		w.open("between")
		w.raw("[")
		w.text(windowText(x.N, x.Unit))
		w.raw(",")
		w.text(windowText(x.M, x.Unit))
		w.raw("]")
	case Since:
		w.open("since")
		w.text(x.sinceText())
	case This:
		w.open("this")
		w.text(x.Period.String())
	default:
		w.open("last")
		w.text(windowText(x.N, x.Unit))
	}
	w.raw("}")
}

func (w *encoder) sequence(key string, x *Sequence) {
	if x == nil {
		w.fail("a value is missing")
		return
	}
	w.open(key)
	w.raw(`{"steps":[`)
	first := true
	part := func() {
		if !first {
			w.raw(",")
		}
		first = false
	}
	for _, s := range x.Steps {
		for _, f := range s.Without {
			part()
			w.filter("without", f, 0)
		}
		part()
		if s.Where == nil && s.Within == 0 {
			w.text(s.Event)
		} else {
			w.filter("step", s.Filter, s.Within)
		}
	}
	for _, f := range x.Without {
		part()
		w.filter("without", f, 0)
	}
	w.raw("]")
	if x.Within != 0 {
		w.field("within", spanText(x.Within))
	}
	if x.Same != "" {
		w.field("same", x.Same)
	}
	w.window(x.Window)
	if x.Overlap {
		w.raw(`,"overlapping":true`)
	}
	w.raw("}}")
}

func (w *encoder) filter(key string, f Filter, within time.Duration) {
	w.open(key)
	if f.Where == nil && within == 0 {
		w.text(f.Event)
		w.raw("}")
		return
	}
	w.raw(`{"event":`)
	w.text(f.Event)
	w.where(f.Where)
	if within != 0 {
		w.field("within", spanText(within))
	}
	w.raw("}}")
}

func (w *encoder) interest(x *Interest) {
	w.open("interest")
	if x.Key == "" {
		w.text(x.Name)
	} else {
		w.raw(`{"name":`)
		w.text(x.Name)
		w.field("key", x.Key)
		w.raw("}")
	}
	w.raw("}")
}

func (w *encoder) operands(key string, xs ...Operand) {
	w.open(key)
	w.raw("[")
	for i, x := range xs {
		if i > 0 {
			w.raw(",")
		}
		w.operand(x)
	}
	w.raw("]}")
}

func (w *encoder) call(x *Call) {
	if _, most := x.Fn.arity(); most == 1 && len(x.Args) == 1 {
		w.open(x.Fn.String())
		w.operand(x.Args[0])
		w.raw("}")
		return
	}
	w.operands(x.Fn.String(), x.Args...)
}

func (w *encoder) choice(x *If) {
	w.open("if")
	w.raw(`{"cond":`)
	w.expr(x.Cond)
	w.raw(`,"then":`)
	w.operand(x.Then)
	w.raw(`,"else":`)
	w.operand(x.Else)
	w.raw("}}")
}

func (w *encoder) each(e *Each) {
	if e.All {
		w.open("all")
	} else {
		w.open("any")
	}
	w.raw(`{"of":`)
	w.operand(e.X)
	w.raw(`,"where":`)
	w.expr(e.Where)
	w.raw("}}")
}
