package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// cyclePage tells how customers come, stay and leave.
func cyclePage(ctx context.Context, view *portrait.View, d *dataset, w *wording) (*insight.Report, error) {
	bought, err := readPurchases(ctx, view, d.zone)
	if err != nil {
		return nil, err
	}
	p := &cycle{ctx: ctx, view: view, d: d, w: w, bought: bought, past: bought.growth()}
	p.page = &insight.Report{Title: w.cycleTitle, Lead: w.cycleLead + w.title(d), Language: w.lang, AsOf: view.AsOf().In(d.zone)}
	for _, add := range []func() error{p.facts, p.stages, p.growth, p.cohorts, p.scores, p.value} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	return p.page, nil
}

type cycle struct {
	ctx    context.Context
	view   *portrait.View
	d      *dataset
	w      *wording
	page   *insight.Report
	bought *purchases
	past   []lifecycle.Growth
}

func (p *cycle) facts() error {
	counts, err := p.view.Counts(p.ctx, segment.And(), segment.MustParse("orders >= 1"))
	if err != nil {
		return err
	}
	last := p.past[len(p.past)-1]
	facts := []insight.Fact{
		{Name: p.w.people, Value: table.Count(counts[0])},
		{Name: p.w.buyers, Value: table.Count(counts[1])},
		{Name: p.w.activeNow + p.bought.month(last.Period), Value: table.Count(uint64(last.Active))},
	}
	if ratio, defined := last.QuickRatio(); defined {
		facts = append(facts, insight.Fact{Name: p.w.quick, Value: strconv.FormatFloat(ratio, 'f', 2, 64)})
	}
	p.page.Facts("", facts...)
	return nil
}

// stages shows who is in which stage, was at the end of each month, and moved where in
// the last 90 days.
func (p *cycle) stages() error {
	var names []string
	var es []segment.Expr
	for _, s := range p.d.model.Stages {
		names = append(names, s.Value)
		es = append(es, segment.TagValue("stage", s.Value))
	}
	counts, err := p.view.Counts(p.ctx, es...)
	if err != nil {
		return err
	}
	if err := p.page.Bins(p.w.stagesNow, names, counts); err != nil {
		return err
	}
	over := insight.Chart{Axis: p.w.month}
	for _, name := range names {
		over.Layers = append(over.Layers, insight.Layer{Name: name})
	}
	for month := p.bought.first; month <= p.bought.last; month++ {
		flow, err := p.view.StageFlow(p.ctx, p.end(month), p.view.AsOf())
		if err != nil {
			return err
		}
		over.Names = append(over.Names, p.bought.month(month))
		sizes := flow.Before()
		for i, name := range names {
			n := 0.0
			if at := slices.Index(flow.Stages, name); at >= 0 {
				n = float64(sizes[at])
			}
			over.Layers[i].Values = append(over.Layers[i].Values, n)
		}
	}
	if err := p.page.Chart(p.w.stagesOver, over); err != nil {
		return err
	}
	return p.moves(names)
}

// end is when a month was over, or the instant of the view.
func (p *cycle) end(month int) time.Time {
	end := lifecycle.Calendar{Zone: p.d.zone}.Start(month + 1)
	if at := p.view.AsOf(); at.Before(end) {
		return at
	}
	return end
}

func (p *cycle) moves(names []string) error {
	to := p.view.AsOf().In(p.d.zone)
	from := to.AddDate(0, 0, -90)
	flow, err := p.view.StageFlow(p.ctx, from, to)
	if err != nil {
		return err
	}
	m := insight.Moves{From: from.Format(time.DateOnly), To: to.Format(time.DateOnly), Stages: append(slices.Clone(names), p.w.newcomer)}
	for _, a := range m.Stages {
		var row []uint64
		for _, b := range m.Stages {
			row = append(row, flow.Count(p.stage(a), p.stage(b)))
		}
		m.Counts = append(m.Counts, row)
	}
	return p.page.Moves(p.w.moves, m)
}

// stage is what the ledger calls a stage of the page.
func (p *cycle) stage(name string) string {
	if name == p.w.newcomer {
		return ""
	}
	return name
}

func (p *cycle) growth() error {
	var periods []insight.GrowthPeriod
	for _, g := range p.past {
		periods = append(periods, insight.GrowthPeriod{
			Name: p.bought.month(g.Period), New: uint64(g.New), Retained: uint64(g.Retained), Resurrected: uint64(g.Resurrected), Churned: uint64(g.Churned)})
	}
	return p.page.Growth(p.w.growth, periods)
}

func (p *cycle) cohorts() error {
	retention, err := p.bought.retention()
	if errors.Is(err, insight.ErrTooFew) {
		return nil
	}
	if err != nil {
		return err
	}
	p.page.Retention(p.w.cohorts, retention)
	return nil
}

// scores shows buyers by recency and frequency.
func (p *cycle) scores() error {
	all, err := buyers(p.ctx, p.view)
	if err != nil {
		return err
	}
	naming := lifecycle.Putler()
	g := insight.Grid{Across: p.w.recency, Down: p.w.frequency, Columns: []string{"1", "2", "3", "4", "5"}, Rows: []string{"5", "4", "3", "2", "1"}, Cells: make([][]insight.GridCell, 5)}
	for i := range g.Rows {
		for j := range g.Columns {
			g.Cells[i] = append(g.Cells[i], insight.GridCell{Name: p.w.name(naming.Name(lifecycle.Score{R: j + 1, F: 5 - i, M: 1}))})
		}
	}
	for _, b := range all {
		if b.score.R > 0 && b.score.F > 0 {
			g.Cells[5-b.score.F][b.score.R-1].Count++
		}
	}
	p.page.Grid(p.w.grid, g)
	counts := classes(all)
	var names []string
	var sizes []uint64
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	for i, name := range names {
		sizes = append(sizes, counts[name])
		names[i] = p.w.name(name)
	}
	return p.page.Bins(p.w.classes, names, sizes)
}
