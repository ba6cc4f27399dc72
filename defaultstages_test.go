package portrait_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/profile"
)

// defaultStages is the default model as a file has it; docs/lifecycle.md shows the same.
const defaultStages = `
zone: Asia/Shanghai
stages:
  - {name: prospect, rule: 'count("Order Completed") = 0'}
  - {name: churned, rule: 'last_time("Order Completed") < now() - "365d"'}
  - {name: dormant, rule: 'last_time("Order Completed") < now() - "180d"'}
  - {name: at risk, rule: 'last_time("Order Completed") < now() - "90d"'}
  - {name: won back, rule: 'sessions("Order Completed", "365d") >= 2 and sessions("Order Completed", "365d", last("30d")) >= 1'}
  - {name: new, rule: 'first_time("Order Completed") >= ago("30d")'}
  - {name: loyal, rule: 'count("Order Completed", last("365d")) >= 4'}
  - {name: active}
`

func TestSetDefaultStages(t *testing.T) {
	want, got := model(t, defaultStages), portrait.Model{Zone: "Asia/Shanghai"}
	if err := got.SetDefaultStages("Order Completed", lifecycle.Thresholds{}); err != nil {
		t.Fatal(err)
	}
	a, err := want.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	b, err := got.MarshalJSON()
	if diff := cmp.Diff(string(a), string(b)); diff != "" || err != nil {
		t.Errorf("%v (-file +code):\n%s", err, diff)
	}
	if err := got.SetDefaultStages("", lifecycle.Thresholds{}); err == nil {
		t.Error("stages of no event")
	}
	if err := got.SetDefaultStages("E", lifecycle.Thresholds{AtRisk: time.Hour}); err == nil || !strings.Contains(err.Error(), "AtRisk") {
		t.Errorf("thresholds that do not fit: %v", err)
	}
}

// A life through all eight stages: each begins at its instant, to the microsecond, and
// just who was churned is won back.
func TestSetDefaultStages_a_life(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	day := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
	start := time.Date(2024, 3, 1, 12, 0, 0, 0, zone)
	c := clockAt(start)
	db := open(t, t.TempDir(), &portrait.Options{Clock: c.now})
	apply(t, db, defaultStages)
	who := id("user_id", "u")
	take(t, db, profile.Event{Name: "Looked", MessageID: "looked", Time: start, Identifiers: []profile.Identifier{who}})
	order := func(at time.Time) {
		t.Helper()
		c.set(at)
		take(t, db, profile.Event{Name: "Order Completed", MessageID: at.String(), Time: at, Identifiers: []profile.Identifier{who}})
	}
	expect := func(at time.Time, stage string) {
		t.Helper()
		c.set(at)
		p, err := viewOf(t, db).Profile(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.TagValues["stage"].String(); got != profile.String(stage).String() {
			t.Errorf("%s: %s, want %s", at, got, stage)
		}
	}
	turns := func(at time.Time, before, after string) {
		t.Helper()
		expect(at.Add(-time.Microsecond), before)
		expect(at, after)
	}
	expect(start, "prospect")
	first := start.Add(time.Hour)
	order(first)
	expect(first, "new")
	turns(time.Date(2024, 3, 31, 0, 0, 0, 0, zone), "new", "active")
	turns(first.Add(day(90)+time.Microsecond), "active", "at risk")
	turns(first.Add(day(180)+time.Microsecond), "at risk", "dormant")
	// Just as long as it takes, and not longer: nobody who comes then was ever churned.
	second := first.Add(day(365))
	order(second)
	expect(second, "active")
	turns(second.Add(day(90)+time.Microsecond), "active", "at risk")
	turns(second.Add(day(180)+time.Microsecond), "at risk", "dormant")
	third := second.Add(day(365) + time.Microsecond)
	turns(third, "dormant", "churned")
	order(third)
	expect(third, "won back")
	for i := range 3 {
		order(third.Add(day(i + 1)))
	}
	y, m, d := third.In(zone).Date()
	turns(time.Date(y, m, d+30, 0, 0, 0, 0, zone), "won back", "loyal")
	turns(third.Add(day(3+90)+time.Microsecond), "loyal", "at risk")

	v := viewOf(t, db)
	var path []string
	for m, err := range v.StageMoves(t.Context(), time.Time{}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		path = append(path, m.To)
	}
	want := []string{
		"prospect", "new", "active", "at risk", "dormant", "active", "at risk", "dormant", "churned", "won back", "loyal", "at risk",
	}
	if diff := cmp.Diff(want, path); diff != "" {
		t.Errorf("the path (-want +got):\n%s", diff)
	}
	outside, err := collect(lifecycle.DefaultOrder().Outside(v.StageMoves(t.Context(), time.Time{}, time.Time{})))
	if err != nil || len(outside) > 0 {
		t.Errorf("outside the order: %v, %v", outside, err)
	}
}
