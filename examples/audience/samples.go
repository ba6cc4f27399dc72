package main

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// lots are audiences by lot. Everybody draws one for each salt and keeps it: lots of one
// salt tell nothing of those of another, and those of one salt exclude or contain each other.
func (t *tour) lots(ctx context.Context) error {
	return t.ask(ctx, "By lot: samples, holdout, layers",
		group{"a tenth", `sample("survey", 0.1)`},
		group{"a fifth, by the same salt", `sample("survey", 0.2)`},
		group{"in both: the tenth", `sample("survey", 0.1) and sample("survey", 0.2)`},
		group{"held out of every campaign", `tag("对照组")`},
		group{"layer prices: experiment A", `bucket("prices", 100) <= 20`},
		group{"layer prices: experiment B", `bucket("prices", 100) in [21, 22, 23, 24, 25]`},
		group{"in A and in B: nobody", `bucket("prices", 100) <= 20 and bucket("prices", 100) in [21, 22, 23, 24, 25]`},
		group{"layer pages: experiment C", `bucket("pages", 100) <= 50`},
		group{"in A and in C: half of A", `bucket("prices", 100) <= 20 and bucket("pages", 100) <= 50`},
	)
}

// experiments are splits of an audience, with a test of whether lots alone have made them:
// a P below 0.001 would say that something else has.
func (t *tour) experiments(ctx context.Context) error {
	s := t.report.sheet("By lot: splits, and whether they are fair", "arm", "people", "expected", "audience")
	for _, split := range []struct {
		name string
		of   segment.Expr // zero: everybody
		arms []insight.Arm
	}{
		{"active", segment.Tag("近月活跃"), []insight.Arm{
			{Name: "campaign 1", In: segment.MustParse(`bucket("campaign", 3) = 1`), Share: 1. / 3},
			{Name: "campaign 2", In: segment.MustParse(`bucket("campaign", 3) = 2`), Share: 1. / 3},
			{Name: "campaign 3", In: segment.MustParse(`bucket("campaign", 3) = 3`), Share: 1. / 3},
		}},
		{"everybody", segment.Expr{}, []insight.Arm{{Name: "held out", In: segment.Tag("对照组"), Share: 0.05}}},
		{"everybody", segment.Expr{}, []insight.Arm{
			{Name: "experiment A", In: segment.MustParse(`bucket("prices", 100) <= 20`), Share: 0.2},
			{Name: "experiment B", In: segment.MustParse(`bucket("prices", 100) in [21, 22, 23, 24, 25]`), Share: 0.05},
		}},
	} {
		b, err := insight.Balance(ctx, t.view, insight.SplitQuestion{Audience: split.of, Arms: split.arms})
		if err != nil {
			return err
		}
		for i, arm := range b.Arms {
			of := ""
			if i == 0 {
				of = fmt.Sprintf("%s; chi-square %.2f, P %.2f", split.name, b.ChiSquare, b.P)
			}
			s.row(arm.Name, arm.People, fmt.Sprintf("%.1f", arm.Expected), of)
		}
		if b.Rest.Expected > 0.5 {
			s.row("in none of them", b.Rest.People, fmt.Sprintf("%.1f", b.Rest.Expected), "")
		}
	}
	return nil
}
