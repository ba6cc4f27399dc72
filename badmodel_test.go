package portrait_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// TestApply_bad_behaviour hands in declarations that cannot be: each is refused with
// what is wrong and where, and changes nothing.
func TestApply_bad_behaviour(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	trait := func(compute string) string { return fmt.Sprintf("traits:\n  x: {compute: %q}\n", compute) }
	rule := func(text string) string { return fmt.Sprintf("tags:\n  x: {rule: %q}\n", text) }
	for name, c := range map[string]struct{ model, want string }{
		"an unknown zone":               {"zone: Asia/Atlantis", `unknown time zone Asia/Atlantis`},
		"an unknown day":                {"week: montag", `week: "montag" is no day: want one of sunday, monday`},
		"a window too long":             {rule(`count("E", last("300y")) > 1`), `1:17: "300y" is more than 200 years`},
		"a window of too many minutes":  {rule(`count("E", last("20000m")) > 1`), `1:`},
		"days in hours":                 {rule(`days("E", last("24h")) > 1`), `1:`},
		"division by zero":              {trait(`count("E") / 0`), `1:`},
		"a look-around":                 {rule(`count("E", where(matches(p, "(?=a)"))) > 1`), `patterns are RE2`},
		"a sequence of 100 steps":       {rule(`sequence(` + strings.TrimSuffix(strings.Repeat(`"E", `, 100), ", ") + `)`), `1:`},
		"a trailing without":            {rule(`sequence("A", without("B"))`), `within`},
		"an unknown interest":           {rule(`interest("colour", "red") > 1`), `unknown interest "colour"`},
		"an unknown trait in a formula": {trait(`spnt / 2`), `unknown trait "spnt"`},
		"a trait of itself":             {"traits:\n  a: {compute: 'b + 1'}\n  b: {compute: 'a + 1'}\n", `a -> b -> a`},
		"a tag through a trait":         {"traits:\n  a: {compute: 'if(tag(\"x\"), 1, 2)'}\ntags:\n  x: {rule: 'a > 1'}\n", `a -> "x" -> a`},
		"a formula of two kinds":        {"traits:\n  city: {}\n  x: {compute: 'city + 1'}\n", `1:`},
		"an index that never rests":     {"traits:\n  x: {compute: 'days_since(last_time(\"E\"))', index: true}\n", `index the time, and compare that with ago()`},
		"a half-life of a second":       {"interests:\n  c: {half_life: 1s, from: [{event: E, property: p}]}\n", `half_life 1s: want a minute to 100 years`},
		"an interest with a tag":        {"interests:\n  c: {half_life: 1d, from: [{event: E, property: p, where: 'tag(\"x\")'}]}\n", `interest "c", event "E": where: 1:1`},
		"a log of a minute":             {"log: {retain: 1m}", `log: retain: 1m0s: want an hour to 200 years`},
		"a segment with tiers":          {"segments:\n  s: {tiers: [{value: a, rule: 'true'}]}\n", `segment "s": it wants a rule`},
		"a tag and a segment":           {"tags:\n  s: {rule: 'true'}\nsegments:\n  s: {rule: 'true'}\n", `segment "s" is declared twice`},
		"a tag of nothing":              {"tags:\n  s: {group: a}\n", `the rule is missing`},
		"10,001 conditions":             {rule(strings.Repeat(`count("E") > 1 or `, 5000) + `true`), `more than 10000 parts`},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := portrait.ParseModel([]byte(c.model))
			if err == nil {
				_, err = db.Apply(t.Context(), m)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, portrait.ErrModel) {
				t.Errorf("%v, want one with %q", err, c.want)
			}
		})
	}
}

// What only looks bad works: a rule of thousands of conditions, a formula that divides
// by a trait that is 0, a pattern that would explode in other engines, a window longer
// than anything is kept for.
func TestApply_wide_behaviour(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	var wide strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&wide, `count("E%d", last("%dd")) >= 1 or `, i, 1+i%400)
	}
	apply(t, db, fmt.Sprintf(`
traits:
  per_return: {compute: 'count("E1") / count("Returned")'}
tags:
  wide: {rule: %q}
  hungry: {rule: 'count("E1", where(matches(p, "(a+)+$"))) >= 1'}
  long: {rule: 'count("E1", last("100y")) >= 1'}
log: {retain: 1d}
`, wide.String()+"false"))
	jane := id("user_id", "jane")
	res, err := db.Ingest(t.Context(), profile.Event{
		Name: "E1", Time: now.AddDate(0, 0, -1), Identifiers: []profile.Identifier{jane},
		Properties: map[string]profile.Value{"p": profile.String(strings.Repeat("a", 5000) + "b")},
	})
	if err != nil || res.Accepted != 1 {
		t.Fatalf("%+v, %v", res, err)
	}
	for text, want := range map[string]uint64{
		`tag("wide") and tag("long") and not tag("hungry")`: 1, `missing(per_return)`: 1, `per_return > 0 or per_return <= 0`: 0,
	} {
		if n, err := db.Count(t.Context(), segment.MustParse(text)); err != nil || n != want {
			t.Errorf("%s: %d, %v; want %d", text, n, err, want)
		}
	}
}

// What a model asks others for cannot be dropped, and the error says who asks.
func TestApply_dropped_and_needed(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "tags:\n  a: {rule: 'count(\"E\") > 1'}\n  b: {rule: 'tag(\"a\")'}\nsegments:\n  c: {rule: 'not tag(\"a\")'}\n")
	m := db.Model()
	m.Tags = m.Tags[1:]
	_, err := db.Apply(t.Context(), m)
	for _, want := range []string{`tag "b"`, `segment`, `"c"`, `unknown tag "a"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want one with %s", err, want)
		}
	}
}

// A tag that is renamed, and one that is dropped, while they are filled: what is left
// is the new name, whole.
func TestApply_renamed_while_filled(t *testing.T) {
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now), NoSync: true, FillRate: 1}
	db := open(t, dir, opts)
	crowdOf(t, db, 6000)
	m := model(t, `tags: {old: {rule: 'count("Clicked") = 1'}, other: {rule: 'true'}}`)
	if _, err := db.Apply(t.Context(), m, portrait.Background); err != nil {
		t.Fatal(err)
	}
	for db.Metrics().Filled == 0 {
		continue
	}
	m.Tags = m.Tags[:1]
	m.Tags[0].Name = "new"
	if _, err := db.Apply(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Count(t.Context(), segment.Tag("new")); err != nil || n != 6000 {
		t.Errorf("the new name: %d, %v", n, err)
	}
	for _, name := range []string{"old", "other"} {
		if _, err := db.Count(t.Context(), segment.Tag(name)); err == nil {
			t.Errorf("tag %q is still there", name)
		}
	}
	changes, err := collect(viewOf(t, db).Changes(t.Context(), portrait.Cursor{}))
	if err != nil || len(changes) != 6000 {
		t.Errorf("%d changes, %v; want one for everybody who has the new tag", len(changes), err)
	}
	for _, c := range changes {
		if c.Tag != "new" || c.Cause != "definition" || c.Kind != "entered" {
			t.Fatalf("%+v", c)
		}
	}
}
