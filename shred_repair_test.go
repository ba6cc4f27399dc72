package portrait_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// oldCopy is a copy of a sealed store of before a change, with the key file of after it, and
// the digest of after it.
func oldCopy(t *testing.T, o *portrait.Options, before, change func(db *portrait.DB)) (old string, want portrait.Digest) {
	t.Helper()
	dir := t.TempDir()
	live, old := filepath.Join(dir, "live"), filepath.Join(dir, "old")
	db := open(t, live, o)
	before(db)
	checkAndClose(t, db)
	if err := os.CopyFS(old, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	db = open(t, live, o)
	change(db)
	want = digest(t, db, now)
	checkAndClose(t, db)
	putKeyFile(t, live, old)
	return old, want
}

// openRepaired opens an old copy with a repair, which has to come to what the store itself does.
func openRepaired(t *testing.T, dir string, o *portrait.Options, want portrait.Digest) *portrait.DB {
	t.Helper()
	repairing := *o
	repairing.Repair = true
	db := open(t, dir, &repairing)
	if got := digest(t, db, now); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	return db
}

// TestShred_old_copies_repaired opens old copies under the key file of now with a repair: whoever
// lives keeps what they had, and nothing is told to be damaged.
func TestShred_old_copies_repaired(t *testing.T) {
	ua, ub, d, e := id("user_id", "a"), id("user_id", "b"), id("device_id", "d"), id("email", "e@example.cn")
	o := &portrait.Options{Clock: fixed(now), Shred: true}
	erase := func(id profile.Identifier) func(db *portrait.DB) {
		return func(db *portrait.DB) {
			if _, err := db.Privacy().Erase(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	see := func(db *portrait.DB, message string, c []profile.Consent, ids ...profile.Identifier) {
		take(t, db, profile.Event{MessageID: message, Name: "Order Completed", Source: "web", Time: epoch0, Identifiers: ids, Consent: c})
	}
	const agreed = shredModel + "purposes:\n  marketing: {}\n"
	for name, c := range map[string]struct{ before, change func(db *portrait.DB) }{
		"a device of two": {func(db *portrait.DB) {
			see(db, "1", nil, ua, d)
			see(db, "2", nil, ub, d)
		}, erase(ua)},
		"one detached before": {func(db *portrait.DB) {
			see(db, "1", nil, ua, e)
			see(db, "2", nil, e)
			if err := only(db.Detach(t.Context(), e, portrait.Decision{})); err != nil {
				t.Fatal(err)
			}
		}, erase(ua)},
		"consents that were heard": {func(db *portrait.DB) {
			apply(t, db, agreed)
			see(db, "1", grant("marketing"), ua, d)
			see(db, "2", nil, ub, d)
		}, erase(ua)},
		"kept apart by a veto": {func(db *portrait.DB) {
			see(db, "1", nil, ua, d)
			see(db, "2", nil, ub, e)
			if err := only(db.Veto(t.Context(), d, e, portrait.Decision{})); err != nil {
				t.Fatal(err)
			}
		}, erase(ua)},
	} {
		t.Run(name, func(t *testing.T) {
			old, want := oldCopy(t, o, func(db *portrait.DB) {
				apply(t, db, shredModel)
				c.before(db)
			}, c.change)
			db := openRepaired(t, old, o, want)
			if done := db.Admin().Repaired(); done.Total() > 0 || done.LostTotal > 0 {
				t.Errorf("of a copy without damage: %s", done)
			}
			if n := erasedIn(t, db); n != 1 {
				t.Errorf("the feed tells of %d who were erased", n)
			}
			checkAndClose(t, db)
		})
	}
}

// erasedIn returns how many profiles the feed says were erased.
func erasedIn(t *testing.T, db *portrait.DB) (n int) {
	t.Helper()
	for c, err := range viewOf(t, db).Changes(t.Context(), portrait.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind == "erased" {
			n++
		}
	}
	return n
}

// damageAnew deletes some records that a repair makes anew: none of the index, which alone says what
// people were in whose key was destroyed.
func damageAnew(t *testing.T, r *rand.Rand, dir string) (what []string) {
	t.Helper()
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := s.NewBatch()
	for range 1 + r.IntN(4) {
		space := []byte{keys.Component, keys.Ordinal, keys.Deadline, keys.FeedField, keys.Expiry}[r.IntN(5)]
		var all [][]byte
		for key := range pairs(t, s, space) {
			all = append(all, bytes.Clone(key))
		}
		if len(all) > 0 {
			what = append(what, string(space))
			b.Delete(all[r.IntN(len(all))])
		}
	}
	if err := s.Commit(b, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return what
}

// TestShred_old_copies_damaged damages such copies of random histories too.
func TestShred_old_copies_damaged(t *testing.T) {
	r := seed(t)
	o := &portrait.Options{Clock: fixed(now), Shred: true}
	for range *rounds {
		old, want := oldCopy(t, o, func(db *portrait.DB) {
			apply(t, db, drawModel(r))
			drawStory(r, 30+r.IntN(120), r.IntN(20)).play(t, db, nil)
			eraseSome(t, r, db)
		}, func(db *portrait.DB) {
			for range 1 + r.IntN(3) {
				eraseSome(t, r, db)
			}
		})
		var what []string
		if r.IntN(3) > 0 {
			what = damageAnew(t, r, old)
		}
		db := openRepaired(t, old, o, want)
		if done := db.Admin().Repaired(); done.LostTotal > 0 {
			t.Errorf("damaged %s: %s", strings.Join(what, " "), done)
		}
		checkAndClose(t, db)
		if t.Failed() {
			t.Fatalf("damaged %s", strings.Join(what, " "))
		}
	}
}
