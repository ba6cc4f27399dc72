package portrait_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// next returns the first thing of a sequence.
func next[T any](seq iter.Seq2[T, error]) (v T, err error) {
	for v, err := range seq {
		return v, err
	}
	return v, errors.New("there is nothing")
}

// What reads the graph of identities and its logs ends with the cause of its
// context, leaves nothing behind when it is broken off, and is ErrClosed on a view
// that is closed.
func TestIdentity_contexts(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	playPolicies(t, db)
	ann, bob := id("user_id", "u0"), id("user_id", "u1")
	if _, err := db.Suggest(t.Context(), portrait.Suggestion{A: ann, B: id("email", "suggested@example.cn"), Match: identity.Match{Model: 1}}); err != nil {
		t.Fatal(err)
	}
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	only := func(_ any, err error) error { return err }
	split := [][]profile.Identifier{{ann}, {bob}}
	rules := model(t, "identity:\n  namespaces:\n    - {name: user_id, priority: 9}\n")
	calls := []struct {
		name string
		call func(ctx context.Context) error
		db   bool // of the DB, not of the view
	}{
		{"Refusals", func(ctx context.Context) error { return only(next(v.Refusals(ctx, 0))) }, false},
		{"Decisions", func(ctx context.Context) error { return only(next(v.Decisions(ctx, 0))) }, false},
		{"Suggestions", func(ctx context.Context) error { return only(next(v.Suggestions(ctx))) }, false},
		{"Merges", func(ctx context.Context) error { return only(next(v.Merges(ctx, 0))) }, false},
		{"IdentityHealth", func(ctx context.Context) error { return only(v.IdentityHealth(ctx)) }, false},
		{"Link", func(ctx context.Context) error { return only(db.Link(ctx, ann, bob, portrait.Decision{})) }, true},
		{"Split", func(ctx context.Context) error { return only(db.Split(ctx, split, portrait.Decision{})) }, true},
		{"Evidence", func(ctx context.Context) error { return only(v.Evidence(ctx, ann)) }, false},
		{"Identifiers", func(ctx context.Context) error { return only(next(v.Identifiers(ctx))) }, false},
		{"Detach", func(ctx context.Context) error { return only(db.Detach(ctx, ann, portrait.Decision{})) }, true},
		{"Suggest", func(ctx context.Context) error { return only(db.Suggest(ctx)) }, true},
		{"Apply", func(ctx context.Context) error { return only(db.Apply(ctx, rules, portrait.DryRun)) }, true},
	}
	cause := errors.New("the host has no time")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for _, c := range calls {
		if err := c.call(t.Context()); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := c.call(ended); !errors.Is(err, cause) {
			t.Errorf("%s, its context ended: %v", c.name, err)
		}
	}
	v.Close()
	for _, c := range calls {
		if err := c.call(t.Context()); !c.db && !errors.Is(err, portrait.ErrClosed) {
			t.Errorf("%s, the view closed: %v", c.name, err)
		}
	}
	checkAndClose(t, db) // does not wait for any of them
	for _, c := range calls {
		if err := c.call(t.Context()); !errors.Is(err, portrait.ErrClosed) {
			t.Errorf("%s, the store closed: %v", c.name, err)
		}
	}
}

// An error comes with nothing else, even of a record that can be read in part.
func TestDecisions_damaged(t *testing.T) {
	fs := vfs.NewMem()
	opts := portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs)
	db, err := portrait.Open("db", opts)
	if err != nil {
		t.Fatal(err)
	}
	playPolicies(t, db)
	checkAndClose(t, db)
	s, err := store.Open("db", store.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	b := s.NewBatch()
	for key, value := range pairs(t, s, keys.Audit) {
		cutShort(b, bytes.Clone(key), bytes.Clone(value))
		break
	}
	if err := errors.Join(s.Commit(b, true), s.Close()); err != nil {
		t.Fatal(err)
	}
	if db, err = portrait.Open("db", opts); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	d, err := next(v.Decisions(t.Context(), 0))
	if !errors.Is(err, portrait.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(portrait.Decided{}, d); diff != "" {
		t.Errorf("beside an error:\n%s", diff)
	}
}
