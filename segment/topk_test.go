package segment

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

func TestQuery_Top_equals_sorting(t *testing.T) {
	worlds(t, 30, func(t *testing.T, w *world) {
		q, members, m := w.drawQuestion()
		r := Ranking{K: w.rng.IntN([]int{3, 40, 5000, 200_000}[w.rng.IntN(4)]), Least: w.rng.IntN(2) == 0}
		tie := func(a, b profile.ID) bool { return a < b }
		if w.rng.IntN(2) == 0 {
			tie = func(a, b profile.ID) bool { return a%1000 > b%1000 || a%1000 == b%1000 && a > b }
			r.Tie = tie
		}
		want := w.valuesOf(m.Field, members)
		slices.SortFunc(want, func(a, b Ranked) int {
			c := cmp.Compare(b.Value, a.Value)
			if r.Least {
				c = -c
			}
			switch {
			case c != 0:
				return c
			case tie(a.ID, b.ID):
				return -1
			}
			return 1
		})
		want = want[:min(r.K, len(want))]
		got, err := q.Top(t.Context(), w.asked(), m, r)
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(want, got); d != "" && len(want)+len(got) > 0 {
			t.Errorf("the best %d, least %v, tie %v, over %v (-want +got):\n%s", r.K, r.Least, r.Tie != nil, q, d)
		}
	})
}

func TestQuery_Top_states_the_partition(t *testing.T) {
	src, q := inColumn(t, newRand(t), []int64{5, 5, 9})
	src.Partition = 7
	got, err := q.Top(t.Context(), src, Measure{1, profile.KindTime}, Ranking{K: 2})
	if err != nil || len(got) != 2 || got[0].Value != 9 || got[0].ID.Partition() != 7 {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := q.Top(t.Context(), src, Measure{1, profile.KindTime}, Ranking{K: -1}); len(got) != 0 || err != nil {
		t.Errorf("the best -1 are %v, %v", got, err)
	}
}
