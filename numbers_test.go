package portrait_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// Sums, quantiles, the best, histograms and groups are those of a loop over the
// profiles, from an index and without one.
func TestNumbers(t *testing.T) {
	r := seed(t)
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, `
traits:
  spent: {type: number, index: true}
  plain: {type: number}
  seen: {type: time, index: true}
  city: {index: true}
  apps: {type: set, index: true}
tags:
  grade: {tiers: [{value: high, rule: spent >= 50}, {value: low, rule: spent < 10}]}
  rich: {rule: spent > 80}
  best: {rule: rank(spent) = 1, query: true}
`)
	type person struct {
		id    profile.ID
		spent *float64
		city  string
	}
	var people []person
	cities := []string{"北京", "上海", "广州"}
	for i := range 200 {
		who := id("user_id", fmt.Sprint("u", i))
		e := profile.Event{Type: profile.Identify, Time: epoch0, Identifiers: []profile.Identifier{who}, Traits: map[string]profile.Value{}}
		p := person{city: cities[r.IntN(3)]}
		e.Traits["city"] = profile.String(p.city)
		if r.IntN(4) > 0 {
			spent := float64(r.IntN(2000)) / 20
			p.spent = &spent
			e.Traits["spent"], e.Traits["plain"] = profile.Number(spent), profile.Number(spent)
			e.Traits["seen"] = profile.TimeAt(profile.InstantOf(epoch0) + profile.Instant(spent*1e6))
		}
		take(t, db, e)
		known, err := db.Profile(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		p.id = known.ID
		people = append(people, p)
	}
	v := viewOf(t, db)
	for _, tt := range []struct {
		among string
		in    func(person) bool
	}{
		{"true", func(person) bool { return true }},
		{`city = "上海"`, func(p person) bool { return p.city == "上海" }},
		{`tag("grade", "high") or tag("best")`, func(p person) bool { return p.spent != nil && *p.spent >= 50 }},
		{"false", func(person) bool { return false }},
	} {
		var have []person
		sum := new(big.Rat)
		for _, p := range people {
			if tt.in(p) && p.spent != nil {
				have = append(have, p)
				exact, _ := new(big.Rat).SetString(fmt.Sprint(*p.spent))
				sum.Add(sum, exact)
			}
		}
		slices.SortFunc(have, func(a, b person) int { return cmp.Compare(*a.spent, *b.spent) })
		among := segment.MustParse(tt.among)
		for _, formula := range []string{"spent", "plain", "coalesce(spent, plain) + 0", "seen"} {
			of := tags.MustParseFormula(formula)
			value := func(x float64) profile.Value {
				if formula == "seen" {
					return profile.TimeAt(profile.InstantOf(epoch0) + profile.Instant(x*1e6))
				}
				return profile.Number(x)
			}
			s, err := v.Summary(t.Context(), of, among)
			if err != nil || s.Count != uint64(len(have)) {
				t.Fatalf("%s of %s: %+v, %v; want %d", formula, tt.among, s, err, len(have))
			}
			if len(have) == 0 {
				if s.Count != 0 || s.Sum != 0 || !s.Min.IsNull() || !s.Avg.IsNull() {
					t.Errorf("of nobody: %+v", s)
				}
				continue
			}
			want, _ := sum.Float64()
			if !s.Min.Equal(value(*have[0].spent)) || !s.Max.Equal(value(*have[len(have)-1].spent)) || formula != "seen" && s.Sum != want {
				t.Errorf("%s of %s: %+v, want %v from %v to %v", formula, tt.among, s, want, *have[0].spent, *have[len(have)-1].spent)
			}
			shares := []float64{0, 0.1, 0.5, 0.9, 1}
			qs, err := v.Quantiles(t.Context(), of, among, shares...)
			if err != nil {
				t.Fatal(err)
			}
			for i, share := range shares {
				k := 0
				for float64(k+1)/float64(len(have)) < share {
					k++
				}
				if !qs[i].Equal(value(*have[k].spent)) {
					t.Errorf("%s of %s: quantile %v is %v, want %v", formula, tt.among, share, qs[i], *have[k].spent)
				}
			}
			top, err := v.Top(t.Context(), of, among, 5, false)
			if err != nil || len(top) != min(5, len(have)) {
				t.Fatalf("%+v, %v", top, err)
			}
			for i, score := range top {
				if !score.Value.Equal(value(*have[len(have)-1-i].spent)) {
					t.Errorf("%s of %s: %d. is %+v", formula, tt.among, i+1, score)
				}
			}
			bins, err := v.Histogram(t.Context(), of, among, 7)
			if err != nil {
				t.Fatal(err)
			}
			n := uint64(0)
			for _, b := range bins {
				inside := uint64(0)
				for _, p := range have {
					if x := value(*p.spent); x.Compare(b.From) >= 0 && x.Compare(b.To) < 0 {
						inside++
					}
				}
				if inside != b.Count {
					t.Errorf("%s of %s: %v to %v has %d, want %d", formula, tt.among, b.From, b.To, b.Count, inside)
				}
				n += b.Count
			}
			if n != uint64(len(have)) {
				t.Errorf("%s of %s: the histogram has %d of %d", formula, tt.among, n, len(have))
			}
		}
		groups, err := v.Groups(t.Context(), tags.MustParseFormula("spent"), among, "city", "grade")
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, g := range groups {
			n := uint64(0)
			for _, p := range people {
				grade := ""
				if p.spent != nil && *p.spent >= 50 {
					grade = "high"
				} else if p.spent != nil && *p.spent < 10 {
					grade = "low"
				}
				if tt.in(p) && p.city == g.Values[0].Text() && grade == g.Values[1].Text() {
					n++
				}
			}
			if n != g.Count || n != g.Stats.Count {
				t.Errorf("%s: %v has %d and %d, want %d", tt.among, g.Values, g.Count, g.Stats.Count, n)
			}
			total += int(n)
		}
		if total == 0 && tt.among == "true" {
			t.Error("nobody is in a group")
		}
	}
	// Many counted at once.
	texts := []string{"true", "false", `city = "北京"`, "spent > 50", `tag("best")`, `tag("grade", "low") and not city = "广州"`, "plain < 3"}
	es := make([]segment.Expr, len(texts))
	for i, text := range texts {
		es[i] = segment.MustParse(text)
	}
	counts, err := v.Counts(t.Context(), es...)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range es {
		if n, err := v.Count(t.Context(), e); err != nil || n != counts[i] {
			t.Errorf("%s: %d at once, %d alone, %v", texts[i], counts[i], n, err)
		}
	}
	// What it takes, and how much may be taken.
	plan, err := v.Plan(t.Context(), segment.MustParse(`plain > 3 and spent > 4`))
	if err != nil || plan.Cost.Scans != 1 || !strings.Contains(plan.Text, "plain > 3") {
		t.Errorf("%+v, %v", plan, err)
	}
	for text, b := range map[string]segment.Budget{"plain > 3": {Scanned: 10}, "spent > 3": {Bytes: 10}} {
		var over *segment.BudgetError
		if _, err := v.Count(segment.WithBudget(t.Context(), b), segment.MustParse(text)); !errors.As(err, &over) {
			t.Errorf("%s within %+v: %v", text, b, err)
		}
	}
	if _, err := v.Count(segment.WithBudget(t.Context(), segment.Budget{}), segment.MustParse("true")); err == nil || !strings.Contains(err.Error(), "budget of zero") {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for what, call := range map[string]func() error{
		`by "rich": the tag has no values`:  func() error { _, err := v.Groups(t.Context(), tags.Formula{}, es[0], "rich"); return err },
		`by "best": a query tag`:            func() error { _, err := v.Groups(t.Context(), tags.Formula{}, es[0], "best"); return err },
		`by "plain": the trait has no`:      func() error { _, err := v.Groups(t.Context(), tags.Formula{}, es[0], "plain"); return err },
		`by "spent": the index of a number`: func() error { _, err := v.Groups(t.Context(), tags.Formula{}, es[0], "spent"); return err },
		`by "x": neither`:                   func() error { _, err := v.Groups(t.Context(), tags.Formula{}, es[0], "x"); return err },
		"groups of plain: it has no index": func() error {
			_, err := v.Groups(t.Context(), tags.MustParseFormula("plain"), es[0], "city")
			return err
		},
		"want a number or a time": func() error { _, err := v.Summary(t.Context(), tags.MustParseFormula("city"), es[0]); return err },
		"is empty":                func() error { _, err := v.Summary(t.Context(), tags.Formula{}, es[0]); return err },
		"unknown trait":           func() error { _, err := v.Top(t.Context(), tags.MustParseFormula("spnt"), es[0], 3, true); return err },
		"canceled":                func() error { _, err := v.Quantiles(gone, tags.MustParseFormula("spent"), es[0], 0.5); return err },
		"segment 2 of 2: ":        func() error { _, err := v.Counts(t.Context(), es[0], segment.MustParse("x > 1")); return err },
		"base of a table":         func() error { _, err := v.Cross(t.Context(), segment.MustParse("x > 1"), es); return err },
		"dimension 2 of 2, segment 1 of 1: ": func() error {
			_, err := v.Cross(t.Context(), es[0], es, []segment.Expr{segment.MustParse("x > 1")})
			return err
		},
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %q", err, what)
		}
	}
}

