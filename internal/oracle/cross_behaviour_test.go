package oracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// deeds grows random operands of what a person did, as happening makes events.
type deeds struct {
	r    *rand.Rand
	now  profile.Instant
	zone *time.Location
}

func (d *deeds) civil(back time.Duration) profile.Value {
	at := d.now - profile.Instant(d.r.Int64N(int64(back/time.Microsecond)))
	if d.r.IntN(2) == 0 {
		return profile.TimeAt(at)
	}
	y, m, day := at.Time().In(d.zone).Date()
	return profile.TimeAt(dayStart(y, m, day, d.zone))
}

// window returns a random window; long ones are of days or more.
func (d *deeds) window(long bool) syntax.Window {
	unit := syntax.Unit(d.r.IntN(6))
	if long {
		unit = syntax.Day + syntax.Unit(d.r.IntN(4))
	}
	n := []int{600, 90, 9, 3, 2, 1}[unit]
	switch n = 1 + d.r.IntN(n); d.r.IntN(6) {
	case 0:
		return syntax.Window{}
	case 1:
		return this(syntax.Period(d.r.IntN(5)))
	case 2:
		return syntax.Window{Kind: syntax.Since, Since: d.civil(200 * time.Hour)}
	case 3:
		return between(n+1+d.r.IntN(3), n, unit)
	}
	return last(n, unit)
}

// where returns a random condition on events, or none.
func (d *deeds) where() syntax.Expr {
	if d.r.IntN(2) == 0 {
		return nil
	}
	return d.property(2)
}

func (d *deeds) property(depth int) syntax.Expr {
	if depth > 0 && d.r.IntN(3) == 0 {
		xs := []syntax.Expr{d.property(depth - 1), d.property(depth - 1)}
		return pick[syntax.Expr](d.r, &syntax.And{X: xs}, &syntax.Or{X: xs}, &syntax.Not{X: xs[0]}, &syntax.Xor{X: xs}, &syntax.Minus{X: xs}, &syntax.AtLeast{K: 1, X: xs})
	}
	lit := func(v profile.Value) syntax.Operand { return &syntax.Literal{Value: v} }
	op := syntax.Op(d.r.IntN(6))
	str := profile.String
	return pick[syntax.Expr](d.r,
		cmpOf(trait(pick(d.r, "n", "any")), op, lit(profile.Number(pick(d.r, 0, 1, 0.1)))),
		cmpOf(trait(pick(d.r, "s", "any", "id")), op, lit(str(pick(d.r, "a", "b", "x", "")))),
		cmpOf(trait("$source"), op%2, lit(str("pos"))),
		cmpOf(trait(pick(d.r, "$type", "$name")), syntax.Eq, lit(str(pick(d.r, "track", "A", "page")))),
		cmpOf(trait(pick(d.r, "s", "any")), op, lit(pick(d.r, profile.TimeAt(d.now), d.civil(time.Hour), profile.TimeAt(dayStart(2026, 11, 23, d.zone))))),
		cmpOf(&syntax.Arith{Op: syntax.ArithOp(d.r.IntN(4)), L: trait("n"), R: trait(pick(d.r, "n", "any"))}, op, num(2)),
		cmpOf(&syntax.Call{Fn: syntax.Coalesce, Args: []syntax.Operand{trait("n"), num(1)}}, op, num(1)),
		&syntax.In{X: trait(pick(d.r, "s", "any")), List: []profile.Value{str("a"), str("c")}, Negated: d.r.IntN(2) == 0},
		&syntax.In{X: trait(pick(d.r, "s", "any")), List: []profile.Value{profile.TimeAt(dayStart(2026, 11, 23, d.zone)), profile.TimeAt(d.now)}, Negated: d.r.IntN(2) == 0},
		&syntax.Has{Mode: syntax.HasMode(d.r.IntN(3)), X: trait(pick(d.r, "l", "id", "any")), List: []profile.Value{str("x"), str("a")}},
		&syntax.Match{Mode: syntax.MatchMode(d.r.IntN(4)), X: trait(pick(d.r, "s", "any")), Pattern: pick(d.r, "a", "b", "")},
		&syntax.Exists{X: trait(pick(d.r, "n", "any", "nothing")), Missing: d.r.IntN(2) == 0},
		&syntax.Each{X: trait("l"), All: d.r.IntN(2) == 0, Where: pick[syntax.Expr](d.r,
			cmpOf(trait("price"), op, num(15)), cmpOf(trait("maker.name"), syntax.Eq, text("a")), cmpOf(trait("value"), op, text("b")),
			&syntax.Exists{X: trait("value")}, &syntax.And{X: []syntax.Expr{cmpOf(trait("price"), syntax.Gt, num(5)), cmpOf(trait("maker.name"), syntax.Ne, text("a"))}})},
	)
}

