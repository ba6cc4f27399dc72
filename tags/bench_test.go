package tags_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

var benchmarks = []struct{ name, rule string }{
	{"conditions=1", `count("Order Completed") >= 3`},
	{"conditions=3", `count("Order Completed") >= 3 and city in ["上海", "北京"] and age > 18`},
	{"now", `count("Order Completed") >= 3 and last_order > now() - "7d"`},
	{"ago", `count("Order Completed") >= 3 and last_order >= ago("7d")`},
	{"dates=4", `(last_order >= ago("7d") or registered > now() - "3d") and not (last_order < ago("90d") or registered > now() - "60d")`},
	{"pattern", `matches(city, "^上") or contains(city, "京")`},
}

// timed are rules over the events of busy: on each of 300 days, ten.
var timed = []struct {
	name, rule string
	allocates  bool
}{
	{"count-30d", `count("View", last("30d")) >= 3`, false},
	{"count-30d-filter", `count("View", where(price > 2), last("30d")) >= 1000`, false},
	{"count-48h", `count("View", last("48h")) >= 3`, false},
	{"count-1y", `count("View", last("1y")) >= 100`, false},
	{"count-month", `count("View", this("month")) = 7`, false},
	{"sum-30d", `sum("View", "price", last("30d")) > 100`, false},
	{"avg-30d", `avg("View", "price", last("30d")) > 1 and max("View", "price", last("30d")) > 3`, false},
	{"last-30d", `last_time("View", last("30d")) < now() - "24h"`, false},
	{"days-30d", `days("View", last("30d")) >= 10`, false},
	{"streak", `streak("View") >= 7`, false},
	{"days-since", `days_since(last_time("View")) >= 30`, false},
	{"formula", `round(sum("View", "price", last("7d")) / count("View", last("7d")), 2) > 2`, false},
	{"unique-30d", `unique("View", "page", last("30d")) >= 3`, true},
	{"top-30d", `top(2, "View", "page", last("30d")) any_of ["1"]`, true},
	{"sequence", `sequence("View", "Add", without("View"), within("2h"))`, true},
	{"sequence-30d", `sequence_count("View", "Add", within("2h"), last("30d")) > 3`, true},
	{"interest", `interest("pages", "1") > 0.5`, true},
}

// busy is a model and a customer with many events.
func busy(t testing.TB) (*syntaxtest.Scope, []profile.Event) {
	t.Helper()
	s := shop(t, "Europe/Berlin")
	s.Interests = map[string]syntax.InterestInfo{"pages": {HalfLife: 7 * 24 * time.Hour, Sources: []syntax.InterestSource{{Filter: syntax.Filter{Event: "View", Pos: -1}, Property: "page", Weight: 1}}}}
	begin := at(t, "2026-05-09T20:00:00Z")
	var events []profile.Event
	for d := range 300 {
		for i := range 10 {
			name := "View"
			if i == 9 {
				name = "Add"
			}
			events = append(events, profile.Event{
				Name: name, MessageID: fmt.Sprint(d, " ", i), Time: (begin - profile.Instant(d)*day - profile.Instant(i)*600_000_000).Time(),
				Properties: map[string]profile.Value{"price": profile.Number(float64(i)), "page": profile.String(strconv.Itoa(i % 4))},
			})
		}
	}
	return s, events
}

func BenchmarkEval_timed(b *testing.B) {
	s, events := busy(b)
	now := at(b, "2026-05-10T04:00:00Z")
	for _, bb := range timed {
		compile(b, s, bb.rule)
	}
	state := fold(b, s, events...)
	for _, bb := range timed {
		p := compile(b, s, bb.rule)
		b.Run("rule="+bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Eval(state, now)
			}
		})
	}
}

func TestProgram_Eval_allocates_nothing_in_windows(t *testing.T) {
	s, events := busy(t)
	now := at(t, "2026-05-10T04:00:00Z")
	for _, bb := range timed {
		compile(t, s, bb.rule)
	}
	state := fold(t, s, events...)
	for _, bb := range timed {
		p := compile(t, s, bb.rule)
		if n := testing.AllocsPerRun(20, func() { p.Eval(state, now) }); n != 0 && !bb.allocates {
			t.Errorf("%s: %v allocations", bb.rule, n)
		}
	}
}

func BenchmarkEval(b *testing.B) {
	s := shop(b, "Asia/Shanghai")
	state, now := customer(b, s), at(b, "2026-05-10T04:00:00Z")
	for _, bb := range benchmarks {
		p := compile(b, s, bb.rule)
		b.Run("rule="+bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Eval(state, now)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	s := shop(b, "Asia/Shanghai")
	tree := tags.MustParse(benchmarks[1].rule).Tree()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tags.Compile(tree, s); err != nil {
			b.Fatal(err)
		}
	}
}

func TestProgram_Eval_allocates_nothing(t *testing.T) {
	s := shop(t, "Europe/Berlin")
	state, now := customer(t, s), at(t, "2026-05-10T04:00:00Z")
	for _, bb := range benchmarks {
		p := compile(t, s, bb.rule)
		if n := testing.AllocsPerRun(100, func() { p.Eval(state, now) }); n != 0 {
			t.Errorf("%s: %v allocations", bb.rule, n)
		}
	}
}
