package main

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/lifecycle/value"
	"github.com/portraitdb/portrait/segment/insight"
)

// What buyers are worth: fitted, held against what was not shown to the model, and told
// of everybody.

const holdout = 90 // days

// value adds what the models tell. Where a model does not fit the page says so.
func (p *cycle) value() error {
	err := p.foretell(p.bought.all)
	var fit *value.FitError
	var input *value.InputError
	if errors.As(err, &fit) || errors.As(err, &input) {
		p.page.Table(p.w.value, nil, nil)
		p.page.Note(p.w.noModel + err.Error())
		return nil
	}
	return err
}

func (p *cycle) foretell(transactions []value.Transaction) error {
	end := p.view.AsOf().Add(-time.Nanosecond)
	past, err := value.Summarise(transactions, value.Options{Zone: p.d.zone, CalibrationEnd: end.AddDate(0, 0, -holdout), HoldoutEnd: end})
	if err != nil {
		return err
	}
	model, _, err := value.FitMBGNBD(p.ctx, past.Rows())
	if err != nil {
		return err
	}
	now, err := value.Summarise(transactions, value.Options{Zone: p.d.zone, CalibrationEnd: end})
	if err != nil {
		return err
	}
	current, _, err := value.FitMBGNBD(p.ctx, now.Rows())
	if err != nil {
		return err
	}
	if err := p.scored(current, now.Rows()); err != nil {
		return err
	}
	return errors.Join(p.track(model, &past), p.calibration(model, &past))
}

// scored shows how everybody stands.
func (p *cycle) scored(model value.Model, rows []value.Summary) error {
	var alive, orders, worth []float64
	spend, _, noSpend := value.FitGammaGamma(p.ctx, rows)
	for _, row := range rows {
		alive = append(alive, model.PAlive(row))
		orders = append(orders, model.ConditionalExpected(row, 90))
		if noSpend == nil {
			worth = append(worth, value.CLV(model, spend, row, value.Horizon{Periods: 12, Length: 365.25 / 12, Discount: 0.01}))
		}
	}
	add := func(heading, note string, values, bounds []float64, label func(float64) string) error {
		names, counts := histogram(values, bounds, label)
		err := p.page.Chart(heading, insight.Chart{Axis: heading, Names: names, Layers: []insight.Layer{{Name: p.w.people, Values: counts}}})
		p.page.Note(note)
		return err
	}
	err := errors.Join(
		add(p.w.alive, p.w.aliveNote, alive, []float64{0, .1, .2, .3, .4, .5, .6, .7, .8, .9}, func(v float64) string { return strconv.Itoa(int(math.Round(100*v))) + "%" }),
		add(p.w.expected, p.w.expectedNote, orders, []float64{0, .25, .5, 1, 1.5, 2, 3, 5, 10}, short))
	if noSpend != nil {
		p.page.Note(p.w.noSpend + noSpend.Error())
		return err
	}
	return errors.Join(err, add(p.w.worth, p.w.worthNote, worth, []float64{0, 50, 100, 200, 500, 1000, 2000, 5000, 10000}, short))
}

func short(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// histogram counts values between bounds; the last part has no end.
func histogram(values, bounds []float64, label func(float64) string) (names []string, counts []float64) {
	counts = make([]float64, len(bounds))
	for _, v := range values {
		for i := len(bounds) - 1; i >= 0; i-- {
			if v >= bounds[i] {
				counts[i]++
				break
			}
		}
	}
	for i, from := range bounds {
		name := "≥ " + label(from)
		if i+1 < len(bounds) {
			name = label(from) + "–" + label(bounds[i+1])
		}
		names = append(names, name)
	}
	return names, counts
}

// track shows repeat orders week by week, as they were and as the model has them.
func (p *cycle) track(model value.Model, past *value.Table) error {
	weeks := len(past.Repeats) / 7
	foretold := value.Track(model, past.Rows(), weeks, 7)
	c := insight.Chart{Kind: insight.Lines, Axis: p.w.weeks, Layers: []insight.Layer{{Name: p.w.actual}, {Name: p.w.foretold}}}
	for i, v := range foretold {
		c.Names = append(c.Names, strconv.Itoa(i+1))
		c.Layers[0].Values = append(c.Layers[0].Values, float64(past.Repeats[7*(i+1)-1]))
		c.Layers[1].Values = append(c.Layers[1].Values, math.Round(v))
	}
	err := p.page.Chart(p.w.track, c)
	p.page.Note(p.w.trackNote)
	return err
}

// calibration shows what the model had foretold of the days that it had not seen.
func (p *cycle) calibration(model value.Model, past *value.Table) error {
	h := value.Compare(model, past.Customers, past.Holdout, 7)
	c := insight.Chart{Kind: insight.Beside, Axis: p.w.repeats, Layers: []insight.Layer{{Name: p.w.actual}, {Name: p.w.foretold}}}
	for _, b := range h.Bins {
		name := strconv.Itoa(b.Frequency)
		if b.Frequency == 7 {
			name += "+"
		}
		c.Names = append(c.Names, name)
		c.Layers[0].Values = append(c.Layers[0].Values, b.Actual)
		c.Layers[1].Values = append(c.Layers[1].Values, b.Expected)
	}
	err := p.page.Chart(p.w.calibration, c)
	p.page.Note(p.w.calibrationNote)
	return err
}
