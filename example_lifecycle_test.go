package portrait_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/profile"
)

func pauses(ctx context.Context, v *portrait.View, event string) (all []time.Duration, err error) {
	for p, err := range v.Profiles(ctx, nil) {
		if err != nil {
			return nil, err
		}
		var last time.Time
		for e, err := range v.Timeline(ctx, p.Identifiers[0], time.Time{}, time.Time{}) {
			if err != nil {
				return nil, err
			}
			if e.Name != event {
				continue
			}
			if !last.IsZero() {
				all = append(all, e.Time.Sub(last))
			}
			last = e.Time
		}
	}
	return all, nil
}

func Example_lifecycle() {
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	clock := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	db, err := portrait.Open(dir, &portrait.Options{Clock: func() time.Time { return clock }})
	if err != nil {
		panic(err)
	}
	defer db.Close()
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	ctx := context.Background()
	model := portrait.Model{Log: portrait.LogPolicy{Retain: 366 * 24 * time.Hour}}
	must(model.SetDefaultStages("Order Completed", lifecycle.Thresholds{}))
	_, err = db.Apply(ctx, model)
	must(err)
	orders := map[int][]string{0: {"ann", "bo"}, 10: {"ann"}, 30: {"cy"}, 40: {"ann"}, 60: {"ann"}}
	for day := range 105 {
		clock = time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC)
		must(db.Advance(ctx, clock)) // under the machine's clock a timer does so
		for _, who := range orders[day] {
			_, err := db.Ingest(ctx, profile.Event{
				Name: "Order Completed", MessageID: fmt.Sprint(day, who), Time: clock,
				Identifiers: []profile.Identifier{{Namespace: "user_id", Value: who}},
			})
			must(err)
		}
	}
	v, err := db.View(ctx)
	must(err)
	defer v.Close()

	flow, err := v.StageFlow(ctx, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), clock)
	must(err)
	for i, from := range flow.Stages {
		for j, to := range flow.Stages {
			if n := flow.Counts[i][j]; n > 0 {
				fmt.Printf("%d from %q to %q\n", n, from, to)
			}
		}
	}
	stuck, err := v.Stuck(ctx, lifecycle.Active, 30*24*time.Hour)
	must(err)
	for id := range stuck.Members() {
		path, err := v.StagePath(ctx, id)
		must(err)
		for _, stay := range path {
			fmt.Println(stay.Stage, "from", stay.Entered.Format(time.DateOnly), "for", stay.Time(clock).Round(time.Hour))
		}
	}
	all, err := pauses(ctx, v, "Order Completed")
	must(err)
	by, err := lifecycle.ThresholdsOf(all)
	must(err)
	fmt.Println("at risk after", by.AtRisk, "without an order")
	// Output:
	// 1 from "new" to "active"
	// 1 from "active" to "at risk"
	// 1 from "active" to "loyal"
	// new from 2026-01-31 for 720h0m0s
	// active from 2026-03-02 for 1056h0m0s
	// at risk after 720h0m0s without an order
}
