package oracle

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

func newTestStore() *Store {
	return NewStore(testRules(), testSchema(), func(e *profile.Event) []profile.Identifier {
		var ids []profile.Identifier
		for _, id := range e.Identifiers {
			if id.Value != "null" {
				ids = append(ids, id)
			}
		}
		return ids
	})
}

// visit is an event of the people named, "user:a email:x" for instance.
func visit(t *testing.T, second int, who string) profile.Event {
	t.Helper()
	e := track(second, "Visit", nil)
	for w := range strings.FieldsSeq(who) {
		e.Identifiers = append(e.Identifiers, id(t, w))
	}
	return e
}

// census writes down who there is, with how many events.
func census(people []Profile) []string {
	var out []string
	for _, p := range people {
		var names []string
		for _, id := range p.Identifiers {
			names = append(names, id.String())
		}
		out = append(out, fmt.Sprintf("%s: %d", strings.Join(names, " "), p.Person.Events))
	}
	return out
}

func TestStore_People(t *testing.T) {
	stamp := func(second int) profile.Stamp { return profile.Stamp{At: profile.InstantOf(on(second))} }
	type step func(*Store)
	ingest := func(second int, who string) step {
		return func(s *Store) {
			if got := s.Ingest(visit(t, second, who)); got != Accepted {
				t.Errorf("event of %s: outcome %d", who, got)
			}
		}
	}
	link := func(second int, a, b string) step {
		return func(s *Store) { s.Link(id(t, a), id(t, b), stamp(second)) }
	}
	unlink := func(second int, a, b string) step {
		return func(s *Store) { s.Unlink(id(t, a), id(t, b), stamp(second)) }
	}
	withdraw := func(second int, a, b string) step {
		return func(s *Store) { s.Withdraw(id(t, a), id(t, b), stamp(second)) }
	}
	veto := func(second int, a, b string) step {
		return func(s *Store) { s.Veto(id(t, a), id(t, b), stamp(second)) }
	}
	lift := func(second int, a, b string) step {
		return func(s *Store) { s.WithdrawVeto(id(t, a), id(t, b), stamp(second)) }
	}
	match := func(weight int32, a, b string) step {
		return func(s *Store) { s.Match(id(t, a), id(t, b), Match{Weak: weight > 0, Weight: weight}) }
	}
	for _, tt := range []struct {
		name  string
		steps []step
		want  []string
	}{
		{"nobody", nil, nil},
		{"strangers", []step{ingest(1, "user:a"), ingest(2, "user:b")}, []string{"user:a: 1", "user:b: 1"}},
		{"anonymous, then known", []step{ingest(1, "anon:1"), ingest(2, "anon:1"), ingest(3, "anon:1 user:a")}, []string{"anon:1 user:a: 3"}},
		{
			"of three identifiers, all lead to the strongest",
			[]step{ingest(1, "anon:1 email:x user:a"), ingest(2, "email:x"), ingest(3, "anon:1")},
			[]string{"anon:1 email:x user:a: 3"},
		},
		{
			"a shared browser goes with the first",
			[]step{ingest(5, "user:b anon:1"), ingest(1, "anon:1 user:a"), ingest(9, "anon:1")},
			[]string{"anon:1 user:a: 2", "user:b: 1"},
		},
		{
			"a kiosk is nobody's, its own events are no person",
			[]step{ingest(1, "anon:k user:a"), ingest(2, "anon:k user:b"), ingest(3, "anon:k user:c"), ingest(4, "anon:k")},
			[]string{"user:a: 1", "user:b: 1", "user:c: 1"},
		},
		{"a link before it is seen", []step{link(1, "user:a", "email:x"), ingest(1, "user:a"), ingest(2, "email:x")}, []string{"email:x user:a: 2"}},
		{"a link of the unknown is no person", []step{link(1, "user:a", "email:x")}, nil},
		{"the last decision counts", []step{unlink(5, "email:x", "user:a"), link(3, "user:a", "email:x"), ingest(1, "user:a email:x"), ingest(2, "email:x")}, []string{"email:x: 1", "user:a: 1"}},
		{"a link after an unlink", []step{unlink(3, "email:x", "user:a"), link(5, "user:a", "email:x"), ingest(1, "user:a email:x")}, []string{"email:x user:a: 1"}},
		{"of decisions at one instant, the unlink counts", []step{unlink(3, "email:x", "user:a"), link(3, "user:a", "email:x"), ingest(1, "user:a email:x")}, []string{"user:a: 1"}},
		{"in either order", []step{link(3, "email:x", "user:a"), unlink(3, "user:a", "email:x"), ingest(1, "user:a email:x")}, []string{"user:a: 1"}},
		{"an unlink outlasts events", []step{unlink(1, "user:a", "email:x"), ingest(9, "user:a email:x")}, []string{"user:a: 1"}},
		{"a veto outlasts a link", []step{veto(1, "email:x", "user:a"), link(9, "user:a", "email:x"), ingest(1, "user:a email:x"), ingest(2, "email:x")}, []string{"email:x: 1", "user:a: 1"}},
		{"a link taken back", []step{link(1, "user:a", "email:x"), withdraw(2, "email:x", "user:a"), ingest(1, "user:a"), ingest(2, "email:x")}, []string{"email:x: 1", "user:a: 1"}},
		{"an unlink taken back", []step{unlink(1, "user:a", "email:x"), withdraw(2, "user:a", "email:x"), ingest(1, "user:a email:x")}, []string{"email:x user:a: 1"}},
		{"taken back before it is decided", []step{withdraw(2, "user:a", "email:x"), unlink(1, "user:a", "email:x"), ingest(1, "user:a email:x")}, []string{"email:x user:a: 1"}},
		{"of decisions at one instant, a link outlasts its withdrawal", []step{withdraw(2, "user:a", "email:x"), link(2, "user:a", "email:x"), withdraw(2, "user:a", "email:x"), ingest(1, "user:a")}, []string{"email:x user:a: 1"}},
		{"and so does an unlink", []step{unlink(2, "user:a", "email:x"), withdraw(2, "user:a", "email:x"), ingest(1, "user:a email:x")}, []string{"user:a: 1"}},
		{"a veto taken back", []step{veto(1, "email:x", "user:a"), lift(2, "user:a", "email:x"), ingest(1, "user:a email:x")}, []string{"email:x user:a: 1"}},
		{"a veto taken back before it was given", []step{lift(2, "user:a", "email:x"), veto(1, "email:x", "user:a"), ingest(1, "user:a email:x")}, []string{"email:x user:a: 1"}},
		{"a veto given again", []step{veto(3, "email:x", "user:a"), lift(2, "user:a", "email:x"), ingest(1, "user:a email:x")}, []string{"user:a: 1"}},
		{"a veto and its withdrawal at one instant", []step{veto(2, "email:x", "user:a"), lift(2, "user:a", "email:x"), ingest(1, "user:a email:x")}, []string{"user:a: 1"}},
		{"in either order too", []step{lift(2, "user:a", "email:x"), veto(2, "email:x", "user:a"), ingest(1, "user:a email:x")}, []string{"user:a: 1"}},
		{"a match ties", []step{match(9, "email:x", "user:a"), ingest(1, "user:a"), ingest(2, "email:x")}, []string{"email:x user:a: 2"}},
		{"the last match counts", []step{match(9, "email:x", "user:a"), match(0, "user:a", "email:x"), ingest(1, "user:a"), ingest(2, "email:x")}, []string{"email:x: 1", "user:a: 1"}},
		{"a match outlives no veto", []step{match(9, "email:x", "user:a"), veto(1, "user:a", "email:x"), ingest(1, "user:a"), ingest(2, "email:x")}, []string{"email:x: 1", "user:a: 1"}},
		{"a match of the unknown is no person", []step{match(9, "email:x", "user:a")}, nil},
		{"matches are no partners", []step{match(1, "anon:k", "email:x"), match(1, "anon:k", "email:y"), match(1, "anon:k", "email:z"), ingest(4, "anon:k")}, []string{"anon:k email:x email:y email:z: 1"}},
		{"a decision from before 1970", []step{link(-2_000_000_000, "user:a", "email:x"), ingest(1, "user:a")}, []string{"email:x user:a: 1"}},
		{"a blocked identifier is no identifier", []step{ingest(1, "user:a email:null"), ingest(2, "user:b email:null")}, []string{"user:a: 1", "user:b: 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTestStore()
			for _, step := range tt.steps {
				step(s)
			}
			if d := cmp.Diff(tt.want, census(s.People())); d != "" {
				t.Errorf("people (-want +got):\n%s", d)
			}
		})
	}
}

