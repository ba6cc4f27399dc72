package syntaxtest

import (
	"math/rand/v2"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Random makes expressions over the model of [Shop]: all of them pass
// [syntax.Check] and, with Behaviour, together have every node of the tree.
type Random struct {
	*rand.Rand
	// Around is the instant near which the constants for times lie.
	Around profile.Instant
	// Behaviour asks for what is computed from events over time too: windows, filters,
	// sequences, interests, arithmetic, tags with values.
	Behaviour bool
}

var (
	texts   = []string{"上海", "北京", "a", "", `say "hi"`, "line\nbreak", "`", "\u00ad\U0001F468\u200d", "O'Neil \\"}
	numbers = []float64{0, 1, -1, 3, 18, 0.1, -2.5, 1e6, 1e21, 1.5e-7, 1234567.891}
	spans   = []time.Duration{0, time.Hour, 36 * time.Hour, -48 * time.Hour, 90 * time.Second, -7 * 24 * time.Hour, time.Microsecond}
)

// Expr returns a random condition of at most that depth.
func (r *Random) Expr(depth int) syntax.Expr {
	if depth <= 1 || r.IntN(4) == 0 {
		return r.Condition()
	}
	switch r.IntN(6) {
	case 0:
		return &syntax.Or{X: r.exprs(depth, 0)}
	case 1:
		return &syntax.Not{X: r.Expr(depth - 1)}
	case 2:
		return &syntax.Xor{X: r.exprs(depth, 0)}
	case 3:
		return &syntax.Minus{X: r.exprs(depth, 1)}
	case 4:
		xs := r.exprs(depth, 1)
		return &syntax.AtLeast{K: 1 + r.IntN(len(xs)), X: xs}
	}
	return &syntax.And{X: r.exprs(depth, 0)}
}

func (r *Random) exprs(depth, least int) []syntax.Expr {
	xs := make([]syntax.Expr, least+r.IntN(4))
	for i := range xs {
		xs[i] = r.Expr(depth - 1)
	}
	return xs
}

// Condition returns a random condition on operands.
func (r *Random) Condition() syntax.Expr {
	if r.Behaviour && r.IntN(2) == 0 {
		return r.behaviour()
	}
	switch r.IntN(12) {
	case 0:
		return &syntax.Const{Value: r.IntN(2) == 0}
	case 1:
		return &syntax.TagRef{Name: pick(r, []string{"高频购买者", "沉睡", "新客"}), Pos: -1}
	case 2:
		return &syntax.Exists{X: r.anyOperand(), Missing: r.IntN(2) == 0, Pos: -1}
	case 3:
		mode := syntax.MatchMode(r.IntN(4))
		pattern := pick(r, texts)
		if mode == syntax.Regex {
			pattern = pick(r, []string{"^上", "[a-z]+", ".", "京$"})
		}
		return &syntax.Match{Mode: mode, X: r.operand(profile.KindString), Pattern: pattern, Pos: -1}
	case 4:
		trait, kind := "apps", profile.KindString
		switch r.IntN(3) {
		case 0:
			trait, kind = "sizes", profile.KindNumber
		case 1:
			trait, kind = "visits", profile.KindTime
		}
		return &syntax.Has{Mode: syntax.HasMode(r.IntN(3)), X: &syntax.Trait{Name: trait, Pos: -1}, List: r.values(kind), Pos: -1}
	case 5, 6:
		kind := r.kind()
		return &syntax.In{X: r.operand(kind), List: r.values(kind), Negated: r.IntN(2) == 0, Pos: -1}
	case 7, 8, 9:
		return r.Dated()
	}
	kind := r.kind()
	c := &syntax.Compare{Op: syntax.Op(r.IntN(6)), L: r.operand(kind), R: r.operand(kind), Pos: -1}
	if kind == profile.KindBool || kind == profile.KindPoint {
		c.Op = syntax.Op(r.IntN(2))
	}
	return c
}

// Dated returns a comparison of times, mostly with the clock.
func (r *Random) Dated() syntax.Expr {
	return &syntax.Compare{Op: syntax.Op(r.IntN(6)), L: r.operand(profile.KindTime), R: r.operand(profile.KindTime), Pos: -1}
}

func (r *Random) kind() profile.Kind {
	return pick(r, []profile.Kind{profile.KindString, profile.KindNumber, profile.KindNumber, profile.KindBool, profile.KindTime, profile.KindPoint})
}

func (r *Random) values(kind profile.Kind) []profile.Value {
	vs := make([]profile.Value, r.IntN(12))
	for i := range vs {
		vs[i] = r.Value(kind)
	}
	return vs
}

// Value returns a random constant.
func (r *Random) Value(kind profile.Kind) profile.Value {
	switch kind {
	case profile.KindString:
		return profile.String(pick(r, texts))
	case profile.KindNumber:
		return profile.Number(pick(r, numbers))
	case profile.KindBool:
		return profile.Bool(r.IntN(2) == 0)
	case profile.KindPoint:
		return profile.Point(float64(r.IntN(181)-90), float64(r.IntN(3601))/10-180)
	}
	const day = 24 * 3600 * 1_000_000
	at := r.Around + profile.Instant(r.Int64N(20*day)-10*day)
	if r.IntN(2) == 0 { // on a boundary of hours, and so of most days
		at -= at % (day / 24)
	}
	return profile.TimeAt(at)
}

func (r *Random) anyOperand() syntax.Operand {
	if r.IntN(4) == 0 {
		return &syntax.Trait{Name: pick(r, []string{"apps", "sizes", "visits"}), Pos: -1}
	}
	return r.operand(r.kind())
}

func (r *Random) operand(kind profile.Kind) syntax.Operand {
	if r.IntN(3) == 0 {
		return &syntax.Literal{Value: r.Value(kind), Pos: -1}
	}
	switch kind {
	case profile.KindString:
		return &syntax.Trait{Name: pick(r, []string{"city", "名 字"}), Pos: -1}
	case profile.KindBool:
		return &syntax.Trait{Name: "vip", Pos: -1}
	case profile.KindPoint:
		return &syntax.Trait{Name: "home", Pos: -1}
	case profile.KindTime:
		return r.time()
	}
	if r.IntN(2) == 0 {
		return &syntax.Trait{Name: pick(r, []string{"age", "points", "spend"}), Pos: -1}
	}
	fn := pick(r, []syntax.Fn{syntax.Count, syntax.SumOf, syntax.AvgOf, syntax.MinOf, syntax.MaxOf, syntax.FirstOf, syntax.LastOf, syntax.Unique})
	a := &syntax.Aggregate{Fn: fn, Event: "Order Completed", Pos: -1}
	switch fn {
	case syntax.Count:
	case syntax.Unique:
		a.Property = "coupon"
	default:
		a.Property = "revenue"
	}
	return a
}

func (r *Random) time() syntax.Operand {
	switch r.IntN(5) {
	case 0:
		return &syntax.Now{Offset: pick(r, spans), Pos: -1}
	case 1:
		return &syntax.Ago{N: 1 + r.IntN(6), Unit: syntax.Unit(r.IntN(5)), Pos: -1}
	case 2:
		fn := pick(r, []syntax.Fn{syntax.FirstTime, syntax.LastTime})
		return &syntax.Aggregate{Fn: fn, Event: "Order Completed", Pos: -1}
	}
	return &syntax.Trait{Name: pick(r, []string{"registered", "renewal", "last_order"}), Pos: -1}
}

func pick[T any](r *Random, from []T) T { return from[r.IntN(len(from))] }
