package oracle

import (
	"math/big"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// scope is a model written by hand.
type scope struct {
	traits map[string]syntax.TraitInfo
	tags   map[string]syntax.Expr
	zone   *time.Location

	interests  map[string]syntax.InterestInfo
	weekStart  time.Weekday
	undeclared bool              // no property of an event is declared
	kept       map[string]uint32 // by the key of the fold
}

func (s scope) Trait(name string) (syntax.TraitInfo, bool) { t, ok := s.traits[name]; return t, ok }
func (s scope) Tag(name, value string) (syntax.Expr, bool) {
	if value != "" {
		name += "=" + value
	}
	e, ok := s.tags[name]
	return e, ok
}
func (s scope) Folded(string, string) (bool, bool) { return !s.undeclared, !s.undeclared }
func (s scope) Place(string) (syntax.Area, bool)   { return nil, false }
func (s scope) Purpose(name string) (syntax.Purpose, bool) {
	return syntax.Purpose{}, name == "ads"
}
func (s scope) WeekStart() time.Weekday { return s.weekStart }
func (s scope) Interest(name string) (syntax.InterestInfo, bool) {
	i, ok := s.interests[name]
	return i, ok
}

func (s scope) Kept(f *syntax.Fold) (uint32, bool) {
	id, ok := s.kept[f.Key(s.zone.String())]
	return id, ok
}
func (s scope) Zone() *time.Location  { return s.zone }
func (s scope) Names(string) []string { return nil }

func text(s string) *syntax.Literal { return &syntax.Literal{Value: profile.String(s)} }
func num(f float64) *syntax.Literal { return &syntax.Literal{Value: profile.Number(f)} }
func trait(name string) *syntax.Trait {
	return &syntax.Trait{Name: name}
}

func cmpOf(l syntax.Operand, op syntax.Op, r syntax.Operand) *syntax.Compare {
	return &syntax.Compare{Op: op, L: l, R: r}
}

func instant(t *testing.T, s string) profile.Instant {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return profile.InstantOf(at)
}

// fixture is a person with one value of everything, under a model that declares
// one more of each.
func fixture(t *testing.T) (*Person, scope) {
	t.Helper()
	p := empty()
	p.Events = 3
	attribute := func(name string, v profile.Value) {
		p.Attributes[AttributeKey{Name: name, Declared: true}] = Attribute{Value: v}
	}
	attribute("city", profile.String("上海"))
	attribute("age", profile.Number(30))
	attribute("vip", profile.Bool(true))
	attribute("born", profile.TimeAt(instant(t, "2026-03-15T10:00:00Z")))
	attribute("apps", profile.Set(profile.String("a"), profile.String("b")))
	attribute("unset", profile.Value{})
	p.Attributes[AttributeKey{"points", profile.Sum, true}] = Attribute{Sum: big.NewInt(2_500_000)}
	p.Attributes[AttributeKey{"lost", profile.Union, true}] = Attribute{Lost: true}
	p.Counters[CounterKey{"Order", true}] = Counter{
		Count: 3, First: profile.Stamp{At: 100}, Last: profile.Stamp{At: 900},
		Numbers: map[string]Number{"price": {Count: 3, Sum: big.NewInt(10_000_000), Min: 1, Max: 7, First: 2, Last: 1}},
		Uniques: map[string]UniqueSet{"sku": {Values: []profile.Value{profile.String("x"), profile.String("y")}}, "many": {Lost: true}},
	}
	s := scope{traits: map[string]syntax.TraitInfo{}, tags: map[string]syntax.Expr{}, zone: time.UTC}
	for _, name := range []string{"city", "age", "vip", "born", "apps", "unset", "absent"} {
		s.traits[name] = syntax.TraitInfo{}
	}
	s.traits["city"] = syntax.TraitInfo{Kind: profile.KindString}
	s.traits["apps"] = syntax.TraitInfo{Kind: profile.KindList}
	s.traits["vip"] = syntax.TraitInfo{Kind: profile.KindString} // since it was told
	s.traits["points"] = syntax.TraitInfo{Policy: profile.Sum}
	s.traits["lost"] = syntax.TraitInfo{Policy: profile.Union}
	s.traits["orders"] = syntax.TraitInfo{Compute: &syntax.Aggregate{Fn: syntax.Count, Event: "Order"}}
	s.tags["adult"] = cmpOf(trait("age"), syntax.Ge, num(18))
	s.tags["reader"] = cmpOf(trait("absent"), syntax.Eq, num(1))
	s.tags["loop"] = &syntax.Not{X: &syntax.TagRef{Name: "loop"}}
	return p, s
}

func TestEval_conditions(t *testing.T) {
	p, s := fixture(t)
	list := func(vs ...string) []profile.Value {
		var out []profile.Value
		for _, v := range vs {
			out = append(out, profile.String(v))
		}
		return out
	}
	agg := func(fn syntax.Fn, property string) *syntax.Aggregate {
		return &syntax.Aggregate{Fn: fn, Event: "Order", Property: property}
	}
	never := func(fn syntax.Fn, property string) *syntax.Aggregate {
		return &syntax.Aggregate{Fn: fn, Event: "Refund", Property: property}
	}
	at := func(i profile.Instant) *syntax.Literal { return &syntax.Literal{Value: profile.TimeAt(i)} }
	for _, tt := range []struct {
		name string
		expr syntax.Expr
		want Truth
	}{
		{"equal", cmpOf(trait("city"), syntax.Eq, text("上海")), True},
		{"not equal", cmpOf(trait("city"), syntax.Ne, text("上海")), False},
		{"not equal to another", cmpOf(trait("city"), syntax.Ne, text("北京")), True},
		{"not equal of a missing trait", cmpOf(trait("absent"), syntax.Ne, text("北京")), Unknown},
		{"an unset trait is missing", cmpOf(trait("unset"), syntax.Ne, text("北京")), Unknown},
		{"an unknown trait is missing", cmpOf(trait("nobody"), syntax.Eq, num(1)), Unknown},
		{"less", cmpOf(trait("age"), syntax.Lt, num(30)), False},
		{"less or equal", cmpOf(trait("age"), syntax.Le, num(30)), True},
		{"greater", cmpOf(trait("age"), syntax.Gt, num(29)), True},
		{"greater or equal", cmpOf(trait("age"), syntax.Ge, num(31)), False},
		{"other kinds do not compare", cmpOf(trait("age"), syntax.Ne, text("30")), False},
		{"a value of a kind that is no longer declared is missing", cmpOf(trait("vip"), syntax.Ne, text("x")), Unknown},
		{"a null constant is missing", cmpOf(trait("city"), syntax.Ne, &syntax.Literal{}), Unknown},
		{"a sum reads as a number", cmpOf(trait("points"), syntax.Eq, num(2.5)), True},
		{"a lost union is missing", &syntax.Exists{X: trait("lost")}, False},
		{"a computed trait", cmpOf(trait("orders"), syntax.Eq, num(3)), True},
		{"in", &syntax.In{X: trait("city"), List: list("北京", "上海")}, True},
		{"not in", &syntax.In{X: trait("city"), List: list("北京", "上海"), Negated: true}, False},
		{"not in others", &syntax.In{X: trait("city"), List: list("北京"), Negated: true}, True},
		{"not in requires the trait", &syntax.In{X: trait("absent"), List: list("北京"), Negated: true}, Unknown},
		{"in nothing", &syntax.In{X: trait("city")}, False},
		{"any of", &syntax.Has{Mode: syntax.AnyOf, X: trait("apps"), List: list("b", "c")}, True},
		{"any of nothing", &syntax.Has{Mode: syntax.AnyOf, X: trait("apps")}, False},
		{"all of", &syntax.Has{Mode: syntax.AllOf, X: trait("apps"), List: list("a", "b")}, True},
		{"all of more", &syntax.Has{Mode: syntax.AllOf, X: trait("apps"), List: list("a", "c")}, False},
		{"all of nothing", &syntax.Has{Mode: syntax.AllOf, X: trait("apps")}, True},
		{"none of", &syntax.Has{Mode: syntax.NoneOf, X: trait("apps"), List: list("c")}, True},
		{"none of, one there", &syntax.Has{Mode: syntax.NoneOf, X: trait("apps"), List: list("c", "a")}, False},
		{"none of requires the trait", &syntax.Has{Mode: syntax.NoneOf, X: trait("absent"), List: list("c")}, Unknown},
		{"contains", &syntax.Match{Mode: syntax.Contains, X: trait("city"), Pattern: "海"}, True},
		{"starts with", &syntax.Match{Mode: syntax.StartsWith, X: trait("city"), Pattern: "海"}, False},
		{"ends with", &syntax.Match{Mode: syntax.EndsWith, X: trait("city"), Pattern: "海"}, True},
		{"matches anywhere", &syntax.Match{Mode: syntax.Regex, X: trait("city"), Pattern: "海|北"}, True},
		{"matches from the start", &syntax.Match{Mode: syntax.Regex, X: trait("city"), Pattern: "^海"}, False},
		{"text predicate of a missing trait", &syntax.Match{Mode: syntax.Contains, X: trait("absent")}, Unknown},
		{"text predicate of a number", &syntax.Match{Mode: syntax.Contains, X: trait("age")}, False},
		{"a pattern that is none", &syntax.Match{Mode: syntax.Regex, X: trait("city"), Pattern: "("}, False},
		{"exists", &syntax.Exists{X: trait("city")}, True},
		{"exists of an unset trait", &syntax.Exists{X: trait("unset")}, False},
		{"missing", &syntax.Exists{X: trait("unset"), Missing: true}, True},
		{"count", cmpOf(agg(syntax.Count, ""), syntax.Eq, num(3)), True},
		{"count of none is 0", cmpOf(never(syntax.Count, ""), syntax.Eq, num(0)), True},
		{"sum", cmpOf(agg(syntax.SumOf, "price"), syntax.Eq, num(10)), True},
		{"sum of none is missing", cmpOf(never(syntax.SumOf, "price"), syntax.Ne, num(1)), Unknown},
		{"average, one division", cmpOf(agg(syntax.AvgOf, "price"), syntax.Eq, num(10.0/3)), True},
		{"min", cmpOf(agg(syntax.MinOf, "price"), syntax.Eq, num(1)), True},
		{"max", cmpOf(agg(syntax.MaxOf, "price"), syntax.Eq, num(7)), True},
		{"first", cmpOf(agg(syntax.FirstOf, "price"), syntax.Eq, num(2)), True},
		{"last", cmpOf(agg(syntax.LastOf, "price"), syntax.Eq, num(1)), True},
		{"first time", cmpOf(agg(syntax.FirstTime, ""), syntax.Eq, at(100)), True},
		{"last time", cmpOf(agg(syntax.LastTime, ""), syntax.Eq, at(900)), True},
		{"last time of none", &syntax.Exists{X: never(syntax.LastTime, "")}, False},
		{"unique", cmpOf(agg(syntax.Unique, "sku"), syntax.Eq, num(2)), True},
		{"unique of none is 0", cmpOf(never(syntax.Unique, "sku"), syntax.Eq, num(0)), True},
		{"unique beyond the bound", cmpOf(agg(syntax.Unique, "many"), syntax.Ge, num(0)), Unknown},
		{"now", cmpOf(&syntax.Now{}, syntax.Eq, at(1000)), True},
		{"now and an offset", cmpOf(&syntax.Now{Offset: -time.Millisecond}, syntax.Eq, at(0)), True},
		{"tag", &syntax.TagRef{Name: "adult"}, True},
		{"tag that does not hold", &syntax.TagRef{Name: "reader"}, Unknown},
		{"tag of no model", &syntax.TagRef{Name: "nobody"}, False},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Judge(tt.expr, p, s, 1000); got != tt.want {
				t.Errorf("Judge = %v, want %v", got, tt.want)
			}
			if got := Eval(tt.expr, p, s, 1000); got != (tt.want == True) {
				t.Errorf("Eval = %v", got)
			}
			if got := Eval(&syntax.Not{X: tt.expr}, p, s, 1000); got == (tt.want == True) {
				t.Errorf("Eval of the complement = %v", got)
			}
		})
	}
	t.Run("a tag that refers to itself ends", func(t *testing.T) {
		Eval(&syntax.TagRef{Name: "loop"}, p, s, 0)
	})
	t.Run("a trait that refers to itself is missing", func(t *testing.T) {
		s.traits["loop"] = syntax.TraitInfo{Compute: &syntax.Arith{L: trait("loop"), R: num(1)}}
		if Eval(&syntax.Exists{X: trait("loop")}, p, s, 0) {
			t.Error("it exists")
		}
	})
	t.Run("a count of what may have been dropped is missing", func(t *testing.T) {
		p.LostEvents = true
		if Eval(&syntax.Exists{X: never(syntax.Count, "")}, p, s, 0) {
			t.Error("it exists")
		}
		if !Eval(&syntax.Exists{X: agg(syntax.Count, "")}, p, s, 0) {
			t.Error("the count of a kept name is missing too")
		}
	})
}

