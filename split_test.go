package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// merged makes one person of two, as a family's shared tablet does, and returns
// the store.
func merged(t *testing.T) *portrait.DB {
	t.Helper()
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, `
identity:
  namespaces:
    - {name: user_id, priority: 1}
    - {name: email, priority: 2, kind: contact}
    - {name: device_id, priority: 3, kind: device}
`)
	seenOn(t, db, 1, id("user_id", "ann"), id("email", "ann@example.cn"))
	seenOn(t, db, 2, id("user_id", "ann"), id("device_id", "phone-a"))
	seenOn(t, db, 3, id("user_id", "bob"), id("device_id", "phone-b"))
	seenOn(t, db, 4, id("user_id", "ann"), id("device_id", "tablet"))
	seenOn(t, db, 5, id("user_id", "bob"), id("device_id", "tablet"))
	return db
}

// seenOn takes in a page view of a day, under a message ID of its own.
func seenOn(t *testing.T, db *portrait.DB, day int, ids ...profile.Identifier) {
	t.Helper()
	e := profile.Event{Type: profile.Page, MessageID: fmt.Sprint("day ", day), Time: epoch0.AddDate(0, 0, day), Identifiers: ids}
	if err := ingest(e)(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

func TestSplit(t *testing.T) {
	db := merged(t)
	all := "[user_id:ann user_id:bob email:ann@example.cn device_id:phone-a device_id:phone-b device_id:tablet]"
	ann, bob := id("user_id", "ann"), id("user_id", "bob")
	if got := known(t, db, ann); got != all {
		t.Fatalf("known as %s", got)
	}
	before := digest(t, db, now)
	effect, err := db.Split(t.Context(), [][]profile.Identifier{{ann}, {bob}}, portrait.Decision{At: epoch0, ID: "T-1", By: "support", Reason: "two people"})
	if err != nil {
		t.Fatal(err)
	}
	if len(effect.Merges) != 2 {
		t.Errorf("effect %+v, want two records of one split", effect)
	}
	wantAnn, wantBob := "[user_id:ann email:ann@example.cn device_id:phone-a device_id:tablet]", "[user_id:bob device_id:phone-b]"
	if got := known(t, db, ann); got != wantAnn {
		t.Errorf("ann is known as %s, want %s", got, wantAnn)
	}
	if got := known(t, db, bob); got != wantBob {
		t.Errorf("bob is known as %s, want %s", got, wantBob)
	}
	// What is seen later joins them neither by the old device nor by a new one.
	seenOn(t, db, 6, bob, id("device_id", "tablet"))
	seenOn(t, db, 7, ann, id("device_id", "television"))
	seenOn(t, db, 8, bob, id("device_id", "television"))
	if a, b := known(t, db, ann), known(t, db, bob); a == b || !strings.Contains(a, "television") {
		t.Errorf("after the split they are seen as %s and %s", a, b)
	}

	// Every part of what the split decided is on record, and can be withdrawn.
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	log, err := collect(v.Decisions(t.Context(), 0))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, d := range log {
		kinds[d.What]++
		if d.Epoch != effect.Epoch || d.By != "support" || d.Reason != "two people" || d.ID != "T-1" || !d.At.Equal(epoch0) {
			t.Errorf("record %+v", d)
		}
		back := d.Decision
		back.At, back.Withdraw = epoch0.AddDate(0, 0, 1), true
		call := db.Unlink
		if d.What == "veto" {
			call = db.Veto
		}
		if _, err := call(t.Context(), d.A, d.B, back); err != nil {
			t.Fatal(err)
		}
	}
	if kinds["unlink"] != 1 || kinds["veto"] != 1 || len(kinds) != 2 {
		t.Errorf("records %v, want one unlink and one veto", kinds)
	}
	fresh := merged(t)
	if before != digest(t, fresh, now) {
		t.Fatal("two stores of the same events differ")
	}
	seenOn(t, fresh, 6, bob, id("device_id", "tablet"))
	seenOn(t, fresh, 7, ann, id("device_id", "television"))
	seenOn(t, fresh, 8, bob, id("device_id", "television"))
	if got, want := digest(t, db, now), digest(t, fresh, now); got != want {
		t.Errorf("digest %s once the split is withdrawn, %s never split", got, want)
	}
}

// Whoever a Split names stays apart, the strongest of a group or not.
func TestSplit_named(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, `
identity:
  namespaces:
    - {name: user_id, priority: 1}
    - {name: email, priority: 2, kind: contact}
    - {name: device_id, priority: 3, kind: device}
    - {name: anonymous_id, priority: 4, kind: cookie}
`)
	users := [2]profile.Identifier{id("user_id", "ann"), id("user_id", "bob")}
	devices := [2]profile.Identifier{id("device_id", "a"), id("device_id", "b")}
	for i, device := range devices {
		cookie := id("anonymous_id", fmt.Sprint(i))
		seenOn(t, db, 2*i, users[i], cookie)
		seenOn(t, db, 2*i+1, device, cookie)
	}
	seenOn(t, db, 4, devices[0], devices[1])
	groups := [][]profile.Identifier{{users[0], devices[0]}, {users[1], devices[1]}}
	if _, err := db.Split(t.Context(), groups, portrait.Decision{At: epoch0}); err != nil {
		t.Fatal(err)
	}
	// An address that both devices are seen with is stronger evidence than what ties
	// them to the users.
	for i, device := range devices {
		seenOn(t, db, 5+i, device, id("email", "shared@example.cn"))
	}
	if a, b := known(t, db, devices[0]), known(t, db, devices[1]); a == b {
		t.Errorf("both devices are known as %s", a)
	}
}

// What a Split or Detach resolved to is withdrawn by its commit: said again it might
// resolve to something else.
func TestSplit_is_not_withdrawn(t *testing.T) {
	db := merged(t)
	ann, bob := id("user_id", "ann"), id("user_id", "bob")
	before := db.Metrics().Epoch
	d := portrait.Decision{At: epoch0, Withdraw: true}
	_, split := db.Split(t.Context(), [][]profile.Identifier{{ann}, {bob}}, d)
	_, detach := db.Detach(t.Context(), ann, d)
	for call, err := range map[string]error{"Split": split, "Detach": detach} {
		if err == nil || !strings.Contains(err.Error(), "a "+call+" is not withdrawn as a whole") {
			t.Errorf("%s: error %v", call, err)
		}
	}
	if db.Metrics().Epoch != before {
		t.Error("something was written")
	}
}

func TestSplit_refuses(t *testing.T) {
	db := merged(t)
	ann, bob := id("user_id", "ann"), id("user_id", "bob")
	for _, tt := range []struct {
		name   string
		groups [][]profile.Identifier
		want   string
	}{
		{"no groups", nil, "want 2 to 20"},
		{"one group", [][]profile.Identifier{{ann, bob}}, "into 1 groups"},
		{"an empty group", [][]profile.Identifier{{ann}, {}}, "group 2 is empty"},
		{"an identifier twice", [][]profile.Identifier{{ann}, {bob, ann}}, "in group 1 and in group 2"},
		{"an unknown identifier", [][]profile.Identifier{{ann}, {id("user_id", "eve")}}, "not found"},
		{"a blocked identifier", [][]profile.Identifier{{ann}, {id("user_id", "null")}}, "blocked"},
		{"too many groups", make([][]profile.Identifier, 21), "into 21 groups"},
		{"too many identifiers", [][]profile.Identifier{{ann}, make([]profile.Identifier, 200)}, "201 identifiers are named"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := db.Metrics().Epoch
			_, err := db.Split(t.Context(), tt.groups, portrait.Decision{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if db.Metrics().Epoch != before {
				t.Error("something was written")
			}
		})
	}
}

func TestDetach(t *testing.T) {
	db := merged(t)
	ann, bob, tablet := id("user_id", "ann"), id("user_id", "bob"), id("device_id", "tablet")
	if _, err := db.Detach(t.Context(), tablet, portrait.Decision{At: epoch0}); err != nil {
		t.Fatal(err)
	}
	if a, b := known(t, db, ann), known(t, db, bob); a == b || strings.Contains(a+b, "tablet") {
		t.Errorf("they are known as %s and %s", a, b)
	}
	if got := known(t, db, tablet); got != "nobody" {
		t.Errorf("the tablet is %s: no event is its own", got)
	}
	// Old owners do not come back with it; a new one does.
	seenOn(t, db, 6, ann, tablet)
	seenOn(t, db, 7, id("user_id", "eve"), tablet)
	if got, want := known(t, db, tablet), "[user_id:eve device_id:tablet]"; got != want {
		t.Errorf("the tablet is known as %s, want %s", got, want)
	}
	if _, err := db.Detach(t.Context(), id("device_id", "nowhere"), portrait.Decision{}); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("an unknown device: %v", err)
	}
}

func TestDecision_texts(t *testing.T) {
	db := merged(t)
	long := strings.Repeat("x", 1025)
	for _, d := range []portrait.Decision{{ID: long}, {By: long}, {Reason: long}, {By: "\xff"}} {
		if _, err := db.Unlink(t.Context(), id("user_id", "ann"), id("user_id", "bob"), d); err == nil {
			t.Errorf("%.20q was taken in", d.ID+d.By+d.Reason)
		}
	}
}

// TestWithdraw takes back all that one commit decided, but for what was decided
// again.
func TestWithdraw(t *testing.T) {
	db := merged(t)
	ann, bob, tablet := id("user_id", "ann"), id("user_id", "bob"), id("device_id", "tablet")
	before := digest(t, db, now)
	split, err := db.Split(t.Context(), [][]profile.Identifier{{ann}, {bob}}, portrait.Decision{At: epoch0})
	if err != nil {
		t.Fatal(err)
	}
	back, err := db.Withdraw(t.Context(), split.Epoch, portrait.Decision{At: epoch0.AddDate(0, 0, 1), By: "support"})
	if err != nil || len(back.Merges) != 1 || len(back.Merges[0].From) != 2 {
		t.Errorf("withdrawn: %+v, %v", back, err)
	}
	if got := digest(t, db, now); got != before {
		t.Errorf("digest %s after the split is withdrawn, %s before it", got, before)
	}
	if _, err := db.Withdraw(t.Context(), split.Epoch, portrait.Decision{At: epoch0.AddDate(0, 0, 2)}); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("withdrawn twice: %v", err)
	}
	if _, err := db.Withdraw(t.Context(), 1, portrait.Decision{}); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("a commit of events: %v", err)
	}

	detach, err := db.Detach(t.Context(), tablet, portrait.Decision{At: epoch0.AddDate(0, 0, 3)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Unlink(t.Context(), tablet, bob, portrait.Decision{At: epoch0.AddDate(0, 0, 4)}); err != nil {
		t.Fatal(err)
	}
	if back, err := db.Withdraw(t.Context(), detach.Epoch, portrait.Decision{At: epoch0.AddDate(0, 0, 5)}); err != nil || !back.Outranked {
		t.Errorf("withdrawn but for one pair: %+v, %v", back, err)
	}
	if a, b := known(t, db, ann), known(t, db, bob); !strings.Contains(a, "tablet") || strings.Contains(b, "tablet") || a == b {
		t.Errorf("the pair that was decided again: ann is known as %s, bob as %s", a, b)
	}
}

// A decision that a later one outranks says so; one from the future is refused.
func TestDecision_outranked(t *testing.T) {
	db := merged(t)
	ann, phone := id("user_id", "ann"), id("device_id", "phone-a")
	day := func(n int) portrait.Decision { return portrait.Decision{At: epoch0.AddDate(0, 0, n)} }
	withdrawn := func(n int) portrait.Decision { d := day(n); d.Withdraw = true; return d }
	for i, s := range []struct {
		call      func(context.Context, profile.Identifier, profile.Identifier, portrait.Decision) (portrait.Effect, error)
		d         portrait.Decision
		outranked bool
	}{
		{db.Unlink, day(5), false},
		{db.Unlink, day(5), false}, // again
		{db.Link, day(4), true},
		{db.Unlink, withdrawn(3), true},
		{db.Unlink, withdrawn(6), false},
		{db.Veto, day(5), false},
		{db.Veto, withdrawn(4), true},
		{db.Veto, day(5), false},
		{db.Veto, withdrawn(5), true}, // at the same time the veto stands
	} {
		effect, err := s.call(t.Context(), ann, phone, s.d)
		if err != nil || effect.Outranked != s.outranked {
			t.Errorf("decision %d: %+v, %v; outranked: want %t", i, effect, err, s.outranked)
		}
	}
	if _, err := db.Link(t.Context(), ann, phone, portrait.Decision{At: now.AddDate(5, 0, 0)}); err == nil || !strings.Contains(err.Error(), "ahead of the clock") {
		t.Errorf("a decision of years ahead: %v", err)
	}
}
