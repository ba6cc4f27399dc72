package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// rfmRow is one of the ten segments of recency and frequency, with the means of its
// customers: days since the last order, orders, and pounds.
type rfmRow struct {
	Segment   string  `json:"segment"`
	Customers int     `json:"customers"`
	Recency   float64 `json:"recency"`
	Frequency float64 `json:"frequency"`
	Monetary  float64 `json:"monetary"`
}

// orderMonths are the months of the Online Retail file, each a tracked segment of its
// model: who ordered in it.
var orderMonths = func() (months []time.Time) {
	for m := time.Date(2010, 12, 1, 0, 0, 0, 0, time.UTC); m.Year() < 2012; m = m.AddDate(0, 1, 0) {
		months = append(months, m)
	}
	return months
}()

// lifecycle scores the customers by recency, frequency and money, and accounts for them
// month by month.
func (r *result) lifecycle(ctx context.Context, view *portrait.View, d *dataset) (err error) {
	if r.RFM, err = rfm(ctx, view, d.zone); err != nil {
		return err
	}
	r.Growth, err = growth(ctx, view)
	return err
}

// rfm scores whoever spent something by quintiles. Customers with equally many orders are
// told apart by their numbers, so that the five parts are of one size.
func rfm(ctx context.Context, view *portrait.View, zone *time.Location) ([]rfmRow, error) {
	set, err := view.Segment(ctx, segment.MustParse("revenue > 0"))
	if err != nil {
		return nil, err
	}
	today := dateOf(view.AsOf(), zone)
	byName := map[string]lifecycle.RFM{}
	for p, err := range view.Profiles(ctx, set) {
		if err != nil {
			return nil, err
		}
		last, _ := p.Trait("last_order")
		orders, _ := p.Trait("orders")
		revenue, _ := p.Trait("revenue")
		byName[p.Identifiers[0].Value] = lifecycle.RFM{
			Recency:   today.Sub(dateOf(last.Instant().Time(), zone)).Hours() / 24,
			Frequency: orders.Number(), Monetary: revenue.Number(),
		}
	}
	var customers []lifecycle.RFM
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		customers = append(customers, byName[name])
	}
	scores, _ := lifecycle.Scheme{RankFrequency: true}.Scores(customers)
	naming := lifecycle.Putler()
	members := map[string][]lifecycle.RFM{}
	for i, c := range customers {
		name := naming.Name(scores[i])
		members[name] = append(members[name], c)
	}
	var rows []rfmRow
	for _, box := range naming {
		mean := lifecycle.Mean(members[box.Name])
		rows = append(rows, rfmRow{box.Name, len(members[box.Name]), mean.Recency, mean.Frequency, mean.Monetary})
	}
	return rows, nil
}

// dateOf returns the civil date of an instant.
func dateOf(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// growth accounts for every month.
func growth(ctx context.Context, view *portrait.View) ([]lifecycle.Growth, error) {
	var calendar lifecycle.Calendar
	active := map[profile.ID][]int{}
	for _, month := range orderMonths {
		set, err := view.Segment(ctx, segment.Tag(month.Format("2006-01")))
		if err != nil {
			return nil, err
		}
		for id := range set.Members() {
			active[id] = append(active[id], calendar.Of(month))
		}
	}
	first, last := calendar.Of(orderMonths[0]), calendar.Of(orderMonths[len(orderMonths)-1])
	return lifecycle.Grow(maps.Values(active), first, last), nil
}

func (p *report) lifecycle(r *result) {
	p.head("RFM: the ten segments of recency and frequency, by quintiles")
	tbl := table.Table{Indent: "  "}
	tbl.Row("segment", "customers", "days ago", "orders", "pounds")
	for _, row := range r.RFM {
		tbl.Row(strings.ReplaceAll(row.Segment, "_", " "), row.Customers, fmt.Sprintf("%.1f", row.Recency), fmt.Sprintf("%.2f", row.Frequency), fmt.Sprintf("%.2f", row.Monetary))
	}
	p.table(&tbl)
	p.head("Growth: who ordered in a month, and whether in the month before")
	months := table.Table{Indent: "  "}
	months.Row("month", "active", "new", "retained", "resurrected", "churned", "quick ratio")
	for i, g := range r.Growth {
		ratio := "-"
		if q, defined := g.QuickRatio(); defined {
			ratio = fmt.Sprintf("%.2f", q)
		}
		months.Row(orderMonths[i].Format("2006-01"), g.Active, g.New, g.Retained, g.Resurrected, g.Churned, ratio)
	}
	p.table(&months)
}
