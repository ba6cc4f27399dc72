package syntax_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
)

// sameTree compares trees wherever they came from.
var sameTree = cmp.Options{
	cmp.Comparer(func(a, b syntax.Pos) bool { return true }),
	cmp.Comparer(func(a, b geo.Circle) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func parse(t testing.TB, text string) syntax.Expr {
	t.Helper()
	e, err := syntax.Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q):\n%v", text, err)
	}
	return e
}

func TestParse_canonical(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"the example", `count("Order Completed")>=3 and city in["上海",'北京']and not tag("沉睡")`, `count("Order Completed") >= 3 and city in ["上海", "北京"] and not tag("沉睡")`},
		{"and binds closer than or", `a = 1 or b = 2 and c = 3`, `a = 1 or b = 2 and c = 3`},
		{"brackets without need go", `(((a = 1))) or ((b = 2) and (c = 3))`, `a = 1 or b = 2 and c = 3`},
		{"brackets in need stay", `(a = 1 or b = 2) and c = 3`, `(a = 1 or b = 2) and c = 3`},
		{"not binds closest", `not a = 1 and not(b = 2 and c = 3)`, `not a = 1 and not (b = 2 and c = 3)`},
		{"not twice", `not not true`, `not not true`},
		{"nested and", `(a = 1 and b = 2) and c = 3`, `(a = 1 and b = 2) and c = 3`},
		{"functions for and, or", `all(a = 1, b = 2) or any(c = 3, any())`, `a = 1 and b = 2 or (c = 3 or any())`},
		{"one part", `all(a = 1) and any(b = 2)`, `all(a = 1) and any(b = 2)`},
		{"xor, minus, at_least", `xor(a = 1, b = 2) and minus(a = 1, b = 2) and at_least(2, a = 1, b = 2, c = 3)`, `xor(a = 1, b = 2) and minus(a = 1, b = 2) and at_least(2, a = 1, b = 2, c = 3)`},
		{"both equal signs", `a == 1 and b != 2`, `a = 1 and b != 2`},
		{"numbers", `a = 1_000 and b = -0.50 and c = 1e6 and d = 1E-9 and e = -0`, `a = 1000 and b = -0.5 and c = 1000000 and d = 1e-09 and e = 0`},
		{"bools on either side", `vip = true and false != vip and false`, `vip = true and false != vip and false`},
		{"sets", `apps any_of ["a"] and apps all_of [] and apps none_of ["b"] and has(apps, "c")`, `apps any_of ["a"] and apps all_of [] and apps none_of ["b"] and apps any_of ["c"]`},
		{"texts", `contains(city, "海") and starts_with(city, "a") and ends_with(city, "b") and matches(city, "^上\\d")`, `contains(city, "海") and starts_with(city, "a") and ends_with(city, "b") and matches(city, "^上\\d")`},
		{"existence", `exists(city) and missing(sum("E", "p"))`, `exists(city) and missing(sum("E", "p"))`},
		{"aggregates", `sum("E","p") > avg("E","p") or min("E","p") < max("E","p") or first("E","p") = last("E","p") or unique("E","p") > 1`, `sum("E", "p") > avg("E", "p") or min("E", "p") < max("E", "p") or first("E", "p") = last("E", "p") or unique("E", "p") > 1`},
		{"names of functions are names of traits too", `count > 3 and last < first`, `count > 3 and last < first`},
		{"names", "address.city = 'a' and $id = 1 and _x = 2 and `名 字` = 'b' and trait(\"and\") = 'c' and trait(\"a`b\") = 'd' and `plain` = 1", "address.city = \"a\" and $id = 1 and _x = 2 and `名 字` = \"b\" and `and` = \"c\" and trait(\"a`b\") = \"d\" and plain = 1"},
		{"not in", `city not in ["a", 1, true, -2]`, `city not in ["a", 1, true, -2]`},
		{"clock", `last_time("E") >= now() - "36h" and first_time("E") < now()+"48h" and now() > ago("30d")`, `last_time("E") >= now() - "36h" and first_time("E") < now() + "2d" and now() > ago("30d")`},
		{"windows", `t > ago("5m") or t > ago("5h") or t > ago("2w") or t > ago("3mo") or t > ago("1y")`, `t > ago("5m") or t > ago("5h") or t > ago("2w") or t > ago("3mo") or t > ago("1y")`},
		{"times", `t < date("2026-01-01T08:00:00+08:00") and t > date("2026-01-01") and t = date("2026-01-01 08:30")`, `t < date("2026-01-01T00:00:00Z") and t > "2026-01-01" and t = "2026-01-01 08:30"`},
		{"points", `home = point(31.23, -121.5)`, `home = point(31.23, -121.5)`},
		{"escapes", `a = "\"\\\/\b\f\n\r\t\u4e0a\ud83d\udc68" and b = 'it\'s'`, `a = "\"\\/\u0008\u000c\n\u000d\t上👨" and b = "it's"`},
		{"windows of events", `count("E", last("30d")) > 1 and sum("E","p",between("60d","30d")) > 1 and first_time("E", since("2026-01-01")) < now() and count("E", this("week")) > 1 and count("E", this("day")) > 1`, `count("E", last("30d")) > 1 and sum("E", "p", between("60d", "30d")) > 1 and first_time("E", since("2026-01-01")) < now() and count("E", this("week")) > 1 and count("E", today()) > 1`},
		{"a window since an instant", `count("E", since("2026-01-01T08:00:00+08:00")) > 1`, `count("E", since("2026-01-01T00:00:00Z")) > 1`},
		{"clauses in any order", `top(3,"E","p",last("2w"),where(a = 1),by("n")) any_of ["x"] and count("*", today(), where(a = 1)) > 0`, `top(3, "E", "p", by("n"), where(a = 1), last("2w")) any_of ["x"] and count("*", where(a = 1), today()) > 0`},
		{"values of events", `most_frequent("E","p") = "x" and latest(5,"E","p") any_of [1] and earliest(2,"E","p") none_of [true]`, `most_frequent("E", "p") = "x" and latest(5, "E", "p") any_of [1] and earliest(2, "E", "p") none_of [true]`},
		{"days of events", `days("E") > 1 and share_of_days("E", last("10d")) > 0.5 and streak("E") > 2 and longest_streak("E", this("year")) > 2 and sessions("E", "90m") > 1`, `days("E") > 1 and share_of_days("E", last("10d")) > 0.5 and streak("E") > 2 and longest_streak("E", this("year")) > 2 and sessions("E", "90m") > 1`},
		{"a first day", `first_day_sum("E","p") > 1 and first_day_sum("*", "p", since("2026-01-01"), where(a = 1)) <= 2`, `first_day_sum("E", "p") > 1 and first_day_sum("*", "p", where(a = 1), since("2026-01-01")) <= 2`},
		{"conditions on events", `count("E", where(address.city = "a" and (x > 1 or $source in ["web"]) and not any(products, where(price > 10 and all(true))) and all(trait("a\u0060"), where(value = 1)) and any(a = 1, b = 2))) > 1`, "count(\"E\", where(address.city = \"a\" and (x > 1 or $source in [\"web\"]) and not any(products, where(price > 10 and all(true))) and all(trait(\"a`\"), where(value = 1)) and (a = 1 or b = 2))) > 1"},
		{"a sequence", `sequence("A", step("B", within("60m")), without("C", where(x = 1)), without("D"), step("E", where(y > 2), within("1h")), overlapping(), same("id"), last("2w"), within("48h"))`, `sequence("A", step("B", within("1h")), without("C", where(x = 1)), without("D"), step("E", where(y > 2), within("1h")), within("2d"), same("id"), last("2w"), overlapping())`},
		{"what does not follow", `sequence("A", without("B"), within("2h")) and sequence_count(step("A"), "*") >= 2`, `sequence("A", without("B"), within("2h")) and sequence_count("A", "*") >= 2`},
		{"interests", `interest("category","运动") > 0.5 and interest("category") < 3 and interests("category", 3) any_of ["运动"]`, `interest("category", "运动") > 0.5 and interest("category") < 3 and interests("category", 3) any_of ["运动"]`},
		{"tags with values", `tag("等级", "高") or tag("等级")`, `tag("等级", "高") or tag("等级")`},
		{"arithmetic", `a+b*c-d/e > -(a-b)*2`, `a + b * c - d / e > (0 - (a - b)) * 2`},
		{"brackets of arithmetic", `((a + b)) * (c) = (a * b) + c and ((a - (b - c)) > (1))`, `(a + b) * c = a * b + c and a - (b - c) > 1`},
		{"brackets of both kinds", `((a + 1) * 2 > 3 or (b = 1)) and ((a)) in [1] and (a) not in [2]`, `((a + 1) * 2 > 3 or b = 1) and a in [1] and a not in [2]`},
		{"minus", `a -1 > - 2 and a - -1 = --3 and -a < 0`, `a - 1 > -2 and a - -1 = 3 and 0 - a < 0`},
		{"the clock in arithmetic", `days_between(now() - "1d", t) + 1 > 0 and (now()) - "x" > 1`, `days_between(now() - "1d", t) + 1 > 0 and (now()) - "x" > 1`},
		{"functions of values", `round(a/b,2) > 1 and round(a) = floor(a) and ceil(-1.5) < abs(b) and least(a,b,3) > greatest(a,1) and coalesce(a,b,0) > 1 and days_since(t) > 3`, `round(a / b, 2) > 1 and round(a) = floor(a) and ceil(-1.5) < abs(b) and least(a, b, 3) > greatest(a, 1) and coalesce(a, b, 0) > 1 and days_since(t) > 3`},
		{"a choice", `if(a = 1 and (b > 2), a + 1, if(c in [1], 2, 3)) > 1`, `if(a = 1 and b > 2, a + 1, if(c in [1], 2, 3)) > 1`},
		{"names of new functions are names of traits too", `where > 1 and if = 2 and step + top * days > 3 and sequence = "a"`, `where > 1 and if = 2 and step + top * days > 3 and sequence = "a"`},
		{"white space", "\n a\t=\r\n1\u3000and\u00a0b=2 ", `a = 1 and b = 2`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := parse(t, tt.text)
			if got := syntax.Print(e); got != tt.want {
				t.Errorf("Print = %s\nwant    %s", got, tt.want)
			}
			if diff := cmp.Diff(e, parse(t, syntax.Print(e)), sameTree); diff != "" {
				t.Errorf("the canonical text reads differently (-first +second):\n%s", diff)
			}
		})
	}
}

