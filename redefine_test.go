package portrait_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// A tag that changes whom it gives which value, and not who has it, changes what asks
// for a value too.
func TestApply_values_change_places(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	crowdOf(t, db, 10)
	const asking = `
  要: {rule: 'tag("级", "高")'}
  再: {rule: 'tag("要")'}
segments:
  段: {rule: 'tag("级", "高")'}
`
	const before = `
tags:
  级: {tiers: [{value: 高, rule: 'count("Clicked") >= 1'}, {value: 低, rule: 'count("Clicked") >= 0'}]}` + asking
	after := strings.NewReplacer("高, r", "低, r", "低, r", "高, r").Replace(before)
	for i, text := range []string{before, after} {
		apply(t, db, text)
		want := []uint64{10, 0}[i]
		for _, name := range []string{"要", "再", "段"} {
			if n, err := db.Count(t.Context(), segment.Tag(name)); err != nil || n != want {
				t.Errorf("%s: %d, %v; want %d", name, n, err, want)
			}
		}
		if err := db.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A property that is folded in another way is a change, as is an event name that
// nothing is folded of.
func TestApply_property_folded_otherwise(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	for _, text := range []string{
		"events: {Bought: {numbers: [sku]}}", "events: {Bought: {unique: [sku]}}", "events: {Bought: {unique: [sku]}, Left: {}}",
	} {
		apply(t, db, text)
		want, err := model(t, text).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		m := db.Model()
		m.Identity.Namespaces = nil
		if got, err := m.MarshalJSON(); err != nil || string(got) != string(want) {
			t.Errorf("after %s the model is %s, %v", text, got, err)
		}
	}
}

// Until profiles have folded the events of before, nothing that reads these folds can
// be asked, and a dry run looks through that.
func TestRefold_questions_meanwhile(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "log: {retain: 100d}")
	if _, err := db.Ingest(t.Context(), profile.Event{
		MessageID: "1", Name: "Clicked", Time: now.Add(-time.Hour), Identifiers: []profile.Identifier{id("user_id", "u")},
	}); err != nil {
		t.Fatal(err)
	}
	const text = `
log: {retain: 100d}
traits:
  clicks: {compute: 'count("Clicked", last("30d"))'}
tags:
  clicked: {rule: 'clicks >= 1'}
`
	if err := portrait.ApplyUnfilled(t.Context(), db, model(t, text)); err != nil {
		t.Fatal(err)
	}
	if !portrait.IsRefolding(db) {
		t.Fatal("the events of before are folded already")
	}
	v := viewOf(t, db)
	defer v.Close()
	refused := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "is being filled and cannot be asked yet") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, text := range []string{`clicks >= 1`, `count("Clicked", last("30d")) >= 1`, `tag("clicked")`} {
		e := segment.MustParse(text)
		_, err := v.Count(t.Context(), e)
		refused("count "+text, err)
		_, err = collect(v.FlipsBefore(t.Context(), e, now.AddDate(1, 0, 0)))
		refused("flips of "+text, err)
		_, err = v.Explain(t.Context(), e, id("user_id", "u"))
		refused("explain "+text, err)
	}
	_, err := v.Cutoffs(t.Context(), tags.MustParseFormula("clicks"), 2)
	refused("cut-offs", err)
	plan, err := db.Apply(t.Context(), model(t, strings.Replace(text, ">= 1", ">= 1 and true", 1)), portrait.DryRun)
	if err != nil || len(plan.Moves) != 1 || plan.Moves[0].Stayed != 1 {
		t.Errorf("a dry run: %+v, %v", plan, err)
	}
}

// Of a computed trait whose type is declared other values count nowhere: not in an
// index, not in rules, not where another trait of the same is indexed.
func TestTraits_declared_kind(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	event := func(message string, v profile.Value) profile.Event {
		return profile.Event{
			MessageID: message, Name: "Viewed", Time: now.Add(-time.Hour), Properties: map[string]profile.Value{"price": v},
			Identifiers: []profile.Identifier{id("user_id", message)},
		}
	}
	apply(t, db, "log: {retain: 100d}")
	if _, err := db.Ingest(t.Context(), event("a", profile.String("dear")), event("b", profile.Number(3))); err != nil {
		t.Fatal(err)
	}
	for _, indexed := range [][]string{nil, {"narrow"}, {"wide"}, {"narrow", "wide"}} {
		m := model(t, `
log: {retain: 100d}
traits:
  narrow: {compute: 'last("Viewed", "price", last("90d"))', type: number}
  wide: {compute: 'last("Viewed", "price", last("90d"))'}
tags:
  narrow: {rule: 'exists(narrow)'}
  wide: {rule: 'exists(wide)'}
`)
		for name, trait := range m.Traits {
			trait.Index = slices.Contains(indexed, name)
			m.Traits[name] = trait
		}
		if _, err := db.Apply(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]uint64{
			`exists(narrow)`: 1, `narrow > 2`: 1, `tag("narrow")`: 1, `missing(narrow)`: 1,
			`exists(wide)`: 2, `wide = "dear"`: 1, `tag("wide")`: 2, `exists(last("Viewed", "price", last("90d")))`: 2,
		} {
			if n, err := db.Count(t.Context(), segment.MustParse(text)); err != nil || n != want {
				t.Errorf("with %q indexed, %s: %d, %v; want %d", indexed, text, n, err, want)
			}
		}
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("with %q indexed: %v", indexed, err)
		}
	}
}

// A profile of several identifiers, one of which catches up with an event and the other
// later, has the values of the end alone.
func TestRefold_half_a_profile(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "log: {retain: 100d}")
	user, cookie := id("user_id", "u"), id("anonymous_id", "a")
	bought := func(message string, ids ...profile.Identifier) {
		t.Helper()
		if _, err := db.Ingest(t.Context(), profile.Event{MessageID: message, Name: "Bought", Time: now.Add(-time.Hour), Identifiers: ids}); err != nil {
			t.Fatal(err)
		}
	}
	bought("1", cookie)
	bought("2", user, cookie)
	m := model(t, `
log: {retain: 100d}
traits:
  level: {compute: 'if(count("Bought", last("30d")) >= 3, "high", "low")', index: true}
  few: {compute: 'coalesce(min("Bought", "n", last("30d")), 6 / (3 - count("Bought", last("30d"))))', index: true}
tags:
  level: {tiers: [{value: high, rule: 'count("Bought", last("30d")) >= 3'}], else: low}
`)
	if err := portrait.ApplyUnfilled(t.Context(), db, m); err != nil {
		t.Fatal(err)
	}
	bought("3", user)
	if !portrait.IsRefolding(db) {
		t.Fatal("the cookie has caught up")
	}
	if _, err := db.Apply(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]uint64{
		`level = "high"`: 1, `level = "low"`: 0, `tag("level", "high")`: 1, `tag("level", "low")`: 0, `exists(few)`: 0, `few > 0`: 0,
	} {
		if n, err := db.Count(t.Context(), segment.MustParse(text)); err != nil || n != want {
			t.Errorf("%s: %d, %v; want %d", text, n, err, want)
		}
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
