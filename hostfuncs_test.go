package portrait_test

import (
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
)

// A model may name functions of the host's own. They come with the options, and
// the store does not open without them.
func TestOptions_functions_of_the_host(t *testing.T) {
	dir := t.TempDir()
	opts := &portrait.Options{
		Clock:       fixed(now),
		Normalizers: map[string]func(string) (string, bool){"member": func(s string) (string, bool) { return strings.TrimPrefix(s, "M-"), s != "M-" }},
		Blockers:    map[string]func(string) bool{"staff": func(s string) bool { return strings.HasPrefix(s, "staff") }},
	}
	const text = "identity:\n  namespaces:\n    - {name: card, priority: 1, normalize: [trim, member], blocked_by: [staff]}\n"
	db := open(t, dir, opts)
	apply(t, db, text)
	seen(t, db, "1", id("card", "M-17"))
	seen(t, db, "2", id("card", " 17"))
	seen(t, db, "3", id("card", "M-18"), id("card", "staff-3"))
	if n, err := db.Count(t.Context(), everybody); n != 2 || err != nil {
		t.Errorf("%d people, %v", n, err)
	}
	if all := refusals(t, db, 0); len(all) != 1 || all[0].Rule != "blocked" || all[0].Detail != "staff" {
		t.Errorf("refusals %+v", all)
	}
	checkAndClose(t, db)

	for _, without := range []*portrait.Options{nil, {Normalizers: opts.Normalizers}, {Blockers: opts.Blockers}} {
		_, err := portrait.Open(dir, without)
		if err == nil || !strings.Contains(err.Error(), `namespace "card"`) {
			t.Errorf("opened without the host's functions: %v", err)
		}
	}
	db = open(t, dir, opts)
	if got := known(t, db, id("card", "M-17")); got != "[card:17]" {
		t.Errorf("known as %s", got)
	}
	m := model(t, text)
	m.Identity.Blockers = opts.Blockers
	if _, err := db.Apply(t.Context(), m); !errorIs(err, portrait.ErrModel) || !strings.Contains(err.Error(), "Options") {
		t.Errorf("a model with functions: %v", err)
	}
}
