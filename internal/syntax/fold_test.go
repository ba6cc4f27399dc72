package syntax_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
)

func operand(t testing.TB, text string) syntax.Operand {
	t.Helper()
	x, err := syntax.ParseOperand(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestFoldOf(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	event := func(f syntax.Fold) *syntax.Fold {
		if f.Event == "" {
			f.Event = "E"
		}
		if f.Since == 0 {
			f.Since = math.MinInt64
		}
		return &f
	}
	filter := func(name string) syntax.Filter { return syntax.Filter{Event: name} }
	tests := []struct {
		text string
		want *syntax.Fold
	}{
		{`count("E")`, nil},
		{`first_time("E")`, nil},
		{`sum("Order Completed", "revenue")`, nil},
		{`last("Order Completed", "revenue")`, nil},
		{`unique("Order Completed", "coupon")`, nil},
		{`3`, nil},
		{`city`, nil},
		{`interest("nothing")`, nil},
		{`sum("Order Completed", "revenue") + 1`, nil},
		{`count("*")`, event(syntax.Fold{Form: profile.Tally, Event: "*"})},
		{`count("E", last("30d"))`, event(syntax.Fold{Form: profile.Tally, Grain: profile.ByDay, Keep: 30})},
		{`count("E", last("90m"))`, event(syntax.Fold{Form: profile.Tally, Grain: profile.ByMinute, Keep: 90})},
		{`count("E", between("48h", "24h"))`, event(syntax.Fold{Form: profile.Tally, Grain: profile.ByHour, Keep: 48})},
		{`count("E", last("2w"))`, event(syntax.Fold{Form: profile.Tally, Grain: profile.ByDay, Keep: 14})},
		{`count("E", last("3mo"))`, event(syntax.Fold{Form: profile.Tally, Grain: profile.ByDay, Keep: 93})},
		{`count("E", last("24mo"))`, event(syntax.Fold{Form: profile.Tally, Grain: profile.ByDay, Keep: 732})},
		{`count("E", last("2y"))`, event(syntax.Fold{Form: profile.Tally, Grain: profile.ByDay, Keep: 732})},
		{`count("E", this("quarter"))`, event(syntax.Fold{Form: profile.Tally, Grain: profile.ByDay, Keep: 92})},
		{`count("E", today())`, event(syntax.Fold{Form: profile.Tally, Grain: profile.ByDay, Keep: 1})},
		{`count("E", since("1970-01-02"))`, event(syntax.Fold{Form: profile.Tally, Since: 16 * 3600 * 1_000_000})},
		{`sum("E", "p")`, event(syntax.Fold{Form: profile.Numbers, Property: "p"})},
		{`avg("Order Completed", "revenue", last("1d"))`, event(syntax.Fold{Form: profile.Numbers, Event: "Order Completed", Property: "revenue", Grain: profile.ByDay, Keep: 1})},
		{`first("E", "p")`, event(syntax.Fold{Form: profile.Ends, Property: "p"})},
		{`last_time("E", last("1d"))`, event(syntax.Fold{Form: profile.Times, Grain: profile.ByDay, Keep: 1})},
		{`unique("E", "p")`, event(syntax.Fold{Form: profile.Keys, Property: "p"})},
		{`most_frequent("E", "p")`, event(syntax.Fold{Form: profile.Keys, Property: "p"})},
		{`top(3, "E", "p")`, event(syntax.Fold{Form: profile.Keys, Property: "p"})},
		{`top(3, "E", "p", by("n"))`, event(syntax.Fold{Form: profile.Sums, Property: "p", By: "n"})},
		{`latest(3, "E", "p", last("1d"))`, event(syntax.Fold{Form: profile.Recent, Property: "p", K: 3, Grain: profile.ByDay, Keep: 1})},
		{`earliest(3, "E", "p")`, event(syntax.Fold{Form: profile.Oldest, Property: "p", K: 3})},
		{`days("E")`, event(syntax.Fold{Form: profile.Presence, Grain: profile.ByDay})},
		{`share_of_days("E", last("30d"))`, event(syntax.Fold{Form: profile.Presence, Grain: profile.ByDay, Keep: 30})},
		{`streak("E", since("1970-01-02"))`, event(syntax.Fold{Form: profile.Presence, Grain: profile.ByDay, Since: 16 * 3600 * 1_000_000})},
		{`sessions("E", "30m")`, event(syntax.Fold{Form: profile.Spans, Grain: profile.ByDay, Gap: 30 * time.Minute})},
		{`first_day_sum("E", "p")`, event(syntax.Fold{Form: profile.FirstDay, Property: "p", Grain: profile.ByDay})},
		{`dwell("E", "p")`, event(syntax.Fold{Form: profile.Stays, Property: "p", Grain: profile.ByDay, Keep: 90, Level: 16})},
		{`dwell("E", "p", during("work"), cell(14), min_days(9), except(home), last("1y"))`, event(syntax.Fold{
			Form: profile.Stays, Property: "p", Grain: profile.ByDay, Keep: 366, Level: 14, Hours: []profile.Hours{{Days: 0x3e, From: 9, To: 18}},
		})},
		{`confidence(dwell("E", "p"))`, nil},
		{`sequence_count("A", without("C"), "B", without("A"), without("D"), same("p"), within("1h"))`, &syntax.Fold{
			Form: profile.Trace, Grain: profile.ByDay, Since: math.MinInt64, Link: "p", Keep: 30,
			Steps: []syntax.Filter{filter("A"), filter("B"), filter("C"), filter("D")},
		}},
		{`sequence_count("A", "B", last("2mo"))`, &syntax.Fold{
			Form: profile.Trace, Grain: profile.ByDay, Since: math.MinInt64, Keep: 62, Steps: []syntax.Filter{filter("A"), filter("B")},
		}},
		{`interest("category", "运动")`, &syntax.Fold{
			Form: profile.Scores, Grain: profile.ByHalfLife, Since: math.MinInt64, Keep: 64, HalfLife: 7 * 24 * time.Hour,
			Sources: s.Interests["category"].Sources,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, syntax.FoldOf(operand(t, tt.text), s), sameTree); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Two operands share what is kept exactly where they fold the same events alike.
func TestFold_Key(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	key := func(text string) string { return syntax.FoldOf(operand(t, text), s).Key("Asia/Shanghai") }
	alike := [][]string{
		{`count("E", last("1d"))`, `count("E", between("9mo", "3mo"))`, `count("E", this("year"))`, `count("E", today())`},
		{`sum("E", "p")`, `avg("E", "p")`, `min("E", "p")`},
		{`unique("E", "p")`, `most_frequent("E", "p")`, `top(3, "E", "p")`, `top(9, "E", "p")`},
		{`first_day_sum("E", "p")`},
		{`days("E")`, `streak("E", last("9d"))`, `longest_streak("E", this("week"))`, `share_of_days("E", last("1mo"))`},
		{`interest("category", "a")`, `interest("category")`, `interests("category", 3)`},
		{`sequence_count("A", "B")`, `sequence_count("A", "B", within("1h"), last("9d"), overlapping())`, `sequence_count("A", step("B", within("1h")))`, `sequence_count("A", without("B"), "B", without("A"), within("1d"))`},
		{`count("E", where(a = 1 and (b = 2)))`, `count("E", where(all(a == 1, b = 2)))`},
	}
	for _, texts := range alike {
		for _, text := range texts[1:] {
			if key(text) != key(texts[0]) {
				t.Errorf("%s and %s differ:\n%s\n%s", text, texts[0], key(text), key(texts[0]))
			}
		}
	}
	differ := []string{
		`count("E", last("1d"))`, `count("E", last("1h"))`, `count("E", last("1m"))`, `count("E", since("2026-01-01"))`, `count("E", since("2026-01-02"))`, `count("F", last("1d"))`, `count("*", last("1d"))`,
		`count("E", where(a = 1))`, `count("E", where(a = "1"))`, `count("E", where(a != 1))`, `sum("E", "p")`, `sum("E", "q")`, `sum("E", "p", where(a = 1))`, `first("E", "p")`, `unique("E", "p")`,
		`top(1, "E", "p", by("n"))`, `top(1, "E", "p", by("m"))`, `latest(1, "E", "p")`, `latest(2, "E", "p")`, `earliest(1, "E", "p")`, `days("E")`, `days("E", since("2026-01-01"))`, `sessions("E", "1m")`, `sessions("E", "2m")`,
		`sequence_count("A", "B")`, `sequence_count("B", "A")`, `sequence_count("A", "B", same("p"))`, `sequence_count("A", "B", same("q"))`, `sequence_count("A", "B", "C")`, `sequence_count("A", step("B", where(a = 1)))`,
		`interest("category")`, `count("E where(a = 1)", last("1d"))`, `first_time("E", last("1d"))`,
	}
	seen := map[string]string{}
	for _, text := range differ {
		k := key(text)
		if other, ok := seen[k]; ok {
			t.Errorf("%s and %s have one key: %s", text, other, k)
		}
		seen[k] = text
	}
}

// The zone takes part where civil days do, and where a time is among the constants.
func TestFold_Key_zone(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	for text, want := range map[string]bool{
		`count("E", last("1d"))`: true, `days("E")`: true, `sessions("E", "1h")`: true, `sequence_count("A", "B")`: true,
		`count("E", last("1h"))`: false, `sum("E", "p")`: false, `interest("category")`: false, `count("*")`: false,
		`count("E", since("2026-01-01"))`:                                                            false,
		`count("E", where(t > date("2026-01-01T00:00:00Z")))`:                                        true,
		`count("E", where(t in ["a", date("2026-01-01T00:00:00Z")]))`:                                true,
		`count("E", where(any(l, where(t any_of [date("2026-01-01T00:00:00Z")]))))`:                  true,
		`count("E", where(days_between(t, u) > 3))`:                                                  true,
		`count("E", where(any(l, where(t any_of ["2026-01-01T00:00:00Z"]))))`:                        false,
		`sequence_count("A", step("B", where(t > date("2026-01-01T00:00:00Z"))), without("C"), "D")`: true,
	} {
		f := syntax.FoldOf(operand(t, text), s)
		if got := f.Key("Asia/Shanghai") != f.Key("UTC"); got != want {
			t.Errorf("%s: the zone takes part: %v, want %v", text, got, want)
		}
	}
}

func TestFold_Bit(t *testing.T) {
	x := operand(t, `sequence_count("A", without("C", where(a = 1)), step("A", where(a = 1)), without("C"), within("1h"))`).(*syntax.Sequence)
	f := syntax.FoldOf(x, shop(t, "UTC"))
	got := []int{f.Bit(x.Steps[0].Filter), f.Bit(x.Steps[1].Filter), f.Bit(x.Steps[1].Without[0]), f.Bit(x.Without[0]), f.Bit(syntax.Filter{Event: "Z"})}
	if diff := cmp.Diff([]int{0, 1, 2, 3, -1}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFolds(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	e := parse(t, `count("E", last("7d")) > 1 and not (if(sequence("A", "B"), coalesce(count("E", this("month")), 1), 2) + interest("category", "x") > 3
		or exists(recent) or tag("沉睡")) and days("E", last("2d")) > 1 and days("E") > 1 and days("E", last("5d")) > 1 and count("E", where(exists(p))) > 1`)
	var got []string
	for _, f := range syntax.Folds(e, s) {
		got = append(got, fmt.Sprint(f.Form, " ", f.Keep))
	}
	want := []string{
		fmt.Sprint(profile.Tally, " 31"), fmt.Sprint(profile.Trace, " 30"), fmt.Sprint(profile.Scores, " 64"), fmt.Sprint(profile.Presence, " 0"), fmt.Sprint(profile.Tally, " 0"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever needs no other constants has the same keys before and after Check.
func TestFolds_of_random_expressions(t *testing.T) {
	const seed = 12
	r := &syntaxtest.Random{Rand: rand.New(rand.NewPCG(seed, seed)), Behaviour: true}
	s := shop(t, "Europe/Berlin")
	forms := map[profile.Form]bool{}
	for range 300 {
		e := r.Expr(3)
		checked, err := syntax.Check(e, s)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, syntax.Print(e), err)
		}
		folds, after := syntax.Folds(e, s), syntax.Folds(checked, s)
		if len(folds) != len(after) {
			t.Fatalf("seed %d: %s: %d folds, checked %d", seed, syntax.Print(e), len(folds), len(after))
		}
		for i, f := range folds {
			forms[f.Form] = true
			if a, b := f.Key("Europe/Berlin"), after[i].Key("Europe/Berlin"); a != b {
				t.Fatalf("seed %d: %s: key %s, checked %s", seed, syntax.Print(e), a, b)
			}
			if _, ok := s.Kept(f); !ok || strings.Contains(f.Key("Europe/Berlin"), "nothing") {
				t.Fatalf("seed %d: %s is not kept", seed, f.Key("Europe/Berlin"))
			}
		}
	}
	if len(forms) != int(profile.FirstDay)+1 {
		t.Errorf("only the forms %v came up", forms)
	}
}