func (d *deeds) event() string { return pick(d.r, "A", "A", "B", "C", "$page", syntax.AnyEvent) }

// dwell returns a random place where most hours were spent.
func (d *deeds) dwell() *syntax.Aggregate {
	a := &syntax.Aggregate{Fn: syntax.Dwell, Event: d.event(), Where: d.where(), Window: d.window(true), Property: "at"}
	a.Stay = &syntax.Stay{Level: pick(d.r, 10, 16, 16, 18), MinDays: 1 + d.r.IntN(3)}
	for range d.r.IntN(3) {
		a.Stay.Hours = append(a.Stay.Hours, profile.Hours{Days: uint8(1 + d.r.IntN(127)), From: d.r.IntN(24), To: 1 + d.r.IntN(24)})
	}
	if d.r.IntN(2) == 0 {
		a.Stay.Except = append(a.Stay.Except, d.dwell())
	}
	if d.r.IntN(4) == 0 {
		a.Stay.Except = append(a.Stay.Except, &syntax.Literal{Value: profile.Point(31.2304, 121.4737)})
	}
	return a
}

// number returns an operand that gives a number or is missing.
func (d *deeds) number() syntax.Operand {
	a := &syntax.Aggregate{Event: d.event(), Where: d.where()}
	switch d.r.IntN(10) {
	case 9:
		a.Fn, a.Property = syntax.FirstDaySum, pick(d.r, "n", "any", "l")
		if d.r.IntN(2) == 0 {
			a.Window = syntax.Window{Kind: syntax.Since, Since: d.civil(99 * time.Hour)}
		}
	case 8:
		return &syntax.Call{Fn: pick(d.r, syntax.DaysAt, syntax.DaysSeen, syntax.Confidence), Args: []syntax.Operand{d.dwell()}}
	case 0, 1:
		a.Fn = pick(d.r, syntax.Count, syntax.Count, syntax.SumOf, syntax.AvgOf, syntax.MinOf, syntax.MaxOf, syntax.Unique)
		a.Window = d.window(false)
		if a.Fn != syntax.Count {
			a.Property = pick(d.r, "n", "any", "l")
		}
	case 2, 3:
		a.Fn = pick(d.r, syntax.Days, syntax.ShareOfDays, syntax.Streak, syntax.LongestStreak)
		a.Window = d.window(true)
		if a.Fn == syntax.ShareOfDays && a.Window.Kind == syntax.Lifetime {
			a.Window = last(3, syntax.Day)
		}
	case 4:
		a.Fn, a.Gap, a.Window = syntax.Sessions, time.Duration(1+d.r.IntN(600))*time.Minute, d.window(true)
	case 5:
		return d.sequence()
	case 6:
		return &syntax.Interest{Name: pick(d.r, "kind", "worth"), Key: pick(d.r, "a", "b", "c", "z", "")}
	case 7:
		return pick[syntax.Operand](d.r,
			&syntax.Arith{Op: syntax.ArithOp(d.r.IntN(4)), L: d.number(), R: d.number()},
			&syntax.Call{Fn: pick(d.r, syntax.Round, syntax.Floor, syntax.Ceil, syntax.Abs), Args: []syntax.Operand{d.number()}},
			&syntax.Call{Fn: pick(d.r, syntax.Least, syntax.Greatest, syntax.Coalesce), Args: []syntax.Operand{d.number(), d.number()}},
			&syntax.Call{Fn: syntax.DaysSince, Args: []syntax.Operand{d.time()}},
			&syntax.Call{Fn: syntax.DaysBetween, Args: []syntax.Operand{d.time(), &syntax.Literal{Value: d.civil(99 * time.Hour)}}},
			&syntax.If{Cond: d.condition(), Then: d.number(), Else: d.number()})
	}
	return a
}

