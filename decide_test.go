package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

func seen(t *testing.T, db *portrait.DB, message string, ids ...profile.Identifier) {
	t.Helper()
	e := profile.Event{MessageID: message, Name: "Order Completed", Time: epoch0, Identifiers: ids}
	if err := ingest(e)(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

// known returns the identifiers of the profile that one leads to.
func known(t *testing.T, db *portrait.DB, of profile.Identifier) string {
	t.Helper()
	p, err := db.Profile(t.Context(), of)
	if errors.Is(err, portrait.ErrNotFound) {
		return "nobody"
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(p.Identifiers)
}

// Decisions hold against what comes later, and against each other by their time.
func TestDecisions(t *testing.T) {
	u1, u2 := id("user_id", "u-1"), id("user_id", "u-2")
	a1, a2 := id("anonymous_id", "a-1"), id("anonymous_id", "a-2")
	early, late := portrait.Decision{At: epoch0}, portrait.Decision{At: epoch0.AddDate(0, 0, 1)}
	do := func(_ portrait.Effect, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		play func(ctx context.Context, db *portrait.DB)
		want map[profile.Identifier]string
	}{
		"a link of two that were never seen together": {
			func(ctx context.Context, db *portrait.DB) {
				seen(t, db, "1", u1)
				seen(t, db, "2", a1)
				do(db.Link(ctx, a1, u1, early))
			},
			map[profile.Identifier]string{a1: "[user_id:u-1 anonymous_id:a-1]"},
		},
		"a link before either was seen": {
			func(ctx context.Context, db *portrait.DB) {
				do(db.Link(ctx, u1, a1, early))
				seen(t, db, "1", a1)
			},
			map[profile.Identifier]string{u1: "[user_id:u-1 anonymous_id:a-1]"},
		},
		"an unlink before the pair was seen": {
			func(ctx context.Context, db *portrait.DB) {
				do(db.Unlink(ctx, u1, a1, early))
				seen(t, db, "1", u1, a1)
				seen(t, db, "2", a1)
			},
			map[profile.Identifier]string{u1: "[user_id:u-1]", a1: "[anonymous_id:a-1]"},
		},
		"the later decision, whichever comes first": {
			func(ctx context.Context, db *portrait.DB) {
				do(db.Unlink(ctx, u1, a1, late))
				do(db.Link(ctx, u1, a1, early))
				seen(t, db, "1", u1, a1)
				seen(t, db, "2", a1)
			},
			map[profile.Identifier]string{u1: "[user_id:u-1]", a1: "[anonymous_id:a-1]"},
		},
		"a link never overrides a unique namespace": {
			func(ctx context.Context, db *portrait.DB) {
				seen(t, db, "1", u1, a1)
				seen(t, db, "2", u2)
				do(db.Link(ctx, u2, a1, late))
				do(db.Link(ctx, u1, u2, late))
			},
			map[profile.Identifier]string{u2: "[user_id:u-2 anonymous_id:a-1]", u1: "[user_id:u-1]"},
		},
		"a veto keeps any path apart, whatever comes": {
			func(ctx context.Context, db *portrait.DB) {
				do(db.Veto(ctx, a1, a2, early))
				seen(t, db, "1", u1, a1)
				seen(t, db, "2", u1, a2)
				do(db.Link(ctx, a1, a2, late))
				seen(t, db, "3", a2)
			},
			// The link is the strongest edge, and vetoed; then the earlier event wins.
			map[profile.Identifier]string{},
		},
		"a veto keeps apart what others stand between": {
			func(ctx context.Context, db *portrait.DB) {
				do(db.Veto(ctx, a1, a2, early))
				seen(t, db, "1", u1, id("email", "u@b.cn"))
				seen(t, db, "2", u1, a1)
				seen(t, db, "3", u1, a2)
				seen(t, db, "4", a1)
				seen(t, db, "5", a2)
			},
			map[profile.Identifier]string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
			apply(t, db, testModel)
			c.play(t.Context(), db)
			for of, want := range c.want {
				if got := known(t, db, of); got != want {
					t.Errorf("%s is known as %s, want %s", of, got, want)
				}
			}
			if name[:6] == "a veto" && known(t, db, a1) == known(t, db, a2) {
				t.Errorf("both are known as %s", known(t, db, a1))
			}
		})
	}
}

// A Link that does not unite the two says why, whether or not it changes
// anything.
func TestLink_refused(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, `
identity:
  namespaces:
    - {name: user_id, priority: 1, unique: true}
    - {name: device_id, priority: 2, kind: device, max_partners: 2}
`)
	user := func(i int) profile.Identifier { return id("user_id", fmt.Sprint("u", i)) }
	kiosk, phone, tablet := id("device_id", "kiosk"), id("device_id", "phone"), id("device_id", "tablet")
	for i := range 4 {
		seenOn(t, db, i, user(i), kiosk)
	}
	later := portrait.Decision{At: epoch0.AddDate(0, 0, 2)}
	if _, err := db.Unlink(t.Context(), user(1), phone, later); err != nil {
		t.Fatal(err)
	}
	later.Withdraw = true
	if _, err := db.Link(t.Context(), user(1), tablet, later); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, want string
		b          profile.Identifier
	}{
		{"seen together with a generic value", "generic", kiosk},
		{"again", "generic", kiosk},
		{"against unique", "unique", user(2)},
		{"against unique again", "unique", user(2)},
		{"unlinked later", "unlinked", phone},
		{"withdrawn later", "unlinked", tablet},
		{"nothing forbids it", "", id("device_id", "watch")},
		{"nothing forbids it again", "", id("device_id", "watch")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			effect, err := db.Link(t.Context(), user(1), tt.b, portrait.Decision{At: epoch0})
			if err != nil {
				t.Fatal(err)
			}
			var want, got []string
			if tt.want != "" {
				want = []string{tt.want}
			}
			for _, r := range effect.Refused {
				got = append(got, r.Rule)
			}
			if !slices.Equal(got, want) {
				t.Errorf("refused by %q, want %q", got, want)
			}
		})
	}
}

