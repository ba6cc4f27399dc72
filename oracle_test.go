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
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// TestOracle plays random histories into a store and into a naive one that keeps
// every event, under random policies, and compares everybody: identifiers,
// traits, counters and the members of random segments.
func TestOracle(t *testing.T) {
	r := seed(t)
	for range 2 * *rounds {
		text := drawModel(r)
		m := model(t, text)
		db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
		apply(t, db, text)
		naive := naiveStore(t, m, db)
		draw := drawID(r, 3+r.IntN(20))
		for i := range 20 + r.IntN(200) {
			if r.IntN(8) == 0 {
				decideBoth(t, r, db, naive, draw(), draw())
			}
			e := drawEvent(r, i, draw)
			if r.IntN(30) == 0 {
				e.Properties = map[string]profile.Value{"revenue": profile.String("no number")}
			}
			ingestBoth(t, db, naive, e)
		}
		compareStores(t, db, naive, now)
	}
}

// naiveStore returns an empty naive store under the model of another.
func naiveStore(t *testing.T, m portrait.Model, db *portrait.DB) *oracle.Store {
	t.Helper()
	rules, err := identity.New(m.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return oracle.NewStore(portrait.NaiveRules(m.Identity), portrait.FoldOf(db), func(e *profile.Event) []profile.Identifier {
		ids := slices.Clip(e.Identifiers)
		if e.Type == profile.Identify {
			ids = append(ids, rules.FromTraits(e.Traits)...)
		}
		kept, _ := rules.Select(ids)
		return kept
	})
}

// drawID draws identifiers of so many people.
func drawID(r *rand.Rand, people int) func() profile.Identifier {
	return func() profile.Identifier {
		ns := []string{"user_id", "email", "device_id", "anonymous_id"}[r.IntN(4)]
		v := fmt.Sprint(ns[:1], "-", r.IntN(people))
		if ns == "email" {
			v += "@example.cn"
		}
		return id(ns, v)
	}
}

// ingestBoth takes an event into both stores, which have to say the same of it.
func ingestBoth(t *testing.T, db *portrait.DB, naive *oracle.Store, e profile.Event) {
	t.Helper()
	res, err := db.Ingest(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	got := oracle.Accepted
	if res.Duplicate > 0 {
		got = oracle.Duplicate
	} else if len(res.Rejected) > 0 {
		got = oracle.Refused
	}
	if want := naive.Ingest(e); got != want {
		t.Fatalf("event %s: %+v, the naive store says %v", e.MessageID, res, want)
	}
}

// decideBoth makes one random decision in both stores.
func decideBoth(t *testing.T, r *rand.Rand, db *portrait.DB, naive *oracle.Store, a, b profile.Identifier) {
	t.Helper()
	if a == b {
		return
	}
	d := portrait.Decision{At: epoch0.Add(time.Duration(r.IntN(5)) * time.Hour), ID: fmt.Sprint(r.IntN(3)), Withdraw: r.IntN(5) == 0}
	at := portrait.StampOf(d)
	call, same, taken := db.Link, naive.Link, naive.Withdraw
	switch r.IntN(4) {
	case 0:
		call, same = db.Unlink, naive.Unlink
	case 1:
		call, same, taken = db.Veto, naive.Veto, naive.WithdrawVeto
	}
	if d.Withdraw {
		same = taken
	}
	if _, err := call(t.Context(), a, b, d); err != nil {
		t.Fatal(err)
	}
	same(a, b, at)
}

// compareStores compares all profiles, and who is in a few segments.
func compareStores(t *testing.T, db *portrait.DB, naive *oracle.Store, now time.Time) {
	t.Helper()
	scope := portrait.ScopeOf(db)
	var tagNames []string
	for _, d := range db.Model().Tags {
		tagNames = append(tagNames, d.Name)
	}
	describe := func(p oracle.Profile) string {
		var b strings.Builder
		fmt.Fprintln(&b, "events", p.Person.Events)
		for _, name := range tagNames {
			rule, _ := scope.Tag(name, "")
			if oracle.Eval(rule, p.Person, scope, profile.InstantOf(now)) {
				fmt.Fprintln(&b, "tag", name)
			}
		}
		for _, name := range scope.Names("trait") {
			if v, ok := oracle.ValueAt(&syntax.Trait{Name: name}, p.Person, scope, profile.InstantOf(now)); ok {
				fmt.Fprintln(&b, name, v)
			}
		}
		return b.String()
	}
	want := map[string]string{}
	for _, p := range naive.People() {
		want[fmt.Sprint(p.Identifiers)] = describe(p)
	}
	got := map[string]string{}
	for p, err := range db.Profiles(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		fmt.Fprintln(&b, "events", p.Events)
		slices.Sort(p.Tags)
		for _, name := range tagNames {
			if slices.Contains(p.Tags, name) {
				fmt.Fprintln(&b, "tag", name)
			}
		}
		for _, name := range scope.Names("trait") {
			if v, ok := p.Trait(name); ok {
				fmt.Fprintln(&b, name, v)
			}
		}
		slices.SortFunc(p.Identifiers, profile.Identifier.Compare)
		got[fmt.Sprint(p.Identifiers)] = b.String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("people (- naive, + store):\n%s", diff)
	}
	for _, text := range segments {
		e := segment.MustParse(text)
		tree, err := portrait.CheckedTree(db, e)
		if err != nil {
			t.Fatal(err)
		}
		n, err := db.Count(context.Background(), e)
		if err != nil {
			t.Fatal(err)
		}
		members := naive.Members(tree, scope, profile.InstantOf(now))
		if int(n) != len(members) {
			t.Errorf("%s: counts %d, the naive store %d", text, n, len(members))
		}
	}
}

// segments are conditions of every kind, indexed and not.
var segments = []string{
	`true`, `false`, `not true`,
	`tag("买家")`, `not tag("买家") or tag("沉睡")`,
	`city = "上海"`, `city != "上海"`, `city not in ["上海", "北京"]`, `contains(city, "海")`, `missing(city)`,
	`starts_with(first_channel, "a")`, `first_channel != "a"`, `note = "x"`,
	`vip = true`, `vip != true`, `age >= 18 and age < 65`, `age != 30`, `exists(age)`, `age in [1, 2, 3, 30]`,
	`registered < ago("60d")`, `registered >= date("2026-03-01")`, `registered > now() - "2160h"`, `registered = "2026-01-05"`,
	`interests any_of ["运动", "旅行"]`, `interests all_of ["运动", "旅行"]`, `interests none_of ["美食"]`,
	`orders >= 2`, `orders = 0`, `spent > 120.5`, `skus < 2`, `count("Product Viewed") = 1`, `avg("Order Completed", "revenue") > 80`,
	`min("Order Completed", "revenue") < 20`, `last("Order Completed", "revenue") >= 50`, `count("$page") > 1`,
	`at_least(2, tag("买家"), vip = true, city = "北京")`, `xor(tag("买家"), vip = true, exists(age))`, `minus(tag("买家"), vip = true, city = "北京")`,
	`first_time("Order Completed") < last_order`, `best > points`, `all(exists(best), any(points > 10, best > 50))`,
}
