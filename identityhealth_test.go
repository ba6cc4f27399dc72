package portrait_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

func TestIdentityHealth(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	rules := `
identity:
  namespaces:
    - {name: user_id, priority: 1, unique: true}
    - {name: email, priority: 2, kind: contact, max_partners: 3%s}
    - {name: device_id, priority: 3, kind: device, conflict: shared}
`
	apply(t, db, fmt.Sprintf(rules, ""))
	office, tablet := id("email", "office@example.cn"), id("device_id", "tablet")
	for i := range 5 { // the fourth makes the address generic
		seenOn(t, db, i, id("user_id", fmt.Sprint("u", i)), office)
	}
	for i := range 2 {
		seenOn(t, db, 10+i, id("user_id", fmt.Sprint("u", i)), tablet)
	}
	seenOn(t, db, 20, tablet)
	seenOn(t, db, 21, id("email", "x@example.cn"), id("device_id", "null"))
	seenOn(t, db, 22, id("email", "a@example.cn"))
	seenOn(t, db, 23, id("email", "a@example.cn"), id("user_id", "u0"))
	apply(t, db, fmt.Sprintf(rules, ", blocked: [x@example.cn]"))

	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	h, err := v.IdentityHealth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const want = `profiles 6, dedup rate 0.250
identifiers device_id 1
identifiers email 3
identifiers user_id 5
generic email 1
shared device_id 1
barred email 1
with 1 identifiers 5
with 2 identifiers 1
apart generic email 5
apart shared device_id 2
refused blocked device_id 1
refused generic email 2
refused shared device_id 1
refused unique user_id 2
`
	if diff := cmp.Diff(want, h.String()); diff != "" {
		t.Errorf("health (-want +got):\n%s", diff)
	}
	if len(h.Hubs) == 0 || h.Hubs[0].Identifier != office || h.Hubs[0].Partners != 5 {
		t.Errorf("hubs %+v, the office's address first", h.Hubs)
	}
	p, err := db.Profile(t.Context(), id("user_id", "u0"))
	if err != nil {
		t.Fatal(err)
	}
	if l := h.Largest[0]; len(h.Largest) != 6 || l != (identity.LargeProfile{ID: p.ID, Identifiers: 2, Events: 4}) {
		t.Errorf("largest %+v", h.Largest)
	}
}

// TestExplainIdentity asks for every pair of some people: what it says agrees with
// the profiles, and in the words of a few.
func TestExplainIdentity(t *testing.T) {
	r := seed(t)
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, drawModel(r))
	play(t, db, history(r, 120, 20), 1)
	home := map[profile.Identifier]profile.ID{}
	var all []profile.Identifier
	for p, err := range allProfiles(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range p.Identifiers {
			home[id] = p.ID
			all = append(all, id)
		}
	}
	for _, a := range all {
		for _, b := range all {
			rel, err := explainIdentity(t, db, a, b)
			if err != nil {
				t.Fatal(err)
			}
			if rel.Together != (home[a] == home[b]) {
				t.Fatalf("%s and %s: %s, but the profiles are %s and %s", a, b, rel, home[a], home[b])
			}
			at := a
			for _, s := range rel.Path {
				if s.From != at || rel.Together && s.Rule != "" {
					t.Fatalf("%s and %s: %s", a, b, rel)
				}
				at = s.To
			}
			if a != b && at != b && (rel.Together || len(rel.Path) > 1) {
				t.Fatalf("%s and %s: the path ends at %s: %s", a, b, at, rel)
			}
		}
	}
	if _, err := explainIdentity(t, db, all[0], id("user_id", "nobody at all")); !errorIs(err, portrait.ErrNotFound) {
		t.Errorf("an unknown identifier: %v", err)
	}
}

func TestExplainIdentity_in_words(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	jane := id("email", "jane@example.cn")
	seenOn(t, db, 0, id("user_id", "abc123"), jane)
	seenOn(t, db, 1, id("user_id", "abc456"), jane)
	seenOn(t, db, 2, id("user_id", "abc456"), id("device_id", "d"))
	if _, err := db.Unlink(t.Context(), id("user_id", "abc123"), id("device_id", "e"), portrait.Decision{At: epoch0}); err != nil {
		t.Fatal(err)
	}
	seenOn(t, db, 3, id("user_id", "lone"))
	seenOn(t, db, 4, id("user_id", "abc123"), id("device_id", "e"))
	for _, tt := range []struct {
		b    profile.Identifier
		want string
	}{
		{jane, "one profile\n  user_id:abc123 - email:jane@example.cn, seen 2026-01-01 00:00"},
		{id("device_id", "d"), `two profiles
  user_id:abc123 - email:jane@example.cn, seen 2026-01-01 00:00
  email:jane@example.cn - user_id:abc456, seen 2026-01-02 00:00; kept apart: unique of user_id: user_id:abc123, user_id:abc456
  user_id:abc456 - device_id:d, seen 2026-01-03 00:00`},
		{id("device_id", "e"), "two profiles\n  user_id:abc123 - device_id:e, seen 2026-01-05 00:00, unlinked 2026-01-01 00:00; kept apart: unlinked"},
		{id("user_id", "lone"), "two profiles: nothing joins them"},
	} {
		rel, err := explainIdentity(t, db, id("user_id", "abc123"), tt.b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, rel.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.b, diff)
		}
	}
}

// What holds a profile together, and which identifiers do not name anybody, can be
// listed.
func TestEvidence(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	jane := id("email", "jane@example.cn")
	seenOn(t, db, 0, id("user_id", "abc123"), jane)
	seenOn(t, db, 1, id("user_id", "abc456"), jane)
	seenOn(t, db, 2, jane, id("device_id", "d"))
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	steps, err := v.Evidence(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range steps {
		got = append(got, s.String())
	}
	want := []string{
		"email:jane@example.cn - user_id:abc123, seen 2026-01-01 00:00",
		"email:jane@example.cn - user_id:abc456, seen 2026-01-02 00:00; kept apart: unique of user_id: user_id:abc123, user_id:abc456",
		"email:jane@example.cn - device_id:d, seen 2026-01-03 00:00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	if _, err := v.Evidence(t.Context(), id("user_id", "nobody")); !errorIs(err, portrait.ErrNotFound) {
		t.Errorf("an unknown identifier: %v", err)
	}
	all, err := collect(v.Identifiers(t.Context()))
	if err != nil || len(all) != 4 {
		t.Fatalf("%d identifiers, %v", len(all), err)
	}
	for _, s := range all {
		if s.Identifier == jane && (s != identity.IdentifierState{Identifier: jane, Partners: 3}) {
			t.Errorf("%+v", s)
		}
	}
}

func explainIdentity(t *testing.T, db *portrait.DB, a, b profile.Identifier) (*identity.Relation, error) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	return v.ExplainIdentity(t.Context(), a, b)
}
