package tags_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

func compileValue(t testing.TB, s *syntaxtest.Scope, text string) *tags.Value {
	t.Helper()
	x, err := syntax.ParseOperand(text)
	if err != nil {
		t.Fatal(err)
	}
	v, err := tags.CompileValue(x, s)
	if err != nil {
		t.Fatalf("%s: %v", text, syntax.Locate(err, text))
	}
	return v
}

func TestValue_Eval(t *testing.T) {
	const never = "never"
	tests := []struct{ formula, want, until string }{
		{`age`, "30", never},
		{`renewal`, "missing", never},
		{`age + 2 * 3 - 4 / 8`, "35.5", never},
		{`age / (points - 10)`, "missing", never},
		{`-age`, "-30", never},
		{`1e300 * 1e300`, "missing", never},
		{`spend / count("Order Completed")`, "10.5", never},
		{`age + count("Never Seen")`, "30", never},
		{`age + sum("Product Viewed", "price")`, "missing", never},
		{`coalesce(sum("Product Viewed", "price"), 0) + 1`, "1", never},
		{`round(10.5)`, "11", never},
		{`round(0 - 10.5)`, "-11", never},
		{`round(1.005, 2)`, "1.01", never},
		{`round(2.675, 2)`, "2.68", never},
		{`round(999.9996, 3)`, "1000", never},
		{`round(123456789.5)`, "123456790", never},
		{`round(1e21)`, "1000000000000000000000", never},
		{`round(0.0000004, 6)`, "0", never},
		{`floor(0 - 1.5)`, "-2", never},
		{`ceil(0 - 1.5)`, "-1", never},
		{`abs(0 - 1.5)`, "1.5", never},
		{`least(age, points, 20)`, "10", never},
		{`greatest(age, points, 20)`, "30", never},
		{`least(city, "z")`, "z", never},
		{`least(age, sum("Product Viewed", "price"))`, "missing", never},
		{`greatest(registered, last_order)`, "2026-05-04T00:00:00Z", never},
		{`if(age > 18, "adult", "child")`, "adult", never},
		{`if(renewal < now(), 1, 2)`, "2", never},
		// Noon in Shanghai, on 10 May.
		{`days_since(registered)`, "9", "2026-05-10T16:00:00Z"},
		{`days_since(last_order)`, "6", "2026-05-10T16:00:00Z"},
		{`days_since(renewal)`, "missing", never},
		{`days_between(registered, last_order)`, "3", never},
		{`days_between(registered, now() - "13h")`, "8", "2026-05-10T05:00:00Z"},
		{`days_between(now(), registered)`, "-9", "2026-05-10T16:00:00Z"},
		{`days_between(ago("1mo"), now())`, "29", "2026-05-30T16:00:00Z"},
		{`ago("1d")`, "2026-05-09T16:00:00Z", "2026-05-10T16:00:00Z"},
		{`coalesce(renewal, ago("1h"))`, "2026-05-10T04:00:00Z", "2026-05-10T05:00:00Z"},
		{`if(last_order > now() - "7d", 1, 2)`, "1", "2026-05-11T00:00:00Z"},
		{`if(last_order > now() - "7d", 1, 1)`, "1", never},
		{`least(last_order, ago("8d"))`, "2026-05-02T16:00:00Z", "2026-05-10T16:00:00Z"},
		{`least(last_order, ago("1d"))`, "2026-05-04T00:00:00Z", never},
		{`greatest(last_order, ago("7d"))`, "2026-05-04T00:00:00Z", "2026-05-10T16:00:00Z"},
		{`count("Order Completed", last("8d"))`, "2", "2026-05-10T16:00:00Z"},
		{`count("Order Completed", last("8d")) * 0`, "0", never},
		{`latest(2, "Order Completed", "revenue")`, "[20, 1]", never},
		{`top(1, "Order Completed", "coupon", by("revenue"), last("9d"))`, "[x]", "2026-05-10T16:00:00Z"},
		{`top(1, "Order Completed", "coupon", last("8d"))`, "[y]", "2026-05-10T16:00:00Z"},
	}
	s := shop(t, "Asia/Shanghai")
	now := at(t, "2026-05-10T04:00:00Z")
	for _, tt := range tests {
		v := compileValue(t, s, tt.formula)
		got, ok, until := v.Eval(customer(t, s), now)
		text := got.String()
		if !ok {
			text = "missing"
		}
		if text != tt.want || until.String() != tt.until {
			t.Errorf("%s is %s until %v, want %s until %s", tt.formula, text, until, tt.want, tt.until)
		}
	}
}

