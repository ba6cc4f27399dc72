package syntax_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Hours are read however they are written, and printed in one way.
func TestDwell_hours(t *testing.T) {
	for text, want := range map[string]string{
		`"home"`: `"22-7"`, `"work"`: `"mon-fri 9-18"`, `"leisure"`: `"mon-fri 18-22", "sat-sun 9-22"`,
		`"0-24"`: `"0-24"`, `"9-9"`: `"9-9"`, `"mon-sun 9-10"`: `"9-10"`, `"tue-mon 9-10"`: `"9-10"`,
		`"fri-mon 9-10"`: `"mon,fri-sun 9-10"`, `"sun,wed,tue,mon 9-10"`: `"mon-wed,sun 9-10"`, `"sat 1-2", "home"`: `"sat 1-2", "22-7"`,
	} {
		x := operand(t, `dwell("*", "at", during(`+text+`))`)
		if got := syntax.PrintOperand(x); got != `dwell("*", "at", during(`+want+`))` {
			t.Errorf("during(%s) is printed as %s", text, got)
		}
		again := operand(t, syntax.PrintOperand(x))
		if diff := cmp.Diff(x, again, sameTree); diff != "" {
			t.Errorf("%s: read again (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{"", "home ", "9", "9-", "-9", "09-10", "+9-10", "24-3", "3-0", "9-25", "9-10-11", "mon", "mon-fri", "mon 9", "mon- 9-10", "-mon 9-10", "mon-fri-sun 9-10", "Mon 9-10", "mon  9-10", "mon, tue 9-10"} {
		if x, err := syntax.ParseOperand(`dwell("*", "at", during("` + text + `"))`); err == nil {
			t.Errorf("%q is %s", text, syntax.PrintOperand(x))
		}
	}
}

// Every set of days is printed as text that is that set.
func TestDwell_all_days(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for days := 1; days < 128; days++ {
		h := profile.Hours{Days: uint8(days), From: r.IntN(24), To: 1 + r.IntN(24)}
		x := &syntax.Aggregate{Fn: syntax.Dwell, Event: "E", Property: "p", Stay: &syntax.Stay{Hours: []profile.Hours{h}, Level: 16, MinDays: 3}}
		got := operand(t, syntax.PrintOperand(x)).(*syntax.Aggregate)
		if diff := cmp.Diff(x.Stay, got.Stay); diff != "" {
			t.Errorf("%s (-want +got):\n%s", syntax.PrintOperand(x), diff)
		}
	}
}

// A tree without a Stay, which no text gives, is the one of the defaults.
func TestDwell_defaults(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	bare := &syntax.Aggregate{Fn: syntax.Dwell, Event: "E", Property: "p", Pos: -1}
	checked, err := syntax.CheckOperand(bare, s)
	if err != nil {
		t.Fatal(err)
	}
	want := &syntax.Stay{Level: 16, MinDays: 3}
	if diff := cmp.Diff(want, checked.(*syntax.Aggregate).Stay); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := syntax.PrintOperand(bare); got != `dwell("E", "p")` {
		t.Error(got)
	}
	if a, b := syntax.FoldOf(bare, s).Key("UTC"), syntax.FoldOf(operand(t, `dwell("E", "p", last("90d"))`), s).Key("UTC"); a != b {
		t.Errorf("%s is not %s", a, b)
	}
}

// What is kept differs by cells and hours, not by what is made of them.
func TestDwell_folds(t *testing.T) {
	s := shop(t, "Asia/Shanghai")
	key := func(text string) string { return syntax.FoldOf(operand(t, text), s).Key("Asia/Shanghai") }
	for _, same := range []string{`dwell("E", "p", during("22-7"), min_days(9))`, `dwell("E", "p", during("home"), except(home), last("7d"))`} {
		if key(same) != key(`dwell("E", "p", during("home"))`) {
			t.Errorf("%s has the key %s", same, key(same))
		}
	}
	seen := map[string]string{}
	for _, text := range []string{
		`dwell("E", "p")`, `dwell("E", "q")`, `dwell("F", "p")`, `dwell("E", "p", during("home"))`, `dwell("E", "p", during("22-6"))`, `dwell("E", "p", during("mon 22-7"))`,
		`dwell("E", "p", cell(15))`, `dwell("E", "p", where(a = 1))`, `dwell("E", "p", during("home", "work"))`, `dwell("E", "p", during("work", "home"))`, `dwell("E", "p", since("2026-01-01"))`,
	} {
		if other, twice := seen[key(text)]; twice {
			t.Errorf("%s and %s share %s", text, other, key(text))
		}
		seen[key(text)] = text
	}
}

// A cycle is found through what dwell leaves out, and through what tells of it.
func TestDwell_cycles(t *testing.T) {
	s := shop(t, "UTC")
	s.Traits["work"] = syntax.TraitInfo{Kind: profile.KindPoint, Compute: operand(t, `dwell("*", "at", except(leisure))`)}
	s.Traits["leisure"] = syntax.TraitInfo{Kind: profile.KindPoint, Compute: operand(t, `dwell("*", "at", except(work))`)}
	_, err := syntax.Check(parse(t, `exists(work)`), s)
	if err == nil {
		t.Fatal("a cycle was accepted")
	}
	s.Traits["leisure"] = syntax.TraitInfo{Kind: profile.KindPoint, Compute: operand(t, `dwell("*", "at")`)}
	s.Traits["alias"] = syntax.TraitInfo{Kind: profile.KindPoint, Compute: operand(t, `work`)}
	for _, text := range []string{`exists(work)`, `confidence(work) > 0.5`, `days_at(alias) >= 3 and days_seen(dwell("*", "at")) > 1`} {
		if _, err := syntax.Check(parse(t, text), s); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := syntax.Check(parse(t, `confidence(coalesce(work, home)) > 0.5`), s); err == nil {
		t.Error("the confidence of one place or another was accepted")
	}
}
