package tags_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/tags"
)

// subjects reads rules, one a line, as tags that are named a, b, c and so on.
func subjects(t testing.TB, rules string) []tags.Subject {
	t.Helper()
	var all []tags.Subject
	for i, text := range strings.Split(strings.TrimSpace(rules), "\n") {
		rule, err := tags.Parse(strings.TrimSpace(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tags.Subject{Tag: string(rune('a' + i)), Holds: rule.Tree()})
	}
	return all
}

func analyse(t testing.TB, subjects []tags.Subject, s syntax.Scope) tags.Analysis {
	t.Helper()
	a, err := tags.Analyse(t.Context(), subjects, s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// brief writes a finding as the tables below do.
func brief(f tags.Finding) string {
	switch f.Kind {
	case tags.AlwaysFalse:
		return f.Tag + f.Value + " never"
	case tags.AlwaysTrue:
		return f.Tag + f.Value + " always"
	case tags.Unreachable:
		return f.Tag + f.Value + " unreachable"
	case tags.Equal:
		return f.Tag + f.Value + " = " + f.Other + f.OtherValue
	case tags.Contained:
		return f.Tag + f.Value + " < " + f.Other + f.OtherValue
	case tags.Contradictory:
		return f.Tag + f.Value + " x " + f.Other + f.OtherValue
	}
	return fmt.Sprintf("%s%s %s: %s", f.Tag, f.Value, map[tags.FindingKind]string{tags.PartNever: "never", tags.PartAlways: "always", tags.PartIdle: "idle"}[f.Kind], f.Part)
}

func TestAnalyse(t *testing.T) {
	const order, view = `count("Order Completed", `, `count("Product Viewed", `
	tests := []struct {
		name, rules string
		want        []string
	}{
		{"a night takes in what is yet to come of it", `
			exists(dwell("E", "at", during("home"), min_days(1), last("1d")))
			exists(dwell("E", "at", during("home"), min_days(1), last("1d"))) and count("E", last("1d")) = 0
			days_at(dwell("E", "at", last("1d"))) > 1 and days_at(dwell("E", "at", last("1d"))) < 1`, []string{"b < a", "c never"}},
		{"constants", "true\nfalse\nall()\nany()", []string{"a always", "b never", "c always", "d never"}},
		{"a contradiction", `age > 5 and age < 3`, []string{"a never"}},
		{"no whole number between", order + `last("7d")) > 2 and ` + order + `last("7d")) < 3`, []string{"a never"}},
		{"a number between", `age > 2 and age < 3`, nil},
		{"what is missing is not less", "not (age < 3)\nage >= 3", []string{"b < a"}},
		{"but where it exists", "not (age < 3) and exists(age)\nage >= 3", []string{"b = a"}},
		{"either or missing", `age < 3 or age >= 3 or missing(age)`, []string{"a always"}},
		{"either or", `age < 3 or age >= 3`, nil},
		{"either or exists", "age < 3 or age >= 3\nexists(age)", []string{"b = a"}},
		{"a windowed count is never missing", "not (" + order + `last("7d")) >= 3)` + "\n" + order + `last("7d")) < 3`, []string{"b = a"}},
		{"a window in a window", order + `last("7d")) >= 3` + "\n" + order + `last("30d")) >= 3`, []string{"a < b"}},
		{"a higher threshold", order + `last("7d")) >= 3` + "\n" + order + `last("30d")) >= 1`, []string{"a < b"}},
		{"a higher threshold of the longer", order + `last("7d")) >= 3` + "\n" + order + `last("30d")) >= 4`, nil},
		{"a shorter window of more", order + `last("7d")) >= 3 and ` + order + `last("30d")) < 3`, []string{"a never"}},
		{"weeks are days", order + `last("4w")) >= 3` + "\n" + order + `last("28d")) >= 3`, []string{"b = a"}},
		{"today is a day", order + `today()) = 0` + "\n" + order + `last("1d")) = 0` + "\n" + order + `this("day")) = 0`, []string{"b = a", "c = a"}},
		{"years are months", order + `last("1y")) >= 3` + "\n" + order + `last("12mo")) >= 3`, []string{"b = a"}},
		{"months and days", order + `last("28d")) >= 1` + "\n" + order + `last("1mo")) >= 1` + "\n" + order + `last("31d")) >= 1`, []string{"a < b", "b < c"}},
		{"hours are no days", order + `last("1h")) >= 1` + "\n" + order + `last("30d")) >= 1`, nil},
		{"minutes and hours", order + `last("60m")) >= 1` + "\n" + order + `last("2h")) >= 1` + "\n" + order + `last("1h")) >= 1`, []string{"a < b", "c < b"}},
		{"this month and year", order + `this("month")) >= 1` + "\n" + order + `this("year")) >= 1` + "\n" + order + `last("31d")) >= 1`, []string{"a < b", "a < c"}},
		{"between", order + `between("20d", "10d")) >= 1` + "\n" + order + `last("20d")) >= 1` + "\n" + order + `between("30d", "10d")) >= 1`, []string{"a < b", "a < c"}},
		{"since", order + `since("2026-05-01")) >= 1` + "\n" + order + `since("2026-04-01")) >= 1`, []string{"a < b"}},
		{"a filter", view + `where(price > 10), last("7d")) >= 1` + "\n" + view + `where(price > 5), last("7d")) >= 1` + "\n" + view + `last("30d")) >= 1`, []string{"a < b", "b < c"}},
		{"a filter in another order", view + `where(price > 10 and category = "x")) >= 1` + "\n" + view + `where(category = "x" and price > 10)) >= 1`, []string{"b = a"}},
		{"filters apart are not events apart", view + `where(price > 10), last("7d")) >= 1` + "\n" + view + `where(price < 5), last("7d")) >= 1`, nil},
		{"days and events", `days("App Opened", last("7d")) >= 3` + "\n" + `count("App Opened", last("7d")) >= 3`, []string{"a < b"}},
		{"streaks and days", `longest_streak("App Opened", last("7d")) >= 3` + "\n" + `days("App Opened", last("14d")) >= 2`, []string{"a < b"}},
		{"a time and a count", `exists(last_time("Order Completed", last("7d")))` + "\n" + order + `last("30d")) >= 1` + "\n" + order + `last("7d")) = 0`, []string{"a < b", "a x c"}},
		{"first and last", `first_time("Order Completed") > "2026-05-01" and last_time("Order Completed") < "2026-04-01"`, []string{"a never"}},
		{"least and greatest", `min("Order Completed", "revenue") > 10 and max("Order Completed", "revenue") < 10`, []string{"a never"}},
		{"an average is not watched", `avg("Order Completed", "revenue") > 10 and max("Order Completed", "revenue") < 10`, nil},
		{"lists", "city in [\"上海\", \"北京\"]\ncity = \"上海\"\ncity in [\"广州\"]\ncity not in [\"上海\"]", []string{"a x c", "b < a", "b x c", "b x d", "c < d"}},
		{"sets", "apps all_of [\"a\", \"b\"]\napps any_of [\"a\", \"c\"]\napps none_of [\"b\"]\nexists(apps)", []string{"a < b", "a x c", "b < d", "c < d"}},
		{"texts", `contains(city, "abc")` + "\n" + `contains(city, "b")` + "\n" + `starts_with(city, "ab")` + "\n" + `starts_with(city, "a")`, []string{"a < b", "c < d"}},
		{"a text of which it is known", `city in ["上海", "北京"] and ends_with(city, "京")` + "\n" + `city = "北京"`, []string{"b = a"}},
		{"booleans", "vip = true\nvip != false\nnot (vip = false)\nvip = false", []string{"a < c", "a x d", "b = a", "c x d"}},
		{"times and clocks", `registered >= ago("7d")` + "\n" + `registered >= ago("30d")` + "\n" + `registered < ago("30d")` + "\n" + `registered > now() - "24h"` + "\n" + `registered > now() - "2h"`, []string{"a < b", "a x c", "b x c", "c x d", "c x e", "d < a", "e < d"}},
		{"minutes and hours of the clock", `registered >= ago("60m")` + "\n" + `registered >= ago("2h")` + "\n" + `registered >= ago("5h")` + "\n" + `registered >= ago("120m")` + "\n" + `registered >= ago("121m")`, []string{"a < b", "b < d", "d < e", "e < c"}},
		{"a count over the whole life may be unknown", "not (" + `count("Order Completed") >= 3)` + "\n" + `count("Order Completed") < 3`, []string{"b < a"}},
		{"windows of effect", `now() >= "2026-06-01" and now() < "2026-05-01"` + "\n" + `now() - "24h" >= "2026-06-01"` + "\n" + `now() >= "2026-06-02"`, []string{"a never", "c = b"}},
		{"clocks among each other", `now() > ago("2d")` + "\n" + `ago("1mo") > ago("28d")`, []string{"b never"}},
		{"two operands", "age < points\npoints > age\nage >= points\nexists(points)", []string{"a < d", "a x c", "b = a", "c < d"}},
		{"two operands and constants", `age < points and points < 3 and age > 5`, []string{"a never"}},
		{"tags are followed", "tag(\"高频购买者\")\ncount(\"Order Completed\") >= 1\ntag(\"新客\") and tag(\"高频购买者\")\ntag(\"等级\", \"高\") and tag(\"等级\", \"中\")", []string{"a < b", "c never", "d never"}},
		{"computed traits are followed", "spend > 5\nsum(\"Order Completed\", \"revenue\") > 5\nrecent >= 3\ncount(\"Order Completed\", last(\"30d\")) >= 2", []string{"b = a", "c < d"}},
		{"conditions within operands", `if(age > 5, 1, 2) = 1` + "\n" + `age > 5` + "\n" + `coalesce(age, 0) >= 3` + "\n" + `age >= 3`, []string{"a < c", "b = a", "d = c"}},
		{"several of several", "at_least(2, age > 3, vip = true, exists(city))\nage > 5 and vip = true\nxor(age > 3, age > 5)\nage > 3 and age <= 5", []string{"b < a", "b x c", "d = c"}},
		{"parts", `age >= 3 and age >= 1 and (city = "x" or city in ["x", "y"] or age < 2 and age > 4)`, []string{`a never: age < 2 and age > 4`, `a idle: age >= 1`, `a idle: city = "x"`}},
		{"a part that always holds", `vip = true and (age < 3 or not (age < 3))`, []string{`a always: age < 3 or not age < 3`}},
		{"what lies across others", "age < points\nage > 5 and points < 3\nage = 5 and points = 6\nage = 5\npoints = 6", []string{"a x b", "b x c", "b x d", "b x e", "c < a", "c < d", "c < e"}},
		{"alternatives", "age > 7 or points > 7\nage > 5 or points > 5\nage < 3 and points < 3\nage > 8 and vip = true", []string{"a < b", "a x c", "b x c", "c x d", "d < a"}},
		{"sequences", `sequence("A", "B", within("2h"))` + "\n" + `sequence_count("A", "B", within("2h")) >= 1` + "\n" + `sequence_count("A", "B", within("2h")) >= 2`, []string{"b = a", "c < a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			a := analyse(t, subjects(t, tt.rules), shop(t, "Asia/Shanghai"))
			for _, f := range a.Findings {
				got = append(got, brief(f))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			if a.Undecided > 0 {
				t.Errorf("%d questions were given up", a.Undecided)
			}
		})
	}
}
