package portrait_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

const namelessModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: email, priority: 2, kind: contact, limit: 2, per: 2160h, trait: email}
    - {name: anonymous_id, priority: 3, kind: cookie}
    - {name: device_id, priority: 4, kind: device}
zone: Asia/Shanghai
events:
  Order Completed: {numbers: [revenue], unique: [sku]}
traits:
  city: {index: true}
  points: {type: number, merge: sum, index: true}
  orders: {compute: 'count("Order Completed")', index: true}
  revenue: {compute: 'sum("Order Completed", "revenue")', index: true}
  dearest: {compute: 'max("Order Completed", "revenue")', index: true}
  month: {compute: 'sum("Order Completed", "revenue", last("30d"))', index: true}
  quarter: {compute: 'count("Order Completed", last("90d"))'}
  active: {compute: 'days("Order Completed")', index: true}
  skus: {compute: 'unique("Order Completed", "sku")', index: true}
  favourite: {compute: 'most_frequent("Order Completed", "sku")', index: true}
  last_order: {compute: 'last_time("Order Completed")', index: true}
tags:
  buyer: {rule: 'orders >= 1'}
  recent: {rule: 'last_order >= ago("60d")'}
  local: {rule: 'city == "上海"'}
stages:
  - {name: loyal, rule: 'orders >= 3'}
  - {name: others}