func TestDecisions_bad_identifiers(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	for _, tt := range []struct {
		a, b profile.Identifier
		want string
	}{
		{id("user_id", "null"), id("email", "a@b.cn"), `portrait: identifier of "user_id" dropped: blocked (null)`},
		{id("user_id", "u"), id("nowhere", "x"), `portrait: identifier of "nowhere" dropped: unknown_namespace`},
		{id("usr_id", "u"), id("email", "a@b.cn"), `portrait: identifier of "usr_id" dropped: unknown_namespace, did you mean "user_id"?`},
		{id("email", "A@b.cn"), id("email", "a@B.cn "), "portrait: both are the same identifier of email"},
	} {
		if _, err := db.Link(t.Context(), tt.a, tt.b, portrait.Decision{}); err == nil || err.Error() != tt.want {
			t.Errorf("Link %v and %v: %v, want %s", tt.a, tt.b, err, tt.want)
		}
	}
	want := `portrait: not found: identifier of "e-mail" dropped: unknown_namespace, did you mean "email"?`
	if _, err := db.Profile(t.Context(), id("e-mail", "a@b.cn")); !errors.Is(err, portrait.ErrNotFound) || err.Error() != want {
		t.Errorf("Profile: %v, want %s", err, want)
	}
	if n := db.Metrics().Epoch; n != 0 {
		t.Errorf("%d commits", n)
	}
}

// An ID that a merge made disappear leads to the profile that took it in, and
// back again after the split.
func TestResolve(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, testModel)
	u, a := id("user_id", "u-1"), id("anonymous_id", "a-1")
	seen(t, db, "1", u)
	seen(t, db, "2", a)
	ids := map[profile.Identifier]profile.ID{}
	for _, i := range []profile.Identifier{u, a} {
		p, err := db.Profile(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = p.ID
	}
	expect := func(want map[profile.Identifier]profile.ID) {
		t.Helper()
		v := viewOf(t, db)
		for i, old := range ids {
			p, err := v.Resolve(t.Context(), old)
			if err != nil || p.ID != want[i] {
				t.Errorf("ID %d of %s leads to %+v, %v; want %d", old, i, p, err, want[i])
			}
		}
	}
	if _, err := db.Link(t.Context(), u, a, portrait.Decision{At: epoch0}); err != nil {
		t.Fatal(err)
	}
	expect(map[profile.Identifier]profile.ID{u: ids[u], a: ids[u]})
	if _, err := db.Unlink(t.Context(), u, a, portrait.Decision{At: now}); err != nil {
		t.Fatal(err)
	}
	expect(ids)
	if _, err := viewOf(t, db).Resolve(t.Context(), profile.MakeID(0, 77)); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("an ID that was never given: %v", err)
	}
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	log, err := collect(v.Merges(t.Context(), 0))
	if err != nil {
		t.Fatal(err)
	}
	for i := range log {
		log[i].Epoch = 0
	}
	want := []portrait.Merge{
		{Into: ids[u], From: []profile.ID{ids[u], ids[a]}},
		{Into: ids[u], From: []profile.ID{ids[u]}},
		{Into: ids[a], From: []profile.ID{ids[u]}},
	}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("merge log (-want +got):\n%s", diff)
	}
}

// Calls that wait at the same time go into one commit.
func TestIngest_shares_commits(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, testModel)
	before := db.Metrics().Epoch
	release := portrait.HoldWriter(db)
	const calls = 20
	var wg sync.WaitGroup
	epochs := make([]uint64, calls)
	for i := range calls {
		wg.Go(func() {
			res, err := db.Ingest(t.Context(), killEvent(i))
			if err != nil || res.Accepted != 1 {
				t.Errorf("%+v, %v", res, err)
			}
			epochs[i] = res.Epoch
		})
	}
	for portrait.Waiting(db) < calls {
		runtime.Gosched()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Ingest(ctx, killEvent(calls)); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that was given up: %v", err)
	}
	release()
	wg.Wait()
	for i, e := range epochs {
		if e != before+1 {
			t.Errorf("call %d is in commit %d, want %d", i, e, before+1)
		}
	}
	if got := db.Metrics().Accepted; got != calls {
		t.Errorf("%d events accepted, want %d", got, calls)
	}
}
