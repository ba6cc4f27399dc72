package syntax_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
)

func shop(t testing.TB, zone string) *syntaxtest.Scope {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return syntaxtest.Shop(z)
}

func TestCheck_coerces(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	tests := []struct{ name, text, want string }{
		{"a date in the zone", `registered < "2026-01-01"`, `registered < date("2025-12-31T16:00:00Z")`},
		{"on the left", `"2026-01-01 08:00" <= last_time("E")`, `date("2026-01-01T00:00:00Z") <= last_time("E")`},
		{"beside the clock", `now() >= "2026-01-01T08:00:00.5"`, `now() >= date("2026-01-01T00:00:00.5Z")`},
		{"with an offset", `renewal = "2026-01-01T08:00:00+01:00"`, `renewal = date("2026-01-01T07:00:00Z")`},
		{"in a list", `renewal in ["2026-01-01", date("2026-01-02T00:00:00Z")]`, `renewal in [date("2025-12-31T16:00:00Z"), date("2026-01-02T00:00:00Z")]`},
		{"in a set", `visits any_of ["2026-01-01"]`, `visits any_of [date("2025-12-31T16:00:00Z")]`},
		{"of a computed trait", `last_order > "2026-01-01"`, `last_order > date("2025-12-31T16:00:00Z")`},
		{"a window since a date", `count("E", since("2026-01-01")) > 1`, `count("E", since("2025-12-31T16:00:00Z")) > 1`},
		{"beside a computed trait of a time", `days_between("2026-01-01", last_order) > 1 and days_since("2026-01-01") > 1`, `days_between(date("2025-12-31T16:00:00Z"), last_order) > 1 and days_since(date("2025-12-31T16:00:00Z")) > 1`},
		{"among values", `coalesce(renewal, "2026-01-01") < now() and if(vip = true, "2026-01-01", renewal) < "2026-01-02" and least("2026-01-01", renewal) < now()`, `coalesce(renewal, date("2025-12-31T16:00:00Z")) < now() and if(vip = true, date("2025-12-31T16:00:00Z"), renewal) < date("2026-01-01T16:00:00Z") and least(date("2025-12-31T16:00:00Z"), renewal) < now()`},
		{"in the condition of a value", `if(registered < "2026-01-01", 1, 0) = 1`, `if(registered < date("2025-12-31T16:00:00Z"), 1, 0) = 1`},
		{"a text beside a property stays", `count("E", where(paid < "2026-01-01" and any(list, where(value = "2026-01-01")))) > 1`, `count("E", where(paid < "2026-01-01" and any(list, where(value = "2026-01-01")))) > 1`},
		{"what may be of any kind", `most_frequent("E", "p") = 3 and last("E", "p") != "a" and first("E", "p") in [1, "b", true] and favourite < date("2026-01-01T00:00:00Z") and contains(favourite, "a") and last("E", "p") = first("E", "q") and coalesce(last("E", "p"), 0) > 1`, `most_frequent("E", "p") = 3 and last("E", "p") != "a" and first("E", "p") in [1, "b", true] and favourite < date("2026-01-01T00:00:00Z") and contains(favourite, "a") and last("E", "p") = first("E", "q") and coalesce(last("E", "p"), 0) > 1`},
		{"a text beside a text stays", `city = "2026-01-01"`, `city = "2026-01-01"`},
		{"the rest stays", `not (spend > 3 or vip = true) and xor(city < "b", home != point(1, 2)) and at_least(1, sizes any_of [1], tag("沉睡"))`, `not (spend > 3 or vip = true) and xor(city < "b", home != point(1, 2)) and at_least(1, sizes any_of [1], tag("沉睡"))`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := parse(t, tt.text)
			checked, err := syntax.Check(before, s)
			if err != nil {
				t.Fatal(syntax.Locate(err, tt.text))
			}
			if got := syntax.Print(checked); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if diff := cmp.Diff(before, parse(t, tt.text), sameTree); diff != "" {
				t.Errorf("Check changed the tree that it was given:\n%s", diff)
			}
			again, err := syntax.Check(checked, s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(checked, again, sameTree); diff != "" {
				t.Errorf("a checked tree changes when it is checked again:\n%s", diff)
			}
		})
	}
}

