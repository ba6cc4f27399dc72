package portrait_test

import (
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/lifecycle"
)

// TestGrowth accounts for everybody of random histories by the events that the store
// keeps, late ones and merges and splits among them: the same as over a naive store's,
// and as over those of a store that took all of it in in another order.
func TestGrowth(t *testing.T) {
	r := seed(t)
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for range *rounds {
		text := drawModel(r) + "log: {retain: 20000d}\n"
		db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
		apply(t, db, text)
		naive := naiveStore(t, model(t, text), db)
		draw := drawID(r, 3+r.IntN(20))
		var steps []step
		for i := range 20 + r.IntN(200) {
			if r.IntN(8) == 0 {
				steps = append(steps, decideBoth(t, r, db, naive, draw(), draw()))
			}
			e := drawEvent(r, i, draw)
			ingestBoth(t, db, naive, e)
			steps = append(steps, func(ctx context.Context, db *portrait.DB) error {
				_, err := db.Ingest(ctx, e)
				return err
			})
		}
		shuffled := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
		apply(t, shuffled, text)
		r.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		play(t, shuffled, steps, 1)

		calendar := lifecycle.Calendar{Period: lifecycle.Period(r.IntN(5)), Zone: zone}
		if r.IntN(2) == 0 {
			calendar = lifecycle.Calendar{Period: lifecycle.EveryDays, Days: 1 + r.IntN(28), Last: now, Zone: zone}
		}
		first, last := calendar.Of(epoch0.AddDate(0, 0, r.IntN(60))), calendar.Of(epoch0.AddDate(0, 0, 60+r.IntN(120)))
		var want [][]int
		for _, p := range naive.People() {
			var active []int
			for _, e := range p.Person.History {
				active = append(active, calendar.Of(e.Time))
			}
			want = append(want, active)
		}
		growth, cohorts := lifecycle.Grow(slices.Values(want), first, last), lifecycle.Cohorts(slices.Values(want), first, last)
		for _, db := range []*portrait.DB{db, shuffled} {
			v := viewOf(t, db)
			active := slices.Collect(activity(t, v, calendar))
			if diff := cmp.Diff(growth, lifecycle.Grow(slices.Values(active), first, last)); diff != "" {
				t.Fatalf("growth (- naive, + store):\n%s", diff)
			}
			if diff := cmp.Diff(cohorts, lifecycle.Cohorts(slices.Values(active), first, last)); diff != "" {
				t.Fatalf("cohorts (- naive, + store):\n%s", diff)
			}
			v.Close()
		}
		for i, g := range growth {
			if g.Active != g.New+g.Retained+g.Resurrected || i > 0 && growth[i-1].Active != g.Retained+g.Churned {
				t.Errorf("%+v does not add up", g)
			}
		}
	}
}

// activity yields the periods in which each profile was active.
func activity(t *testing.T, v *portrait.View, calendar lifecycle.Calendar) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		for p, err := range v.Profiles(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			var active []int
			for e, err := range v.Timeline(t.Context(), p.Identifiers[0], time.Time{}, time.Time{}) {
				if err != nil {
					t.Fatal(err)
				}
				active = append(active, calendar.Of(e.Time))
			}
			if !yield(active) {
				return
			}
		}
	}
}
