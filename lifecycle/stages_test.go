package lifecycle

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestThresholds_Rules(t *testing.T) {
	got, err := Thresholds{Churned: 400*day - time.Hour, Loyal: 6}.Rules(`say "hi"`)
	if err != nil {
		t.Fatal(err)
	}
	const e = `"say \"hi\""`
	want := []StageRule{
		{"prospect", `count(` + e + `) = 0`},
		{"churned", `last_time(` + e + `) < now() - "400d"`},
		{"dormant", `last_time(` + e + `) < now() - "180d"`},
		{"at risk", `last_time(` + e + `) < now() - "90d"`},
		{"won back", `sessions(` + e + `, "400d") >= 2 and sessions(` + e + `, "400d", last("30d")) >= 1`},
		{"new", `first_time(` + e + `) >= ago("30d")`},
		{"loyal", `count(` + e + `, last("365d")) >= 6`},
		{"active", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestThresholds_refused(t *testing.T) {
	for _, c := range []struct {
		t     Thresholds
		event string
		want  string
	}{
		{Thresholds{}, "", "without a name"},
		{Thresholds{New: -1}, "E", "threshold New"},
		{Thresholds{LoyalWithin: 40_000 * day}, "E", "threshold LoyalWithin"},
		{Thresholds{Loyal: -1}, "E", "threshold Loyal"},
		{Thresholds{AtRisk: 180 * day}, "E", "want them to ascend"},
		{Thresholds{Dormant: 365 * day}, "E", "want them to ascend"},
		{Thresholds{New: 91 * day}, "E", "no more than AtRisk"},
		{Thresholds{WonBack: 91 * day}, "E", "no more than AtRisk"},
	} {
		if _, err := c.t.Rules(c.event); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.t, err, c.want)
		}
	}
}

func TestThresholdsOf(t *testing.T) {
	pauses := []time.Duration{0}
	for i := range 1000 {
		pauses = append(pauses, time.Duration(1000-i)*time.Hour)
	}
	got, err := ThresholdsOf(pauses)
	want := Thresholds{New: 21 * day, WonBack: 21 * day, AtRisk: 34 * day, Dormant: 38 * day, Churned: 41 * day, Loyal: 4, LoyalWithin: 136 * day}
	if got != want || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = ThresholdsOf([]time.Duration{time.Minute})
	want = Thresholds{New: day, WonBack: day, AtRisk: day, Dormant: 2 * day, Churned: 3 * day, Loyal: 4, LoyalWithin: 4 * day}
	if got != want || err != nil {
		t.Errorf("of one pause: got %+v, %v", got, err)
	}
	if _, err := ThresholdsOf([]time.Duration{0, -time.Hour}); err == nil {
		t.Error("thresholds of nothing")
	}
	if _, err := ThresholdsOf([]time.Duration{40_000 * day}); err == nil {
		t.Error("thresholds that no rule may have")
	}
}

// The default order names the stages of the default model, each of which is reached.
func TestDefaultOrder(t *testing.T) {
	rules, err := Thresholds{}.Rules("E")
	if err != nil {
		t.Fatal(err)
	}
	stages := map[string]bool{"": true}
	for _, r := range rules {
		stages[r.Name] = true
	}
	reached := map[string]bool{}
	for from, all := range DefaultOrder() {
		if !stages[from] {
			t.Errorf("%q is no stage", from)
		}
		for _, to := range all {
			reached[to] = true
			if !stages[to] {
				t.Errorf("%q is no stage", to)
			}
		}
	}
	for s := range stages {
		if s != "" && !reached[s] {
			t.Errorf("nobody comes to %q", s)
		}
	}
}
