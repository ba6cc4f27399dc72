package portrait_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// comers are people of random histories as the test knows them.
type comers struct {
	events     []profile.Event
	last       map[int]time.Time // of each person
	names      map[int]map[profile.Identifier]bool
	held, gone map[int]bool
}

func drawComers(r *rand.Rand) *comers {
	p := &comers{last: map[int]time.Time{}, names: map[int]map[profile.Identifier]bool{}, held: map[int]bool{}, gone: map[int]bool{}}
	for n := range 40 + r.IntN(60) {
		who := r.IntN(30)
		ids := []profile.Identifier{id("user_id", fmt.Sprint("u", who)), id("device_id", fmt.Sprint("d", who)), id("email", fmt.Sprint("e", who, "@example.cn"))}
		ids = ids[r.IntN(2) : 2+r.IntN(2)] // each has the device: they are one person
		e := profile.Event{
			Source: "web", MessageID: fmt.Sprint(n), Name: "Order Completed", Identifiers: ids, Consent: drawConsents(r, now),
			Time:       now.Add(-time.Duration(r.IntN(60*24)) * time.Hour),
			Properties: map[string]profile.Value{"revenue": profile.Number(float64(r.IntN(100)))},
		}
		if p.last[who].Before(e.Time) {
			p.last[who] = e.Time
		}
		for _, id := range ids {
			if p.names[who] == nil {
				p.names[who] = map[profile.Identifier]bool{}
			}
			p.names[who][id] = true
		}
		p.events = append(p.events, e)
	}
	for who := range p.names {
		p.held[who] = r.IntN(6) == 0
	}
	return p
}

// unseen notes who is to go at an instant, and returns their names and how many are held.
func (p *comers) unseen(long time.Duration, at time.Time) (names []string, held int) {
	for who, last := range p.last {
		switch {
		case p.gone[who] || last.After(at.Add(-long)):
		case p.held[who]:
			held++
		default:
			p.gone[who] = true
			for id := range p.names[who] {
				names = append(names, fmt.Sprint(id))
			}
		}
	}
	slices.Sort(names)
	return names, held
}

// TestEraseUnseen lets people come and go at random, some of them held, and erases whom nobody saw
// for long: who is left is who should be, and what is left what a store has that never was
// told of the others.
func TestEraseUnseen(t *testing.T) {
	r := seed(t)
	for range *rounds {
		c := clockAt(now)
		opts := &portrait.Options{Clock: c.now, NoSync: true}
		db := open(t, t.TempDir(), opts)
		apply(t, db, testModel)
		people := drawComers(r)
		take(t, db, people.events...)
		for who, held := range people.held {
			if !held {
				continue
			}
			if err := db.Privacy().Hold(t.Context(), "case-1", slices.Collect(maps.Keys(people.names[who]))[0]); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			c.set(c.now().Add(time.Duration(r.IntN(20*24)) * time.Hour))
			u := privacy.Unseen{For: time.Duration(20+r.IntN(40)) * day, Preview: true}
			want, kept := people.unseen(u.For, c.now())
			for range 2 {
				got, held := eraseUnseen(t, db, u)
				if !slices.Equal(got, want) || held != kept {
					t.Fatalf("%+v: %v and %d held, want %v and %d", u, got, held, want, kept)
				}
				u.Preview = false
			}
		}
		never := open(t, t.TempDir(), opts)
		apply(t, never, testModel)
		for who := range people.gone {
			if err := never.Privacy().Suppress(t.Context(), slices.Collect(maps.Keys(people.names[who]))...); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := never.Ingest(t.Context(), people.events...); err != nil {
			t.Fatal(err)
		}
		if got, want := digest(t, db, c.now()), digest(t, never, c.now()); got != want {
			t.Errorf("digest %s, of a store that was never told of them %s", got, want)
		}
		checkAndClose(t, db)
		checkAndClose(t, never)
	}
}

// eraseUnseen runs to the end, and returns who went and how many are held.
func eraseUnseen(t *testing.T, db *portrait.DB, u privacy.Unseen) (names []string, held int) {
	t.Helper()
	for e, err := range db.Privacy().EraseUnseen(t.Context(), u) {
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range e.Identifiers {
			names = append(names, fmt.Sprint(id))
		}
		held += e.Held
		if done := e.Epoch > 0 && e.Verified && e.Audit.Number > 0; len(e.Identifiers) > 0 && done == u.Preview {
			t.Errorf("%+v: %+v", u, e)
		}
	}
	slices.Sort(names)
	return names, held
}

// Who comes back while others go stays; numbers stay where that was asked for; nonsense is refused.
func TestEraseUnseen_meanwhile(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, testModel)
	const people = 600
	tell := func(message string, at time.Time, of func(int) bool) {
		t.Helper()
		var events []profile.Event
		for i := range people {
			if of(i) {
				events = append(events, profile.Event{
					MessageID: fmt.Sprint(message, i), Name: "Order Completed", Time: at, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))},
					Properties: map[string]profile.Value{"revenue": profile.Number(float64(i))},
				})
			}
		}
		take(t, db, events...)
	}
	tell("old", now.Add(-40*day), func(int) bool { return true })
	steps := 0
	for e, err := range db.Privacy().EraseUnseen(t.Context(), privacy.Unseen{For: 30 * day, Anonymise: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if steps++; steps > 1 {
			t.Fatalf("who came back goes: %d of them", len(e.Profiles))
		}
		if len(e.Profiles) == 0 || len(e.Profiles) > 256 || e.Nameless != len(e.Profiles) {
			t.Errorf("a step of %d people, of whom %d are nameless", len(e.Profiles), e.Nameless)
		}
		gone := map[profile.Identifier]bool{}
		for _, id := range e.Identifiers {
			gone[id] = true
		}
		tell("new", now, func(i int) bool { return !gone[id("user_id", fmt.Sprint("u", i))] })
	}
	if n, err := db.Count(t.Context(), everybody); err != nil || n != people || steps != 1 {
		t.Errorf("%d people after %d steps, %v", n, steps, err)
	}
	for range db.Privacy().EraseUnseen(t.Context(), privacy.Unseen{For: 30 * day}) {
		t.Error("the nameless go, or who was seen")
	}
	for _, wrong := range []time.Duration{0, -day, time.Hour, 1 << 62} {
		for e, err := range db.Privacy().EraseUnseen(t.Context(), privacy.Unseen{For: wrong}) {
			if e != nil || err == nil || !strings.Contains(err.Error(), "want a day to 200 years") {
				t.Errorf("unseen for %s: %+v, %v", wrong, e, err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range db.Privacy().EraseUnseen(t.Context(), privacy.Unseen{For: 30 * day}) {
		if !errors.Is(err, portrait.ErrClosed) {
			t.Error(err)
		}
	}
}
