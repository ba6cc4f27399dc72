package value_test

import (
	"context"
	"fmt"
	"time"

	"github.com/portraitdb/portrait/lifecycle/value"
)

func ExampleSummarise() {
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 12, 0, 0, 0, time.UTC) }
	table, err := value.Summarise([]value.Transaction{
		{Customer: "ada", Time: day(1, 5), Amount: 20},
		{Customer: "ada", Time: day(1, 19), Amount: 15},
		{Customer: "ada", Time: day(1, 19), Amount: 15}, // the same day: one transaction of 30
		{Customer: "ada", Time: day(3, 2), Amount: 10},
		{Customer: "lin", Time: day(2, 2), Amount: 50},
	}, value.Options{Unit: value.Week, CalibrationEnd: day(3, 30)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range table.Customers {
		fmt.Printf("%s: %d repeats, the last after %.0f of %.0f weeks, worth %.0f on average\n", c.ID, c.Frequency, c.Recency, c.Age, c.Mean)
	}
	// Output:
	// ada: 2 repeats, the last after 8 of 12 weeks, worth 20 on average
	// lin: 0 repeats, the last after 0 of 8 weeks, worth 0 on average
}

func ExampleFitBGBB() {
	// Members who were asked for a gift in each of four years after their first.
	rows := []value.Summary{
		{Frequency: 0, Recency: 0, Age: 4, Weight: 310},
		{Frequency: 1, Recency: 1, Age: 4, Weight: 96},
		{Frequency: 1, Recency: 3, Age: 4, Weight: 31},
		{Frequency: 2, Recency: 2, Age: 4, Weight: 44},
		{Frequency: 2, Recency: 4, Age: 4, Weight: 52},
		{Frequency: 3, Recency: 4, Age: 4, Weight: 70},
		{Frequency: 4, Recency: 4, Age: 4, Weight: 104},
	}
	model, report, err := value.FitBGBB(context.Background(), rows)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("members:", report.Customers)
	faithful, lapsed := rows[6], rows[3]
	fmt.Printf("gave every year:   %.2f alive, %.1f gifts in five years\n", model.PAlive(faithful), model.ConditionalExpected(faithful, 5))
	fmt.Printf("gave twice, early: %.2f alive, %.1f gifts in five years\n", model.PAlive(lapsed), model.ConditionalExpected(lapsed, 5))
	// Output:
	// members: 707
	// gave every year:   0.93 alive, 3.6 gifts in five years
	// gave twice, early: 0.25 alive, 0.6 gifts in five years
}
