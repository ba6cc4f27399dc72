package insight_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

const periods = 7

// active draws people who were active in some periods, most soon after their first.
func active(rng *rand.Rand, n int) (people, [][]int) {
	p, in := make(people, n), make([][]int, n)
	for i := range p {
		p[i] = map[string][]string{}
		first := rng.IntN(periods + 1)
		for k := first; k < periods; k++ {
			if k == first || rng.IntN(k-first+1) == 0 {
				in[i] = append(in[i], k)
				p[i]["active"] = append(p[i]["active"], fmt.Sprint(k))
			}
		}
		if first < periods {
			p[i]["first"] = []string{fmt.Sprint(first)}
		}
		if rng.IntN(2) == 0 {
			p[i]["buyer"] = nil
		}
	}
	return p, in
}

func retention(base segment.Expr, least uint64) insight.RetentionQuestion {
	q := insight.RetentionQuestion{Base: base, LeastCell: least}
	for k := range periods {
		q.Cohorts = append(q.Cohorts, insight.Segment{Name: fmt.Sprint(k), Expr: segment.TagValue("first", fmt.Sprint(k))})
		q.Active = append(q.Active, segment.TagValue("active", fmt.Sprint(k)))
	}
	return q
}

// Counted from segments, from sets of periods, and one by one it is the same.
func TestRetain_against_sets_of_periods(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	for range 30 {
		p, in := active(rng, rng.IntN(300))
		for _, base := range []segment.Expr{{}, segment.Tag("buyer")} {
			got, err := insight.Retain(t.Context(), p, retention(base, 0))
			if err != nil {
				t.Fatal(err)
			}
			var of [][]int
			for i, one := range p {
				if base.IsZero() || has(one, base.Tree()) {
					of = append(of, in[i])
				}
			}
			var counts []insight.CohortCounts
			for _, c := range lifecycle.Cohorts(slices.Values(of), 0, periods-1) {
				counts = append(counts, insight.CohortCounts{Name: fmt.Sprint(c.Period), Size: c.Size(), Active: c.Active, Returned: c.Returned})
			}
			want, err := insight.NewRetention(0, counts...)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			for k := range periods {
				var have, later, all int
				for _, ps := range of {
					if len(ps) == 0 || ps[0]+k >= periods {
						continue
					}
					all++
					if slices.Contains(ps, ps[0]+k) {
						have++
					}
					if slices.Max(ps) >= ps[0]+k {
						later++
					}
				}
				for name, tt := range map[string]struct {
					got   func(int) (float64, bool)
					count int
				}{"active": {got.Retained, have}, "returned": {got.Rolling, later}} {
					if s, known := tt.got(k); known != (all > 0) || known && s != float64(tt.count)/float64(all) {
						t.Fatalf("%s %d periods later: %v, %v, want %d of %d", name, k, s, known, tt.count, all)
					}
				}
			}
		}
	}
}

func TestRetain_hides(t *testing.T) {
	rng := rand.New(rand.NewPCG(43, 44))
	hidden, refused := 0, 0
	for range 200 {
		p, _ := active(rng, 50+rng.IntN(500))
		least := uint64(2 + rng.IntN(8))
		open, err := insight.Retain(t.Context(), p, retention(segment.Expr{}, 0))
		if err != nil {
			t.Fatal(err)
		}
		got, err := insight.Retain(t.Context(), p, retention(segment.Expr{}, least))
		if errors.Is(err, insight.ErrTooFew) {
			refused++
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		for i, c := range got.Cohorts {
			a, want := auditor{least: least}, open.Cohorts[i]
			size := a.cell(c.Size, want.Size.Count)
			before := size
			for k := range c.Active {
				active, returned := a.cell(c.Active[k], want.Active[k].Count), a.cell(c.Returned[k], want.Returned[k].Count)
				a.pair(size, active)
				a.pair(before, returned)
				a.pair(size, returned)
				a.pair(returned, active)
				if k == 0 { // all were active in their first
					a.line(size, active)
					a.line(size, returned)
				}
				if k == len(c.Active)-1 {
					a.line(returned, active)
				}
				before = returned
				if _, known := c.Retained(k); known == (c.Active[k].Hidden || c.Size.Hidden || c.Size.Count == 0) {
					t.Fatalf("%+v, %d periods later: known: %t", c, k, known)
				}
			}
			hidden += len(a.unknown)
			if fault := a.audit(); fault != "" {
				t.Fatalf("least %d: %s in %+v, of %+v", least, fault, c, want)
			}
		}
	}
	if hidden == 0 || refused > 100 {
		t.Errorf("%d cells hidden, %d tables refused", hidden, refused)
	}
}