log: {retain: 365d}
`

// knownAll is what can be asked of somebody: who they are, and what is known of them.
func knownAll(t *testing.T, db *portrait.DB) (named map[string]string, nameless []profile.Profile) {
	t.Helper()
	named = map[string]string{}
	for p, err := range allProfiles(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Identifiers[0].Namespace == identity.Nameless {
			nameless = append(nameless, *p)
			continue
		}
		named[fmt.Sprint(p.Identifiers)] = fmt.Sprint(p.Traits, p.Tags, p.TagValues, p.Counters)
	}
	return named, nameless
}

// totals are sums over everybody.
func totals(t *testing.T, db *portrait.DB) map[string]string {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	got := map[string]string{}
	for _, trait := range []string{"points", "orders", "revenue", "dearest", "month", "active"} {
		s, err := v.Summary(t.Context(), tags.MustParseFormula(trait), segment.MustParse("true"))
		if err != nil {
			t.Fatal(err)
		}
		got[trait] = fmt.Sprint(s.Count, s.Sum)
	}
	for _, rule := range []string{`orders >= 1`, `tag("buyer")`, `tag("recent")`, `stage() == "loyal"`, `quarter >= 2`} {
		n, err := v.Count(t.Context(), segment.MustParse(rule))
		if err != nil {
			t.Fatal(err)
		}
		got[rule] = fmt.Sprint(n)
	}
	return got
}

// TestAnonymise makes people of random histories anonymous. Everybody else is as in a
// store that never was told of them, what adds up over everybody is as before, and what
// is left of them names nobody.
func TestAnonymise(t *testing.T) {
	r := seed(t)
	opts := &portrait.Options{Clock: fixed(now), NoSync: true}
	for range *rounds {
		s := drawStory(r, 30+r.IntN(90), r.IntN(10))
		for i := range s.events {
			if s.events[i].Traits != nil {
				s.events[i].Traits["points"] = profile.Number(float64(r.IntN(100)))
			}
		}
		dir := t.TempDir()
		db := open(t, dir, opts)
		apply(t, db, namelessModel)
		s.play(t, db, nil)
		before := totals(t, db)
		gone := anonymiseSome(t, r, db)
		if diff := cmp.Diff(before, totals(t, db)); diff != "" {
			t.Fatalf("what adds up over everybody: %s", diff)
		}
		never := open(t, t.TempDir(), opts)
		apply(t, never, namelessModel)
		for of := range gone {
			if err := never.Privacy().Suppress(t.Context(), of); err != nil {
				t.Fatal(err)
			}
		}
		s.play(t, never, gone)
		want, _ := knownAll(t, never)
		for range 2 {
			got, nameless := knownAll(t, db)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("those who stay: %s", diff)
			}
			areNameless(t, db, nameless)
			s.play(t, db, gone) // sent once more
		}
		was := digest(t, db, now)
		checkAndClose(t, db)
		db = open(t, dir, opts)
		if digest(t, db, now) != was {
			t.Fatal("another digest after being opened again")
		}
		// The same again gives the same, whatever chance there is.
		twin := open(t, t.TempDir(), opts)
		apply(t, twin, namelessModel)
		s.play(t, twin, nil)
		for _, of := range sortedIDs(gone) {
			if _, err := twin.Profile(t.Context(), of); err == nil {
				if _, err := twin.Privacy().Anonymise(t.Context(), of); err != nil {
					t.Fatal(err)
				}
			}
		}
		if digest(t, twin, now) != was {
			t.Fatal("the same history has another digest")
		}
		checkAndClose(t, twin)
		checkAndClose(t, never)
		checkAndClose(t, db)
	}
}

func sortedIDs(ids map[profile.Identifier]bool) []profile.Identifier {
	return slices.SortedFunc(maps.Keys(ids), profile.Identifier.Compare)
}

// anonymiseSome makes some people anonymous, and returns their identifiers.
func anonymiseSome(t *testing.T, r *rand.Rand, db *portrait.DB) map[profile.Identifier]bool {
	t.Helper()
	var all []profile.Identifier
	for p, err := range allProfiles(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Identifiers[r.IntN(len(p.Identifiers))])
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	whom := all[:min(len(all), 1+r.IntN(3))]
	preview, err := db.Privacy().Preview(t.Context(), whom...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := db.Privacy().Anonymise(t.Context(), whom...)
	if err != nil {
		t.Fatal(err)
	}
	preview.Epoch, preview.Audit, preview.Verified = got.Epoch, got.Audit, true
	if fmt.Sprint(preview) != fmt.Sprint(got) || got.Nameless == 0 {
		t.Errorf("made anonymous\n%+v, a preview said\n%+v", got, preview)
	}
	erasedInFeed(t, db, got)
	gone := map[profile.Identifier]bool{}
	for _, of := range got.Identifiers {
		gone[of] = true
	}
	return gone
}

// areNameless makes sure that nothing leads to profiles that name nobody, and that they
// tell no value.
func areNameless(t *testing.T, db *portrait.DB, all []profile.Profile) {
	t.Helper()
	if len(all) == 0 {
		t.Fatal("no numbers stayed")
	}
	for _, p := range all {
		if len(p.Identifiers) != 1 {
			t.Errorf("a nameless profile is %v", p.Identifiers)
		}
		for _, trait := range p.Traits {
			name, v := trait.Name, trait.Value
			if k := v.Kind(); k != profile.KindNumber && k != profile.KindBool && k != profile.KindTime || name == "skus" && v.Number() > 0 {
				t.Errorf("it has %s: %v", name, v)
			}
			if at := v.Instant().Time().Add(8 * time.Hour); v.Kind() == profile.KindTime && !at.Equal(at.Truncate(24*time.Hour)) {
				t.Errorf("it has the time of day %v", v)
			}
		}
		e := profile.Event{MessageID: p.ID.String(), Name: "Order Completed", Time: epoch0, Identifiers: p.Identifiers}
		if res, err := db.Ingest(t.Context(), e); err != nil || res.Accepted != 0 {
			t.Errorf("an event of it: %+v, %v", res, err)
		}
		if err := only(db.Link(t.Context(), p.Identifiers[0], id("device_id", "shared"), portrait.Decision{})); err == nil {
			t.Error("it was linked")
		}
		if _, err := db.Profile(t.Context(), p.Identifiers[0]); err == nil {
			t.Error("it is found by its identifier")
		}
	}
}

// A model cannot take the name of those who name nobody, and identity rules may change
// over them.
func TestAnonymise_under_other_rules(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, namelessModel)
	var events []profile.Event
	for i := range 12 {
		events = append(events, profile.Event{
			MessageID: fmt.Sprint(i), Name: "Order Completed", Time: epoch0.Add(time.Duration(i) * time.Hour),
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i%3)), id("device_id", fmt.Sprint("d", i%4))},
			Properties:  map[string]profile.Value{"revenue": profile.Number(1.5), "sku": profile.String("s")},
		})
	}
	if _, err := db.Ingest(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	// Two of the same numbers are two.
	if got, err := db.Privacy().Anonymise(t.Context(), id("user_id", "u0"), id("user_id", "u1")); err != nil || got.Nameless != 2 {
		t.Fatal(got, err)
	}
	before := totals(t, db)
	bad := strings.Replace(namelessModel, "name: device_id", "name: nameless", 1)
	if m, err := portrait.ParseModel([]byte(bad)); err == nil {
		if _, err = db.Apply(t.Context(), m); err == nil {
			t.Error("a model has a namespace of that name")
		}
	}
	apply(t, db, strings.Replace(namelessModel, "kind: device", "kind: device, limit: 1", 1))
	apply(t, db, strings.Replace(namelessModel, "tags:\n", "  new: {compute: 'count(\"Order Completed\", where(revenue > 1))', index: true}\ntags:\n", 1))
	if diff := cmp.Diff(before, totals(t, db)); diff != "" {
		t.Error(diff)
	}
	if _, nameless := knownAll(t, db); len(nameless) != 2 {
		t.Errorf("%d are nameless", len(nameless))
	} else if res, err := db.Ingest(t.Context(), profile.Event{
		Name: "Order Completed", Time: epoch0, Identifiers: []profile.Identifier{nameless[0].Identifiers[0], id("user_id", "u2")},
	}); err != nil || res.Accepted != 1 || res.Dropped != 1 {
		t.Errorf("an event that names one of them: %+v, %v", res, err)
	}
}
