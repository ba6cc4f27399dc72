package portrait_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// TestErase_companions erases somebody who was seen with identifiers that are not one with
// them: those go along of whom nobody else tells.
func TestErase_companions(t *testing.T) {
	const spaces = `
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: openid, priority: 2, kind: account, unique: true}
    - {name: email, priority: 3, kind: contact%s}
    - {name: device_id, priority: 4, kind: device, max_partners: 3}
`
	user, first, second := id("user_id", "mei"), id("email", "first@example.cn"), id("email", "second@example.cn")
	third, other, gadget := id("email", "third@example.cn"), id("user_id", "bo"), id("device_id", "gadget")
	cap2 := "\nidentity:\n  max_nodes: 2\n  namespaces:" + fmt.Sprintf(spaces, "")
	limited := "\nidentity:\n  namespaces:" + fmt.Sprintf(spaces, ", limit: 1")
	free := "\nidentity:\n  namespaces:" + fmt.Sprintf(spaces, "")
	event := func(ids ...profile.Identifier) []profile.Identifier { return ids }
	both := [][]profile.Identifier{event(user, first), event(user, second)}
	for _, c := range []struct {
		name   string
		model  string
		events [][]profile.Identifier
		decide func(*portrait.DB) error
		stay   []profile.Identifier
	}{
		{name: "a limit", model: limited, events: both},
		{name: "a cap", model: cap2, events: both},
		{name: "a unique namespace", model: free, events: [][]profile.Identifier{event(user, id("openid", "o1")), event(user, id("openid", "o2"))}},
		{name: "an Unlink", model: free, events: both, decide: func(db *portrait.DB) error { return only(db.Unlink(t.Context(), user, second, portrait.Decision{})) }},
		{name: "a veto", model: free, events: both, decide: func(db *portrait.DB) error { return only(db.Veto(t.Context(), user, second, portrait.Decision{})) }},
		{name: "a Detach", model: free, events: both, decide: func(db *portrait.DB) error { return only(db.Detach(t.Context(), second, portrait.Decision{})) }},
		{name: "two that were seen with each other", model: cap2, events: append(both, event(user, gadget), event(second, gadget))},
		{name: "a limit, and events of its own", model: strings.Replace(limited, "limit: 1", "limit: 2", 1), events: append(both, event(user, third), event(third))},
		{name: "a limit of one, and events of its own", model: limited, events: append(both, event(second)), stay: event(second)},
		{name: "a cap, and events of its own", model: cap2, events: append(both, event(second))},
		{name: "a limit, seen with somebody else", model: limited, events: append(both, event(other, second)), stay: event(second, other)},
		{name: "a limit, and linked to somebody else", model: limited, events: append(both, event(other)), stay: event(second, other),
			decide: func(db *portrait.DB) error { return only(db.Link(t.Context(), other, second, portrait.Decision{})) }},
		{name: "an Unlink, and events of its own", model: free, events: append(both, event(second)), stay: event(second),
			decide: func(db *portrait.DB) error { return only(db.Unlink(t.Context(), user, second, portrait.Decision{})) }},
		{name: "a veto, and events of its own", model: free, events: append(both, event(second)), stay: event(second),
			decide: func(db *portrait.DB) error { return only(db.Veto(t.Context(), user, second, portrait.Decision{})) }},
		{name: "another person, by her address", model: free, events: [][]profile.Identifier{event(user, first), event(other, first)}, stay: event(other)},
		{name: "events that name her device", model: limited, events: [][]profile.Identifier{event(user, first, gadget), event(second, gadget)}, stay: event(second)},
		{name: "a device of many", model: free, events: [][]profile.Identifier{event(user, gadget), event(other, gadget), event(first, gadget), event(second, gadget)}, stay: event(gadget, first, second, other)},
		{name: "told apart from somebody nobody saw", model: free, events: both[:1], stay: event(other),
			decide: func(db *portrait.DB) error { return only(db.Veto(t.Context(), user, other, portrait.Decision{})) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
			apply(t, db, c.model)
			for i, ids := range c.events {
				takenIn(t, db, fmt.Sprint(i), profile.Event{Name: "Opened", Time: epoch0.Add(time.Duration(i) * time.Minute), Identifiers: ids})
			}
			if c.decide != nil {
				if err := c.decide(db); err != nil {
					t.Fatal(err)
				}
			}
			preview, err := db.Privacy().Preview(t.Context(), user)
			if err != nil {
				t.Fatal(err)
			}
			erased, err := db.Privacy().Erase(t.Context(), user)
			if err != nil || !erased.Verified {
				t.Fatal(erased, err)
			}
			if diff := cmp.Diff(erased.Identifiers, preview.Identifiers); diff != "" {
				t.Errorf("a preview said (-erased +preview):\n%s", diff)
			}
			if diff := cmp.Diff(c.stay, identifiersIn(t, db)); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			checkAndClose(t, db)
		})
	}
}

// TestEraseUnseen_companions keeps who was seen lately, though a bound alone keeps them out of
// somebody who was not.
func TestEraseUnseen_companions(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "\nidentity:\n  max_nodes: 2\n  namespaces:\n    - {name: user_id, priority: 1, kind: person, unique: true}\n    - {name: email, priority: 2, kind: contact}\n")
	old, lately := now.Add(-1000*24*time.Hour), now.Add(-time.Hour)
	user, mail := id("user_id", "mei"), func(n int) profile.Identifier { return id("email", fmt.Sprint(n, "@example.cn")) }
	for i := range 4 {
		takenIn(t, db, fmt.Sprint(i), profile.Event{Name: "Opened", Time: old.Add(time.Duration(i) * time.Hour), Identifiers: []profile.Identifier{user, mail(i)}})
	}
	takenIn(t, db, "own", profile.Event{Name: "Opened", Time: lately, Identifiers: []profile.Identifier{mail(2)}})
	takenIn(t, db, "own, and old", profile.Event{Name: "Opened", Time: old, Identifiers: []profile.Identifier{mail(3)}})
	if _, err := collect(db.Privacy().EraseUnseen(t.Context(), privacy.Unseen{For: 365 * 24 * time.Hour})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]profile.Identifier{mail(2)}, identifiersIn(t, db)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	checkAndClose(t, db)
}
