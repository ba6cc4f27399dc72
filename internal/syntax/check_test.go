package syntax_test

import (
	"fmt"
	"math"
	"math/rand/v2"
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
	deep := syntax.Expr(&syntax.Const{})
	for range 250 {
		deep = &syntax.Not{X: deep}
	}
	tests := map[string]syntax.Expr{
		"no condition":      nil,
		"a part missing":    &syntax.And{X: []syntax.Expr{nil}},
		"no operand":        &syntax.Compare{L: age},
		"an operator":       &syntax.Compare{Op: 99, L: age, R: number(1)},
		"a set predicate":   &syntax.Has{Mode: 99, X: &syntax.Trait{Name: "apps"}},
		"a text predicate":  &syntax.Match{Mode: 99, X: &syntax.Trait{Name: "city"}},
		"a function":        &syntax.Compare{L: &syntax.Aggregate{Fn: 99, Event: "E"}, R: number(1)},
		"no event":          &syntax.Compare{L: &syntax.Aggregate{Fn: syntax.Count}, R: number(1)},
		"a property":        &syntax.Compare{L: &syntax.Aggregate{Fn: syntax.Count, Event: "E", Property: "p"}, R: number(1)},
		"not a number":      &syntax.Compare{L: age, R: number(math.NaN())},
		"infinity":          &syntax.In{X: age, List: []profile.Value{profile.Number(math.Inf(1))}},
		"null":              &syntax.Compare{L: age, R: &syntax.Literal{}},
		"null in a list":    &syntax.In{X: age, List: []profile.Value{{}}},
		"a list":            &syntax.Compare{L: &syntax.Trait{Name: "apps"}, R: &syntax.Literal{Value: profile.List()}},
		"a year":            &syntax.Compare{L: &syntax.Now{}, R: &syntax.Literal{Value: profile.TimeAt(profile.Never)}},
		"bytes":             &syntax.Compare{L: &syntax.Trait{Name: "city"}, R: &syntax.Literal{Value: profile.String("\xff")}},
		"a pattern's bytes": &syntax.Match{X: &syntax.Trait{Name: "city"}, Pattern: "\xff"},
		"a pattern":         &syntax.Match{Mode: syntax.Regex, X: &syntax.Trait{Name: "city"}, Pattern: "("},
		"a point":           &syntax.Compare{L: &syntax.Trait{Name: "home"}, R: &syntax.Literal{Value: profile.Point(91, 0)}},
		"a window of none":  &syntax.Exists{X: &syntax.Ago{}},
		"a long window":     &syntax.Exists{X: &syntax.Ago{N: 1 << 40, Unit: syntax.Day}},
		"a window's unit":   &syntax.Exists{X: &syntax.Ago{N: 1, Unit: 99}},
		"nanoseconds":       &syntax.Exists{X: &syntax.Now{Offset: 1}},
		"300 years":         &syntax.Exists{X: &syntax.Now{Offset: math.MaxInt64 / 1000 * 1000}},
		"minus of nothing":  &syntax.Minus{},
		"at least none":     &syntax.AtLeast{X: []syntax.Expr{&syntax.Const{}}},
		"at least too many": &syntax.AtLeast{K: 2, X: []syntax.Expr{&syntax.Const{}}},
		"250 levels":        deep,
	}
	refusesAll(t, s, tests)
}

func refusesAll(t *testing.T, s syntax.Scope, tests map[string]syntax.Expr) {
	t.Helper()
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
	for i := range 300 {
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
