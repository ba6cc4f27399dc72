package portrait_test

import (
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// TestErase_consents erases somebody who said no on a browser that somebody else uses too: the
// browser then holds what the other said there, and no word or name of hers is in any file.
func TestErase_consents(t *testing.T) {
	const form = "canary-form-of-hers"
	for name, erase := range map[string]eraser{"erased": (*portrait.Privacy).Erase, "anonymised": (*portrait.Privacy).Anonymise} {
		for _, sealed := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				opts := &portrait.Options{Clock: fixed(now), Shred: sealed}
				bo, browser, her := id("user_id", "bo"), id("anonymous_id", "b-1"), id("user_id", "mei-canary")
				no := []profile.Consent{{Purpose: "marketing", Status: profile.ConsentWithdrawn, Method: form}, {Purpose: "unheard of", Method: form}}
				events := []profile.Event{
					say(now.Add(-3*time.Hour), grant("marketing"), bo, browser),
					say(now.Add(-2*time.Hour), no, her, browser),
					say(now.Add(-time.Hour), grant("scoring"), bo, browser),
				}
				text := strings.Replace(consentModel, "{sensitive: true, index: true}", "{sensitive: true}", 1)
				dir := t.TempDir()
				db := open(t, dir, opts)
				apply(t, db, text)
				take(t, db, events...)
				if consents(t, db, "marketing", bo) {
					t.Fatal("his browser heard no, and he consents")
				}
				if _, err := erase(db.Privacy(), t.Context(), her); err != nil {
					t.Fatal(err)
				}
				if !consents(t, db, "marketing", bo) || !consents(t, db, "scoring", bo) {
					t.Error("what she said stays with him")
				}
				if _, err := db.Privacy().Purge(t.Context()); err != nil {
					t.Fatal(err)
				}
				checkAndClose(t, db)
				if hits := inClosed(t, dir, nil, formsOf(form, "mei-canary")); len(hits) > 0 {
					t.Errorf("it is left: %q", hits)
				}
				if name != "erased" {
					return
				}
				never := open(t, t.TempDir(), opts)
				apply(t, never, text)
				take(t, never, events[0], events[2])
				again := open(t, dir, opts)
				if got, want := digest(t, again, now), digest(t, never, now); got != want {
					t.Errorf("digest %s, of a store that never heard her %s", got, want)
				}
			})
		}
	}
}
