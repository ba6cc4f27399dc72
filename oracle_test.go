package portrait_test

import (
	"context"
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
		v := viewOf(t, db)
		compareStores(t, v, db, naive, segments)
		v.Close()
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

// decideBoth makes one random decision in both stores, and returns it as a step.
func decideBoth(t *testing.T, r *rand.Rand, db *portrait.DB, naive *oracle.Store, a, b profile.Identifier) step {
	t.Helper()
	d := portrait.Decision{At: epoch0.Add(time.Duration(r.IntN(5)) * time.Hour), ID: fmt.Sprint(r.IntN(3)), Withdraw: r.IntN(5) == 0}
	call, same, taken := (*portrait.DB).Link, naive.Link, naive.Withdraw
	switch r.IntN(4) {
	case 0:
		call, same = (*portrait.DB).Unlink, naive.Unlink
	case 1:
		call, same, taken = (*portrait.DB).Veto, naive.Veto, naive.WithdrawVeto
	}
	decide := func(ctx context.Context, db *portrait.DB) error {
		if a == b {
			return nil
		}
		return only(call(db, ctx, a, b, d))
	}
	if err := decide(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if d.Withdraw {
		same = taken
	}
	same(a, b, portrait.StampOf(d))
	return decide
}

// answers are what a store says of everybody.
type answers struct {
	people  map[string]string       // what is known of each, by their identifiers
	ids     map[string]profile.ID   // likewise; those of the naive store are the store's
	members map[string][]profile.ID // ascending, by what they are in, as the feed calls it
}

// compareStores compares what both stores say of everybody at the view's instant, and
// who is in each tag, each tracked segment and some other segments.
func compareStores(t *testing.T, v *portrait.View, db *portrait.DB, naive *oracle.Store, segments []string) answers {
	t.Helper()
	scope, at := portrait.ScopeOf(db), profile.InstantOf(v.AsOf())
	labels := labelsOf(t, db)
	got := storeAnswers(t, v, scope, labels)
	want := answers{people: map[string]string{}, ids: got.ids, members: map[string][]profile.ID{}}
	people := naive.People()
	for _, p := range people {
		who := fmt.Sprint(p.Identifiers)
		want.people[who] = describe(p.Person, scope, labels, at)
		for _, l := range labels {
			for _, name := range l.heldBy(p.Person, scope, at) {
				want.members[name] = append(want.members[name], got.ids[who])
			}
		}
	}
	for _, ids := range want.members {
		slices.Sort(ids)
	}
	if diff := cmp.Diff(want.people, got.people); diff != "" {
		t.Fatalf("people at %s (- naive, + store):\n%s", v.AsOf(), diff)
	}
	if diff := cmp.Diff(want.members, got.members); diff != "" {
		t.Fatalf("members at %s (- naive, + store):\n%s", v.AsOf(), diff)
	}
	for _, text := range segments {
		e := segment.MustParse(text)
		tree, err := portrait.CheckedTree(db, e)
		if err != nil {
			t.Fatal(err)
		}
		set, err := v.Segment(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		var in []profile.ID
		for _, p := range people {
			if oracle.Eval(tree, p.Person, scope, at) {
				in = append(in, got.ids[fmt.Sprint(p.Identifiers)])
			}
		}
		slices.Sort(in)
		if diff := cmp.Diff(in, slices.Collect(set.Members())); diff != "" {
			t.Fatalf("%s at %s (- naive, + store):\n%s", text, v.AsOf(), diff)
		}
	}
	return want
}

// storeAnswers asks a view for everybody, by profile and by bitmap.
func storeAnswers(t *testing.T, v *portrait.View, scope syntax.Scope, labels []label) answers {
	t.Helper()
	got := answers{people: map[string]string{}, ids: map[string]profile.ID{}}
	for p, err := range v.Profiles(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		fmt.Fprintln(&b, p.Events, "events from", p.First, "to", p.Last)
		for _, c := range p.Counters {
			fmt.Fprintln(&b, c.Count, "times", c.Event)
		}
		for _, name := range p.Tags {
			fmt.Fprintln(&b, "tag", name, textsOf(p.TagValues[name]))
		}
		for _, name := range scope.Names("trait") {
			if x, ok := p.Trait(name); ok {
				fmt.Fprintln(&b, name, x)
			}
		}
		slices.SortFunc(p.Identifiers, profile.Identifier.Compare)
		who := fmt.Sprint(p.Identifiers)
		got.people[who], got.ids[who] = b.String(), p.ID
	}
	var err error
	if got.members, err = portrait.KnownToFeed(v); err != nil {
		t.Fatal(err)
	}
	for _, l := range labels {
		set, err := v.Segment(t.Context(), segment.Tag(l.name))
		if err != nil {
			t.Fatal(err)
		}
		got.members[l.whole()] = slices.Collect(set.Members())
	}
	maps.DeleteFunc(got.members, func(_ string, ids []profile.ID) bool { return len(ids) == 0 })
	return got
}

// describe is what the naive store says of a person.
func describe(p *oracle.Person, scope syntax.Scope, labels []label, at profile.Instant) string {
	var b strings.Builder
	fmt.Fprintln(&b, p.Events, "events from", p.First.At.Time(), "to", p.Last.At.Time())
	counts := map[string]uint64{}
	for key, c := range p.Counters {
		counts[key.Name] += c.Count
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintln(&b, counts[name], "times", name)
	}
	for _, l := range labels {
		if !l.segment && l.holds(p, scope, at) {
			fmt.Fprintln(&b, "tag", l.name, textsOf(l.value(p, scope, at)))
		}
	}
	for _, name := range scope.Names("trait") {
		v, ok := oracle.ValueAt(&syntax.Trait{Name: name}, p, scope, at)
		if ok && !strings.HasPrefix(name, "$tag") {
			fmt.Fprintln(&b, name, v)
		}
	}
	return b.String()
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
	`sample("exp-7", 0.3)`, `bucket("layer", 3) = 2 and not sample("holdout", 0.5)`, `draw("a") < draw("b")`,
	`identified("email")`, `not identified("user_id")`, `namespaces() any_of ["email", "device_id"]`, `namespaces() none_of ["anonymous_id"]`, `exists(namespaces()) and vip = true`,
	`first_time("Order Completed") < last_order`, `best > points`, `all(exists(best), any(points > 10, best > 50))`,
}