func TestProgram_Eval_formulas(t *testing.T) {
	const never = "never"
	tests := []struct {
		rule  string
		want  bool
		until string
	}{
		{`spend / count("Order Completed") > 10`, true, never},
		{`days_since(last_order) >= 30`, false, "2026-06-02T16:00:00Z"},
		{`days_since(last_order) > 30`, false, "2026-06-03T16:00:00Z"},
		{`days_since(last_order) < 6.5`, true, "2026-05-10T16:00:00Z"},
		{`days_since(last_order) <= 6.5`, true, "2026-05-10T16:00:00Z"},
		{`days_since(last_order) = 6`, true, "2026-05-10T16:00:00Z"},
		{`days_since(last_order) = 5`, false, never},
		{`days_since(last_order) = 400`, false, "2027-06-07T16:00:00Z"},
		{`days_since(last_order) = 8.5`, false, never},
		{`days_since(last_order) != 8`, true, "2026-05-11T16:00:00Z"},
		{`days_since(last_order) > 1e300 or days_since(last_order) < -1e300`, false, never},
		{`days_since(last_order) in [8, 10]`, false, "2026-05-11T16:00:00Z"},
		{`30 <= days_since(last_order)`, false, "2026-06-02T16:00:00Z"},
		{`days_since(last_order) * 2 >= 30`, false, "2026-05-18T16:00:00Z"},
		{`days_since(last_order) > days_since(registered) - 3`, false, "2026-07-13T16:00:00Z"}, // to be asked again
		{`coalesce(renewal, now()) >= "2026-06-01"`, false, "2026-05-31T16:00:00Z"},
		{`greatest(last_order, now() - "10d") > "2026-05-04T08:00:00"`, false, "2026-05-14T00:00:00.000001Z"},
		{`least(last_order, now() - "7d") = last_order`, false, "2026-05-11T00:00:00Z"},
		{`if(city = "上海", now(), renewal) > "2026-06-01"`, false, "2026-05-31T16:00:00.000001Z"},
		{`last_time("Order Completed", last("8d")) > now() - "6d"`, false, never},
		{`last_time("Order Completed", last("8d")) > now() - "8d"`, true, "2026-05-11T16:00:00Z"},
		{`last_time("Order Completed", last("9d")) > now() - "7d"`, true, "2026-05-11T00:00:00Z"},
		{`first_time("Order Completed", last("9d")) < "2026-05-04"`, true, "2026-05-11T16:00:00Z"},
		{`count("Order Completed", last("8d")) > count("Order Completed", last("9d")) - 1`, false, "2026-05-12T16:00:00Z"},
		{`sum("Order Completed", "revenue", last("9d")) > 21`, true, "2026-05-10T16:00:00Z"},
		{`latest(1, "Order Completed", "coupon", last("8d")) any_of ["y"]`, true, "2026-05-10T16:00:00Z"},
		{`contains(last("Order Completed", "coupon", last("9d")), "y")`, true, "2026-05-11T16:00:00Z"},
		{`missing(last("Order Completed", "coupon", last("9d")))`, false, "2026-05-11T16:00:00Z"},
		{`count("Order Completed", last("9d")) in [1, 3]`, true, "2026-05-10T16:00:00Z"},
		{`count("Order Completed", last("9d")) >= 1 and city = "北京"`, false, never},
		{`count("Order Completed", last("9d")) >= 1 and not (count("Order Completed", last("9d")) >= 3)`, false, "2026-05-10T16:00:00Z"},
	}
	s := shop(t, "Asia/Shanghai")
	now := at(t, "2026-05-10T04:00:00Z")
	for _, tt := range tests {
		p := compile(t, s, tt.rule)
		ok, until := p.Eval(customer(t, s), now)
		if ok != tt.want || until.String() != tt.until {
			t.Errorf("%s: %v until %v, want %v until %v", tt.rule, ok, until, tt.want, tt.until)
		}
	}
}