func TestParse_limits(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // in the error; "" for none
	}{
		{"a long text", `a = "` + strings.Repeat("x", 256<<10) + `"`, "1:262145: the text is longer than 256 KiB"},
		{"a text that grows by escapes", `a = '` + strings.Repeat(`"`, 200<<10) + `'`, "canonical text is longer"},
		{"deep brackets around nothing", strings.Repeat("(", 500) + "a = 1" + strings.Repeat(")", 500), ""},
		{"too deep brackets", strings.Repeat("(", 100_000), "nested deeper"},
		{"deep", strings.Repeat("not ", 199) + "a = 1", ""},
		{"too deep", strings.Repeat("not ", 200) + "a = 1", "1:803: the expression is nested deeper than 200 levels"},
		{"too deep functions", strings.Repeat("all(", 50_000), "nested deeper"},
		{"a long chain", "a = 1" + strings.Repeat(" or a = 1", 3000), ""},
		{"too long a chain", "a = 1" + strings.Repeat("\nor a = 1", 4000), "3334:6: the expression has more than 10000 parts"},
		{"deep brackets of arithmetic", "a = " + strings.Repeat("(", 250) + "1" + strings.Repeat(")", 250), ""},
		{"deep brackets of arithmetic on the left", strings.Repeat("(", 250) + "a" + strings.Repeat(")", 250) + " = 1", ""},
		{"brackets of both kinds", strings.Repeat("(", 150) + strings.Repeat("(", 100) + "a" + strings.Repeat(")", 100) + " = 1" + strings.Repeat(")", 150), ""},
		{"too deep brackets of arithmetic", "a = " + strings.Repeat("(", 100_000), "nested deeper"},
		{"too deep minuses", "a = " + strings.Repeat("- ", 100_000) + "1", "nested deeper"},
		{"a long sum", "a" + strings.Repeat(" + a", 190) + " > 1", ""},
		{"too long a sum", "a" + strings.Repeat(" + a", 20_000) + " > 1", "nested deeper than 200 levels"},
		{"too deep functions of values", "a = " + strings.Repeat("abs(", 50_000), "nested deeper"},
		{"too deep choices", "a = " + strings.Repeat("if(a = ", 5_000), "nested deeper"},
		{"too deep conditions on events", strings.Repeat("count('E', where(", 5_000), "nested deeper"},
		{"a wide sequence", "sequence('A'" + strings.Repeat(", 'B'", 11_000) + ")", "more than 10000 parts"},
		{"a long list", `a in ["1"` + strings.Repeat(`,"1"`, 30_000) + "]", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := syntax.Parse(tt.text)
			switch {
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want == "":
				if _, err := syntax.Parse(syntax.Print(e)); err != nil {
					t.Errorf("the canonical text is refused: %v", err)
				}
			case err == nil || !strings.Contains(err.Error(), tt.want):
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	s := syntaxtest.Shop(nil)
	for _, text := range seeds {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := syntax.Parse(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a message")
			}
			return
		}
		checkRoundTrips(t, e)
		checkAgain(t, e, s)
	})
}