// time returns an operand that gives a time or is missing.
func (d *deeds) time() syntax.Operand {
	return &syntax.Aggregate{Fn: pick(d.r, syntax.FirstTime, syntax.LastTime), Event: d.event(), Where: d.where(), Window: d.window(false)}
}

// other returns an operand that gives a list or a value of any kind.
func (d *deeds) other() syntax.Operand {
	a := &syntax.Aggregate{Event: d.event(), Where: d.where(), Window: d.window(false), Property: pick(d.r, "s", "any", "l", "id")}
	switch d.r.IntN(5) {
	case 4:
		return d.dwell()
	case 0:
		a.Fn = pick(d.r, syntax.MostFrequent, syntax.FirstOf, syntax.LastOf)
		return a
	case 1:
		return &syntax.Interests{Name: pick(d.r, "kind", "worth"), N: 1 + d.r.IntN(4)}
	}
	a.Fn, a.N = pick(d.r, syntax.Top, syntax.Latest, syntax.Earliest), 1+d.r.IntN(4)
	if a.Fn == syntax.Top {
		a.By = pick(d.r, "", "n")
	}
	return a
}

// sequence returns a random sequence.
func (d *deeds) sequence() *syntax.Sequence {
	filter := func() syntax.Filter { return syntax.Filter{Event: d.event(), Where: d.where()} }
	gap := func() time.Duration { return time.Duration(1+d.r.IntN(40)) * pick(d.r, time.Minute, time.Hour) }
	s := &syntax.Sequence{Overlap: d.r.IntN(2) == 0, Same: pick(d.r, "", "", "id", "s")}
	for i := range 1 + d.r.IntN(3) {
		step := syntax.Step{Filter: filter()}
		if i > 0 && d.r.IntN(2) == 0 {
			step.Within = gap()
		}
		if i > 0 && d.r.IntN(3) == 0 {
			step.Without = []syntax.Filter{filter()}
		}
		s.Steps = append(s.Steps, step)
	}
	if len(s.Steps) == 1 || d.r.IntN(2) == 0 {
		s.Within = gap()
		if len(s.Steps) == 1 || d.r.IntN(2) == 0 {
			s.Without = []syntax.Filter{filter()}
		}
	}
	if d.r.IntN(2) == 0 {
		s.Window = last(1+d.r.IntN(3), syntax.Day)
		if len(s.Without) > 0 { // it must be longer than Within
			s.Window.N += 2
		}
	}
	return s
}

// condition returns a random condition on what a person did.
func (d *deeds) condition() syntax.Expr {
	op := syntax.Op(d.r.IntN(6))
	switch d.r.IntN(8) {
	case 0:
		return &syntax.Happened{X: d.sequence()}
	case 1:
		return cmpOf(d.time(), op, pick[syntax.Operand](d.r, &syntax.Literal{Value: d.civil(99 * time.Hour)}, &syntax.Now{Offset: -time.Hour}, &syntax.Ago{N: 1 + d.r.IntN(3), Unit: syntax.Day}))
	case 2:
		return &syntax.Exists{X: pick(d.r, d.other(), d.number(), d.time()), Missing: d.r.IntN(2) == 0}
	case 3:
		return cmpOf(d.number(), op, d.number())
	case 4:
		return cmpOf(d.dwell(), op%2, pick[syntax.Operand](d.r, d.dwell(), &syntax.Literal{Value: profile.Point(31.2309, 121.4732)}))
	}
	return cmpOf(d.number(), op, num(pick(d.r, 0, 1, 2, 3, 0.5, 0.25)))
}

