package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
	"github.com/portraitdb/portrait/tags"
)

// leastCell is how many people a group on a page must have to be shown.
const leastCell = 5

// audience is whom the page of an audience is about.
const audience = "高价值"

// writePages writes the pages into a directory: audience.html, customer.html and
// lifecycle.html, each with its pictures for Vega-Lite beside it.
func writePages(ctx context.Context, view *portrait.View, d *dataset, w *wording, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, p := range []struct {
		name string
		make func(context.Context, *portrait.View, *dataset, *wording) (*insight.Report, error)
	}{{"audience", audiencePage}, {"customer", customerPage}, {"lifecycle", cyclePage}} {
		page, err := p.make(ctx, view, d, w)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		var html, vega bytes.Buffer
		if err := errors.Join(page.WriteHTML(&html), page.WriteVega(&vega)); err != nil {
			return err
		}
		path := filepath.Join(dir, p.name)
		if err := errors.Join(os.WriteFile(path+".html", html.Bytes(), 0o666), os.WriteFile(path+".vega.json", vega.Bytes(), 0o666)); err != nil {
			return err
		}
	}
	return nil
}

// title is what the page calls the data.
func (w *wording) title(d *dataset) string { return d.titles[w.lang] }

// customerPage tells all of one customer: the one that the tour shows in full.
func customerPage(ctx context.Context, view *portrait.View, d *dataset, w *wording) (*insight.Report, error) {
	r := &insight.Report{Language: w.lang, Lead: w.personLead + w.title(d), AsOf: view.AsOf().In(d.zone)}
	p, err := choose(ctx, view, d)
	if err != nil || p == nil {
		r.Title = d.sample
		return r, err
	}
	person, err := someone(ctx, view, p, d, w)
	if err != nil {
		return nil, err
	}
	r.Title = p.Identifiers[0].Value
	if name, ok := p.Trait("name"); ok {
		r.Title = name.Text()
	}
	r.Facts("",
		insight.Fact{Name: w.orders, Value: short(number(p, "orders"))},
		insight.Fact{Name: w.spentOne, Value: money(number(p, "revenue"))},
		insight.Fact{Name: w.since, Value: p.First.In(d.zone).Format(time.DateOnly)},
		insight.Fact{Name: w.events, Value: table.Count(p.Events)})
	r.Person(person)
	return r, nil
}

// audiencePage tells what those who have spent much are like, beside everybody.
func audiencePage(ctx context.Context, view *portrait.View, d *dataset, w *wording) (*insight.Report, error) {
	in := segment.Tag(audience)
	place, err := placeDimension(ctx, view, d, w)
	if err != nil {
		return nil, err
	}
	orders := bands(w, "orders", "1", "2", "4", "8", "16")
	dims := []insight.Dimension{place, orders}
	var others []insight.Segment
	for _, t := range d.model.Tags {
		if t.Name != audience {
			dims = append(dims, insight.Tag(t.Name))
		}
	}
	for _, name := range []string{"高频购买者", audience, "价格敏感", "沉睡"} {
		others = append(others, insight.Segment{Name: name, Expr: segment.Tag(name)})
	}
	c, err := insight.Compare(ctx, view, insight.Question{Audience: in, Dimensions: dims, LeastCell: leastCell})
	if err != nil {
		return nil, err
	}
	byOrders, err := insight.CrossTab(ctx, view, in, leastCell, place, orders)
	if err != nil {
		return nil, err
	}
	overlap, err := insight.Overlap(ctx, view, segment.Expr{}, leastCell, others...)
	if err != nil {
		return nil, err
	}
	spent := tags.MustParseFormula("revenue")
	revenue, err := view.Summary(ctx, spent, in)
	if err != nil {
		return nil, err
	}
	r := &insight.Report{Title: audience, Lead: w.audienceLead + w.title(d), Language: w.lang, AsOf: view.AsOf().In(d.zone)}
	r.Facts("",
		insight.Fact{Name: w.people, Value: table.Count(c.Audience), Note: w.of + table.Count(c.Base)},
		insight.Fact{Name: w.revenueAll, Value: money(revenue.Sum)},
		insight.Fact{Name: w.revenueOne, Value: money(revenue.Avg.Number())})
	r.Audience(w.apart, c, 12)
	r.Distribution(w.where, c, place.Name)
	r.Distribution(w.howMany, c, orders.Name)
	r.CrossTab(w.byOrders, byOrders)
	r.Overlap(w.overlap, overlap, 12)
	return r, audienceReach(ctx, view, d, w, r)
}

// audienceReach adds what identifiers the audience is known by.
func audienceReach(ctx context.Context, view *portrait.View, d *dataset, w *wording, r *insight.Report) error {
	q := insight.ReachQuestion{Audience: segment.Tag(audience), LeastCell: leastCell}
	for _, n := range d.model.Identity.Namespaces {
		q.Namespaces = append(q.Namespaces, n.Name)
	}
	reach, err := insight.Reach(ctx, view, q)
	if err != nil {
		if errors.Is(err, insight.ErrTooFew) {
			return nil
		}
		return err
	}
	for i := range reach.Identifiers {
		reach.Identifiers[i].Namespace = w.name(reach.Identifiers[i].Namespace)
	}
	r.Reach(w.reach, reach)
	return nil
}

// placeDimension is the city or the country, with the values that most people have.
func placeDimension(ctx context.Context, view *portrait.View, d *dataset, w *wording) (insight.Dimension, error) {
	name := "city"
	if _, ok := d.model.Traits[name]; !ok {
		name = "country"
	}
	groups, err := view.Groups(ctx, tags.Formula{}, segment.And(), name)
	if err != nil {
		return insight.Dimension{}, err
	}
	slices.SortStableFunc(groups, func(a, b segment.GroupStats) int { return cmp.Compare(b.Count, a.Count) })
	dim := insight.Dimension{Name: w.name(name)}
	for _, g := range groups[:min(8, len(groups))] {
		value := g.Values[0].Text()
		quoted, err := json.Marshal(value) // as the language reads it
		if err != nil {
			return insight.Dimension{}, err
		}
		e, err := segment.Parse(name + " = " + string(quoted))
		if err != nil {
			return insight.Dimension{}, err
		}
		dim.Values = append(dim.Values, insight.Value{Name: value, Expr: e})
	}
	return dim, nil
}

// bands divides a number at bounds; who has less than the first is in none.
func bands(w *wording, trait string, bounds ...string) insight.Dimension {
	dim := insight.Dimension{Name: w.name(trait)}
	for i, from := range bounds {
		v := insight.Value{Name: from + w.more, Expr: segment.MustParse(trait + " >= " + from)}
		if i+1 < len(bounds) {
			v = insight.Value{Name: from + w.under + bounds[i+1], Expr: segment.MustParse(trait + " >= " + from + " and " + trait + " < " + bounds[i+1])}
		}
		dim.Values = append(dim.Values, v)
	}
	return dim
}

// money is a sum without cents.
func money(v float64) string {
	if v < 0 {
		return "-" + money(-v)
	}
	return table.Count(uint64(v + 0.5))
}