// checkAgain holds that what passes Check passes it again, unchanged.
func checkAgain(t *testing.T, e syntax.Expr, s *syntaxtest.Scope) {
	t.Helper()
	checked, err := syntax.Check(e, s)
	if err != nil {
		return
	}
	again, err := syntax.Check(checked, s)
	if err != nil {
		t.Fatalf("Check of what it returned, %s: %v", syntax.Print(checked), err)
	}
	if diff := cmp.Diff(checked, again, sameTree); diff != "" {
		t.Errorf("Check of what it returned changes it (-first +second):\n%s", diff)
	}
}

// checkRoundTrips holds that both forms read as the tree that they were written
// from, and are written the same again.
func checkRoundTrips(t *testing.T, e syntax.Expr) {
	t.Helper()
	text := syntax.Print(e)
	again, err := syntax.Parse(text)
	if err != nil {
		t.Fatalf("Parse(Print):\n%v", err)
	}
	if diff := cmp.Diff(e, again, sameTree); diff != "" {
		t.Errorf("Parse(Print) of %s (-want +got):\n%s", text, diff)
	}
	if second := syntax.Print(again); second != text {
		t.Errorf("Print is not canonical: %s, then %s", text, second)
	}
	data, err := syntax.EncodeJSON(e)
	if err != nil {
		t.Fatalf("EncodeJSON of %s: %v", text, err)
	}
	decoded, err := syntax.DecodeJSON(data)
	if err != nil {
		t.Fatalf("DecodeJSON(%s): %v", data, err)
	}
	if diff := cmp.Diff(e, decoded, sameTree); diff != "" {
		t.Errorf("DecodeJSON(%s) (-want +got):\n%s", data, diff)
	}
}

