package tags_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/internal/syntax/syntaxtest"
	"github.com/portraitdb/portrait/tags"
)

// crowd makes many tags of an ordinary sort, all of them about the same few things.
func crowd(n int) []tags.Definition {
	r := near{rand.New(rand.NewPCG(1, 2))}
	cities := []string{"上海", "北京", "广州", "深圳", "杭州", "成都"}
	defs := make([]tags.Definition, n)
	for i := range defs {
		text := fmt.Sprintf(`count("Order Completed", last("%dd")) >= %d and city in ["%s", "%s"]`, 1+r.IntN(90), 1+r.IntN(20), r.pick(cities...), r.pick(cities...))
		switch r.IntN(4) {
		case 0:
			text += fmt.Sprintf(" and age >= %d", r.IntN(60))
		case 1:
			text += fmt.Sprintf(" and (spend > %d or vip = true)", r.IntN(1000))
		case 2:
			text += fmt.Sprintf(` and not (registered >= ago("%dd"))`, 1+r.IntN(90))
		}
		defs[i] = tags.Definition{Name: fmt.Sprint(i), Rule: tags.MustParse(text)}
	}
	return defs
}

func BenchmarkAnalyse(b *testing.B) {
	s := syntaxtest.Shop(nil)
	for _, n := range []int{200, 2000} {
		subjects := tags.Subjects(crowd(n), s)
		b.Run(fmt.Sprintf("tags=%d", n), func(b *testing.B) {
			var a tags.Analysis
			for b.Loop() {
				a = tags.Analyse(subjects, s)
			}
			b.ReportMetric(float64(len(a.Findings)), "findings")
			b.ReportMetric(float64(a.Undecided), "undecided")
		})
	}
}

// A tag of as many tiers as there may be, two of which nobody reaches.
func TestAnalyse_tiers(t *testing.T) {
	s := shop(t, "UTC")
	d := tags.Definition{Name: "t"}
	for i := range tags.MaxTiers {
		rule := fmt.Sprintf("age >= %d", 2000-i)
		switch i {
		case 700:
			rule = "age > 1500 and vip = true"
		case 800:
			rule = "age in [1900, 1950]"
		case 900:
			rule = "age < 3 and age > 4"
		}
		d.Tiers = append(d.Tiers, tags.Tier{Value: fmt.Sprint(i), Rule: tags.MustParse(rule)})
	}
	want := `[tag "t" with value "700" is never reached: wherever its rule holds, one before it does tag "t" with value "800" is never reached: wherever its rule holds, one before it does tag "t" with value "900" never holds]`
	if got := fmt.Sprint(tags.Analyse(tags.Subjects([]tags.Definition{d}, s), s).Findings); got != want {
		t.Errorf("got %s", got)
	}
}

// Rules that are made to be hard are given up, and soon.
func TestAnalyse_gives_up(t *testing.T) {
	s := shop(t, "UTC")
	r := rand.New(rand.NewPCG(3, 4))
	var clauses []syntax.Expr
	for range 180 {
		var x []syntax.Expr
		for range 3 {
			has := syntax.Expr(&syntax.Has{X: &syntax.Trait{Name: "apps"}, Mode: syntax.AnyOf, List: tags.MustParse(fmt.Sprintf(`apps any_of ["%d"]`, r.IntN(40))).Tree().(*syntax.Has).List})
			if r.IntN(2) == 0 {
				has = &syntax.Not{X: has}
			}
			x = append(x, has)
		}
		clauses = append(clauses, &syntax.Or{X: x})
	}
	a := tags.Analyse([]tags.Subject{{Tag: "hard", Holds: &syntax.And{X: clauses}}}, s)
	if len(a.Findings) > 0 || a.Undecided == 0 {
		t.Errorf("%d questions were given up: %v", a.Undecided, a.Findings)
	}
}
