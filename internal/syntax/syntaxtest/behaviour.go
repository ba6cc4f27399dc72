package syntaxtest

import (
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// What the events of the shop may have. "labels" is a list of texts, "products" one
// of objects with a sku, a price and a maker's city, and "at" a point.
var (
	events    = []string{"Order Completed", "Product Viewed", "Product Added", "App Opened"}
	textProps = []string{"coupon", "category", "product_id", "channel"}
	numProps  = []string{"revenue", "price"}
	gaps      = []time.Duration{10 * time.Minute, time.Hour, 90 * time.Minute, 24 * time.Hour}
	propTexts = []string{"x", "y", "app", "web", "p1", "p2", "p3", "运动", "图书", "2026-05-04"}
	propNums  = []float64{0, 1, 10.5, 20, 99.99, -3}
)

func (r *Random) event() string {
	if r.IntN(8) == 0 {
		return syntax.AnyEvent
	}
	return pick(r, events)
}

// window returns a random window; civil ones alone where it is of days.
func (r *Random) window(days bool) syntax.Window {
	unit := syntax.Unit(r.IntN(6))
	if days && unit < syntax.Day {
		unit = syntax.Day
	}
	switch r.IntN(8) {
	case 0, 1:
		return syntax.Window{}
	case 2:
		return syntax.Window{Kind: syntax.This, Period: syntax.Period(r.IntN(5))}
	case 3:
		return syntax.Window{Kind: syntax.Since, Since: r.Value(profile.KindTime)}
	case 4:
		n := 2 + r.IntN(10)
		return syntax.Window{Kind: syntax.Between, N: n, M: 1 + r.IntN(n-1), Unit: unit}
	}
	return syntax.Window{Kind: syntax.Last, N: 1 + r.IntN(12), Unit: unit}
}

// lasting returns a random window that nothing leaves.
func (r *Random) lasting() syntax.Window {
	if r.IntN(3) > 0 {
		return syntax.Window{}
	}
	return syntax.Window{Kind: syntax.Since, Since: r.Value(profile.KindTime)}
}

// where returns a random condition on events, of at most that depth, or nil.
func (r *Random) where(depth int) syntax.Expr {
	if r.IntN(3) > 0 {
		return nil
	}
	return r.property(depth, false)
}

// property returns a condition on the properties of an event, or on the fields of an
// element of a list.
func (r *Random) property(depth int, element bool) syntax.Expr {
	if depth > 1 && r.IntN(3) == 0 {
		xs := []syntax.Expr{r.property(depth-1, element), r.property(depth-1, element)}
		switch r.IntN(4) {
		case 0:
			return &syntax.Or{X: xs}
		case 1:
			return &syntax.Not{X: xs[0]}
		case 2:
			return &syntax.AtLeast{K: 1, X: xs}
		}
		return &syntax.And{X: xs}
	}
	text := &syntax.Trait{Name: pick(r, textProps), Pos: -1}
	number := &syntax.Trait{Name: pick(r, numProps), Pos: -1}
	list := &syntax.Trait{Name: "products", Pos: -1}
	if element {
		text.Name, number.Name = pick(r, []string{"sku", "value", "maker.city"}), "price"
	}
	switch r.IntN(8) {
	case 0:
		return &syntax.In{X: text, List: r.texts(), Negated: r.IntN(2) == 0, Pos: -1}
	case 1:
		return &syntax.Match{Mode: syntax.MatchMode(r.IntN(3)), X: text, Pattern: pick(r, []string{"", "p", "x", "运"}), Pos: -1}
	case 2:
		return &syntax.Exists{X: text, Missing: r.IntN(2) == 0, Pos: -1}
	case 3:
		if !element {
			return &syntax.Each{X: list, Where: r.property(1, true), All: r.IntN(2) == 0, Pos: -1}
		}
	case 4:
		if !element {
			return &syntax.Has{Mode: syntax.HasMode(r.IntN(3)), X: &syntax.Trait{Name: "labels", Pos: -1}, List: r.texts(), Pos: -1}
		}
	case 5:
		sum := &syntax.Arith{Op: syntax.ArithOp(r.IntN(3)), L: number, R: literal(profile.Number(2)), Pos: -1}
		return &syntax.Compare{Op: syntax.Op(r.IntN(6)), L: sum, R: literal(profile.Number(pick(r, propNums))), Pos: -1}
	case 6:
		return &syntax.Compare{Op: syntax.Op(r.IntN(6)), L: text, R: literal(profile.String(pick(r, propTexts))), Pos: -1}
	}
	return &syntax.Compare{Op: syntax.Op(r.IntN(6)), L: number, R: literal(profile.Number(pick(r, propNums))), Pos: -1}
}

func (r *Random) texts() []profile.Value {
	list := make([]profile.Value, r.IntN(4))
	for i := range list {
		list[i] = profile.String(pick(r, propTexts))
	}
	return list
}

func literal(v profile.Value) syntax.Operand { return &syntax.Literal{Value: v, Pos: -1} }

// aggregate returns a random function of events.
func (r *Random) aggregate(fns ...syntax.Fn) *syntax.Aggregate {
	x := &syntax.Aggregate{Fn: pick(r, fns), Event: r.event(), Where: r.where(2), Pos: -1}
	days := false
	switch x.Fn {
	case syntax.Count, syntax.FirstTime, syntax.LastTime:
	case syntax.Days, syntax.ShareOfDays, syntax.Streak, syntax.LongestStreak:
		days = true
	case syntax.Sessions:
		days, x.Gap = true, pick(r, gaps)
	case syntax.FirstDaySum:
		x.Property, x.Window = pick(r, numProps), r.lasting()
		return x
	case syntax.SumOf, syntax.AvgOf, syntax.MinOf, syntax.MaxOf:
		x.Property = pick(r, numProps)
	case syntax.Top, syntax.Latest, syntax.Earliest:
		x.Property, x.N = pick(r, append(textProps, "labels")), 1+r.IntN(3)
		if x.Fn == syntax.Top && r.IntN(2) == 0 {
			x.By = pick(r, numProps)
		}
	default:
		x.Property = pick(r, append(textProps, numProps...))
	}
	x.Window = r.window(days)
	return x
}

// sequence returns a random sequence of events.
func (r *Random) sequence() *syntax.Sequence {
	x := &syntax.Sequence{Overlap: r.IntN(4) == 0, Pos: -1}
	filter := func() syntax.Filter { return syntax.Filter{Event: r.event(), Where: r.where(1), Pos: -1} }
	for i := range 2 + r.IntN(2) {
		s := syntax.Step{Filter: filter()}
		if i > 0 && r.IntN(3) == 0 {
			s.Within = pick(r, gaps)
		}
		if i > 0 && r.IntN(3) == 0 {
			s.Without = []syntax.Filter{filter()}
		}
		x.Steps = append(x.Steps, s)
	}
	if r.IntN(2) == 0 {
		x.Within = pick(r, gaps)
	}
	if r.IntN(3) == 0 {
		x.Same = pick(r, textProps)
	}
	if r.IntN(2) == 0 {
		x.Window = syntax.Window{Kind: syntax.Last, N: 1 + r.IntN(6), Unit: syntax.Day + syntax.Unit(r.IntN(3))}
	}
	if r.IntN(3) == 0 {
		x.Within, x.Without = pick(r, gaps), []syntax.Filter{filter()}
		x.Steps = x.Steps[:1+r.IntN(2)]
	}
	return x
}

// behaviour returns a condition on what is computed from events over time.
func (r *Random) behaviour() syntax.Expr {
	switch r.IntN(11) {
	case 0, 1:
		return &syntax.Happened{X: r.sequence()}
	case 2:
		list := r.lists()
		return &syntax.Has{Mode: syntax.HasMode(r.IntN(3)), X: list, List: r.texts(), Pos: -1}
	case 3:
		x := r.aggregate(syntax.FirstOf, syntax.LastOf, syntax.MostFrequent)
		if x.Property == "revenue" && x.Event == "Order Completed" || x.Property == "price" && x.Event == "Product Viewed" {
			return &syntax.Compare{Op: syntax.Op(r.IntN(6)), L: x, R: literal(profile.Number(pick(r, propNums))), Pos: -1}
		}
		return &syntax.Compare{Op: syntax.Op(r.IntN(6)), L: x, R: literal(profile.String(pick(r, propTexts))), Pos: -1}
	case 4:
		return &syntax.Compare{Op: syntax.Op(r.IntN(6)), L: r.moment(), R: r.operand(profile.KindTime), Pos: -1}
	case 5:
		x := r.measure()
		if r.IntN(3) == 0 {
			return &syntax.Exists{X: r.lists(), Missing: r.IntN(2) == 0, Pos: -1}
		}
		return &syntax.Exists{X: x, Missing: r.IntN(2) == 0, Pos: -1}
	case 6:
		value := pick(r, []string{"高", "中"})
		return &syntax.TagRef{Name: "等级", Value: value, Pos: -1}
	case 10:
		return &syntax.Consent{Purpose: pick(r, purposes), Pos: -1}
	case 7:
		return &syntax.Compare{Op: syntax.Op(r.IntN(2)), L: r.dwell(), R: pick(r, []syntax.Operand{r.dwell(), r.operand(profile.KindPoint)}), Pos: -1}
	}
	return &syntax.Compare{Op: syntax.Op(r.IntN(6)), L: r.formula(3), R: r.formula(1), Pos: -1}
}

// spots are places of which some are neighbours, in Shanghai, where three faces of S2's
// cube meet, and at the antimeridian.
var spots = []profile.Value{
	profile.Point(31.2304, 121.4737), profile.Point(31.2304, 121.4737), profile.Point(31.2312, 121.4745), profile.Point(31.2330, 121.4760),
	profile.Point(35.26438968, 45), profile.Point(35.2645, 45.0001), profile.Point(10, 180), profile.Point(10, -179.9995),
}

// dwell returns a random place where most hours were spent.
func (r *Random) dwell() *syntax.Aggregate {
	x := &syntax.Aggregate{Fn: syntax.Dwell, Event: r.event(), Property: "at", Where: r.where(1), Window: r.window(true), Pos: -1}
	x.Stay = &syntax.Stay{Level: pick(r, []int{10, 14, 16, 18}), MinDays: 1 + r.IntN(3)}
	for range r.IntN(3) {
		x.Stay.Hours = append(x.Stay.Hours, profile.Hours{Days: uint8(1 + r.IntN(127)), From: r.IntN(24), To: 1 + r.IntN(24)})
	}
	if r.IntN(3) == 0 {
		x.Stay.Except = append(x.Stay.Except, r.dwell())
	}
	if r.IntN(3) == 0 {
		x.Stay.Except = append(x.Stay.Except, literal(pick(r, spots)))
	}
	return x
}

func (r *Random) lists() syntax.Operand {
	if r.IntN(4) == 0 {
		return &syntax.Interests{Name: "category", N: 1 + r.IntN(3), Pos: -1}
	}
	return r.aggregate(syntax.Top, syntax.Latest, syntax.Earliest)
}

// moment returns a time of an event.
func (r *Random) moment() syntax.Operand { return r.aggregate(syntax.FirstTime, syntax.LastTime) }

// measure returns a number that is computed from events.
func (r *Random) measure() syntax.Operand {
	switch r.IntN(12) {
	case 0:
		return r.sequence()
	case 3:
		fn := pick(r, []syntax.CallFn{syntax.DaysAt, syntax.DaysSeen, syntax.Confidence})
		return &syntax.Call{Fn: fn, Args: []syntax.Operand{r.dwell()}, Pos: -1}
	case 1:
		x := &syntax.Interest{Name: "category", Pos: -1}
		if r.IntN(2) == 0 {
			x.Key = pick(r, []string{"运动", "图书", "x"})
		}
		return x
	case 2:
		return &syntax.Call{Fn: syntax.DaysSince, Args: []syntax.Operand{r.moment()}, Pos: -1}
	}
	return r.aggregate(syntax.Count, syntax.Count, syntax.SumOf, syntax.AvgOf, syntax.MinOf, syntax.MaxOf, syntax.Unique,
		syntax.Days, syntax.ShareOfDays, syntax.Streak, syntax.LongestStreak, syntax.Sessions, syntax.FirstDaySum)
}

// formula returns arithmetic of at most that depth.
func (r *Random) formula(depth int) syntax.Operand {
	if depth <= 1 || r.IntN(3) == 0 {
		switch r.IntN(4) {
		case 0:
			return literal(profile.Number(float64(r.IntN(6))))
		case 1:
			return r.operand(profile.KindNumber)
		}
		return r.measure()
	}
	switch r.IntN(9) {
	case 0:
		return &syntax.If{Cond: r.Condition(), Then: r.formula(depth - 1), Else: r.formula(depth - 1), Pos: -1}
	case 1:
		fn := pick(r, []syntax.CallFn{syntax.Coalesce, syntax.Least, syntax.Greatest})
		return &syntax.Call{Fn: fn, Args: []syntax.Operand{r.formula(depth - 1), r.formula(depth - 1)}, Pos: -1}
	case 2:
		fn := pick(r, []syntax.CallFn{syntax.Round, syntax.Floor, syntax.Ceil, syntax.Abs})
		return &syntax.Call{Fn: fn, Args: []syntax.Operand{r.formula(depth - 1)}, Pos: -1}
	case 3:
		return &syntax.Call{Fn: syntax.Round, Args: []syntax.Operand{r.formula(depth - 1), literal(profile.Number(float64(r.IntN(7))))}, Pos: -1}
	case 4:
		return &syntax.Call{Fn: syntax.DaysBetween, Args: []syntax.Operand{r.moment(), r.operand(profile.KindTime)}, Pos: -1}
	}
	x := &syntax.Arith{Op: syntax.ArithOp(r.IntN(4)), L: r.formula(depth - 1), R: r.formula(depth - 1), Pos: -1}
	if x.Op == syntax.Div { // by what is not always zero
		x.R = &syntax.Trait{Name: pick(r, []string{"age", "points", "spend"}), Pos: -1}
	}
	return x
}

// Event returns a random event of the shop within about span of [Random.Around], with
// the properties that conditions ask for. The message ID is the caller's, and so are
// the identifiers.
func (r *Random) Event(id string, span time.Duration) profile.Event {
	e := profile.Event{MessageID: id, Name: pick(r, events), Properties: map[string]profile.Value{}}
	e.Time = r.Around.Time().Add(time.Duration(r.Int64N(int64(2*span))) - span).Truncate(time.Microsecond)
	for _, name := range textProps {
		if r.IntN(2) == 0 {
			e.Properties[name] = profile.String(pick(r, propTexts))
		}
	}
	for _, name := range numProps {
		if r.IntN(2) == 0 {
			e.Properties[name] = profile.Number(pick(r, propNums))
		}
	}
	if r.IntN(3) > 0 {
		e.Properties["at"] = pick(r, spots)
	}
	switch r.IntN(4) {
	case 0:
		e.Properties["labels"] = profile.List(r.texts()...)
	case 1:
		e.Properties["products"] = profile.List(
			profile.String(`{"maker":{"city":"x"},"price":20,"sku":"p1"}`),
			profile.String(`{"price":1,"sku":"`+pick(r, []string{"p2", "x"})+`"}`),
			profile.String(pick(r, propTexts)))
	}
	e.Consent = r.Consents(e.Time)
	return e
}