// Flips is what asking at every midnight finds.
func TestProgram_Flips(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	d := &dice{Rand: rand.New(rand.NewPCG(seed, 1)), around: at(t, "2026-03-29T00:00:00Z")}
	for range 60 {
		s := shop(t, "Europe/Berlin")
		d.zone = s.Zone()
		rule := d.comparison(fmt.Sprintf(`count("*"%s%s)`, d.where(), d.window("d", "w", "mo")))
		if d.IntN(2) == 0 {
			rule = "xor(" + rule + ", " + d.comparison(fmt.Sprintf(`days("A", last("%dd"))`, 1+d.IntN(9))) + ")"
		}
		p := compile(t, s, rule)
		events := d.events(12, 20)
		state, now := fold(t, s, events...), d.instant(5)
		until := now + 40*day
		type flip struct {
			At profile.Instant
			Is bool
		}
		var got, want []flip
		for at, is := range p.Flips(state, now, until) {
			got = append(got, flip{at, is})
		}
		h := &history{scope: s, events: events, now: now}
		was, _ := p.Eval(state, now)
		for _, at := range instants(h, nil, until-1) {
			if is, _ := p.Eval(state, at); is != was {
				want = append(want, flip{at, is})
				was = is
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s at %v (-want +got):\n%s", rule, now, diff)
		}
		for range p.Flips(state, now, until) {
			break
		}
	}
}

func TestCompileValue_errors(t *testing.T) {
	s := shop(t, "UTC")
	s.Traits["looping"] = syntax.TraitInfo{Kind: profile.KindNumber, Compute: &syntax.Trait{Name: "looping", Pos: -1}}
	s.Traits["half"] = syntax.TraitInfo{Kind: profile.KindNumber, Compute: &syntax.Trait{Name: "gone", Pos: -1}}
	sum := func(a, b string) syntax.Operand {
		return &syntax.Arith{L: &syntax.Trait{Name: a, Pos: -1}, R: &syntax.Trait{Name: b, Pos: -1}, Pos: -1}
	}
	name := "age"
	for i := range 30 {
		next := fmt.Sprint("doubled", i)
		s.Traits[next] = syntax.TraitInfo{Kind: profile.KindNumber, Compute: sum(name, name)}
		name = next
	}
	for _, tt := range []struct {
		name string
		x    syntax.Operand
		want string
	}{
		{"the running clock", &syntax.Now{Pos: -1}, "now() is another time with every microsecond: write days_since() or compare it in a rule"},
		{"the running clock, perhaps", &syntax.Call{Fn: syntax.Coalesce, Args: []syntax.Operand{&syntax.Trait{Name: "renewal"}, &syntax.Now{}}}, "coalesce(renewal, now()) is another time with every microsecond: write days_since() or compare it in a rule"},
		{"values that grow out of hand", sum(name, name), "with the rules of its tags and what its traits compute the rule has more than 100000 conditions"},
		{"nothing", nil, ""},
		{"a trait that is itself", &syntax.Trait{Name: "looping", Pos: -1}, ""},
		{"a trait with a fault", &syntax.Trait{Name: "half", Pos: -1}, `what trait "half" computes is in error: unknown trait "gone"`},
	} {
		_, err := tags.CompileValue(tt.x, s)
		if err == nil {
			t.Errorf("%s: accepted", tt.name)
		} else if got := err.Error(); tt.want != "" && got[:min(len(got), len(tt.want))] != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
	s.KeepsNothing = true
	for _, text := range []string{`count("A", last("1d")) > 1`, `sequence("A", "B")`, `days("A") > 1`} {
		if _, err := tags.Compile(parse(t, text), s); err == nil {
			t.Errorf("%s: compiles although nothing is kept for it", text)
		}
	}
}

func TestProgram_Deps_of_folds(t *testing.T) {
	s := shop(t, "UTC")
	s.Interests = map[string]syntax.InterestInfo{"category": {HalfLife: time.Hour, Sources: []syntax.InterestSource{{Filter: syntax.Filter{Event: "I"}, Property: "c", Weight: 1}}}}
	s.Traits["recent"] = syntax.TraitInfo{Kind: profile.KindNumber, Compute: &syntax.Aggregate{Fn: syntax.Count, Event: "T", Window: syntax.Window{Kind: syntax.Last, N: 1, Unit: syntax.Day}, Pos: -1}}
	for _, tt := range []struct {
		rule   string
		events []string
		folds  int
		timed  bool
	}{
		{`count("A") > 1`, []string{"A"}, 0, false},
		{`count("A", where(p > 1)) > 1`, []string{"A"}, 1, false},
		{`count("A", since("2026-01-01")) > 1 and count("A", since("2026-01-01")) < 9`, []string{"A"}, 1, false},
		{`count("A", last("1d")) > 1 and count("A", last("9d")) < 9`, []string{"A"}, 1, true},
		{`count("A", last("1d")) > 1 and count("A", last("9h")) < 9`, []string{"A"}, 2, true},
		{`days("A") > 1`, []string{"A"}, 1, true},
		{`sessions("A", "30m") > 1`, []string{"A"}, 1, false},
		{`count("*") > 1`, []string{"*"}, 1, false},
		{`sequence("A", without("C"), "B")`, []string{"A", "B", "C"}, 1, true},
		{`interest("category", "x") > 1 and interests("category", 2) any_of ["y"]`, []string{"I"}, 1, true},
		{`recent > 1`, []string{"T"}, 1, true},
		{`if(recent > 1, age, 0) > days_since(registered)`, []string{"T"}, 1, true},
		{`days_since(registered) > 1`, nil, 0, true},
		{`days_between(registered, renewal) > 1`, nil, 0, false},
	} {
		deps := compile(t, s, tt.rule).Deps()
		if !slices.Equal(deps.Events, tt.events) || len(deps.Folds) != tt.folds || deps.Timed != tt.timed {
			t.Errorf("%s: %+v", tt.rule, deps)
		}
	}
}
