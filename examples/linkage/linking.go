package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/portraitdb/portrait/identity/linkage"
)

// run reads, trains, links and answers.
func (c *command) run(ctx context.Context, stdout, stderr io.Writer) error {
	c.stderr = stderr
	cfg, err := c.configuration()
	if err != nil {
		return err
	}
	r, err := c.answer(ctx, cfg)
	if err != nil {
		return err
	}
	if c.JSON {
		return r.writeJSON(stdout)
	}
	return r.writeText(stdout)
}

// configuration reads the file of --config.
func (c *command) configuration() (linkage.Config, error) {
	text, err := os.ReadFile(c.Config)
	if err != nil {
		return linkage.Config{}, err
	}
	cfg, err := linkage.ParseConfig(text)
	if err != nil {
		return linkage.Config{}, fmt.Errorf("%s: %w", c.Config, err)
	}
	return cfg, nil
}

func (c *command) answer(ctx context.Context, cfg linkage.Config) (*report, error) {
	if c.SplitByTruth != nil {
		return c.halves(ctx, cfg)
	}
	d, reading, err := c.read(cfg, nil)
	if err != nil {
		return nil, err
	}
	model, training, err := c.model(ctx, d, cfg)
	if err != nil {
		return nil, err
	}
	l, err := c.link(ctx, d, model)
	if err != nil {
		return nil, err
	}
	l.report.took(reading, training)
	return l.report, c.extras(l)
}

// halves trains on one half of the people and links both.
func (c *command) halves(ctx context.Context, cfg linkage.Config) (*report, error) {
	var reports [2]*report
	var model *linkage.Model
	for i := range reports {
		d, reading, err := c.read(cfg, func(label string) bool { return half(*c.SplitByTruth, label) == i })
		if err != nil {
			return nil, fmt.Errorf("one half of the people: %w", err)
		}
		var training time.Duration
		if i == 0 {
			if model, training, err = train(ctx, d, cfg); err != nil {
				return nil, err
			}
		}
		l, err := c.link(ctx, d, model)
		if err != nil {
			return nil, err
		}
		l.report.took(reading, training)
		reports[i] = l.report
	}
	reports[1].TrainingHalf = reports[0]
	return reports[1], nil
}

// read reads the records, or those whose label keep wants.
func (c *command) read(cfg linkage.Config, keep func(label string) bool) (*dataset, time.Duration, error) {
	start := time.Now()
	truth, err := newLabeller(c.Truth, c.TruthPattern, cfg.TruthPattern)
	if err != nil {
		return nil, 0, err
	}
	columns, err := c.columns(cfg)
	if err != nil {
		return nil, 0, err
	}
	s := source{paths: c.Records, columns: columns, id: cfg.ID, truth: truth, keep: keep}
	d, err := s.read()
	if err != nil {
		return nil, 0, err
	}
	if c.TruthPairs != "" {
		if d.pairs, err = readTruthPairs(c.TruthPairs, d); err != nil {
			return nil, 0, err
		}
	}
	return d, time.Since(start), nil
}

// model reads the model where --model has one, and otherwise trains one and keeps
// it there.
func (c *command) model(ctx context.Context, d *dataset, cfg linkage.Config) (*linkage.Model, time.Duration, error) {
	if c.Model == "" {
		return train(ctx, d, cfg)
	}
	text, err := os.ReadFile(c.Model)
	if err == nil {
		model, err := c.frozen(text, cfg)
		return model, 0, err
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, 0, err
	}
	model, took, err := train(ctx, d, cfg)
	if err != nil {
		return nil, 0, err
	}
	text, err = model.MarshalJSON()
	if err != nil {
		return nil, 0, err
	}
	return model, took, os.WriteFile(c.Model, append(text, '\n'), 0o644)
}

func train(ctx context.Context, d *dataset, cfg linkage.Config) (*linkage.Model, time.Duration, error) {
	start := time.Now()
	model, err := linkage.Train(ctx, d.records, cfg)
	return model, time.Since(start), err
}

// linked is the outcome of a linkage with what led to it.
type linked struct {
	data   *dataset
	model  *linkage.Model
	linker *linkage.Linker
	result *linkage.Result
	report *report
}

func (c *command) link(ctx context.Context, d *dataset, model *linkage.Model) (*linked, error) {
	start := time.Now()
	linker, err := linkage.NewLinker(d.records, model)
	if err != nil {
		return nil, err
	}
	set, end := newBar(c.stderr)
	result, err := linker.Link(ctx, &linkage.Options{Progress: set})
	end()
	if err != nil {
		return nil, err
	}
	took := time.Since(start)
	l := &linked{data: d, model: model, linker: linker, result: result}
	l.report = l.count()
	l.report.Linking = took.Seconds()
	return l, l.judge()
}

// extras does what the command asks for besides the figures.
func (c *command) extras(l *linked) error {
	if c.Out != "" {
		if err := writeFile(c.Out, func(w io.Writer) error { return writeClusters(w, l.data, l.result.Clusters) }); err != nil {
			return err
		}
	}
	if len(c.Explain) == 2 {
		pair, err := l.data.pair(c.Explain[0], c.Explain[1])
		if err != nil {
			return fmt.Errorf("--explain: %w", err)
		}
		l.report.Explained = l.explain(pair)
	}
	if c.HTML != "" {
		if err := writeFile(c.HTML, func(w io.Writer) error { return writePage(w, l.report.Explained) }); err != nil {
			return err
		}
	}
	l.report.Review = l.reviews(c.Review)
	if c.Weights {
		l.report.weightTable = l.model.String()
		for _, w := range l.model.Weights() {
			l.report.Weights = append(l.report.Weights, weight(w))
		}
	}
	return nil
}