// What a trait computes is read by the same rules.
func TestParseOperand(t *testing.T) {
	for _, text := range []string{
		`count("E", where(a > 1), last("30d")) / 30`, `"上海"`, `if(tag("x"), 1, 0)`, `(a + 1) * 2`, `sequence_count("A", "B")`, `interests("category", 3)`,
		`10 * ntile(a, 5) + rank(b + 1) / percentile(c)`,
	} {
		x, err := syntax.ParseOperand(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := syntax.PrintOperand(x); got != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
	for text, want := range map[string]string{
		``:                                 "1:1: the expression is empty\n  \n  ^\n  write a value, such as count(\"event\")",
		`a > 1`:                            "1:3: a value should be here, and no condition\n  a > 1\n    ^\n  as a value, a condition is if(condition, 1, 0)",
		`a b`:                              "1:3: found \"b\" where the end should be\n  a b\n    ^",
		`tag("x")`:                         "1:1: tag(...) is a condition, a value should be here\n  tag(\"x\")\n  ^^^",
		`sum("E", "p"`:                     "1:1: sum is written sum(\"event\", \"property\")",
		"a + \xff":                         "1:5: the text is not valid UTF-8",
		`a + ` + strings.Repeat("(", 9000): "nested deeper",
	} {
		_, err := syntax.ParseOperand(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %s", text, err, want)
		}
	}
}

func FuzzParseOperand(f *testing.F) {
	for _, text := range operandSeeds {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, err := syntax.ParseOperand(text)
		if err != nil {
			return
		}
		checkRoundTrips(t, &syntax.Exists{X: x})
	})
}

var operandSeeds = []string{
	`-a * (b + -1.5) / --2 - (now()) - "1d"`, `top(3, "E", "p", by("n"), where(any(l, where(value = 1))), this("week"))`,
	`sequence_count("A", without("B", where(x in [1])), step("C", within("1h")), within("2h"), same("p"), overlapping())`,
	`if(sequence("A", without("B"), within("2h")), interest("c", "k"), coalesce(1, 2))`, `days_between(date("2026-01-01"), ago("1mo")) + round(x, 2)`,
	`sessions("*", "30m", between("2w", "1w"))`, `a + (`, `((a) + 1`, `count("E", last("1d"), where(`, `interests("c", 1001)`, `a +- "x"`, `100 * ntile(days_since(t), 5) + rank(a) - percentile(if(tag("x"), a, b))`,
}

var seeds = []string{
	`count("E", where(any(products, where(price > 10)) and $source = "web"), last("30d")) * 2 - 1 > (a + 1) / 3`,
	`sequence("A", step("B", within("1h")), without("C"), within("2h"), last("2w")) and tag("等级", "高") or (((a)) in [1] and (b = 1))`,
	`age / points > spend * -1 and if(tag("等级", "高"), registered, "2026-01-01") < last_time("Order Completed", since("2026-01-01")) and interests("category", 2) any_of ["x"]`,
	`days_between(registered, "2026-01-01") = 3 and sessions("App Opened", "30m") > recent and favourite in ["a", 1] and sum("*", "n", where(t > date("2026-01-01T00:00:00Z"))) > 1`,
	`share_of_days("E", between("60d", "30d")) > 0.5 and if(vip = true, interest("c", "运动"), 0) >= least(1, days_since(t))`,
	`count("Order Completed") >= 3 and city in ["上海", "北京"] and not tag("沉睡")`,
	`all(a = 1, any(), xor(b = -2e9)) or minus(c != 'x', d < date("2026-01-01")) or at_least(1, true)`,
	"`a b` any_of [1, point(1,-2)] and trait(\"`\") none_of [] and has(x, date(\"2026-01-01T08:00:00+08:00\"))",
	`matches(a, "^\\d+$") and contains(b, "\ud83d\udc68") and missing(last("E", "p")) and exists(trait("x"))`,
	`t >= now() - "36h" and t < ago("1mo") and now() + "90s" != first_time("E") and 1 <= unique("E", "p")`,
	`a between 1 and 2`, `city in （"上海"）`, "a = \"\n\"", "a = 'x\\", "not not not true", "1_0.5e-3 = x.y",
	`sample("exp-7", 0.1) or draw("a") < draw("b") and bucket("layer", 100) <= 20 and 0.5 > draw("x") and draw("y") < 2`,
	`near(home, 31.2304, 121.4737, "3km") and not within(home, "商圈") or within(home, '{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,1],[0,0]]]}')`,
	`count("Visit", where(near(at, -89.5, 180, "0.25km") and within(at, "x"))) > 2`,
	`identified("email") and not namespaces() all_of ["phone", "device_id"] or namespaces() any_of [""] or missing(namespaces())`,
	`in_list("vip-2026-11") and not in_list("a") or tag("x")`,
	`percentile(spend) >= 0.8 and not rank(points + 1) in [1, 2] or ntile(registered, 5) != 1`,
	`t = "-1y" and t = ago("0d") and now() - "1y" = t`,
}
