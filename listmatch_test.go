package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// matching returns the model in force with other digests of phones.
func matching(db *portrait.DB, digests ...string) portrait.Model {
	m := db.Model()
	for i := range m.Identity.Namespaces {
		if n := &m.Identity.Namespaces[i]; n.Name == "phone" {
			n.Match = digests
		}
	}
	return m
}

// matchAll uploads what must match: the MD5 of every phone number.
func matchAll(t *testing.T, db *portrait.DB, people int) {
	t.Helper()
	var text strings.Builder
	for i := range people {
		fmt.Fprintln(&text, md5Of(phoneOf(i)))
	}
	got, err := db.Lists().Upload(t.Context(), "all", strings.NewReader(text.String()), segment.Upload{Namespace: "phone"})
	if err != nil || int(got.Matched) != people {
		t.Errorf("%+v of %d, %v", got, people, err)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// A digest is declared while people go in, who are found by it like those of before.
func TestApply_match_while_events_go_in(t *testing.T) {
	db := openLists(t, t.TempDir(), 40)
	apply2 := func(digests ...string) {
		t.Helper()
		if _, err := db.Apply(t.Context(), matching(db, digests...)); err != nil {
			t.Fatal(err)
		}
	}
	apply2()
	people := 40
	for range 5 {
		var done, in atomic.Int64
		in.Store(int64(people))
		ended := make(chan error)
		go func() {
			for i := people; done.Load() == 0; i++ {
				_, err := db.Ingest(context.Background(), profile.Event{
					Type: profile.Page, MessageID: fmt.Sprint("late", i), Time: epoch0, Identifiers: []profile.Identifier{id("phone", phoneOf(i))},
				})
				if err != nil {
					ended <- err
					return
				}
				in.Store(int64(i + 1))
			}
			ended <- nil
		}()
		apply2("md5")
		done.Store(1)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		people = int(in.Load())
		matchAll(t, db, people)
		apply2("sha1")
		apply2()
	}
}

// What is made ahead of a model does not stay where the model does not come, holds who
// goes in before it does, and is not trusted where another model took it away meanwhile.
func TestApply_match_in_between(t *testing.T) {
	people := 30
	for what, between := range map[string]func(t *testing.T, db *portrait.DB, cancel func()){
		"nothing":                func(*testing.T, *portrait.DB, func()) {},
		"the end of the context": func(_ *testing.T, _ *portrait.DB, cancel func()) { cancel() },
		"an event": func(t *testing.T, db *portrait.DB, _ func()) {
			take(t, db, profile.Event{Type: profile.Page, Time: epoch0, Identifiers: []profile.Identifier{id("phone", phoneOf(people))}})
		},
		"another model that declares it": func(t *testing.T, db *portrait.DB, _ func()) {
			if _, err := db.Apply(t.Context(), matching(db, "md5")); err != nil {
				t.Error(err)
			}
		},
		"another model that declares it, and one that does not": func(t *testing.T, db *portrait.DB, _ func()) {
			for _, digests := range [][]string{{"md5"}, {}} {
				if _, err := db.Apply(t.Context(), matching(db, digests...)); err != nil {
					t.Error(err)
				}
			}
		},
	} {
		for at := 1; at <= 4; at++ {
			t.Run(fmt.Sprint(what, at), func(t *testing.T) {
				db := openLists(t, t.TempDir(), people)
				apply(t, db, strings.Replace(listModel, "match: [md5, sha256]", "match: []", 1))
				inner, cancel := context.WithCancel(t.Context())
				defer cancel()
				ctx := &hooked{Context: inner, before: func(time int) {
					if time == at {
						between(t, db, cancel)
					}
				}}
				_, err := db.Apply(ctx, matching(db, "md5"))
				declared := slices.ContainsFunc(db.Model().Identity.Namespaces, func(n identity.Namespace) bool { return len(n.Match) > 0 })
				if at <= 2 && (err == nil) != declared { // later on it is declared already
					t.Fatalf("declared: %t, %v", declared, err)
				}
				if n := portrait.MatchesOf(db); declared != (n > 0) {
					t.Errorf("declared: %t, and %d entries", declared, n)
				}
				if declared {
					matchAll(t, db, people)
				}
			})
		}
	}
}

// What was made ahead of a model that is refused is gone.
func TestApply_match_refused(t *testing.T) {
	db := openLists(t, t.TempDir(), 30)
	apply(t, db, listModel+"traits:\n  size: {type: number}\n")
	before := portrait.MatchesOf(db)
	m, err := portrait.ParseModel([]byte(strings.Replace(listModel, "md5, sha256", "md5, sha1, sha256", 1) + "traits:\n  size: {type: string}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Apply(t.Context(), m); !errors.Is(err, portrait.ErrModel) {
		t.Errorf("a trait of another type: %v", err)
	}
	if got := portrait.MatchesOf(db); before != 60 || got != before {
		t.Errorf("%d entries, and %d before", got, before)
	}
	matchAll(t, db, 30)
}
