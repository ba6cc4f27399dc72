package tags_test

import (
	"context"
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
	for _, n := range []int{200, 2000, 10000} {
		subjects := tags.Subjects(crowd(n), s)
		b.Run(fmt.Sprintf("tags=%d", n), func(b *testing.B) {
			var a tags.Analysis
			for b.Loop() {
				a = analyse(b, subjects, s)
			}
			b.ReportMetric(float64(len(a.Findings)), "findings")
			b.ReportMetric(float64(a.Undecided), "undecided")
		})
	}
}

// cancelled is a context that ends once it was asked so many times.
type cancelled struct {
	context.Context
	asked, after int
}

func (c *cancelled) Err() error {
	if c.asked++; c.asked > c.after {
		return context.Canceled
	}
	return nil
}

// Wherever its context ends, an analysis returns at once: there is no long stretch
// without a question to it.
func TestAnalyse_cancelled(t *testing.T) {
	s := syntaxtest.Shop(nil)
	subjects := tags.Subjects(crowd(60), s)
	whole := &cancelled{Context: t.Context(), after: 1 << 30}
	if _, err := tags.Analyse(whole, subjects, s); err != nil || whole.asked < 4*len(subjects) {
		t.Fatalf("%v after %d questions to the context", err, whole.asked)
	}
	for after := range whole.asked {
		ctx := &cancelled{Context: t.Context(), after: after}
		a, err := tags.Analyse(ctx, subjects, s)
		if len(a.Findings) > 0 || err != nil && ctx.asked > after+2 {
			t.Fatalf("after %d questions: %d findings, %v, %d questions", after, len(a.Findings), err, ctx.asked)
		}
		if err == nil {
			t.Fatalf("it did not mind its context ending after %d of %d questions", after, whole.asked)
		}
	}
}

// Of many tags the whole is decided, and no more work is done than the number of
// different conditions asks for: of a chain only the next link is told.
func TestAnalyse_many(t *testing.T) {
	s := shop(t, "UTC")
	const n = 2000
	defs := make([]tags.Definition, n)
	for i := range defs {
		defs[i] = tags.Definition{Name: fmt.Sprint(i), Rule: tags.MustParse(fmt.Sprintf("age >= %d and vip = true", i))}
	}
	a := analyse(t, tags.Subjects(defs, s), s)
	if len(a.Findings) != n-1 || a.Omitted != 0 || a.Undecided != 0 {
		t.Fatalf("%d findings, %d omitted, %d undecided", len(a.Findings), a.Omitted, a.Undecided)
	}
	for i, f := range a.Findings {
		if want := fmt.Sprintf("tag %q is contained in tag %q", fmt.Sprint(i+1), fmt.Sprint(i)); f.String() != want {
			t.Fatalf("%s, want %s", f, want)
		}
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
	if got := fmt.Sprint(analyse(t, tags.Subjects([]tags.Definition{d}, s), s).Findings); got != want {
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
	a := analyse(t, []tags.Subject{{Tag: "hard", Holds: &syntax.And{X: clauses}}}, s)
	if len(a.Findings) > 0 || a.Undecided == 0 {
		t.Errorf("%d questions were given up: %v", a.Undecided, a.Findings)
	}
}
