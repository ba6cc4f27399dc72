package portrait_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// What Model returns, and what was given to Apply, is the caller's to change.
func TestModel_is_a_copy(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	given := model(t, testModel)
	if _, err := db.Apply(t.Context(), given); err != nil {
		t.Fatal(err)
	}
	delete(given.Traits, "city")
	given.Identity.Namespaces[1].Limit = 7
	given.Events["Order Completed"].Numbers[0] = "tax"

	m := db.Model()
	if !reflect.DeepEqual(m, model(t, testModel)) {
		t.Error("a change of the model that was applied is one of the store's")
	}
	delete(m.Traits, "note")
	plan, err := db.Apply(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{`trait "note": dropped`}; !slices.Equal(plan.Changes, want) {
		t.Errorf("plan %q, want %q", plan.Changes, want)
	}
}

// oddNames are texts that a format of files may stumble over.
var oddNames = []string{
	"<<", "null", "~", "true", "1", "1e3", "0x10", "2024-01-01", "=", "- a", "? x", "a: b", "#x", "&x", "*x", "!x", "%", "@", "`", "{", "[",
	`a"b`, `a\b`, "'", " a", "a\tb", "a\nb", "a\r\nb", "a\x00b", "\x7f", "\u0085", "\u00a0", "\u200b", "\u2028", "\ufeff", "\ufffd", "\U0010ffff", "😀", "高频",
}

// A model that Apply took is the same after Open.
func TestModel_reopened(t *testing.T) {
	m := portrait.Model{
		Identity: identity.Config{Namespaces: []identity.Namespace{
			{Name: "plain", Priority: 1, Normalize: []string{}, Blocked: oddNames},
			{Name: "user_id", Priority: 2, Kind: identity.Cookie, Trait: "uid"},
		}},
		Events: map[string]profile.Folds{}, Traits: map[string]portrait.Trait{},
	}
	for i, name := range oddNames {
		m.Tags = append(m.Tags, tags.Definition{
			Name: name, Rule: tags.MustParse(`count("x") > 1`), Description: name, Version: i,
		})
		if strings.TrimSpace(name) == "" {
			continue
		}
		if name != "~" {
			m.Events[name] = profile.Folds{Numbers: []string{name}}
		}
		if name != " a" {
			m.Traits[name] = portrait.Trait{Type: profile.KindString, Index: true}
		}
	}
	dir := t.TempDir()
	db := open(t, dir, &portrait.Options{Clock: fixed(now)})
	if _, err := db.Apply(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	e := profile.Event{Type: profile.Identify, Time: epoch0, Identifiers: []profile.Identifier{id("plain", " Ａ ")}}
	if err := ingest(e)(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)

	db = open(t, dir, &portrait.Options{Clock: fixed(now)})
	if _, err := db.Profile(t.Context(), id("plain", " Ａ ")); err != nil {
		t.Errorf("an identifier without normalisers: %v", err)
	}
	got := db.Model()
	slices.SortFunc(m.Tags, func(a, b tags.Definition) int { return a.Version - b.Version })
	slices.SortFunc(got.Tags, func(a, b tags.Definition) int { return a.Version - b.Version })
	for i, d := range got.Tags {
		if w := m.Tags[i]; d.Name != w.Name || d.Description != w.Description || d.Version != w.Version || !d.Rule.Equal(w.Rule) {
			t.Errorf("tag %+v became %+v", w, d)
		}
	}
	if !maps.EqualFunc(got.Events, m.Events, func(a, b profile.Folds) bool { return slices.Equal(a.Numbers, b.Numbers) }) {
		t.Errorf("events %v became %v", m.Events, got.Events)
	}
	if !maps.Equal(got.Traits, m.Traits) {
		t.Errorf("traits %v became %v", m.Traits, got.Traits)
	}
	if !reflect.DeepEqual(got.Identity, m.Identity) {
		t.Errorf("identity %+v became %+v", m.Identity, got.Identity)
	}
}

// A version of a tag is kept, and changing nothing else is a change.
func TestModel_version_of_a_tag(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	for _, version := range []int{1, 2} {
		if err := db.DefineTag(t.Context(), tags.Definition{Name: "x", Rule: tags.MustParse("true"), Version: version}); err != nil {
			t.Fatal(err)
		}
		if got := db.Model().Tags[0].Version; got != version {
			t.Errorf("version %d, want %d", got, version)
		}
	}
}

// What could not be read back is refused.
func TestModel_refused(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	for what, m := range map[string]portrait.Model{
		"trait":    {Traits: map[string]portrait.Trait{"\xff": {Index: true}}},
		"event":    {Events: map[string]profile.Folds{"\xff": {}}},
		"property": {Events: map[string]profile.Folds{"x": {Uniques: []string{"\xff"}}}},
		"blocked": {Identity: identity.Config{Namespaces: []identity.Namespace{
			{Name: "a", Priority: 1, Blocked: []string{"\xff"}},
		}}},
		"zone of the machine": {Zone: "Local"},
	} {
		if _, err := db.Apply(t.Context(), m); !errors.Is(err, portrait.ErrModel) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A number that is no whole one is never cut to one, and errors speak of the file.
func TestParseModel_numbers(t *testing.T) {
	const namespace = "identity:\n  namespaces:\n    - {name: a, priority: 1, "
	for _, tt := range []struct{ text, want string }{
		{"identity: {max_nodes: 1.5}", "[1:23] want a whole number, got 1.5\n>  1 | identity: {max_nodes: 1.5}"},
		{"identity: {max_identifiers: many}", `want a whole number, got text "many"`},
		{namespace + "limit: 1.5}", "[3:37] want a whole number, got 1.5"},
		{namespace + "auth: true}", "want a whole number, got true"},
		{namespace + "max_partners: 0.1}", "want a whole number, got 0.1"},
		{namespace + "max_length: 1.5}", "want a whole number, got 1.5"},
		{namespace + "max_edges: {b: 1.5}}", "[3:45] want a whole number, got 1.5"},
		{namespace + "unique: maybe}", "[3:38] want a boolean, got text"},
		{"identity: {namespaces: [{name: a, priority: 1.5}]}", "want a whole number, got 1.5"},
		{"tags: {x: {rule: 'true', version: 1.5}}", "[1:35] want a whole number, got 1.5"},
		{"identity: yes", "[1:11] want a mapping, got text"},
	} {
		_, err := portrait.ParseModel([]byte(tt.text))
		if !errors.Is(err, portrait.ErrModel) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.text, err, tt.want)
		}
	}
	m := model(t, namespace+"limit: 2, max_length: 1e2, max_edges: {b: 3}}\n")
	n := m.Identity.Namespaces[0]
	if n.Limit != 2 || n.MaxLength != 100 || n.MaxEdges["b"] != 3 {
		t.Errorf("whole numbers are read as %+v", n)
	}
	data, err := m.MarshalJSON()
	if want := `"limit":2,"max_edges":{"b":3},"max_length":100`; err != nil || !strings.Contains(string(data), want) {
		t.Errorf("in JSON: %s, %v, want %s", data, err, want)
	}
}

// A decision holds when the rules change, whichever way its edge then leads.
func TestApply_identity_after_decisions(t *testing.T) {
	const text = "identity:\n  namespaces:\n    - {name: a, priority: %d}\n    - {name: b, priority: 2}\n"
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, fmt.Sprintf(text, 1))
	if _, err := db.Link(t.Context(), id("a", "1"), id("b", "1"), portrait.Decision{At: epoch0}); err != nil {
		t.Fatal(err)
	}
	seen(t, db, "1", id("b", "1"))
	if _, err := db.Apply(t.Context(), model(t, fmt.Sprintf(text, 3))); err != nil {
		t.Fatal(err)
	}
	if got := known(t, db, id("a", "1")); got != "[b:1 a:1]" {
		t.Errorf("after swapping the priorities: known as %s", got)
	}
	if _, err := db.Unlink(t.Context(), id("a", "1"), id("b", "1"), portrait.Decision{At: epoch0.AddDate(0, 0, 1)}); err != nil {
		t.Error(err)
	}
	if got := known(t, db, id("a", "1")); got != "nobody" {
		t.Errorf("once unlinked: known as %s", got)
	}
}

// A list told before its trait was declared a set counts as one, for rules, for
// the index and in the profile.
func TestApply_set_told_as_a_list(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, "traits:\n  other: {}\n")
	told := profile.List(profile.String("旅行"), profile.String("运动"), profile.String("旅行"))
	for i := range 2 {
		e := profile.Event{
			Type: profile.Identify, MessageID: fmt.Sprint(i), Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u-", i))},
			Traits:      map[string]profile.Value{"likes": told},
		}
		if err := ingest(e)(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, db, "traits:\n  likes: {type: set, index: true}\ntags:\n  x: {rule: 'likes any_of [\"旅行\"]'}\n")
	e := profile.Event{
		Type: profile.Identify, MessageID: "later", Time: epoch0.AddDate(0, 0, 1),
		Identifiers: []profile.Identifier{id("user_id", "u-1")},
		Traits:      map[string]profile.Value{"likes": profile.List(profile.String("运动"))},
	}
	if err := ingest(e)(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	for expr, want := range map[string]uint64{`tag("x")`: 1, `likes any_of ["旅行"]`: 1, `likes any_of ["运动"]`: 2, `exists(likes)`: 2} {
		if n, err := db.Count(t.Context(), segment.MustParse(expr)); n != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", expr, n, err, want)
		}
	}
	p, err := db.Profile(t.Context(), id("user_id", "u-0"))
	if err != nil || len(p.Traits) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

// The model in force says which namespaces there are, so that one can be changed.
func TestModel_has_the_default_namespaces(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	seen(t, db, "1", id("email", "office@example.cn"))
	m := db.Model()
	for i := range m.Identity.Namespaces {
		if m.Identity.Namespaces[i].Name == "email" {
			m.Identity.Namespaces[i].Blocked = []string{"office@example.cn"}
		}
	}
	plan, err := db.Apply(t.Context(), m)
	if err != nil || len(plan.Regroupings) != 1 {
		t.Fatalf("%+v, %v", plan, err)
	}
	if got := known(t, db, id("email", "other@example.cn")); got != "nobody" {
		t.Errorf("known as %s", got)
	}
	if again, err := db.Apply(t.Context(), db.Model()); err != nil || len(again.Changes) != 0 {
		t.Errorf("its own model: %+v, %v", again, err)
	}
}
