package portrait_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// crowdOf takes in one event of each of n people.
func crowdOf(t *testing.T, db *portrait.DB, n int) {
	t.Helper()
	events := make([]profile.Event, n)
	for i := range events {
		events[i] = profile.Event{
			MessageID: fmt.Sprint(i), Name: "Clicked", Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u-", i))},
		}
	}
	if res, err := db.Ingest(t.Context(), events...); err != nil || res.Accepted != n {
		t.Fatalf("%+v, %v", res, err)
	}
}

// A filling in the background, at a pace at which it would take hours, is closed in
// the middle of it: nobody can ask for the tag, the next Open goes on where it was,
// and an Apply without Background waits for the end.
func TestApply_background(t *testing.T) {
	const people = 10_000
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now), NoSync: true, FillRate: 1}
	db := open(t, dir, opts)
	crowdOf(t, db, people)
	m := db.Model()
	m.Tags = []tags.Definition{{Name: "点击", Rule: tags.MustParse(`count("Clicked") >= 1`)}}
	plan, err := db.Apply(t.Context(), m, portrait.Background)
	if err != nil || len(plan.Changes) != 1 {
		t.Fatalf("%+v, %v", plan, err)
	}
	clicked := segment.Tag("点击")
	for db.Metrics().Filled == 0 { // the first batch comes at once
		continue
	}
	filled := db.Metrics()
	if filled.Filled >= people || filled.ToFill != people {
		t.Errorf("%d of %d are filled", filled.Filled, filled.ToFill)
	}
	want := fmt.Sprintf(`tag "点击" is being filled and cannot be asked yet: %d of %d profiles are done`, filled.Filled, people)
	if _, err := db.Count(t.Context(), clicked); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("while it is filled: %v, want %s", err, want)
	}
	checkAndClose(t, db)

	db = open(t, dir, opts)
	for db.Metrics().Filled <= filled.Filled { // not from the beginning
		continue
	}
	if plan, err := db.Apply(t.Context(), db.Model()); err != nil || len(plan.Changes) != 0 {
		t.Fatalf("%+v, %v", plan, err)
	}
	if n, err := db.Count(t.Context(), clicked); err != nil || n != people {
		t.Errorf("%d, %v", n, err)
	}
	if m := db.Metrics(); m.Filled != 0 || m.ToFill != 0 {
		t.Errorf("done, and %d of %d are filled", m.Filled, m.ToFill)
	}
}

// Every edit of a definition is on record, and the record is what to roll back with.
func TestTagHistory(t *testing.T) {
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now), NoSync: true}
	db := open(t, dir, opts)
	crowdOf(t, db, 3)
	define := func(def tags.Definition) {
		t.Helper()
		if err := db.DefineTag(t.Context(), def); err != nil {
			t.Fatal(err)
		}
	}
	first := tags.Definition{Name: "点击", Rule: tags.MustParse(`count("Clicked") >= 1`), Owner: "jane"}
	second := tags.Definition{
		Name: "点击", Else: "少", Group: "行为/点击",
		Tiers: []tags.Tier{{Value: "多", Rule: tags.MustParse(`count("Clicked") >= 2`)}},
	}
	define(first)
	define(second)
	define(second) // no edit
	checkAndClose(t, db)
	db = open(t, dir, opts)
	history := func() []tags.Revision {
		t.Helper()
		v, err := db.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		list, err := v.TagHistory(t.Context(), "点击")
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	count := func(text string, want uint64) {
		t.Helper()
		if n, err := db.Count(t.Context(), segment.MustParse(text)); err != nil || n != want {
			t.Errorf("%s: %d, %v; want %d", text, n, err, want)
		}
	}
	count(`tag("点击", "少")`, 3)
	count(`tag("点击", "多")`, 0)
	if _, err := db.Count(t.Context(), segment.MustParse(`tag("点击", "无")`)); err == nil || !strings.Contains(err.Error(), `tag "点击" has no value "无"`) {
		t.Errorf("of a value that it has not: %v", err)
	}
	define(history()[0].Definition)
	count(`tag("点击")`, 3)
	m := db.Model()
	m.Tags = nil
	if _, err := db.Apply(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, rev := range history() {
		got = append(got, fmt.Sprintf("%d %s %q %t", rev.Number, rev.Definition.Kind(), rev.Definition.Owner, rev.Dropped))
	}
	if want := `[1 rule "jane" false 2 tiers "" false 3 rule "jane" false 4 rule "jane" true]`; fmt.Sprint(got) != want {
		t.Errorf("history %v, want %v", got, want)
	}
}

// What only folds the log in the background is no reason for Open to wait either.
func TestApply_background_without_tags(t *testing.T) {
	const text = "log: {retain: 4000d}\n"
	dir := t.TempDir()
	opts := portrait.WithRecastBatch(&portrait.Options{Clock: fixed(now), NoSync: true, FillRate: 1}, 10)
	db := open(t, dir, opts)
	apply(t, db, text)
	crowdOf(t, db, 100)
	m := model(t, text+"traits:\n  clicks: {compute: 'count(\"Clicked\", last(\"3000d\"))'}\n")
	if _, err := db.Apply(t.Context(), m, portrait.Background); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		checkAndClose(t, db)
		db = open(t, dir, opts)
		if !portrait.IsRefolding(db) {
			t.Fatal("Open has done it")
		}
	}
	if _, err := db.Apply(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Count(t.Context(), segment.MustParse("clicks = 1")); err != nil || n != 100 {
		t.Errorf("%d, %v", n, err)
	}
}

// Before a filling has begun it is known how many profiles it is of, over a reopening
// too.
func TestApply_background_not_begun(t *testing.T) {
	const text = "log: {retain: 4000d}\n"
	dir := t.TempDir()
	opts := portrait.WithRecastBatch(&portrait.Options{Clock: fixed(now), NoSync: true, FillRate: 1}, 10)
	db := open(t, dir, opts)
	apply(t, db, text)
	crowdOf(t, db, 100)
	m := model(t, text+"tags:\n  clicked: {rule: 'count(\"Clicked\", last(\"3000d\")) > 0'}\n")
	if _, err := db.Apply(t.Context(), m, portrait.Background); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := db.Count(t.Context(), segment.Tag("clicked"))
		if err == nil || !strings.Contains(err.Error(), "0 of 100 profiles are done") {
			t.Errorf("error %v", err)
		}
		checkAndClose(t, db)
		db = open(t, dir, opts)
	}
}