// An identifier tied to itself would take a place among its own edges.
func TestStore_decides_nothing_of_one_identifier(t *testing.T) {
	for what, decide := range map[string]func(s *Store, a, b profile.Identifier){
		"a link":  func(s *Store, a, b profile.Identifier) { s.Link(a, b, profile.Stamp{}) },
		"a match": func(s *Store, a, b profile.Identifier) { s.Match(a, b, Match{Weak: true, Weight: 9}) },
	} {
		s := NewStore(policyRules(), testSchema(), newTestStore().clean)
		s.Ingest(visit(t, 1, "demote:1"))
		s.Match(id(t, "lookup:1"), id(t, "demote:1"), Match{Weak: true, Weight: 1})
		decide(s, id(t, "lookup:1"), id(t, "lookup:1"))
		if d := cmp.Diff([]string{"demote:1 lookup:1: 1"}, census(s.People())); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
}

func TestStore_Ingest_outcomes(t *testing.T) {
	s := newTestStore()
	base := visit(t, 1, "user:a")
	change := func(f func(*profile.Event)) profile.Event {
		e := base
		f(&e)
		return e
	}
	for _, tt := range []struct {
		name  string
		event profile.Event
		want  Outcome
	}{
		{"new", base, Accepted},
		{"again", base, Duplicate},
		{"received again later", change(func(e *profile.Event) { e.Received = on(99) }), Duplicate},
		{"sent again with its time corrected", change(func(e *profile.Event) { e.Time, e.Original = on(99), e.Time }), Duplicate},
		{"corrected into another day", change(func(e *profile.Event) { e.Time, e.Original = e.Time.AddDate(0, 0, 9), e.Time }), Duplicate},
		{"its name repeated", change(func(e *profile.Event) { e.Identifiers = append(e.Identifiers, e.Identifiers[0]) }), Duplicate},
		{"another name too", change(func(e *profile.Event) { e.Identifiers = append(e.Identifiers, id(t, "anon:9")) }), Reused},
		{"other content", change(func(e *profile.Event) { e.Name = "Order" }), Reused},
		{"another time of the day", change(func(e *profile.Event) { e.Time = on(7) }), Reused},
		{"another source", change(func(e *profile.Event) { e.Source = "pos" }), Accepted},
		{"another day", change(func(e *profile.Event) { e.Time = e.Time.AddDate(0, 0, 1) }), Accepted},
		{"no time of its own", change(func(e *profile.Event) { e.Time = time.Time{}; e.Received = on(3) }), Accepted},
		{"that again", change(func(e *profile.Event) { e.Time = time.Time{}; e.Received = on(4) }), Duplicate},
		{"no message ID", change(func(e *profile.Event) { e.MessageID = "" }), Accepted},
		{"the same content", change(func(e *profile.Event) { e.MessageID = "" }), Duplicate},
		{"text for a number", change(func(e *profile.Event) {
			e.MessageID = ""
			e.Properties = map[string]profile.Value{"n": profile.String("1")}
		}), Accepted},
		{"a number for text", change(func(e *profile.Event) {
			e.MessageID = ""
			e.Properties = map[string]profile.Value{"n": profile.Number(1)}
		}), Accepted},
		{"a list for its text", change(func(e *profile.Event) {
			e.MessageID = ""
			e.Properties = map[string]profile.Value{"n": profile.List(profile.String("1"))}
		}), Accepted},
		{"a trait for a property", change(func(e *profile.Event) { e.MessageID = ""; e.Traits = map[string]profile.Value{"n": profile.Number(1)} }), Accepted},
		{"another level of authentication", change(func(e *profile.Event) { e.Auth = 1 }), Reused},
		{"nobody", change(func(e *profile.Event) { e.Identifiers = nil }), Refused},
		{"only a blocked name", visit(t, 50, "email:null"), Refused},
		{"a trait of the wrong kind", change(func(e *profile.Event) {
			e.MessageID = "wrong"
			e.Traits = map[string]profile.Value{"city": profile.Number(1)}
		}), Refused},
		{"what was refused did not take the ID", change(func(e *profile.Event) { e.MessageID = "wrong" }), Accepted},
	} {
		if got := s.Ingest(tt.event); got != tt.want {
			t.Errorf("%s: outcome %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestStore_Members(t *testing.T) {
	s := newTestStore()
	s.Ingest(visit(t, 1, "user:a"))
	s.Ingest(visit(t, 2, "user:a anon:1"))
	s.Ingest(visit(t, 3, "user:b"))
	twice := cmpOf(&syntax.Aggregate{Fn: syntax.Count, Event: "Visit"}, syntax.Ge, num(2))
	if d := cmp.Diff([]string{"anon:1 user:a: 2"}, census(s.Members(twice, scope{zone: time.UTC}, 0))); d != "" {
		t.Errorf("members (-want +got):\n%s", d)
	}
}

// The order in which things become known does not matter.
func TestStore_is_order_free(t *testing.T) {
	const seed = 20261122
	r := rand.New(rand.NewPCG(seed, 2))
	namespaces := slices.Sorted(maps.Keys(policyRules().Namespaces))
	for round := range 300 {
		var steps []func(*Store)
		for i := range 40 {
			name := func() profile.Identifier {
				return profile.Identifier{Namespace: namespaces[r.IntN(len(namespaces))], Value: fmt.Sprint(r.IntN(2))}
			}
			a, b := name(), name()
			at := profile.Stamp{At: profile.Instant(r.IntN(5)), Tie: uint64(r.IntN(3))}
			switch r.IntN(16) {
			case 0:
				steps = append(steps, func(s *Store) { s.Link(a, b, at) })
			case 1:
				steps = append(steps, func(s *Store) { s.Unlink(a, b, at) })
			case 2:
				steps = append(steps, func(s *Store) { s.Withdraw(a, b, at) })
			case 3:
				steps = append(steps, func(s *Store) { s.Veto(a, b, at) })
			case 4:
				steps = append(steps, func(s *Store) { s.WithdrawVeto(a, b, at) })
			case 5: // the last match counts: let all of a pair say the same
				weight := int32(len(a.String()) + len(b.String()))
				steps = append(steps, func(s *Store) { s.Match(a, b, Match{Weak: weight%4 > 0, Weight: weight}) })
			default:
				e := randomEvent(r, i)
				e.Auth = uint8(r.IntN(2))
				e.Identifiers = []profile.Identifier{a}
				if b != a {
					e.Identifiers = append(e.Identifiers, b)
				}
				steps = append(steps, func(s *Store) { s.Ingest(e) })
			}
		}
		rules := policyRules()
		rules.MaxNodes = 8
		never := rules.Namespaces["never"]
		never.Auth = 1
		rules.Namespaces["never"] = never
		run := func() []Profile {
			s := NewStore(rules, testSchema(), newTestStore().clean)
			for _, step := range steps {
				step(s)
			}
			return s.People()
		}
		first := run()
		r.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		if d := cmp.Diff(first, run(), sameBig); d != "" {
			t.Fatalf("seed %d, round %d: (-first +shuffled)\n%s", seed, round, d)
		}
	}
}
