package portrait_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// TestHold_more_than_one_identifier_may_have: people under many holds become one, and the sweep
// of events passes their holds on to every identifier with events. However many these are, all
// are kept, shown and released, none more is taken, and a repair finds those that are lost.
func TestHold_more_than_one_identifier_may_have(t *testing.T) {
	clock, fs := now, crashdisk.New()
	opts := portrait.WithFS(portrait.Options{Clock: func() time.Time { return clock }}, fs)
	db := open(t, "db", opts)
	apply(t, db, strings.Replace(shredModel, "retain: 3650d", "retain: 10d", 1))
	user, mail := id("user_id", "u"), id("email", "e@example.cn")
	for i, who := range []profile.Identifier{user, mail} {
		take(t, db, profile.Event{MessageID: fmt.Sprint(i), Name: "Order Completed", Time: now, Identifiers: []profile.Identifier{who}})
	}
	var refs []string
	for i := range 120 {
		ref := fmt.Sprintf("case-%03d", i)
		refs = append(refs, ref)
		who := user
		if i >= 60 {
			who = mail
		}
		if err := db.Privacy().Hold(t.Context(), ref, who); err != nil {
			t.Fatal(err)
		}
	}
	if err := only(db.Link(t.Context(), user, mail, portrait.Decision{})); err != nil {
		t.Fatal(err)
	}
	clock = clock.AddDate(0, 0, 90)
	if err := db.Advance(t.Context(), clock); err != nil {
		t.Fatal(err)
	}
	check := func(db *portrait.DB) {
		t.Helper()
		if got := exportedHolds(t, db, mail); !slices.Equal(got, refs) {
			t.Errorf("%d holds are shown, want %d", len(got), len(refs))
		}
		if err := db.Privacy().Hold(t.Context(), "another", user); err == nil || !strings.Contains(err.Error(), "100 is the most") {
			t.Errorf("one more: %v", err)
		}
	}
	check(db)
	checkAndClose(t, db)
	db = open(t, "db", opts)
	check(db)
	checkAndClose(t, db)

	// One of the first 60, which are on record of the user ID, is lost there.
	tamper(t, fs, func(s *store.Store, b *store.Batch) {
		for key, value := range pairs(t, s, keys.Hold) {
			lost, ok := portrait.WithoutHold(value, refs[0])
			if !ok {
				t.Fatal("a hold is missing")
			}
			b.Set(key, lost)
		}
	})
	db = open(t, "db", opts)
	done, err := db.Admin().Repair(t.Context())
	if err != nil || done.Total() != 1 {
		t.Errorf("a hold was lost at both: %s, %v", done, err)
	}
	check(db)
	for _, ref := range refs {
		if err := db.Privacy().ReleaseAll(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
	if got := exportedHolds(t, db, user); len(got) > 0 {
		t.Errorf("after the release: %d", len(got))
	}
	checkAndClose(t, db)
}
