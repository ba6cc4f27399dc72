package syntax_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// What was built by hand can hold what no text can.
func TestCheck_refuses_behaviour_that_no_text_gives(t *testing.T) {
	age := &syntax.Trait{Name: "age"}
	number := func(f float64) syntax.Operand { return &syntax.Literal{Value: profile.Number(f)} }
	over1 := func(x syntax.Operand) syntax.Expr { return &syntax.Compare{Op: syntax.Gt, L: x, R: number(1)} }
	window := func(w syntax.Window) syntax.Expr { return over1(&syntax.Aggregate{Event: "E", Window: w}) }
	dwell := func(s syntax.Stay) syntax.Expr {
		return &syntax.Exists{X: &syntax.Aggregate{Fn: syntax.Dwell, Event: "E", Property: "p", Stay: &s}}
	}
	step := syntax.Step{Filter: syntax.Filter{Event: "E"}}
	steps := func(s ...syntax.Step) syntax.Expr { return &syntax.Happened{X: &syntax.Sequence{Steps: s}} }
	refusesAll(t, shop(t, "UTC"), map[string]syntax.Expr{
		"no such function":          over1(&syntax.Aggregate{Fn: 99, Event: "E"}),
		"no property":               over1(&syntax.Aggregate{Fn: syntax.SumOf, Event: "E"}),
		"top of none":               &syntax.Exists{X: &syntax.Aggregate{Fn: syntax.Top, Event: "E", Property: "p"}},
		"by elsewhere":              over1(&syntax.Aggregate{Fn: syntax.Count, Event: "E", By: "p"}),
		"no gap":                    over1(&syntax.Aggregate{Fn: syntax.Sessions, Event: "E"}),
		"a gap's length":            over1(&syntax.Aggregate{Fn: syntax.Sessions, Event: "E", Gap: 1}),
		"a stay elsewhere":          over1(&syntax.Aggregate{Fn: syntax.Count, Event: "E", Stay: &syntax.Stay{}}),
		"a level of none":           dwell(syntax.Stay{MinDays: 1}),
		"a level beyond":            dwell(syntax.Stay{Level: 19, MinDays: 1}),
		"no days":                   dwell(syntax.Stay{Level: 16}),
		"hours on no day":           dwell(syntax.Stay{Level: 16, MinDays: 1, Hours: []profile.Hours{{From: 1, To: 2}}}),
		"hours on no clock":         dwell(syntax.Stay{Level: 16, MinDays: 1, Hours: []profile.Hours{{Days: 1, From: 24, To: 2}}}),
		"hours and hours":           dwell(syntax.Stay{Level: 16, MinDays: 1, Hours: slices.Repeat([]profile.Hours{{Days: 1, From: 1, To: 2}}, 17)}),
		"nothing left out":          dwell(syntax.Stay{Level: 16, MinDays: 1, Except: []syntax.Operand{nil}}),
		"much left out":             dwell(syntax.Stay{Level: 16, MinDays: 1, Except: slices.Repeat([]syntax.Operand{&syntax.Trait{Name: "home"}}, 9)}),
		"a window's kind":           window(syntax.Window{Kind: 99}),
		"a window's length":         window(syntax.Window{Kind: syntax.Last, Unit: syntax.Day}),
		"minus a day":               window(syntax.Window{Kind: syntax.Last, N: -1, Unit: syntax.Day}),
		"a long window of events":   window(syntax.Window{Kind: syntax.Last, N: 40_000, Unit: syntax.Day}),
		"between":                   window(syntax.Window{Kind: syntax.Between, N: 3, M: 0, Unit: syntax.Day}),
		"a period":                  window(syntax.Window{Kind: syntax.This, Period: 99}),
		"since nothing":             window(syntax.Window{Kind: syntax.Since}),
		"since a number":            window(syntax.Window{Kind: syntax.Since, Since: profile.Number(1)}),
		"since never":               window(syntax.Window{Kind: syntax.Since, Since: profile.TimeAt(profile.Never)}),
		"no sequence":               &syntax.Happened{},
		"no steps":                  steps(),
		"100 steps":                 steps(slices.Repeat([]syntax.Step{step}, 100)...),
		"100 forbidden":             steps(step, syntax.Step{Filter: step.Filter, Without: slices.Repeat([]syntax.Filter{{Event: "E"}}, 100)}),
		"a step's event":            steps(make([]syntax.Step, 2)...),
		"a step's length":           steps(step, syntax.Step{Filter: step.Filter, Within: -1}),
		"a sequence's length":       &syntax.Happened{X: &syntax.Sequence{Within: 1, Steps: slices.Repeat([]syntax.Step{step}, 2)}},
		"a sequence's window":       &syntax.Happened{X: &syntax.Sequence{Window: syntax.Window{Kind: syntax.This}, Steps: slices.Repeat([]syntax.Step{step}, 2)}},
		"interests of none":         &syntax.Exists{X: &syntax.Interests{Name: "category"}},
		"a key of bytes":            over1(&syntax.Interest{Name: "category", Key: "\xff"}),
		"a property of bytes":       over1(&syntax.Aggregate{Event: "E", Where: &syntax.Exists{X: &syntax.Trait{Name: "\xff"}}}),
		"a property without a name": over1(&syntax.Aggregate{Event: "E", Where: &syntax.Exists{X: &syntax.Trait{}}}),
		"half of a sum":             over1(&syntax.Arith{L: age}),
		"an operator of arithmetic": over1(&syntax.Arith{Op: 99, L: age, R: age}),
		"a function of values":      over1(&syntax.Call{Fn: 99, Args: []syntax.Operand{age}}),
		"no arguments":              over1(&syntax.Call{Fn: syntax.Abs}),
		"half a decimal":            over1(&syntax.Call{Fn: syntax.Round, Args: []syntax.Operand{age, number(0.5)}}),
		"no choice":                 over1(&syntax.If{Then: age, Else: age}),
		"an element of nothing":     over1(&syntax.Aggregate{Event: "E", Where: &syntax.Each{X: age}}),
		"an element of a number":    over1(&syntax.Aggregate{Event: "E", Where: &syntax.Each{X: number(1), Where: &syntax.Const{}}}),
	})
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
		`1 < sequence_count("A", "B")`: `1:5: profiles do not keep what sequence_count("A", "B") needs
  1 < sequence_count("A", "B")
      ^^^^^^^^^^^^^^
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

func TestCheckWhere(t *testing.T) {
	s := shop(t, "UTC")
	e := parse(t, `price > 1 and any(products, where(sku = "a")) and paid < "2026-01-01"`)
	if got, err := syntax.CheckWhere(e, s); err != nil || cmp.Diff(e, got, sameTree) != "" {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := syntax.CheckWhere(nil, s); got != nil || err != nil {
		t.Errorf("of none: %v, %v", got, err)
	}
	for text, want := range map[string]string{
		`paid < now()`:           `1:8: now() cannot stand in where()`,
		`tag("沉睡")`:              `1:1: tag() cannot stand in where()`,
		`price + "x" > 1`:        `1:7: + wants numbers, "x" is a text`,
		`spend > 1 or x / 0 = 1`: `1:16: division by the constant zero`,
	} {
		_, err := syntax.CheckWhere(parse(t, text), s)
		if err == nil || !strings.HasPrefix(syntax.Locate(err, text).Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if _, err := syntax.CheckWhere(&syntax.And{X: make([]syntax.Expr, 20_000)}, s); err == nil {
		t.Error("a condition too large is accepted")
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
}
