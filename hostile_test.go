package portrait_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// Input that would confuse a resolver ends in a clear answer, and Check finds
// nothing amiss.
func TestHostileIdentities(t *testing.T) {
	user := func(i int) profile.Identifier { return id("user_id", fmt.Sprint("u", i)) }
	for name, play := range map[string]func(t *testing.T, db *portrait.DB){
		"aliases in a circle": func(t *testing.T, db *portrait.DB) {
			t.Helper()
			for i := range 6 {
				text := fmt.Sprintf(`{"type":"alias","messageId":"%d","userId":"u%d","previousId":"a%d","timestamp":"2026-01-0%dT00:00:00Z"}`, i, i%3, (i+i/3)%3, 1+i)
				e, err := profile.ParseEvent([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				res, err := db.Ingest(t.Context(), e)
				if err != nil || res.Accepted != 1 {
					t.Fatalf("%+v, %v", res, err)
				}
			}
			// Three users and three cookies, each cookie with one of them.
			if n, err := db.Count(t.Context(), everybody); n != 3 || err != nil {
				t.Errorf("%d people, %v", n, err)
			}
			if n := len(refusals(t, db, 0)); n != 3 {
				t.Errorf("%d refusals, want 3", n)
			}
		},
		"an alias to itself": func(t *testing.T, db *portrait.DB) {
			t.Helper()
			e := profile.Event{Type: profile.Alias, MessageID: "1", Time: epoch0, Identifiers: []profile.Identifier{user(1), user(1)}}
			if err := ingest(e)(t.Context(), db); err != nil {
				t.Fatal(err)
			}
			if got := known(t, db, user(1)); got != "[user_id:u1]" {
				t.Errorf("known as %s", got)
			}
		},
		"an event whose identifiers are all blocked": func(t *testing.T, db *portrait.DB) {
			t.Helper()
			e := profile.Event{Type: profile.Page, Time: epoch0, Identifiers: []profile.Identifier{
				id("user_id", "null"), id("anonymous_id", "00000000-0000-0000-0000-000000000000"),
			}}
			good := profile.Event{Type: profile.Page, Time: epoch0, Identifiers: []profile.Identifier{user(1)}}
			res, err := db.Ingest(t.Context(), e, good)
			if err != nil || res.Accepted != 1 || len(res.Rejected) != 1 {
				t.Fatalf("%+v, %v", res, err)
			}
			if r := res.Rejected[0]; r.Index != 0 || r.Field != "identifiers" || r.Reason != profile.ReasonBlocked || !strings.Contains(r.Detail, `"user_id"`) {
				t.Errorf("rejection %+v", r)
			}
		},
		"a thousand identifiers on one event": func(t *testing.T, db *portrait.DB) {
			t.Helper()
			e := profile.Event{Type: profile.Page, Time: epoch0}
			for i := range 1000 {
				e.Identifiers = append(e.Identifiers, id("device_id", fmt.Sprint("device-", i)))
			}
			res, err := db.Ingest(t.Context(), e)
			if err != nil || res.Accepted != 1 || res.Dropped != 980 {
				t.Fatalf("%+v, %v; want 980 dropped", res, err)
			}
			all := refusals(t, db, 0)
			if len(all) != 980 || all[0].Rule != "too_many" {
				t.Errorf("%d records, the first %+v", len(all), all[0])
			}
			e.Identifiers = append(e.Identifiers, user(1))
			res, err = db.Ingest(t.Context(), e)
			if err != nil || len(res.Rejected) != 1 || res.Rejected[0].Reason != profile.ReasonTooManyIDs {
				t.Errorf("1,001 identifiers: %+v, %v", res, err)
			}
		},
		"vetoes that contradict links": func(t *testing.T, db *portrait.DB) {
			t.Helper()
			a, b, c := id("device_id", "a"), id("device_id", "b"), id("device_id", "c")
			for i, pair := range [][2]profile.Identifier{{a, b}, {b, c}, {a, c}} {
				seenOn(t, db, i, pair[0], pair[1])
				if _, err := db.Veto(t.Context(), pair[0], pair[1], portrait.Decision{At: epoch0}); err != nil {
					t.Fatal(err)
				}
				effect, err := db.Link(t.Context(), pair[0], pair[1], portrait.Decision{At: epoch0.AddDate(0, 0, 9)})
				if err != nil || len(effect.Refused) != 1 || effect.Refused[0].Rule != "veto" {
					t.Errorf("link %v: %+v, %v", pair, effect, err)
				}
			}
			for _, pair := range [][2]profile.Identifier{{a, b}, {b, c}, {a, c}} {
				rel, err := explainIdentity(t, db, pair[0], pair[1])
				if err != nil || rel.Together || len(rel.Path) != 1 || rel.Path[0].Rule != "veto" {
					t.Errorf("%v: %s, %v", pair, rel, err)
				}
			}
		},
		"a veto of oneself": func(t *testing.T, db *portrait.DB) {
			t.Helper()
			if _, err := db.Veto(t.Context(), user(1), user(1), portrait.Decision{}); err == nil || !strings.Contains(err.Error(), "same identifier") {
				t.Errorf("error %v", err)
			}
		},
		"a link against unique": func(t *testing.T, db *portrait.DB) {
			t.Helper()
			seenOn(t, db, 0, user(1))
			seenOn(t, db, 1, user(2))
			effect, err := db.Link(t.Context(), user(1), user(2), portrait.Decision{At: epoch0})
			if err != nil || len(effect.Refused) != 1 || effect.Refused[0].Rule != "unique" || effect.Refused[0].Namespace != "user_id" {
				t.Errorf("%+v, %v", effect, err)
			}
			if known(t, db, user(1)) == known(t, db, user(2)) {
				t.Error("two values of a unique namespace are one profile")
			}
		},
		"an unlink before there is anything to unlink": func(t *testing.T, db *portrait.DB) {
			t.Helper()
			d := id("device_id", "d")
			if _, err := db.Unlink(t.Context(), user(1), d, portrait.Decision{At: epoch0}); err != nil {
				t.Fatal(err)
			}
			seenOn(t, db, 5, user(1), d)
			if _, err := db.Link(t.Context(), user(1), d, portrait.Decision{At: epoch0.AddDate(0, 0, -1)}); err != nil {
				t.Fatal(err)
			}
			if got := known(t, db, user(1)); got != "[user_id:u1]" {
				t.Errorf("known as %s", got)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
			play(t, db)
		})
	}
}

// Merges that overlap, from many goroutines at once, end in one profile.
func TestConcurrentMerges(t *testing.T) {
	const chain = 64
	device := func(i int) profile.Identifier { return id("device_id", fmt.Sprint("device-", i)) }
	event := func(i int) profile.Event {
		return profile.Event{Type: profile.Page, MessageID: fmt.Sprint(i), Time: epoch0, Identifiers: []profile.Identifier{device(i), device(i + 1)}}
	}
	serial := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	for i := range chain {
		if err := ingest(event(i))(t.Context(), serial); err != nil {
			t.Fatal(err)
		}
	}
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := g; i < chain; i += 8 {
				for range 2 { // each twice, as a client retries
					if err := ingest(event(i))(t.Context(), db); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if n, err := db.Count(t.Context(), everybody); n != 1 || err != nil {
		t.Errorf("%d people, %v", n, err)
	}
	if digest(t, db, now) != digest(t, serial, now) {
		t.Error("concurrent merges came to another state than serial ones")
	}
}
