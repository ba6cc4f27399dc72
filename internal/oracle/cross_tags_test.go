package oracle

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// Rules hold of the same people at the same instants, are unknown of the same,
// and change when the fast evaluator says and not before.
func TestCross_tags(t *testing.T) {
	const seed = 20261122
	r := rand.New(rand.NewPCG(seed, 8))
	var zones []*time.Location
	for _, name := range []string{"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	held, changing := 0, 0
	const rounds = 2500
	for round := range rounds {
		g := &grower{r: r, now: profile.InstantOf(on(0).Add(time.Duration(r.IntN(120)-60) * 24 * time.Hour).Add(time.Duration(r.IntN(24)) * time.Hour))}
		s := ruleScope(zones[r.IntN(len(zones))])
		g.tag = "base"
		s.tags["base"] = cmpOf(trait("level"), syntax.Ge, num(1))
		s.tags["inner"] = g.grow(1)
		g.tag = "inner"
		rule := g.grow(3)
		program, err := tags.Compile(rule, s)
		if err != nil {
			t.Fatalf("seed %d, round %d: %s: %v", seed, round, syntax.Print(rule), err)
		}
		events := make([]profile.Event, r.IntN(8))
		for i := range events {
			events[i] = randomEvent(r, i)
		}
		p := mustFold(t, events...)
		state := combine(t, r, testSchema(), events)

		ok, until := program.Eval(state, g.now)
		why := program.Explain(state, g.now)
		at := func(now profile.Instant) bool { return Eval(rule, p, s, now) }
		switch judged := Judge(rule, p, s, g.now); {
		case at(g.now) != ok:
			t.Fatalf("seed %d, round %d: %s at %v in %v: oracle says %t, tags %t", seed, round, syntax.Print(rule), g.now, s.zone, !ok, ok)
		case why.Truth.String() != judged.String() || why.Holds != ok:
			t.Fatalf("seed %d, round %d: %s: oracle says %v, tags:\n%s", seed, round, syntax.Print(rule), judged, why)
		case until <= g.now:
			t.Fatalf("seed %d, round %d: %s at %v: until %v", seed, round, syntax.Print(rule), g.now, until)
		}
		last := until - 1
		if until == profile.Never {
			last = g.now + profile.Instant(10*365*24*time.Hour/time.Microsecond)
		} else if changing++; at(until) == ok && !g.twoClocks {
			t.Fatalf("seed %d, round %d: %s at %v in %v: does not change at %v", seed, round, syntax.Print(rule), g.now, s.zone, until)
		}
		for _, between := range []profile.Instant{last, g.now + profile.Instant(r.Int64N(int64(last-g.now)+1)), min(last, g.now+profile.Instant(r.Int64N(int64(72*time.Hour/time.Microsecond))))} {
			if at(between) != ok {
				t.Fatalf("seed %d, round %d: %s at %v in %v: changes at %v, before %v", seed, round, syntax.Print(rule), g.now, s.zone, between, until)
			}
		}
		if ok {
			held++
		}
	}
	if held < rounds/5 || held > 4*rounds/5 || changing < rounds/8 {
		t.Errorf("of %d rules %d hold and %d change: the test is one-sided", rounds, held, changing)
	}
}

// ruleScope declares testSchema's attributes as traits, and a computed one.
func ruleScope(zone *time.Location) scope {
	s := scope{traits: map[string]syntax.TraitInfo{}, tags: map[string]syntax.Expr{}, zone: zone}
	for name, a := range testSchema().Attributes {
		if a.Kind != profile.KindNull {
			s.traits[name] = syntax.TraitInfo{Kind: a.Kind, Elem: a.Elem, Policy: a.Policy}
		}
	}
	s.traits["groups"] = syntax.TraitInfo{Kind: profile.KindSet, Policy: profile.Union}
	s.traits["orders"] = syntax.TraitInfo{Kind: profile.KindNumber, Compute: &syntax.Aggregate{Fn: syntax.Count, Event: "Order"}}
	return s
}

// grower grows random rules that pass the checker.
type grower struct {
	r         *rand.Rand
	now       profile.Instant
	tag       string // that rules may name
	twoClocks bool   // a condition compares two times that move
}

func (g *grower) grow(depth int) syntax.Expr {
	if depth == 0 || g.r.IntN(6) == 0 {
		return g.condition()
	}
	var xs []syntax.Expr
	for range 1 + g.r.IntN(3) {
		xs = append(xs, g.grow(depth-1))
	}
	switch g.r.IntN(8) {
	case 0, 1:
		return &syntax.And{X: xs}
	case 2, 3:
		return &syntax.Or{X: xs}
	case 4:
		return &syntax.Not{X: xs[0]}
	case 5:
		return &syntax.Xor{X: xs}
	case 6:
		return &syntax.Minus{X: xs}
	}
	return &syntax.AtLeast{K: 1 + g.r.IntN(len(xs)), X: xs}
}

func (g *grower) condition() syntax.Expr {
	op := syntax.Op(g.r.IntN(6))
	str := profile.String
	switch g.r.IntN(12) {
	case 0, 1, 2, 3:
		return g.comparisonOfTimes(op)
	case 4, 5:
		return cmpOf(g.number(), op, pick[syntax.Operand](g.r, num(0), num(1), num(-2.5), num(0.1), g.number()))
	case 6:
		return pick[syntax.Expr](g.r,
			cmpOf(trait("city"), op, pick[syntax.Operand](g.r, text("a"), trait("origin"))),
			cmpOf(trait("vip"), op%2, &syntax.Literal{Value: profile.Bool(true)}),
			cmpOf(trait("home"), op%2, &syntax.Literal{Value: profile.Point(1, 2)}))
	case 7:
		return &syntax.In{X: trait(pick(g.r, "city", "name")), List: []profile.Value{str("b"), str("")}, Negated: g.r.IntN(2) == 0}
	case 8:
		x := pick[syntax.Operand](g.r, trait("born"), g.clock())
		return &syntax.In{X: x, List: []profile.Value{profile.TimeAt(7), g.near(), g.near()}, Negated: g.r.IntN(2) == 0}
	case 9:
		x := trait(pick(g.r, "apps", "path", "groups"))
		return &syntax.Has{Mode: syntax.HasMode(g.r.IntN(3)), X: x, List: []profile.Value{str("a"), str("acme")}[:1+g.r.IntN(2)]}
	case 10:
		return &syntax.Match{Mode: syntax.MatchMode(g.r.IntN(4)), X: trait(pick(g.r, "city", "origin", "name")), Pattern: pick(g.r, "a", "b", "")}
	}
	return pick[syntax.Expr](g.r,
		&syntax.Exists{X: pick[syntax.Operand](g.r, trait(pick(g.r, "city", "apps", "home")), g.number(), g.time()), Missing: g.r.IntN(2) == 0},
		&syntax.TagRef{Name: g.tag},
		&syntax.Const{Value: g.r.IntN(2) == 0})
}

// comparisonOfTimes compares a time with the clock, mostly.
func (g *grower) comparisonOfTimes(op syntax.Op) syntax.Expr {
	l, r := g.time(), g.clock()
	if g.r.IntN(20) == 0 {
		l = g.clock()
		g.twoClocks = true
	}
	if g.r.IntN(2) == 0 {
		l, r = r, l
	}
	return cmpOf(l, op, r)
}

// clock is a time that moves.
func (g *grower) clock() syntax.Operand {
	if g.r.IntN(2) == 0 {
		return &syntax.Now{Offset: time.Duration(g.r.IntN(2000)-1000) * time.Hour}
	}
	return &syntax.Ago{N: 1 + g.r.IntN(40), Unit: syntax.Unit(g.r.IntN(6))}
}

// time is one that stands still.
func (g *grower) time() syntax.Operand {
	return pick[syntax.Operand](g.r, trait("born"),
		&syntax.Aggregate{Fn: syntax.FirstTime, Event: "Visit"}, &syntax.Aggregate{Fn: syntax.LastTime, Event: "Order"},
		&syntax.Literal{Value: g.near()}, &syntax.Literal{Value: g.near()}, &syntax.Literal{Value: g.near()})
}

// near is a time within six weeks, on the hour, as midnights are.
func (g *grower) near() profile.Value {
	return profile.TimeAt(g.now + profile.Instant(time.Duration(g.r.IntN(2000)-1000)*time.Hour/time.Microsecond))
}

func (g *grower) number() syntax.Operand {
	fn := pick(g.r, syntax.Count, syntax.SumOf, syntax.AvgOf, syntax.MinOf, syntax.MaxOf, syntax.FirstOf, syntax.LastOf)
	property := "price"
	if fn == syntax.Count {
		property = ""
	}
	return pick[syntax.Operand](g.r, trait("level"), trait("points"), trait("orders"),
		&syntax.Aggregate{Fn: fn, Event: "Order", Property: property},
		&syntax.Aggregate{Fn: syntax.Unique, Event: "Order", Property: "sku"})
}