// What was built by hand can hold what no text can.
func TestCheck_refuses_trees_that_no_text_gives(t *testing.T) {
	s := shop(t, "UTC")
	age := &syntax.Trait{Name: "age"}
	number := func(f float64) syntax.Operand { return &syntax.Literal{Value: profile.Number(f)} }
	number1 := func(x syntax.Operand) syntax.Expr { return &syntax.Compare{Op: syntax.Gt, L: x, R: number(1)} }
	deep := syntax.Expr(&syntax.Const{})
	for range 250 {
		deep = &syntax.Not{X: deep}
	}
	tests := map[string]syntax.Expr{
		"no condition":              nil,
		"a part missing":            &syntax.And{X: []syntax.Expr{nil}},
		"no operand":                &syntax.Compare{L: age},
		"an operator":               &syntax.Compare{Op: 99, L: age, R: number(1)},
		"a set predicate":           &syntax.Has{Mode: 99, X: &syntax.Trait{Name: "apps"}},
		"a text predicate":          &syntax.Match{Mode: 99, X: &syntax.Trait{Name: "city"}},
		"a function":                &syntax.Compare{L: &syntax.Aggregate{Fn: 99, Event: "E"}, R: number(1)},
		"no event":                  &syntax.Compare{L: &syntax.Aggregate{Fn: syntax.Count}, R: number(1)},
		"a property":                &syntax.Compare{L: &syntax.Aggregate{Fn: syntax.Count, Event: "E", Property: "p"}, R: number(1)},
		"not a number":              &syntax.Compare{L: age, R: number(math.NaN())},
		"infinity":                  &syntax.In{X: age, List: []profile.Value{profile.Number(math.Inf(1))}},
		"null":                      &syntax.Compare{L: age, R: &syntax.Literal{}},
		"null in a list":            &syntax.In{X: age, List: []profile.Value{{}}},
		"a list":                    &syntax.Compare{L: &syntax.Trait{Name: "apps"}, R: &syntax.Literal{Value: profile.List()}},
		"a year":                    &syntax.Compare{L: &syntax.Now{}, R: &syntax.Literal{Value: profile.TimeAt(profile.Never)}},
		"bytes":                     &syntax.Compare{L: &syntax.Trait{Name: "city"}, R: &syntax.Literal{Value: profile.String("\xff")}},
		"a pattern's bytes":         &syntax.Match{X: &syntax.Trait{Name: "city"}, Pattern: "\xff"},
		"a pattern":                 &syntax.Match{Mode: syntax.Regex, X: &syntax.Trait{Name: "city"}, Pattern: "("},
		"a point":                   &syntax.Compare{L: &syntax.Trait{Name: "home"}, R: &syntax.Literal{Value: profile.Point(91, 0)}},
		"a window of none":          &syntax.Exists{X: &syntax.Ago{}},
		"a long window":             &syntax.Exists{X: &syntax.Ago{N: 1 << 40, Unit: syntax.Day}},
		"a window's unit":           &syntax.Exists{X: &syntax.Ago{N: 1, Unit: 99}},
		"nanoseconds":               &syntax.Exists{X: &syntax.Now{Offset: 1}},
		"300 years":                 &syntax.Exists{X: &syntax.Now{Offset: math.MaxInt64 / 1000 * 1000}},
		"minus of nothing":          &syntax.Minus{},
		"at least none":             &syntax.AtLeast{X: []syntax.Expr{&syntax.Const{}}},
		"at least too many":         &syntax.AtLeast{K: 2, X: []syntax.Expr{&syntax.Const{}}},
		"250 levels":                deep,
		"no such function":          number1(&syntax.Aggregate{Fn: 99, Event: "E"}),
		"no property":               number1(&syntax.Aggregate{Fn: syntax.SumOf, Event: "E"}),
		"top of none":               &syntax.Exists{X: &syntax.Aggregate{Fn: syntax.Top, Event: "E", Property: "p"}},
		"by elsewhere":              number1(&syntax.Aggregate{Fn: syntax.Count, Event: "E", By: "p"}),
		"no gap":                    number1(&syntax.Aggregate{Fn: syntax.Sessions, Event: "E"}),
		"a gap's length":            number1(&syntax.Aggregate{Fn: syntax.Sessions, Event: "E", Gap: 1}),
		"a window's kind":           number1(&syntax.Aggregate{Event: "E", Window: syntax.Window{Kind: 99}}),
		"a window's length":         number1(&syntax.Aggregate{Event: "E", Window: syntax.Window{Kind: syntax.Last, Unit: syntax.Day}}),
		"minus a day":               number1(&syntax.Aggregate{Event: "E", Window: syntax.Window{Kind: syntax.Last, N: -1, Unit: syntax.Day}}),
		"a long window of events":   number1(&syntax.Aggregate{Event: "E", Window: syntax.Window{Kind: syntax.Last, N: 40_000, Unit: syntax.Day}}),
		"between":                   number1(&syntax.Aggregate{Event: "E", Window: syntax.Window{Kind: syntax.Between, N: 3, M: 0, Unit: syntax.Day}}),
		"a period":                  number1(&syntax.Aggregate{Event: "E", Window: syntax.Window{Kind: syntax.This, Period: 99}}),
		"since nothing":             number1(&syntax.Aggregate{Event: "E", Window: syntax.Window{Kind: syntax.Since}}),
		"since a number":            number1(&syntax.Aggregate{Event: "E", Window: syntax.Window{Kind: syntax.Since, Since: profile.Number(1)}}),
		"since never":               number1(&syntax.Aggregate{Event: "E", Window: syntax.Window{Kind: syntax.Since, Since: profile.TimeAt(profile.Never)}}),
		"no sequence":               &syntax.Happened{},
		"no steps":                  &syntax.Happened{X: &syntax.Sequence{}},
		"100 steps":                 &syntax.Happened{X: &syntax.Sequence{Steps: slices.Repeat([]syntax.Step{{Filter: syntax.Filter{Event: "E"}}}, 100)}},
		"100 forbidden":             &syntax.Happened{X: &syntax.Sequence{Steps: []syntax.Step{{Filter: syntax.Filter{Event: "E"}}, {Filter: syntax.Filter{Event: "E"}, Without: slices.Repeat([]syntax.Filter{{Event: "E"}}, 100)}}}},
		"a step's event":            &syntax.Happened{X: &syntax.Sequence{Steps: make([]syntax.Step, 2)}},
		"a step's length":           &syntax.Happened{X: &syntax.Sequence{Steps: []syntax.Step{{Filter: syntax.Filter{Event: "E"}}, {Filter: syntax.Filter{Event: "E"}, Within: -1}}}},
		"a sequence's length":       &syntax.Happened{X: &syntax.Sequence{Within: 1, Steps: slices.Repeat([]syntax.Step{{Filter: syntax.Filter{Event: "E"}}}, 2)}},
		"a sequence's window":       &syntax.Happened{X: &syntax.Sequence{Window: syntax.Window{Kind: syntax.This}, Steps: slices.Repeat([]syntax.Step{{Filter: syntax.Filter{Event: "E"}}}, 2)}},
		"interests of none":         &syntax.Exists{X: &syntax.Interests{Name: "category"}},
		"half of a sum":             number1(&syntax.Arith{L: age}),
		"an operator of arithmetic": number1(&syntax.Arith{Op: 99, L: age, R: age}),
		"a function of values":      number1(&syntax.Call{Fn: 99, Args: []syntax.Operand{age}}),
		"no arguments":              number1(&syntax.Call{Fn: syntax.Abs}),
		"half a decimal":            number1(&syntax.Call{Fn: syntax.Round, Args: []syntax.Operand{age, number(0.5)}}),
		"no choice":                 number1(&syntax.If{Then: age, Else: age}),
		"an element of nothing":     number1(&syntax.Aggregate{Event: "E", Where: &syntax.Each{X: age}}),
		"an element of a number":    number1(&syntax.Aggregate{Event: "E", Where: &syntax.Each{X: number(1), Where: &syntax.Const{}}}),
	}
	for name, e := range tests {
		t.Run(name, func(t *testing.T) {
			checked, err := syntax.Check(e, s)
			if err == nil {
				t.Fatalf("accepted as %s", syntax.Print(checked))
			}
			if checked != nil {
				t.Error("an error and a tree")
			}
			_ = err.Error()
		})
	}
}

