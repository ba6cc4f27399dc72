package portrait_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

const retainModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: device_id, priority: 2, kind: device}
traits:
  city: {retain: 10d, index: true}
  income: {type: number, retain: 36h, index: true}
  note: {retain: 5d}
  village: {index: true}
  origin: {merge: first, retain: 20d, index: true}
  nick: {merge: nonEmpty, retain: 3d, index: true}
tags:
  local: {rule: 'city == "上海"'}
  rich: {rule: 'income >= 50 and exists(note)'}
  native: {rule: 'origin == "上海"'}
  nicked: {rule: 'exists(nick)'}
segments:
  known: {rule: 'exists(note) or exists(income)'}
`

// TestRetain tells traits of people at random times, out of order, and merges, splits,
// advances, purges and reopens: at every moment a value is there that was told last
// (or first, or last and not empty), if that is not too long ago, in profiles, tags, tracked segments and segments, by an index
// and without. Another store that is told in another order, and never purged, agrees.
func TestRetain(t *testing.T) {
	r := seed(t)
	retain := map[string]time.Duration{"city": 10 * day, "income": 36 * time.Hour, "note": 5 * day, "village": 1000 * day, "origin": 20 * day, "nick": 3 * day}
	for range *rounds {
		c := clockAt(now)
		dir := t.TempDir()
		opts := &portrait.Options{Clock: c.now, NoSync: true}
		db, twin := open(t, dir, opts), open(t, t.TempDir(), opts)
		apply(t, db, retainModel)
		apply(t, twin, retainModel)
		type told struct {
			at    time.Time
			tie   uint64
			value profile.Value
		}
		naive := map[int]map[string]told{} // by person
		for n := range 60 {
			var batch []profile.Event
			for i := range 1 + r.IntN(6) {
				who := r.IntN(4)
				e := profile.Event{
					MessageID: fmt.Sprint(n, "-", i), Type: profile.Identify, Time: c.now().Add(-time.Duration(r.ExpFloat64() * float64(3*day))).Truncate(time.Minute),
					Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", who))}, Traits: map[string]profile.Value{},
				}
				if r.IntN(3) == 0 { // by way of a device that is theirs alone
					e.Identifiers = append(e.Identifiers, id("device_id", fmt.Sprint("d", who)))
				}
				for trait := range retain {
					if r.IntN(2) > 0 {
						continue
					}
					v := profile.String([]string{"上海", "北京", "広州"}[r.IntN(3)])
					switch {
					case trait == "income":
						v = profile.Number(float64(r.IntN(100)))
					case r.IntN(5) == 0 && trait == "nick":
						v = profile.String("")
					}
					e.Traits[trait] = v
					if naive[who] == nil {
						naive[who] = map[string]told{}
					}
					stamp := e.Stamp()
					was, ok := naive[who][trait]
					counts := !ok || e.Time.After(was.at) || e.Time.Equal(was.at) && stamp.Tie > was.tie
					switch trait {
					case "origin":
						counts = !ok || !counts
					case "nick":
						counts = counts && v.Text() != ""
					}
					if counts {
						naive[who][trait] = told{e.Time, stamp.Tie, v}
					}
				}
				batch = append(batch, e)
			}
			if len(batch) > 0 {
				if res := takeIn(t, db, batch...); res.Accepted != len(batch) {
					t.Fatalf("%+v", res)
				}
				r.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
				takeIn(t, twin, batch...)
			}
			switch r.IntN(5) {
			case 0:
				c.set(c.now().Add(time.Duration(r.Int64N(int64(3 * day)))))
			case 1: // to the very instant at which something goes, or just before it
				trait := []string{"note", "origin", "nick"}[r.IntN(3)]
				if of, ok := naive[r.IntN(4)][trait]; ok && of.at.Add(retain[trait]).After(c.now()) {
					c.set(of.at.Add(retain[trait] - time.Duration(r.IntN(2))*time.Microsecond))
				}
			case 2:
				if _, err := db.Privacy().Purge(t.Context()); err != nil {
					t.Fatal(err)
				}
			case 3:
				checkAndClose(t, db)
				db = open(t, dir, opts)
			}
			has := func(who int, trait string) (profile.Value, bool) {
				if v, ok := naive[who][trait]; ok && c.now().Before(v.at.Add(retain[trait])) {
					return v.value, true
				}
				return profile.Value{}, false
			}
			counts := map[string]uint64{}
			for who := range 4 {
				city, _ := has(who, "city")
				income, rich := has(who, "income")
				_, noted := has(who, "note")
				origin, _ := has(who, "origin")
				_, nicked := has(who, "nick")
				for rule, in := range map[string]bool{
					`city == "上海"`: city.Text() == "上海", `tag("local")`: city.Text() == "上海", `exists(city)`: city.Text() != "",
					`tag("rich")`: rich && noted && income.Number() >= 50, `tag("known")`: rich || noted, `income < 50`: rich && income.Number() < 50, `exists(note)`: noted,
					`origin == "上海"`: origin.Text() == "上海", `tag("native")`: origin.Text() == "上海", `tag("nicked")`: nicked, `exists(nick)`: nicked,
				} {
					if counts[rule] += 0; in {
						counts[rule]++
					}
				}
				p, err := db.Profile(t.Context(), id("user_id", fmt.Sprint("u", who)))
				if errors.Is(err, portrait.ErrNotFound) && len(naive[who]) == 0 {
					continue
				} else if err != nil {
					t.Fatal(err)
				}
				for trait := range retain {
					want, ok := has(who, trait)
					if got, shown := p.Trait(trait); shown != ok || ok && !got.Equal(want) {
						t.Fatalf("%s of %d at %s: %v, %t, want %v, %t", trait, who, c.now(), got, shown, want, ok)
					}
				}
			}
			for rule, want := range counts {
				if got, err := db.Count(t.Context(), segment.MustParse(rule)); err != nil || got != want {
					t.Fatalf("%s at %s: %d, want %d, %v", rule, c.now(), got, want, err)
				}
			}
		}
		if a, b := digest(t, db, c.now()), digest(t, twin, c.now()); a != b {
			t.Fatalf("digests %s and %s", a, b)
		}
		checkAndClose(t, db)
		checkAndClose(t, twin)
	}
}

// A value that is kept no longer is in no record after a Purge, unless its person is held;
// what was told before it does not come back, however late.
func TestRetain_purged(t *testing.T) {
	t.Run("plain", func(t *testing.T) { retainPurged(t, nil) })
	t.Run("encrypted", func(t *testing.T) { retainPurged(t, &keySet{current: "a"}) })
}

func retainPurged(t *testing.T, keys store.Keys) {
	c := clockAt(now)
	dir := t.TempDir()
	db := open(t, dir, &portrait.Options{Clock: c.now, Keys: keys})
	apply(t, db, retainModel)
	tell := func(n int, who, value string, at time.Time) {
		t.Helper()
		takeIn(t, db, profile.Event{
			MessageID: fmt.Sprint(n), Type: profile.Identify, Time: at, Identifiers: []profile.Identifier{id("user_id", who)},
			Traits: map[string]profile.Value{"note": profile.String(value)},
		})
	}
	tell(1, "free", "canary-free", now)
	tell(2, "held", "canary-held", now)
	if err := db.Privacy().Hold(t.Context(), "case-7", id("user_id", "held")); err != nil {
		t.Fatal(err)
	}
	c.set(now.Add(5 * day))
	if err := db.Advance(t.Context(), c.now()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Privacy().Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	free, held := formsOf("canary-free"), formsOf("canary-held")
	if hits := append(inFiles(t, dir, keys, free), inTables(t, dir, keys, free)...); len(hits) > 0 {
		t.Errorf("it is left: %q", hits)
	}
	if hits := inTables(t, dir, keys, held); len(hits) == 0 {
		t.Error("what is held was not found: the search is blind")
	}
	tell(3, "free", "older", now.Add(-time.Microsecond))
	p, err := db.Profile(t.Context(), id("user_id", "free"))
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := p.Trait("note"); ok {
		t.Errorf("what was told before it has come back: %v", v)
	}
	// A longer time shows again what is still there, which is that of the held alone.
	apply(t, db, strings.Replace(retainModel, "retain: 5d", "retain: 50d", 1))
	for who, want := range map[string]bool{"free": false, "held": true} {
		p, err := db.Profile(t.Context(), id("user_id", who))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := p.Trait("note"); ok != want {
			t.Errorf("%s: shown %t, want %t", who, ok, want)
		}
	}
}

func TestRetain_refused(t *testing.T) {
	for text, want := range map[string]string{
		"{retain: 5m}":                           "want an hour to 200 years",
		"{retain: 0s}":                           "want an hour to 200 years",
		"{retain: soon}":                         "retain",
		"{retain: 5d, merge: union, type: set}":  `trait "x": retain wants merge latest, nonEmpty or first, not union`,
		"{retain: 5d, merge: max, type: number}": `trait "x": retain wants merge latest, nonEmpty or first, not max`,
		"{retain: 5d, merge: sum, type: number}": `trait "x": retain wants merge latest, nonEmpty or first, not sum`,
		`{retain: 5d, compute: 'count("X")'}`:    "a computed trait has no retain",
	} {
		m, err := portrait.ParseModel([]byte("traits:\n  x: " + text))
		if err == nil {
			db := open(t, t.TempDir(), nil)
			_, err = db.Apply(t.Context(), m)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
