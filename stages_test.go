package portrait_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

const stagesModel = `
zone: Asia/Shanghai
stages:
  - {name: prospect, rule: 'count("Order Completed") = 0'}
  - {name: new, rule: 'first_time("Order Completed") >= ago("30d")'}
  - {name: active, rule: 'last_time("Order Completed") >= ago("60d")'}
  - {name: churned}
tags:
  worth a call: {rule: 'stage() in ["active", "churned"] and count("Order Completed") >= 2'}
segments:
  gone: {rule: 'stage() = "churned"'}
`

// Everybody is in exactly one stage at every instant, and moves on at the instant at
// which time alone says so.
func TestStages(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	c := clockAt(time.Date(2026, 3, 1, 12, 0, 0, 0, zone))
	db := open(t, t.TempDir(), &portrait.Options{Clock: c.now, FeedRetention: 365 * 24 * time.Hour})
	apply(t, db, stagesModel)
	ctx := t.Context()
	since := viewOf(t, db).Cursor()
	happened := func(name string, people ...string) {
		t.Helper()
		for _, who := range people {
			_, err := db.Ingest(ctx, profile.Event{Name: name, MessageID: who + name + c.now().String(), Time: c.now(), Identifiers: []profile.Identifier{{Namespace: "user_id", Value: who}}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	all := []string{"prospect", "new", "active", "churned"}
	expect := func(looker, once, again string) {
		t.Helper()
		v := viewOf(t, db)
		in := map[string]uint64{}
		for who, stage := range map[string]string{"looker": looker, "once": once, "again": again} {
			in[stage]++
			p, err := v.Profile(ctx, profile.Identifier{Namespace: "user_id", Value: who})
			if err != nil {
				t.Fatal(err)
			}
			if got := p.TagValues["stage"]; got.String() != profile.String(stage).String() {
				t.Errorf("%s: %s is %v, want %s", c.now(), who, got, stage)
			}
		}
		counts := func(text string, want uint64) {
			t.Helper()
			if got, err := v.Count(ctx, segment.MustParse(text)); err != nil || got != want {
				t.Errorf("%s: %s counts %d, want %d; %v", c.now(), text, got, want, err)
			}
		}
		counts(`stage() in []`, 0)
		counts(`stage() not in []`, 3)
		counts(`stage() in ["prospect", "new", "active", "churned"]`, 3)
		for _, stage := range all {
			counts(fmt.Sprintf("stage() = %q", stage), in[stage])
			counts(fmt.Sprintf("stage() == %q and tag(\"stage\")", stage), in[stage])
			counts(fmt.Sprintf("stage() != %q", stage), 3-in[stage])
			counts(fmt.Sprintf("stage() not in [%q]", stage), 3-in[stage])
			counts(fmt.Sprintf("stage() in [%q] and stage() not in [\"new\"]", stage), map[bool]uint64{stage != "new": in[stage]}[true])
		}
	}
	happened("Order Completed", "once", "again")
	happened("Looked", "looker")
	expect("prospect", "new", "new")

	// The last 30 days are today and the 29 before: 31 March is the first day on which 1
	// March is none of them.
	march := time.Date(2026, 3, 31, 0, 0, 0, 0, zone)
	c.set(march.Add(-time.Microsecond))
	expect("prospect", "new", "new")
	c.set(march)
	expect("prospect", "active", "active")
	c.set(time.Date(2026, 4, 10, 12, 0, 0, 0, zone))
	happened("Order Completed", "again")
	april := time.Date(2026, 4, 30, 0, 0, 0, 0, zone)
	c.set(april.Add(-time.Microsecond))
	expect("prospect", "active", "active")
	c.set(april)
	expect("prospect", "churned", "active")
	if n, err := db.Count(ctx, segment.MustParse(`tag("worth a call") and not tag("gone")`)); err != nil || n != 1 {
		t.Errorf("worth a call and not gone are %d, want 1; %v", n, err)
	}

	// The feed has every move: the stage that was left and the one that was entered.
	changes, err := collect(viewOf(t, db).Changes(ctx, since, portrait.WatchFilter{Tags: []string{"stage"}}))
	if err != nil {
		t.Fatal(err)
	}
	moves := map[string]int{}
	for _, m := range changes {
		moves[fmt.Sprintf("%s %s %s by %s", m.At.In(zone).Format("01-02"), m.Kind, m.Value, m.Cause)]++
	}
	want := map[string]int{
		"03-01 entered new by event": 2, "03-01 entered prospect by event": 1,
		"03-31 left new by deadline": 2, "03-31 entered active by deadline": 2,
		"04-30 left active by deadline": 1, "04-30 entered churned by deadline": 1,
	}
	if diff := cmp.Diff(want, moves); diff != "" {
		t.Errorf("the feed (-want +got):\n%s", diff)
	}
	if err := db.Check(ctx); err != nil {
		t.Error(err)
	}
}

func TestStages_refused(t *testing.T) {
	for text, want := range map[string]string{
		"stages: [{name: a, rule: 'true'}]":                                                          `stage "a" is the last and has a rule`,
		"stages: [{name: a}]":                                                                        "there is only one",
		"stages: [{name: a}, {name: b}]":                                                             `stage "a" has no rule`,
		"stages: [{name: a, rule: 'true'}, {name: ''}]":                                              "stage 2 has no name",
		"stages: [{name: a, rule: 'true'}, {name: a}]":                                               `"a" is there twice`,
		"stages: [{name: a, rule: 'age >'}, {name: b}]":                                              `stage 1, "a"`,
		"stages: [{name: a, rule: 'stage() = \"b\"'}, {name: b}]":                                    "itself",
		"{stages: [{name: a, rule: 'true'}, {name: b}], tags: {stage: {rule: 'true'}}}":              `tag "stage" is that of the stages`,
		"tags: {stage: {rule: 'true'}}":                                                              `declare stages instead`,
		"{stages: [{name: a, rule: 'true'}, {name: b}], segments: {stage: {rule: 'true'}}}":          `segment "stage" is declared twice`,
		"tags: {x: {rule: 'stage() = \"new\"'}}":                                                     "unknown tag",
		"{stages: [{name: a, rule: 'true'}, {name: b}], tags: {x: {rule: 'stage() = \"c\"'}}}":       `has no value`,
		"{stages: [{name: a, rule: 'percentile(n) > 0.5'}, {name: b}], traits: {n: {type: number}}}": "percentile",
	} {
		db := open(t, t.TempDir(), nil)
		m, err := portrait.ParseModel([]byte(text))
		if err == nil {
			_, err = db.Apply(t.Context(), m)
		}
		if !errors.Is(err, portrait.ErrModel) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