// model returns a scope without properties that the events declare, and with two
// interests.
func (d *deeds) model() *syntaxtest.Scope {
	day := 24 * time.Hour
	return &syntaxtest.Scope{
		Loc: d.zone, FirstDay: time.Weekday(d.r.IntN(7)),
		Interests: map[string]syntax.InterestInfo{
			"kind": {HalfLife: pick(d.r, day, 7*day, time.Hour, 37*time.Minute), Sources: []syntax.InterestSource{
				{Filter: syntax.Filter{Event: "A", Where: d.where()}, Property: "s", Weight: 1},
				{Filter: syntax.Filter{Event: syntax.AnyEvent}, Property: "l", Weight: 0.1},
			}},
			"worth": {HalfLife: pick(d.r, day, 3*time.Hour), Sources: []syntax.InterestSource{
				{Filter: syntax.Filter{Event: "B"}, Property: "s", Weight: -2},
				{Filter: syntax.Filter{Event: "A"}, Property: "any", Weight: 3, By: "n"},
			}},
		},
	}
}

// threeWays is what the three ways of evaluating know of one person.
type threeWays struct {
	scope  *syntaxtest.Scope
	past   *Person        // from the events
	stored *Person        // from the stored bytes
	state  *profile.State // the fast path
}

// threeWaysOf folds events under what a rule asks for, and no longer than it asks
// where one is given: what has expired may go before the last events come, and after.
func threeWaysOf(t *testing.T, r *rand.Rand, s *syntaxtest.Scope, rule syntax.Expr, now profile.Instant, events []profile.Event) threeWays {
	t.Helper()
	sc := s.Schema()
	for i, f := range s.Folds {
		fold, err := tags.NewFold(f, uint32(i+1), s)
		if err != nil {
			t.Fatal(err)
		}
		for _, asked := range syntax.Folds(rule, s) { // none where there is no rule
			if asked.Key(s.Zone().String()) == f.Key(s.Zone().String()) {
				fold.Keep = asked.Keep
			}
		}
		sc.Folds = append(sc.Folds, fold)
	}
	half := r.IntN(len(events) + 1)
	state := combine(t, r, sc, events[:half]).Clone()
	state.Expire(sc, now-profile.Instant(r.Int64N(int64(99*time.Hour/time.Microsecond))))
	state = state.Combine(combine(t, r, sc, events[half:])).Clone()
	if r.IntN(2) == 0 {
		state.Expire(sc, now)
	}
	stored, err := Decode(state.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	return threeWays{s, foldUnder(t, s.Schema(), events), stored, state}
}

// Operands have the same values, from the events, from the stored bytes and by the
// fast path, which also says until when.
func TestCross_operands(t *testing.T) {
	const seed = 20261124
	r := rand.New(rand.NewPCG(seed, 9))
	zones := zonesOf(t)
	there := 0
	const rounds = 600
	for round := range rounds {
		zone := zones[r.IntN(len(zones))]
		d := &deeds{r: r, now: nearChange(r, zone), zone: zone}
		s := d.model()
		x := pick(r, d.number, d.number, d.time, d.other)()
		program, err := tags.Compile(&syntax.Exists{X: x}, s)
		if err != nil {
			t.Fatalf("seed %d, round %d: %s: %v", seed, round, syntax.PrintOperand(x), err)
		}
		h := &happening{r: r, around: d.now, span: time.Duration(1+r.IntN(120)) * time.Hour}
		events := h.events(r.IntN(25))
		if round%200 == 0 { // beyond the bounds
			events = append(events, h.crowd()...)
		}
		w := threeWaysOf(t, r, s, &syntax.Exists{X: x}, d.now, events)
		why := program.Explain(w.state, d.now).Values[0]
		value, ok := ValueAt(x, w.past, s, d.now)
		if ok {
			there++
		}
		fail := func(format string, args ...any) {
			t.Helper()
			slices.SortFunc(w.past.History, inOrder)
			for _, e := range w.past.History {
				t.Logf("%v %s %s %s %v", e.Time, e.Type, e.Name, e.Source, e.Properties)
			}
			t.Fatalf("seed %d, round %d: %s at %v in %v: %s", seed, round, syntax.PrintOperand(x), d.now, zone, fmt.Sprintf(format, args...))
		}
		if got, had := ValueAt(x, w.stored, s, d.now); had != ok || !got.Equal(value) && ok {
			fail("from the events %v %t, from the state %v %t", value, ok, got, had)
		}
		if had := !why.Value.IsNull(); had != ok || !why.Value.Equal(value) && ok {
			fail("from the events %v %t, tags %v", value, ok, why.Value)
		}
		last := why.Until - 1
		if why.Until == profile.Never {
			last = d.now + profile.Instant(3*365*24*time.Hour/time.Microsecond)
		}
		for _, at := range []profile.Instant{last, d.now + profile.Instant(r.Int64N(int64(last-d.now)+1)), min(last, d.now+profile.Instant(r.Int64N(int64(72*time.Hour/time.Microsecond))))} {
			if got, had := ValueAt(x, w.past, s, at); had != ok || !got.Equal(value) && ok {
				fail("%v %t until %v, but %v %t at %v", value, ok, why.Until, got, had, at)
			}
		}
	}
	if there < rounds/3 || there > rounds*9/10 {
		t.Errorf("%d of %d are there: the test is one-sided", there, rounds)
	}
}

// Rules of the shop, with tags, computed traits and attributes besides, hold of the
// same people at the same instants.
func TestCross_shop(t *testing.T) {
	const seed = 20261127
	r := rand.New(rand.NewPCG(seed, 12))
	zones := zonesOf(t)
	held := 0
	const rounds = 400
	for round := range rounds {
		zone := zones[r.IntN(len(zones))]
		g := syntaxtest.Random{Rand: r, Around: nearChange(r, zone), Behaviour: true}
		s := syntaxtest.Shop(zone)
		rule := g.Expr(3)
		program, err := tags.Compile(rule, s)
		if err != nil {
			t.Fatalf("seed %d, round %d: %s: %v", seed, round, syntax.Print(rule), err)
		}
		var events []profile.Event
		for i := range r.IntN(30) {
			e := g.Event(fmt.Sprint(i), 240*time.Hour)
			if r.IntN(4) == 0 {
				kinds := map[string]profile.Kind{"city": profile.KindString, "age": profile.KindNumber, "points": profile.KindNumber, "vip": profile.KindBool, "renewal": profile.KindTime, "registered": profile.KindTime, "home": profile.KindPoint}
				e.Traits = map[string]profile.Value{}
				for name, kind := range kinds {
					if v := g.Value(kind); kind != profile.KindNumber || v.Number() < 1e18 {
						e.Traits[name] = v
					}
				}
			}
			events = append(events, e)
		}
		w := threeWaysOf(t, r, s, nil, g.Around, events)
		ok, until := program.Eval(w.state, g.Around)
		last := until - 1
		if until == profile.Never {
			last = g.Around + profile.Instant(3*365*24*time.Hour/time.Microsecond)
		}
		for _, at := range []profile.Instant{g.Around, last, g.Around + profile.Instant(r.Int64N(int64(last-g.Around)+1))} {
			if past, stored := Eval(rule, w.past, s, at), Eval(rule, w.stored, s, at); past != ok || stored != ok {
				t.Fatalf("seed %d, round %d: %s at %v in %v: tags says %t until %v; at %v it is %t from the events and %t from the state", seed, round, syntax.Print(rule), g.Around, zone, ok, until, at, past, stored)
			}
		}
		if why, judged := program.Explain(w.state, g.Around), Judge(rule, w.past, s, g.Around); why.Truth.String() != judged.String() {
			t.Fatalf("seed %d, round %d: %s: oracle says %v, tags:\n%s", seed, round, syntax.Print(rule), judged, why)
		}
		if ok {
			held++
		}
	}
	if held < rounds/5 || held > 4*rounds/5 {
		t.Errorf("%d of %d hold: the test is one-sided", held, rounds)
	}
}

// Rules on what people did hold of the same people at the same instants, are unknown
// of the same, and change when the fast evaluator says and not before.
func TestCross_behaviour(t *testing.T) {
	const seed = 20261125
	r := rand.New(rand.NewPCG(seed, 10))
	zones := zonesOf(t)
	held, changing, early := 0, 0, 0
	const rounds = 500
	for round := range rounds {
		zone := zones[r.IntN(len(zones))]
		d := &deeds{r: r, now: nearChange(r, zone), zone: zone}
		s := d.model()
		rule := d.condition()
		if r.IntN(3) == 0 {
			rule = pick[syntax.Expr](r, &syntax.And{X: []syntax.Expr{rule, d.condition()}}, &syntax.Or{X: []syntax.Expr{rule, d.condition()}}, &syntax.Not{X: rule})
		}
		program, err := tags.Compile(rule, s)
		if err != nil {
			t.Fatalf("seed %d, round %d: %s: %v", seed, round, syntax.Print(rule), err)
		}
		h := &happening{r: r, around: d.now, span: time.Duration(1+r.IntN(120)) * time.Hour}
		events := h.events(r.IntN(25))
		if round%200 == 0 { // beyond the bounds
			events = append(events, h.crowd()...)
		}
		w := threeWaysOf(t, r, s, rule, d.now, events)
		fail := func(format string, args ...any) {
			t.Helper()
			for _, e := range w.past.History {
				t.Logf("%v %s %s %s %v", e.Time, e.Type, e.Name, e.Source, e.Properties)
			}
			t.Fatalf("seed %d, round %d: %s at %v in %v: %s", seed, round, syntax.Print(rule), d.now, zone, fmt.Sprintf(format, args...))
		}
		at := func(now profile.Instant) bool { return Eval(rule, w.past, s, now) }
		ok, until := program.Eval(w.state, d.now)
		switch {
		case at(d.now) != ok:
			fail("oracle says %t, tags %t", !ok, ok)
		case Eval(rule, w.stored, s, d.now) != ok:
			fail("from the state %t, tags %t", !ok, ok)
		case until <= d.now:
			fail("until %v", until)
		}
		if why, judged := program.Explain(w.state, d.now), Judge(rule, w.past, s, d.now); why.Truth.String() != judged.String() || why.Holds != ok {
			fail("oracle says %v, tags:\n%s", judged, why)
		}
		last := until - 1
		if until == profile.Never {
			last = d.now + profile.Instant(3*365*24*time.Hour/time.Microsecond)
		} else if changing++; at(until) == ok {
			early++
			// What goes on by the tick or by the day is asked again a limited number of times.
			if text := syntax.Print(rule); !strings.Contains(text, "interest") && !strings.Contains(text, "days_since(") && !strings.Contains(text, "share_of_days(") {
				fail("does not change at %v", until)
			}
		}
		for _, between := range []profile.Instant{last, d.now + profile.Instant(r.Int64N(int64(last-d.now)+1)), min(last, d.now+profile.Instant(r.Int64N(int64(72*time.Hour/time.Microsecond))))} {
			if at(between) != ok {
				fail("changes at %v, before %v", between, until)
			}
		}
		if ok {
			held++
		}
	}
	if held < rounds/5 || held > 4*rounds/5 || changing < rounds/6 || early > changing/5 {
		t.Errorf("of %d rules %d hold and %d change, %d of them not when they were to", rounds, held, changing, early)
	}
}
