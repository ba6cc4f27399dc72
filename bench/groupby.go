package main

import (
	"context"
	"fmt"
)

// groupSuite divides a fifth of all profiles by the values of one attribute or of
// two.
func groupSuite(ctx context.Context, cfg config) (*Report, error) {
	report := &Report{
		Suite: "groupby", Machine: thisMachine(), Summary: map[string]float64{},
		Setting: map[string]string{
			"threads": "1",
			"groups":  fmt.Sprintf("of a random fifth of all profiles; attributes uniform, of %d, %d and %d values", cities, shops, channels),
		},
	}
	return report, putAll(ctx, cfg, report, groupQuestions())
}

func groupQuestions() []question {
	return []question{
		{name: "count/20", asked: grouped, by: []string{"city"}},
		{name: "count/1000", asked: grouped, by: []string{"shop"}},
		{name: "count/20x12", asked: grouped, by: []string{"city", "channel"}},
		{name: "sum/20", asked: grouped, by: []string{"city"}, sums: true},
		{name: "sum/1000", asked: grouped, by: []string{"shop"}, sums: true},
		{name: "sum/20x12", asked: grouped, by: []string{"city", "channel"}, sums: true},
	}
}
