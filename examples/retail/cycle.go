package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/lifecycle/value"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// How customers come, stay and leave.

// purchases are the orders of everybody who has paid for something.
type purchases struct {
	zone  *time.Location
	all   []value.Transaction
	first int     // the month of the first, as the calendar numbers them
	last  int     // that of the instant before the view's: one that has just begun is left out
	by    [][]int // the months in which each customer ordered
}

// readPurchases reads them from the log of the store.
func readPurchases(ctx context.Context, view *portrait.View, zone *time.Location) (*purchases, error) {
	set, err := view.Segment(ctx, segment.MustParse("orders >= 1"))
	if err != nil {
		return nil, err
	}
	calendar := lifecycle.Calendar{Zone: zone}
	p := &purchases{zone: zone, last: calendar.Of(view.AsOf().Add(-time.Nanosecond))}
	p.first = p.last
	for who, err := range view.Profiles(ctx, set) {
		if err != nil {
			return nil, err
		}
		var months []int
		for e, err := range view.Timeline(ctx, who.Identifiers[0], time.Time{}, view.AsOf()) {
			if err != nil {
				return nil, err
			}
			if e.Name == "Order Completed" {
				p.all = append(p.all, value.Transaction{Customer: who.ID.String(), Time: e.Time, Amount: e.Properties["revenue"].Number()})
				months = append(months, calendar.Of(e.Time))
				p.first = min(p.first, calendar.Of(e.Time))
			}
		}
		p.by = append(p.by, months)
	}
	return p, nil
}

// month names a month.
func (p *purchases) month(number int) string {
	return lifecycle.Calendar{Zone: p.zone}.Start(number).Format("2006-01")
}

// growth accounts for every month.
func (p *purchases) growth() []lifecycle.Growth {
	return lifecycle.Grow(slices.Values(p.by), p.first, p.last)
}

// retention tells who came back, by the month of the first order.
func (p *purchases) retention() (*insight.Retention, error) {
	var counts []insight.CohortCounts
	for _, c := range lifecycle.Cohorts(slices.Values(p.by), p.first, p.last) {
		counts = append(counts, insight.CohortCounts{Name: p.month(c.Period), Size: c.Size(), Active: c.Active, Returned: c.Returned})
	}
	return insight.NewRetention(leastCell, counts...)
}

// buyer is a customer's purchases in short.
type buyer struct {
	name string
	lifecycle.RFM
	score lifecycle.Score
}

// buyers returns everybody who has paid for something, scored against each other by
// quintiles. Customers with as many orders are told apart by their names.
func buyers(ctx context.Context, view *portrait.View) ([]buyer, error) {
	set, err := view.Segment(ctx, segment.MustParse("orders >= 1 and revenue > 0"))
	if err != nil {
		return nil, err
	}
	var all []buyer
	for p, err := range view.Profiles(ctx, set) {
		if err != nil {
			return nil, err
		}
		last, _ := p.Trait("last_order")
		days := int(view.AsOf().Sub(last.Instant().Time()) / (24 * time.Hour))
		all = append(all, buyer{p.Identifiers[0].String(), lifecycle.RFM{Recency: float64(days), Frequency: number(p, "orders"), Monetary: number(p, "revenue")}, lifecycle.Score{}})
	}
	slices.SortFunc(all, func(a, b buyer) int { return cmp.Compare(a.name, b.name) })
	rfm := make([]lifecycle.RFM, len(all))
	for i, b := range all {
		rfm[i] = b.RFM
	}
	scores, _ := lifecycle.Scheme{RankFrequency: true}.Scores(rfm)
	for i, s := range scores {
		all[i].score = s
	}
	return all, nil
}

// number is that of a trait, 0 where there is none.
func number(p *profile.Profile, trait string) float64 {
	if v, ok := p.Trait(trait); ok && v.Kind() == profile.KindNumber {
		return v.Number()
	}
	return 0
}

// classes counts buyers by the names of their scores.
func classes(all []buyer) map[string]uint64 {
	counts := map[string]uint64{}
	for _, b := range all {
		counts[lifecycle.Putler().Name(b.score)]++
	}
	return counts
}
