package main

import (
	"context"
	"time"
)

// rangeSuite asks for counts by the value of a number or a time, and for what a
// number comes to over a fifth of all profiles.
func rangeSuite(ctx context.Context, cfg config) (*Report, error) {
	report := &Report{
		Suite: "range", Machine: thisMachine(), Summary: map[string]float64{},
		Setting: map[string]string{
			"threads": "1",
			"values":  "uniform, of 20 bits; times uniform over 400 days, whole seconds; the set is a random fifth",
		},
	}
	return report, putAll(ctx, cfg, report, rangeQuestions())
}

func rangeQuestions() []question {
	const all = 1 << valueBits
	from := populationStart.AddDate(0, 0, 200)
	return []question{
		{name: "count/value/20%", asked: counted, column: "value", lo: all / 4, hi: all/4 + all/5 - 1},
		{name: "count/value/1%", asked: counted, column: "value", lo: all / 4, hi: all/4 + all/100 - 1},
		{name: "count/value/equal", asked: counted, column: "value", lo: 123_456, hi: 123_456},
		{name: "count/time/20%", asked: counted, column: "seen", lo: from.UnixMicro(), hi: from.AddDate(0, 0, populationDays/5).Add(-time.Second).UnixMicro()},
		{name: "sum/set=20%", asked: summed},
		{name: "quantiles/set=20%", asked: quantiled},
		{name: "top-10/set=20%", asked: topped},
	}
}