// A budget holds for whatever is read to answer, before it is: for everybody whose
// standing is asked, and for those of whom a number is that no index has.
func TestBudget_everybody(t *testing.T) {
	v := viewOf(t, newStandings(t, rand.New(rand.NewPCG(5, 6)), 40).db)
	over := func(what string, b segment.Budget, call func(context.Context) error) {
		t.Helper()
		var err *segment.BudgetError
		if got := call(segment.WithBudget(t.Context(), b)); !errors.As(got, &err) {
			t.Errorf("%s within %+v: %v", what, b, got)
		}
	}
	some, none := segment.MustParse("indexed > 0"), segment.MustParse("indexed > 100000")
	for what, f := range map[string]string{"told": "plain", "computed": "indexed + 1"} {
		over(what, segment.Budget{Scanned: 1}, func(ctx context.Context) error {
			_, err := v.Summary(ctx, tags.MustParseFormula(f), some)
			return err
		})
		if _, err := v.Summary(segment.WithBudget(t.Context(), segment.Budget{Scanned: 1}), tags.MustParseFormula(f), none); err != nil {
			t.Errorf("%s of nobody: %v", what, err)
		}
	}
	for text, b := range map[string]segment.Budget{
		"percentile(plain) > 0.5": {Scanned: 39}, "ntile(plain, 3) + rank(plain) > 7": {Scanned: 39}, "rank(indexed) = 1": {Bytes: 1},
	} {
		over(text, b, func(ctx context.Context) error { _, err := v.Plan(ctx, segment.MustParse(text)); return err })
	}
	if _, err := v.Plan(segment.WithBudget(t.Context(), segment.Budget{Scanned: 40}), segment.MustParse("percentile(plain) > 0.5")); err != nil {
		t.Error(err)
	}
}