func TestJudge_connectives(t *testing.T) {
	p, s := fixture(t)
	yes, no := &syntax.Const{Value: true}, &syntax.Const{}
	open := cmpOf(trait("absent"), syntax.Eq, num(1))
	x := func(es ...syntax.Expr) []syntax.Expr { return es }
	for _, tt := range []struct {
		name  string
		expr  syntax.Expr
		judge Truth
		eval  bool
	}{
		{"and of none", &syntax.And{}, True, true},
		{"and", &syntax.And{X: x(yes, yes)}, True, true},
		{"and with a false", &syntax.And{X: x(yes, open, no)}, False, false},
		{"and with an unknown", &syntax.And{X: x(yes, open)}, Unknown, false},
		{"or of none", &syntax.Or{}, False, false},
		{"or", &syntax.Or{X: x(no, open, yes)}, True, true},
		{"or with an unknown", &syntax.Or{X: x(no, open)}, Unknown, false},
		{"not unknown", &syntax.Not{X: open}, Unknown, true},
		{"not of an and", &syntax.Not{X: &syntax.And{X: x(yes, open)}}, Unknown, true},
		{"xor of none", &syntax.Xor{}, False, false},
		{"xor of two", &syntax.Xor{X: x(yes, yes)}, False, false},
		{"xor of three", &syntax.Xor{X: x(yes, yes, yes)}, True, true},
		{"xor with an unknown", &syntax.Xor{X: x(yes, open)}, Unknown, true},
		{"minus of none", &syntax.Minus{}, False, false},
		{"minus of one", &syntax.Minus{X: x(yes)}, True, true},
		{"minus", &syntax.Minus{X: x(yes, no, yes)}, False, false},
		{"minus nothing", &syntax.Minus{X: x(yes, no, no)}, True, true},
		{"if() asks what holds", cmpOf(&syntax.If{Cond: &syntax.Not{X: open}, Then: num(1), Else: num(2)}, syntax.Eq, num(1)), True, true},
		{"minus an unknown", &syntax.Minus{X: x(yes, open)}, Unknown, true},
		{"false minus an unknown", &syntax.Minus{X: x(no, open)}, False, false},
		{"at least", &syntax.AtLeast{K: 2, X: x(yes, no, yes)}, True, true},
		{"at least, short of one", &syntax.AtLeast{K: 2, X: x(yes, no, no)}, False, false},
		{"at least, one open", &syntax.AtLeast{K: 2, X: x(yes, no, open)}, Unknown, false},
		{"at least none", &syntax.AtLeast{}, True, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Judge(tt.expr, p, s, 0); got != tt.judge {
				t.Errorf("Judge = %v, want %v", got, tt.judge)
			}
			if got := Eval(tt.expr, p, s, 0); got != tt.eval {
				t.Errorf("Eval = %v, want %v", got, tt.eval)
			}
		})
	}
}
