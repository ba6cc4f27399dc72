package oracle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// People enter by what they do, leave by the clock, and change places when they
// turn out to be one person.
func TestRoll(t *testing.T) {
	recent := cmpOf(agg(syntax.Count, last(2, syntax.Day)), syntax.Ge, num(1))
	s := scope{
		traits: map[string]syntax.TraitInfo{"times": {Kind: profile.KindNumber, Compute: agg(syntax.Count, syntax.Window{})}},
		tags:   map[string]syntax.Expr{"active": recent, "tier": recent, "tier=high": cmpOf(trait("times"), syntax.Ge, num(2))},
		zone:   time.UTC,
	}
	m := Model{
		Scope: s, Traits: []string{"times"}, Tags: map[string][]string{"active": nil, "tier": {"high"}},
		Segments: map[string]syntax.Expr{"new": &syntax.Not{X: &syntax.TagRef{Name: "tier", Value: "high"}}},
	}
	rules := Rules{Namespaces: map[string]Namespace{"user": {}, "device": {Rank: 1}}}
	naive := NewStore(rules, &profile.Schema{}, func(e *profile.Event) []profile.Identifier { return e.Identifiers })
	did := func(at string, ids ...profile.Identifier) {
		when, err := time.Parse("2006-01-02 15:04", at)
		if err != nil {
			t.Fatal(err)
		}
		if got := naive.Ingest(profile.Event{MessageID: at, Name: "A", Time: when, Identifiers: ids}); got != Accepted {
			t.Fatalf("%s: %v", at, got)
		}
	}
	ann, bob := profile.Identifier{Namespace: "user", Value: "ann"}, profile.Identifier{Namespace: "user", Value: "bob"}
	phone := profile.Identifier{Namespace: "device", Value: "1"}
	who := func(p Profile) string { return p.Identifiers[0].Value }
	before := NewRoll(nil, who)
	check := func(now string, wantEntered, wantLeft []Place) {
		t.Helper()
		after := NewRoll(naive.Answers(m, instant(t, now)), who)
		entered, left := before.Changes(after)
		if d := cmp.Diff([][]Place{wantEntered, wantLeft}, [][]Place{entered, left}); d != "" {
			t.Errorf("at %s (-want +got):\n%s", now, d)
		}
		before = after
	}
	in := func(kind, name, of, who string) Place { return Place{kind, name, of, who} }

	did("2026-11-20 10:00", ann)
	check("2026-11-20T11:00:00Z", []Place{in("segment", "new", "", "ann"), in("tag", "active", "", "ann"), in("tag", "tier", "", "ann")}, nil)
	did("2026-11-21 10:00", phone)
	check("2026-11-21T11:00:00Z", []Place{in("segment", "new", "", "1"), in("tag", "active", "", "1"), in("tag", "tier", "", "1")}, nil)
	check("2026-11-22T00:00:00Z", nil, []Place{in("tag", "active", "", "ann"), in("tag", "tier", "", "ann")})

	// The telephone is Ann's: a device's name stands before a user's.
	naive.Link(ann, phone, profile.Stamp{At: 1})
	check("2026-11-22T00:00:00Z",
		[]Place{in("value", "tier", "high", "1")},
		[]Place{in("segment", "new", "", "1"), in("segment", "new", "", "ann")})
	naive.Unlink(ann, phone, profile.Stamp{At: 2})
	check("2026-11-22T00:00:00Z",
		[]Place{in("segment", "new", "", "1"), in("segment", "new", "", "ann")},
		[]Place{in("value", "tier", "high", "1")})
	did("2026-11-22 10:00", bob)
	answers := naive.Answers(m, instant(t, "2026-11-22T11:00:00Z"))
	if got := answers[2].Traits["times"]; len(answers) != 3 || !got.Equal(profile.Number(1)) {
		t.Errorf("%d answers, of Bob %v", len(answers), got)
	}
}
