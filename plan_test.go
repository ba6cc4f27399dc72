package portrait_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// A plan calls what it reads by the conditions that it answers, and not by the numbers of
// fields, also where one condition reads several.
func TestView_Plan_names(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	model, err := portrait.ParseModel([]byte(`
traits:
  city: {index: true}
  age: {type: number, index: true}
  home: {type: point, index: true}
  apps: {merge: union, index: true}
tags:
  tier: {value: city}
`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Apply(t.Context(), model); err != nil {
		t.Fatal(err)
	}
	for i, city := range []string{"a", "b", "c"} {
		take(t, db, profile.Event{
			Type: profile.Identify, Time: epoch0, MessageID: city, Identifiers: []profile.Identifier{id("user_id", city)},
			Traits: map[string]profile.Value{
				"city": profile.String(city), "age": profile.Number(float64(20 + i)), "home": profile.Point(31.2+float64(i)/100, 121.4),
				"apps": profile.Set(profile.String("x"), profile.String(fmt.Sprint("y", i))),
			},
		})
	}
	v := viewOf(t, db)
	for text, want := range map[string][]string{
		`apps any_of ["x", "y1"]`:        {`bitmap[apps any_of ["x"]]`, `bitmap[apps any_of ["y1"]]`},
		`apps all_of ["x", "y1"]`:        {`bitmap[apps any_of ["x"]]`, `bitmap[apps any_of ["y1"]]`},
		`apps none_of ["y0", "y1"]`:      {`bitmap[exists(apps)]`, `bitmap[apps any_of ["y0"]]`, `bitmap[apps any_of ["y1"]]`},
		`city in ["a", "b"]`:             {`bitmap[city = "a"]`, `bitmap[city = "b"]`},
		`city not in ["a", "b"]`:         {`bitmap[exists(city)]`, `bitmap[city = "a"]`, `bitmap[city = "b"]`},
		`city != "c"`:                    {`bitmap[exists(city)]`, `bitmap[city = "c"]`},
		`age not in [20, 21]`:            {`exists[exists(age)]`, `range[age in [20, 21]]`},
		`missing(age) or missing(city)`:  {`exists[exists(age)]`, `bitmap[exists(city)]`},
		`near(home, 31.2, 121.4, "3km")`: {`range[near(home, 31.2, 121.4, "3km")]`, `border[near(home, 31.2, 121.4, "3km")]`},
		`tag("tier", "a") or tag("tier", "b") or at_least(2, age > 20, age < 22)`: {`bitmap[tag("tier", "a")]`, `range[age > 20 and age < 22]`},
	} {
		plan, err := v.Plan(t.Context(), segment.MustParse(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range want {
			if !strings.Contains(plan.Text, name) {
				t.Errorf("%s: no %s in\n%s", text, name, plan.Text)
			}
		}
		if strings.Contains(plan.Text, "[field") {
			t.Errorf("%s: a number of a field\n%s", text, plan.Text)
		}
	}
}
