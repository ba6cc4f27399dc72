package oracle

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// An event ties what its level of authentication is enough for, and all that it
// names is seen.
func TestStore_levels_of_authentication(t *testing.T) {
	rules := Rules{Namespaces: map[string]Namespace{
		"user":  {Rank: 1, Unique: true, Auth: 1},
		"email": {Rank: 2, Auth: 2},
		"phone": {Rank: 3, Limit: 1, Per: 5_000_000},
		"anon":  {Rank: 4, MaxPartners: 1},
	}}
	type event struct {
		second int
		auth   uint8
		who    string
	}
	for _, tt := range []struct {
		name   string
		events []event
		want   []string
	}{
		{"none is asked for", []event{{1, 0, "anon:1 phone:1"}}, []string{"anon:1 phone:1: 1"}},
		{"the level of the stronger end", []event{{1, 1, "anon:1 user:a"}}, []string{"anon:1 user:a: 1"}},
		{"below it", []event{{1, 0, "anon:1 user:a"}}, []string{"user:a: 1"}},
		{"the level of the weaker end", []event{{1, 1, "email:x user:a"}}, []string{"user:a: 1"}},
		{"as much", []event{{1, 2, "email:x user:a"}}, []string{"email:x user:a: 1"}},
		{"more", []event{{1, 255, "email:x user:a"}}, []string{"email:x user:a: 1"}},
		{"each pair by itself", []event{{1, 1, "anon:1 email:x user:a"}}, []string{"anon:1 user:a: 1"}},
		{"a later event with more", []event{{1, 1, "email:x user:a"}, {2, 2, "email:x user:a"}}, []string{"email:x user:a: 2"}},
		{"what it does not tie is no partner", []event{{1, 0, "anon:1 user:a"}, {2, 0, "anon:1 user:b"}, {3, 1, "anon:1 user:c"}}, []string{"anon:1 user:c: 1", "user:a: 1", "user:b: 1"}},
		{
			// Both phones are first seen within five seconds, one by an event that ties
			// nothing.
			"what it does not tie is seen",
			[]event{{1, 0, "phone:1 user:a"}, {3, 1, "phone:2 user:a"}, {9, 1, "phone:1 user:a"}},
			[]string{"phone:2 user:a: 3"},
		},
		{
			"which without that event would not be",
			[]event{{3, 1, "phone:2 user:a"}, {9, 1, "phone:1 user:a"}},
			[]string{"phone:1 phone:2 user:a: 2"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := NewStore(rules, testSchema(), newTestStore().clean)
			for _, ev := range tt.events {
				e := visit(t, ev.second, ev.who)
				e.Auth = ev.auth
				if got := s.Ingest(e); got != Accepted {
					t.Errorf("event of %s: outcome %d", ev.who, got)
				}
			}
			if d := cmp.Diff(tt.want, census(s.People())); d != "" {
				t.Errorf("people (-want +got):\n%s", d)
			}
		})
	}
}

// Rules that change hold for what was taken in before, but for what its events
// tied and which identifier holds them.
func TestStore_Change(t *testing.T) {
	s := newTestStore()
	for second, who := range []string{"user:a email:x anon:1", "email:x", "user:b phone:1", "email:y anon:1"} {
		s.Ingest(visit(t, second, who))
	}
	check := func(what string, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, census(s.People())); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	check("at first", "anon:1 email:x email:y user:a: 3", "phone:1 user:b: 1")

	// Without e-mails: what x did alone is kept, and is nobody's.
	s.Change(testRules(), func(e *profile.Event) []profile.Identifier {
		var ids []profile.Identifier
		for _, id := range e.Identifiers {
			if id.Namespace != "email" {
				ids = append(ids, id)
			}
		}
		return ids
	})
	check("e-mails barred", "anon:1 user:a: 1", "phone:1 user:b: 1")

	// Users ask for a level: what was tied stays so, what comes is not.
	rules := testRules()
	user := rules.Namespaces["user"]
	user.Auth = 1
	rules.Namespaces["user"] = user
	s.Change(rules, newTestStore().clean)
	s.Ingest(visit(t, 9, "user:b phone:2"))
	check("a level asked for", "anon:1 email:x email:y user:a: 3", "phone:1 user:b: 2")
}
