package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// campaign is the mixture: tags, a list, apps, places, standing, lots, consent and a saved
// segment in one expression.
var campaign = group{"the campaign", `(tag("前两成") or in_list("crm-2026-11") or tag("值得挽留"))
	and apps any_of ["外卖", "打车"]
	and (near(home, 31.2304, 121.4737, "5km") or tag("地铁常客") or within(hangout, "购物中心"))
	and not in_list("exposed") and not tag("对照组") and consent("marketing")`}

// parts are the groups whose overlaps are shown.
var parts = []group{
	{"young and active", `tag("年轻人") and tag("近月活跃")`},
	{"of the CRM", `in_list("crm-2026-11")`},
	{"the top fifth", `tag("前两成")`},
	{"live nearby", `near(home, 31.2304, 121.4737, "5km")`},
	campaign,
}

// mixture counts the campaign, who is in two groups at once, and who the campaign reaches.
func (t *tour) mixture(ctx context.Context) error {
	if err := t.ask(ctx, "All at once", campaign); err != nil {
		return err
	}
	if err := t.overlaps(ctx); err != nil {
		return err
	}
	return t.reach(ctx)
}

// overlaps intersects sets: they are values, all of one epoch, and need no store.
func (t *tour) overlaps(ctx context.Context) error {
	columns, sets := []string{""}, make([]*segment.Set, len(parts))
	for i, p := range parts {
		var err error
		if sets[i], err = t.view.Segment(ctx, segment.MustParse(p.text)); err != nil {
			return err
		}
		columns = append(columns, string(rune('A'+i)))
	}
	s := t.report.sheet("Who is in two at once", columns...)
	for i, p := range parts {
		var cells []any
		for _, other := range sets {
			cells = append(cells, sets[i].And(other).Count())
		}
		s.row(columns[i+1]+" "+p.name, cells...)
	}
	return nil
}

// reach says who is in the campaign, and how it is counted.
func (t *tour) reach(ctx context.Context) error {
	target, spent := segment.MustParse(campaign.text), tags.MustParseFormula("spent")
	s := t.report.sheet("Whom the campaign reaches")
	cities, err := t.view.Groups(ctx, spent, target, "city")
	if err != nil {
		return err
	}
	for _, g := range cities {
		s.row("of "+g.Values[0].Text(), g.Count, "")
	}
	sum, err := t.view.Summary(ctx, spent, target)
	if err != nil {
		return err
	}
	quantiles, err := t.view.Quantiles(ctx, spent, target, 0.5)
	if err != nil {
		return err
	}
	what := "nothing"
	if len(quantiles) > 0 {
		what = fmt.Sprintf("spent %.2f in all, %.2f on average, %.2f at the median", sum.Sum, sum.Avg.Number(), quantiles[0].Number())
	}
	s.row("with orders", sum.Count, what)
	plan, err := t.view.Plan(ctx, target)
	if err != nil {
		return err
	}
	s = t.report.sheet("How the campaign is counted")
	s.Lines = strings.Split(strings.TrimSpace(plan.Text), "\n")
	return nil
}
