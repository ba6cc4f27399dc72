package lifecycle_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/portraitdb/portrait/lifecycle"
)

func ExampleScheme_Scores() {
	customers := []lifecycle.RFM{
		{Recency: 3, Frequency: 12, Monetary: 900},
		{Recency: 40, Frequency: 1, Monetary: 30},
		{Recency: 90, Frequency: 6, Monetary: 400},
		{Recency: 12, Frequency: 2, Monetary: 80},
		{Recency: 200, Frequency: 1, Monetary: 20},
	}
	scores, scales := lifecycle.Scheme{RankFrequency: true}.Scores(customers)
	mean := lifecycle.Mean(customers)
	for i, score := range scores {
		fmt.Println(score, lifecycle.Putler().Name(score), lifecycle.Eight(customers[i], mean))
	}
	fmt.Printf("to keep, for recency: %.1f\n", scales.R.Cuts)
	// Output:
	// 555 champions 重要价值
	// 312 about_to_sleep 一般发展
	// 244 at_risk 重要保持
	// 433 potential_loyalists 一般发展
	// 121 hibernating 一般挽留
	// to keep, for recency: [10.2 28.8 60.0 112.0]
}

func ExampleGrow() {
	var months lifecycle.Calendar
	month := func(m time.Month) int { return months.Of(time.Date(2026, m, 15, 0, 0, 0, 0, time.UTC)) }
	customers := [][]int{
		{month(1), month(2), month(3)},
		{month(1), month(3)},
		{month(2)},
	}
	for _, g := range lifecycle.Grow(slices.Values(customers), month(1), month(3)) {
		ratio, defined := g.QuickRatio()
		fmt.Println(months.Start(g.Period).Format("Jan"), "active", g.Active, "new", g.New, "retained", g.Retained,
			"resurrected", g.Resurrected, "churned", g.Churned, "quick ratio", ratio, defined)
	}
	// Output:
	// Jan active 2 new 2 retained 0 resurrected 0 churned 0 quick ratio 0 false
	// Feb active 2 new 1 retained 1 resurrected 0 churned 1 quick ratio 1 true
	// Mar active 2 new 0 retained 1 resurrected 1 churned 1 quick ratio 1 true
}
