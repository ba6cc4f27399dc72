package tags_test

import (
	"testing"

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