// The parts of a histogram hold the greatest and the least number there are, and are JSON.
func TestHistogram_of_extremes(t *testing.T) {
	for _, values := range [][]float64{{math.MaxFloat64}, {-math.MaxFloat64}, {1, math.MaxFloat64}, {-math.MaxFloat64, 0, math.MaxFloat64}, {-math.MaxFloat64, -1e308}, {1e308, math.MaxFloat64}, {-1, 5e-324}} {
		db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
		apply(t, db, "traits: {n: {type: number, index: true}, m: {type: number}}")
		for i, x := range values {
			n := profile.Number(x)
			take(t, db, profile.Event{Type: profile.Identify, Time: now, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))}, Traits: map[string]profile.Value{"n": n, "m": n}})
		}
		v := viewOf(t, db)
		for _, of := range []string{"n", "m"} {
			for _, parts := range []int{0, 1, 3} {
				bins, err := v.Histogram(t.Context(), tags.MustParseFormula(of), segment.MustParse("true"), parts)
				if err != nil {
					t.Fatal(err)
				}
				total := uint64(0)
				for i, b := range bins {
					total += b.Count
					for _, end := range []profile.Value{b.From, b.To} {
						if _, err := end.MarshalJSON(); err != nil {
							t.Errorf("%s of %v in %d parts: part %d of %d ends at %v: %v", of, values, parts, i+1, len(bins), end, err)
						}
					}
				}
				if total != uint64(len(values)) {
					t.Errorf("%s of %v in %d parts: %d in all: %v", of, values, parts, total, bins)
				}
			}
		}
	}
}