// What the model does not keep is refused with the words that make it keep it.
func TestCheck_not_kept(t *testing.T) {
	s := shop(t, "UTC")
	s.KeepsNothing = true
	for text, want := range map[string]string{
		`count("Order Completed") > 1 and sum("Order Completed", "revenue") > 1 and spend > 1`: "",
		`age > 1 or count("E", last("7d")) > 1`: `1:12: profiles do not keep what count("E", last("7d")) needs
  age > 1 or count("E", last("7d")) > 1
             ^^^^^
  declare a trait with compute: count("E", last("7d"))`,
		`sequence("A", "B")`: `1:1: profiles do not keep what sequence_count("A", "B") needs
  sequence("A", "B")
  ^^^^^^^^
  declare a trait with compute: sequence_count("A", "B")`,
		`sum("E", "p") / interest("category") > 1`: `1:1: profiles do not keep what sum("E", "p") needs
  sum("E", "p") / interest("category") > 1
  ^^^
  declare a trait with compute: sum("E", "p")
1:17: profiles do not keep what interest("category") needs
  sum("E", "p") / interest("category") > 1
                  ^^^^^^^^
  declare a trait with compute: interest("category")`,
	} {
		got := ""
		if _, err := syntax.Check(parse(t, text), s); err != nil {
			got = syntax.Locate(err, text).Error()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// A cycle is found through whatever it goes, and refused with its path.
func TestCheck_follows_traits(t *testing.T) {
	s := shop(t, "UTC")
	compute := func(name, text string) {
		s.Traits[name] = syntax.TraitInfo{Kind: profile.KindNumber, Compute: operand(t, text)}
	}
	compute("a", `b + 1`)
	compute("b", `if(tag("loop") and c > 1, 1, 2)`)
	compute("c", `age * 2`)
	compute("self", `coalesce(self, 1)`)
	compute("x", `y`)
	compute("y", `least(x, 1)`)
	s.Tags["loop"] = parse(t, `a > 1`)
	s.Tags["valued"] = parse(t, `true`)
	s.Values["valued"] = map[string]syntax.Expr{"v": parse(t, `tag("valued", "v")`), "w": parse(t, `tag("valued")`)}
	for text, want := range map[string]string{
		`a > 1`:                  "the tags and traits form a cycle: a -> b -> \"loop\" -> a",
		`tag("loop")`:            "the tags and traits form a cycle: \"loop\" -> a -> b -> \"loop\"",
		`c > 1 and self > 1`:     "the traits form a cycle: self -> self",
		`x = 1`:                  "the traits form a cycle: x -> y -> x",
		`tag("valued", "v")`:     "the tags form a cycle: tag(\"valued\", \"v\") -> tag(\"valued\", \"v\")",
		`tag("valued", "w")`:     "",
		`c > 1 and basket > 1`:   "",
		`if(self > 1, 1, 2) > 0`: "the traits form a cycle: self -> self",
	} {
		_, err := syntax.Check(parse(t, text), s)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if _, err := syntax.CheckOperand(operand(t, "b + 1"), s); err == nil || !strings.Contains(err.Error(), "b -> \"loop\" -> a -> b") {
		t.Errorf("what a trait computes: %v", err)
	}
}

func TestCheckOperand(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	x, err := syntax.CheckOperand(operand(t, `days_between("2026-01-01", registered) / 7`), s)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := syntax.PrintOperand(x), `days_between(date("2025-12-31T16:00:00Z"), registered) / 7`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, err = syntax.CheckOperand(operand(t, `age / 0`), s)
	if want := "division by the constant zero in age / 0"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCheckInterest(t *testing.T) {
	s := shop(t, "UTC")
	source := syntax.InterestSource{Filter: syntax.Filter{Event: "E", Where: parse(t, `price > 1 and paid < "2026-01-01"`)}, Property: "category", Weight: 1}
	valid := syntax.InterestInfo{HalfLife: time.Hour, Sources: []syntax.InterestSource{source}}
	if got, err := syntax.CheckInterest(valid, s); err != nil || cmp.Diff(valid, got, sameTree) != "" {
		t.Errorf("got %v, %v", got, err)
	}
	for name, change := range map[string]func(i *syntax.InterestInfo, s *syntax.InterestSource){
		"no half-life": func(i *syntax.InterestInfo, _ *syntax.InterestSource) { i.HalfLife = 0 },
		"no sources":   func(i *syntax.InterestInfo, _ *syntax.InterestSource) { i.Sources = nil },
		"no event":     func(_ *syntax.InterestInfo, s *syntax.InterestSource) { s.Event = "" },
		"no property":  func(_ *syntax.InterestInfo, s *syntax.InterestSource) { s.Property = "" },
		"no weight":    func(_ *syntax.InterestInfo, s *syntax.InterestSource) { s.Weight = 0 },
		"not a number": func(_ *syntax.InterestInfo, s *syntax.InterestSource) { s.Weight = math.NaN() },
		"too much":     func(_ *syntax.InterestInfo, s *syntax.InterestSource) { s.Weight = 2e6 },
		"the clock":    func(_ *syntax.InterestInfo, s *syntax.InterestSource) { s.Where = parse(t, "paid < now()") },
		"too large a rule": func(_ *syntax.InterestInfo, s *syntax.InterestSource) {
			s.Where = &syntax.And{X: make([]syntax.Expr, 20_000)}
		},
	} {
		info := valid
		info.Sources = slices.Clone(valid.Sources)
		change(&info, &info.Sources[0])
		if _, err := syntax.CheckInterest(info, s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCheck_follows_tags(t *testing.T) {
	s := shop(t, "UTC")
	s.Tags["a"] = parse(t, `age > 1 and tag("b")`)
	s.Tags["b"] = parse(t, `tag("沉睡") or tag("c")`)
	s.Tags["c"] = parse(t, `not tag("a")`)
	s.Tags["self"] = parse(t, `tag("self")`)
	tests := []struct{ text, want string }{
		{`tag("a")`, `1:1: the tags form a cycle: "a" -> "b" -> "c" -> "a"
  tag("a")
  ^^^
  a tag cannot depend on itself`},
		{`vip = true and tag("self")`, `1:16: the tags form a cycle: "self" -> "self"
  vip = true and tag("self")
                 ^^^
  a tag cannot depend on itself`},
		{`tag("新客") and tag("沉睡")`, ""},
	}
	for _, tt := range tests {
		got := ""
		if _, err := syntax.Check(parse(t, tt.text), s); err != nil {
			got = syntax.Locate(err, tt.text).Error()
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestRandomExpressions(t *testing.T) {
	const seed = 11
	r := &syntaxtest.Random{Rand: rand.New(rand.NewPCG(seed, seed))}
	s := shop(t, "Europe/Berlin")
	for i := range 450 {
		r.Behaviour = i%3 > 0
		e := r.Expr(4)
		checkRoundTrips(t, e)
		checked, err := syntax.Check(e, s)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, syntax.Print(e), err)
		}
		if diff := cmp.Diff(e, checked, sameTree); diff != "" {
			t.Fatalf("seed %d: Check changed what needed no change:\n%s", seed, diff)
		}
	}
}

func TestRead_behaviour(t *testing.T) {
	tests := map[string]syntax.Reads{
		`count("E", where(price > 1 and any(list, where(sku = "a")))) > 1`: {Events: []string{"E"}},
		`count("*", since("2026-01-01")) > sum("E", "p")`:                  {Events: []string{"*", "E"}},
		`count("E", last("1d")) > 1`:                                       {Events: []string{"E"}, Timed: true},
		`days("E") > 1`:                                                    {Events: []string{"E"}, Timed: true},
		`sequence("C", without("B", where(x = 1)), "A")`:                   {Events: []string{"A", "B", "C"}, Timed: true},
		`interest("i") > 1 and interests("j", 2) any_of ["a"]`:             {Interests: []string{"i", "j"}, Timed: true},
		`if(tag("t", "v") and a > 1, b, coalesce(c, -d)) > 1`:              {Traits: []string{"a", "b", "c", "d"}, Tags: []string{"t"}},
		`days_since(a) > 1`:                                                {Traits: []string{"a"}, Timed: true},
		`days_between(a, b) > 1`:                                           {Traits: []string{"a", "b"}},
	}
	for text, want := range tests {
		if diff := cmp.Diff(want, syntax.Read(parse(t, text))); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
	got := syntax.ReadOperand(operand(t, `a + count("E")`))
	if diff := cmp.Diff(syntax.Reads{Traits: []string{"a"}, Events: []string{"E"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRead(t *testing.T) {
	got := syntax.Read(parse(t, `city = "a" and (age > 1 or not tag("x")) and sum("B", "p") > count("A") and minus(tag("w"), age in [2], exists(now()))`))
	want := syntax.Reads{Traits: []string{"age", "city"}, Events: []string{"A", "B"}, Tags: []string{"w", "x"}, Timed: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A long list of wrong values once took the square of its length.
func TestCheck_many_faults(t *testing.T) {
	text := "city in [" + strings.Repeat("1,", 50_000) + "1]"
	_, err := syntax.Check(parse(t, text), syntaxtest.Shop(nil))
	err = syntax.Locate(err, text)
	if err == nil || !strings.HasPrefix(err.Error(), "50001 faults, of which 100 are shown\n") {
		t.Fatalf("got %.200v", err)
	}
	if n := strings.Count(err.Error(), "the list holds"); n != 100 {
		t.Errorf("%d faults are shown, want 100", n)
	}
}

// The length of a chain counts, also behind a tag that was looked at before on a
// shorter way.
func TestCheck_chains_of_tags(t *testing.T) {
	s := syntaxtest.Shop(nil)
	s.Tags["t1"] = parse(t, "vip = true")
	for i := 2; i <= 100; i++ {
		s.Tags[fmt.Sprint("t", i)] = parse(t, fmt.Sprintf(`tag("t1") and tag("t%d")`, i-1))
	}
	if _, err := syntax.Check(parse(t, `tag("t100") or tag("t50")`), s); err != nil {
		t.Error(err)
	}
	s.Tags["u"] = parse(t, `tag("t40") and tag("t100")`)
	for _, text := range []string{`tag("u")`, `tag("t100") or tag("u")`} {
		if _, err := syntax.Check(parse(t, text), s); err == nil || !strings.Contains(err.Error(), "nested deeper than 100") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
