package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

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

// writePages writes the page of an audience into a directory: audience.html, and its
// pictures for Vega-Lite.
func writePages(ctx context.Context, view *portrait.View, d *dataset, dir string) error {
	page, err := audiencePage(ctx, view, d)
	if err != nil {
		return err
	}
	var html, vega bytes.Buffer
	if err := page.WriteHTML(&html); err != nil {
		return err
	}
	if err := page.WriteVega(&vega); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "audience.html"), html.Bytes(), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "audience.vega.json"), vega.Bytes(), 0o666)
}

// audiencePage tells what those who have spent much are like, beside everybody.
func audiencePage(ctx context.Context, view *portrait.View, d *dataset) (*insight.Report, error) {
	in := segment.Tag(audience)
	place, err := placeDimension(ctx, view, d)
	if err != nil {
		return nil, err
	}
	orders := bands("orders", "1", "2", "4", "8", "16")
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
	overlap, err := insight.Overlap(ctx, view, segment.Expr{}, others...)
	if err != nil {
		return nil, err
	}
	revenue, err := view.Summary(ctx, tags.MustParseFormula("revenue"), in)
	if err != nil {
		return nil, err
	}
	r := &insight.Report{Title: audience, Lead: "Customers who have spent much, beside all of " + d.title + ".", AsOf: view.AsOf().In(d.zone)}
	r.Facts("",
		insight.Fact{Name: "People", Value: table.Count(c.Audience), Note: "of " + table.Count(c.Base)},
		insight.Fact{Name: "Revenue of all of them", Value: money(revenue.Sum)},
		insight.Fact{Name: "Revenue of one, on average", Value: money(revenue.Avg.Number())})
	r.Audience("What tells them apart", c, 12)
	r.Distribution("Where they are", c, place.Name)
	r.Distribution("How many orders", c, orders.Name)
	r.CrossTab("Where they are, by orders", byOrders)
	r.Overlap("How the tags overlap", overlap, 12)
	return r, nil
}

// placeDimension is the city or the country, with the values that most people have.
func placeDimension(ctx context.Context, view *portrait.View, d *dataset) (insight.Dimension, error) {
	name := "city"
	if _, ok := d.model.Traits[name]; !ok {
		name = "country"
	}
	groups, err := view.Groups(ctx, tags.Formula{}, segment.And(), name)
	if err != nil {
		return insight.Dimension{}, err
	}
	slices.SortStableFunc(groups, func(a, b segment.GroupStats) int { return cmp.Compare(b.Count, a.Count) })
	dim := insight.Dimension{Name: name}
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
func bands(trait string, bounds ...string) insight.Dimension {
	dim := insight.Dimension{Name: trait}
	for i, from := range bounds {
		v := insight.Value{Name: from + " and more", Expr: segment.MustParse(trait + " >= " + from)}
		if i+1 < len(bounds) {
			v = insight.Value{Name: from + " to under " + bounds[i+1], Expr: segment.MustParse(trait + " >= " + from + " and " + trait + " < " + bounds[i+1])}
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
