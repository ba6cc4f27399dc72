package portrait_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// What is read from tables in one go is what their cells give one by one: of bitmaps, of
// columns, and of conditions that no index answers.
func TestView_Cross_is_its_cells(t *testing.T) {
	r := seed(t)
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, `
traits:
  spent: {type: number, index: true}
  plain: {type: number}
  city: {index: true}
  apps: {type: set, index: true}
tags:
  grade: {tiers: [{value: high, rule: spent >= 50}, {value: low, rule: spent < 10}]}
  rich: {rule: spent > 80}
`)
	cities, apps := []string{"北京", "上海", "广州"}, []string{"a", "b", "c"}
	for i := range 300 {
		spent := profile.Number(float64(r.IntN(100)))
		e := profile.Event{
			Type: profile.Identify, Time: epoch0, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))},
			Traits: map[string]profile.Value{"spent": spent, "plain": spent, "city": profile.String(cities[r.IntN(3)])},
		}
		var own []profile.Value
		for _, a := range apps {
			if r.IntN(2) == 0 {
				own = append(own, profile.String(a))
			}
		}
		e.Traits["apps"] = profile.Set(own...)
		take(t, db, e)
	}
	v := viewOf(t, db)
	cells := struct{ insight.Counter }{v}
	value := func(text string) insight.Value { return insight.Value{Name: text, Expr: segment.MustParse(text)} }
	dims := []insight.Dimension{
		insight.Tag("grade", "high", "low"),
		{Name: "city", Values: []insight.Value{value(`city = "北京"`), value(`city = "上海"`), value("plain > 30")}},
		{Name: "apps", Values: []insight.Value{value(`has(apps, "a")`), value("spent < 40")}},
	}
	bases := []segment.Expr{{}, segment.MustParse("spent > 20"), segment.MustParse("plain < 70")}
	for i, base := range bases {
		same(t, fmt.Sprint("table ", i), v, cells, func(c insight.Counter) (any, error) {
			return insight.CrossTab(t.Context(), c, base, 0, dims...)
		})
		same(t, fmt.Sprint("overlap ", i), v, cells, func(c insight.Counter) (any, error) {
			return insight.Overlap(t.Context(), c, base, 0, insight.Segment{Name: "a", Expr: segment.Tag("rich")}, insight.Segment{Name: "b", Expr: dims[1].Values[2].Expr}, insight.Segment{Name: "c", Expr: dims[2].Values[0].Expr})
		})
		for _, audience := range []string{"spent > 50", "plain < 10", `tag("rich") or city = "广州"`} {
			same(t, fmt.Sprint(audience, " of ", i), v, cells, func(c insight.Counter) (any, error) {
				return insight.Compare(t.Context(), c, insight.Question{Audience: segment.MustParse(audience), Base: base, Dimensions: dims})
			})
		}
	}
}

// same fails the test where an answer in one go and cell by cell differ.
func same(t *testing.T, what string, v *portrait.View, cells insight.Counter, ask func(insight.Counter) (any, error)) {
	t.Helper()
	if _, ok := insight.Counter(v).(insight.Crosser); !ok {
		t.Fatal("a view does not count tables")
	}
	got, err := ask(v)
	want, otherErr := ask(cells)
	if err != nil || otherErr != nil {
		t.Fatalf("%s: %v, %v", what, err, otherErr)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-cell by cell +in one go):\n%s", what, d)
	}
}
