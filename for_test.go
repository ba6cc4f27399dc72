package portrait_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

const forModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: email, priority: 2, kind: contact}
    - {name: anonymous_id, priority: 4, kind: cookie}
events:
  Order Completed: {numbers: [revenue]}
traits:
  city: {index: true}
  age: {type: number, index: true}
  note: {}
  home: {type: point, index: true}
  spent: {compute: 'sum("Order Completed", "revenue")', index: true}
tags:
  adult: {rule: 'age >= 18'}
  top: {rule: 'percentile(spent) > 0.7', query: true}
  tier: {tiers: [{value: high, rule: 'spent > 100'}, {value: low, rule: 'spent > 0'}]}
stages:
  - {name: buyer, rule: 'spent > 0'}
  - {name: visitor}
segments:
  recent: {rule: 'count("Order Completed", last("30d")) > 0'}
purposes:
  marketing: {max_age: 60d}
  scoring: {automated: true}
log: {retain: 20000d}
`

// public is what happens to some people, each with identifiers of their own.
type public struct {
	ids    []profile.Identifier
	events []profile.Event
	// decide has what is decided after the event of a number, in both stores.
	decide map[int]func(db *portrait.DB, naive *oracle.Store) error
}

// drawPublic draws people who are joined and split, and say yes and no to purposes. Those
// whose identifiers are split say so by one of them at a time, so that nobody hears what
// another says.
func drawPublic(r *rand.Rand, people int) *public {
	c := &public{decide: map[int]func(*portrait.DB, *oracle.Store) error{}}
	for p := range people {
		for _, ns := range []string{"user_id", "email", "anonymous_id"} {
			value := fmt.Sprintf("%s%03d", ns[:1], p)
			if ns == "email" {
				value += "@example.cn"
			}
			c.ids = append(c.ids, id(ns, value))
		}
	}
	for i := range people * 6 {
		p := r.IntN(people)
		own := c.ids[3*p:][:3]
		e := drawDeed(r, i, own)
		if split := p%2 == 0; split && len(e.Consent) > 0 {
			e.Identifiers = e.Identifiers[:1]
		} else if a, b := own[r.IntN(3)], own[r.IntN(3)]; split && a != b && r.IntN(3) == 0 {
			d := portrait.Decision{At: epoch0.Add(time.Duration(i) * time.Minute), ID: fmt.Sprint(i)}
			call, same := (*portrait.DB).Unlink, (*oracle.Store).Unlink
			if r.IntN(3) == 0 {
				call, same = (*portrait.DB).Link, (*oracle.Store).Link
			}
			c.decide[i] = func(db *portrait.DB, naive *oracle.Store) error {
				if naive != nil {
					same(naive, a, b, portrait.StampOf(d))
				}
				return only(call(db, context.Background(), a, b, d))
			}
		}
		if e.Traits != nil {
			e.Traits["note"] = profile.String("note of " + slices.MinFunc(e.Identifiers, stronger).Value)
		}
		c.events = append(c.events, e)
	}
	return c
}

// drawDeed draws an event of somebody.
func drawDeed(r *rand.Rand, i int, own []profile.Identifier) profile.Event {
	e := profile.Event{MessageID: fmt.Sprint("m", i), Source: "web", Time: epoch0.Add(time.Duration(r.IntN(110*24)) * time.Hour)}
	e.Identifiers = []profile.Identifier{own[r.IntN(3)]}
	if r.IntN(3) > 0 {
		e.Identifiers = append(e.Identifiers, own[r.IntN(3)])
	}
	switch r.IntN(3) {
	case 0:
		e.Type = profile.Identify
		e.Traits = map[string]profile.Value{
			"city": profile.String([]string{"上海", "北京", ""}[r.IntN(3)]), "age": profile.Number(float64(r.IntN(80))),
			"home": profile.Point(31+r.Float64()/20, 121),
		}
	case 1:
		e.Name, e.Properties = "Order Completed", map[string]profile.Value{"revenue": profile.Number(float64(r.IntN(200)))}
	default:
		e.Type = profile.Page
	}
	if r.IntN(2) > 0 {
		return e
	}
	said := profile.Consent{Purpose: []string{"marketing", "marketing", "scoring", "scoring", profile.AllPurposes}[r.IntN(5)], Status: profile.ConsentGranted}
	if r.IntN(5) == 0 || said.Purpose == profile.AllPurposes {
		said.Status = profile.ConsentDenied
	} else if r.IntN(4) == 0 {
		said.Expires = e.Time.Add(time.Duration(r.IntN(100*24)) * time.Hour)
	}
	e.Consent = []profile.Consent{said}
	return e
}

// live plays what happens to those of the public whose events are kept into a store.
func (c *public) live(t *testing.T, db *portrait.DB, naive *oracle.Store, keep func(home profile.Identifier) bool) {
	t.Helper()
	apply(t, db, forModel)
	for i, e := range c.events {
		if keep(slices.MinFunc(e.Identifiers, stronger)) {
			take(t, db, e)
		}
		if naive != nil {
			naive.Ingest(e)
		}
		if decide := c.decide[i]; decide != nil {
			if err := decide(db, naive); err != nil {
				t.Fatal(err)
			}
		}
	}
	var listed []string
	for i := 1; i < len(c.ids); i += 6 {
		listed = append(listed, c.ids[i].Value)
	}
	if _, err := db.Lists().Edit(t.Context(), "榜", "email", listed, nil); err != nil {
		t.Fatal(err)
	}
}

// stronger orders identifiers by the rules of the model.
func stronger(a, b profile.Identifier) int {
	ranks := map[string]int{"user_id": 1, "email": 2, "anonymous_id": 4}
	return ranks[a.Namespace] - ranks[b.Namespace]
}

// TestFor_nobody asks a view for a purpose everything that a view answers, and asks the
// same of a store that was never told of anybody who does not consent: merges, splits,
// ends of consents, restrictions and opt-outs included. The answers are equal, and name
// nobody else.
func TestFor_nobody(t *testing.T) {
	r := seed(t)
	lives := max(1, *rounds/3)
	if testing.Short() {
		lives = 1
	}
	agreed, withheld := 0, 0
	for range lives {
		c := drawPublic(r, 16)
		clock := epoch0.AddDate(0, 4, 0)
		opts := &portrait.Options{Clock: fixed(clock), NoSync: true}
		db := open(t, t.TempDir(), opts)
		apply(t, db, forModel)
		naive := naiveStore(t, model(t, forModel), db)
		c.live(t, db, naive, func(profile.Identifier) bool { return true })
		restricted, out := objecting(t, r, db, c.ids, db.Privacy().Restrict), objecting(t, r, db, c.ids, db.Privacy().OptOut)
		optOut := func(twin *portrait.DB) {
			for id := range out {
				if _, err := twin.Profile(t.Context(), id); err == nil {
					if err := twin.Privacy().OptOut(t.Context(), id); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		for _, purpose := range []string{"marketing", "scoring"} {
			agrees, others := map[profile.Identifier]bool{}, []profile.Identifier{}
			for _, p := range naive.People() {
				ok := oracle.Eval(&syntax.Consent{Purpose: purpose}, p.Person, portrait.ScopeOf(db), profile.InstantOf(clock))
				for _, id := range p.Identifiers {
					ok = ok && !restricted[id] && !(purpose == "scoring" && out[id])
				}
				for _, id := range p.Identifiers {
					if agrees[id] = ok; !ok {
						others = append(others, id)
					}
				}
				if ok {
					agreed++
				} else {
					withheld++
				}
			}
			twin := open(t, t.TempDir(), opts)
			c.live(t, twin, nil, func(home profile.Identifier) bool { return agrees[home] })
			optOut(twin)
			compareFor(t, db, twin, c, purpose, agrees, others)
		}
	}
	if agreed < 4*lives || withheld < 4*lives {
		t.Errorf("%d agree and %d do not: the test is one-sided", agreed, withheld)
	}
}

// objecting lets some people object, and returns what they go by.
func objecting(t *testing.T, r *rand.Rand, db *portrait.DB, ids []profile.Identifier, object func(context.Context, ...profile.Identifier) error) map[profile.Identifier]bool {
	t.Helper()
	all := map[profile.Identifier]bool{}
	for range 2 {
		p, err := db.Profile(t.Context(), ids[r.IntN(len(ids))])
		if err != nil {
			continue
		}
		if err := object(t.Context(), p.Identifiers[0]); err != nil {
			t.Fatal(err)
		}
		for _, id := range p.Identifiers {
			all[id] = true
		}
	}
	return all
}

func compareFor(t *testing.T, db, twin *portrait.DB, c *public, purpose string, agrees map[profile.Identifier]bool, others []profile.Identifier) {
	t.Helper()
	v := viewFor(t, db, privacy.Access{Purpose: purpose})
	defer v.Close()
	host, alone := viewOf(t, db), viewOf(t, twin)
	defer host.Close()
	defer alone.Close()
	for name, ask := range questions {
		got := &asking{T: t, v: v, who: c.ids, told: map[profile.ID]bool{}, asked: asked}
		want := &asking{T: t, v: alone, who: c.ids, told: map[profile.ID]bool{}, host: true, asked: asked}
		answer := fmt.Sprintf("%+v", ask(got))
		if diff := cmp.Diff(strings.Fields(fmt.Sprintf("%+v", ask(want))), strings.Fields(answer)); diff != "" {
			t.Errorf("%s for %s (- told of nobody else, + for the purpose):\n%s", name, purpose, diff)
		}
		for _, id := range others {
			if strings.Contains(answer, id.Value) {
				t.Errorf("%s for %s names %s", name, purpose, id)
			}
		}
		for id := range got.told {
			if p, err := host.Resolve(t.Context(), id); err != nil || !agrees[p.Identifiers[0]] {
				t.Errorf("%s for %s has the ID of %v, %v", name, purpose, p, err)
			}
		}
	}
	for _, e := range []segment.Expr{asked[0], asked[1], asked[2]} {
		all, err := host.Count(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		some, err := v.Count(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := v.Withheld(t.Context(), e); err != nil || n != all-some {
			t.Errorf("%d withheld of %s, %v; want %d of %d", n, e, err, all-some, all)
		}
	}
	if _, err := collect(v.Flows(t.Context(), segment.Tag("adult"), epoch0)); err != nil {
		t.Errorf("flows: %v", err)
	}
	refusedFor(t, v)
}
