package portrait_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

func suggestions(t *testing.T, db *portrait.DB) []portrait.Suggestion {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	all, err := collect(v.Suggestions(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What record linkage finds waits for a decision, or counts as the weakest of
// edges; it never overrides a unique namespace or a veto.
func TestSuggest(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, `
identity:
  namespaces:
    - {name: user_id, priority: 1, unique: true}
    - {name: crm, priority: 2}
    - {name: till, priority: 3}
`)
	ann, bob := id("user_id", "ann"), id("user_id", "bob")
	crm := func(i int) profile.Identifier { return id("crm", fmt.Sprint("c", i)) }
	till := func(i int) profile.Identifier { return id("till", fmt.Sprint("t", i)) }
	seenOn(t, db, 0, ann, crm(1))
	seenOn(t, db, 1, bob, crm(2))
	seenOn(t, db, 2, till(1))
	seenOn(t, db, 3, till(2))
	before := digest(t, db, now)

	match := func(weak bool, bits float64) identity.Match {
		return identity.Match{Weak: weak, Weight: int32(bits * 1000), Model: 7}
	}
	open1 := portrait.Suggestion{A: till(1), B: crm(1), Match: match(false, 8.5)}
	if _, err := db.Suggest(t.Context(), open1); err != nil {
		t.Fatal(err)
	}
	if digest(t, db, now) != before {
		t.Error("a suggestion changed who is who")
	}
	if diff := cmp.Diff([]portrait.Suggestion{open1}, suggestions(t, db)); diff != "" {
		t.Errorf("open suggestions (-want +got):\n%s", diff)
	}

	// As weak edges the heavier one comes first, and the lighter one would make one
	// person of two logins.
	effect, err := db.Suggest(t.Context(),
		portrait.Suggestion{A: till(2), B: crm(1), Match: match(true, 9)},
		portrait.Suggestion{A: till(2), B: crm(2), Match: match(true, 12)},
	)
	if err != nil || len(effect.Refused) != 1 || effect.Refused[0].Rule != "unique" || effect.Refused[0].B != crm(1) {
		t.Errorf("weak edges: %+v, %v", effect, err)
	}
	if got := known(t, db, till(2)); got != "[user_id:bob crm:c2 till:t2]" {
		t.Errorf("the till's customer is %s", got)
	}
	if _, err := db.Veto(t.Context(), till(2), bob, portrait.Decision{At: epoch0}); err != nil {
		t.Fatal(err)
	}
	if got := known(t, db, till(2)); got != "[user_id:ann crm:c1 till:t2]" {
		t.Errorf("after a veto the till's customer is %s", got)
	}
	// What is seen comes before what is matched.
	seenOn(t, db, 4, id("crm", "c3"), till(2))
	seenOn(t, db, 5, id("user_id", "eve"), id("crm", "c3"))
	if got := known(t, db, till(2)); got != "[user_id:eve crm:c3 till:t2]" {
		t.Errorf("after an event the till's customer is %s", got)
	}

	// A decision closes a suggestion; the zero Match takes it back.
	for _, s := range []struct {
		what string
		do   func() error
		left int
	}{
		{"unlink", func() error { return only(db.Unlink(t.Context(), till(1), crm(1), portrait.Decision{At: epoch0})) }, 2},
		{"withdraw", func() error {
			return only(db.Unlink(t.Context(), till(1), crm(1), portrait.Decision{At: epoch0.AddDate(0, 0, 1), Withdraw: true}))
		}, 3},
		{"take back", func() error {
			return only(db.Suggest(t.Context(), portrait.Suggestion{A: till(1), B: crm(1)}, portrait.Suggestion{A: till(2), B: crm(1)}, portrait.Suggestion{A: till(2), B: crm(2)}))
		}, 0},
	} {
		if err := s.do(); err != nil {
			t.Fatal(err)
		}
		if left := suggestions(t, db); len(left) != s.left {
			t.Errorf("%s: %d suggestions are open, want %d: %+v", s.what, len(left), s.left, left)
		}
	}
}

// One bad suggestion, and none is taken in.
func TestSuggest_refuses(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	good := portrait.Suggestion{A: id("user_id", "a"), B: id("email", "a@b.cn"), Match: identity.Match{Weak: true, Weight: 9000, Model: 1}}
	for _, tt := range []struct {
		bad  portrait.Suggestion
		want string
	}{
		{portrait.Suggestion{A: id("user_id", "null"), B: good.B, Match: good.Match}, "blocked"},
		{portrait.Suggestion{A: good.A, B: good.A, Match: good.Match}, "the same identifier"},
		{portrait.Suggestion{A: good.A, B: good.B, Match: identity.Match{Weak: true}}, "no model"},
	} {
		_, err := db.Suggest(t.Context(), good, tt.bad)
		if err == nil || !strings.Contains(err.Error(), "suggestion 1") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %q", err, tt.want)
		}
	}
	if _, err := db.Profile(t.Context(), good.A); !errors.Is(err, portrait.ErrNotFound) || db.Metrics().Epoch != 0 {
		t.Errorf("something was taken in: %v", err)
	}
}
