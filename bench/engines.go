package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
)

// engine answers questions to a population that it has loaded.
type engine interface {
	// name is what the engine is called in the report.
	name() string
	// prepare returns what answers a question, by its digest; nil where the engine
	// has no way to ask it. It may be called once and answer many times.
	prepare(ctx context.Context, q question) (func() (uint64, error), error)
	close() error
}

// engines are those that a suite compares, with what was left out, by name, and why.
type engines struct {
	all     []engine
	skipped map[string]string
}

// errAbsent is wrapped by the error of an engine that this machine or this build
// does not have.
var errAbsent = errors.New("not here")

// add takes in what load makes, unless its name was not asked for.
func (es *engines) add(cfg config, name string, load func() (engine, error)) error {
	if !cfg.rivals.MatchString(name) {
		return nil
	}
	cfg.logf("loading %s", name)
	e, err := load()
	switch {
	case errors.Is(err, errAbsent):
		es.skipped[name] = err.Error()
		cfg.logf("%s is skipped: %v", name, err)
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	es.all = append(es.all, e)
	return nil
}

func (es *engines) close() error {
	var errs []error
	for _, e := range es.all {
		errs = append(errs, e.close())
	}
	return errors.Join(errs...)
}

// loadEngines loads a population into every engine there is. The first two are the plain
// columns, which say what the answers are, and Portrait.
func loadEngines(ctx context.Context, cfg config, c *population) (*engines, error) {
	es := &engines{skipped: map[string]string{}}
	everyName := cfg
	everyName.rivals = regexp.MustCompile("")
	loads := []struct {
		name string
		cfg  config
		load func() (engine, error)
	}{
		{"column_scan", everyName, func() (engine, error) { return columnScan{c}, nil }},
		{subject, everyName, func() (engine, error) { return newIndexed(c) }},
		{"duckdb", cfg, func() (engine, error) { return newDuckDB(ctx, c) }},
		{"sqlite", cfg, func() (engine, error) { return newSQLite(ctx, c) }},
		{"kelindar_column", cfg, func() (engine, error) { return newKelindar(c) }},
		{"redis", cfg, func() (engine, error) { return newRedis(ctx, cfg.dir, c) }},
	}
	for _, l := range loads {
		if err := es.add(l.cfg, l.name, l.load); err != nil {
			return nil, errors.Join(err, es.close())
		}
	}
	return es, nil
}

// put asks every engine one question: first the answers, which must be the same,
// then the times.
func (es *engines) put(ctx context.Context, cfg config, c *population, q question) (Case, error) {
	var (
		contenders []contender
		failure    error
		want       uint64
	)
	for _, e := range es.all {
		ask, err := e.prepare(ctx, q)
		if err != nil {
			return Case{}, fmt.Errorf("%s: %s: %w", q.name, e.name(), err)
		}
		if ask == nil {
			continue
		}
		got, err := ask()
		if err != nil {
			return Case{}, fmt.Errorf("%s: %s: %w", q.name, e.name(), err)
		}
		if len(contenders) == 0 {
			want = got
		}
		if got != want {
			return Case{}, fmt.Errorf("%s: %s answers %d, %s %d", q.name, e.name(), got, es.all[0].name(), want)
		}
		contenders = append(contenders, contender{e.name(), func() uint64 {
			n, err := ask()
			failure = cmp.Or(failure, err)
			return n
		}})
	}
	_, kernel := floorKernel()
	for name, data := range c.floors(q) {
		contenders = append(contenders, contender{name, func() uint64 { return kernel(data) }})
	}
	out := newCase(q.name, c.len(), compete(cfg, contenders))
	if q.asked == counted {
		out.tell("count", subject, float64(want))
	}
	return out, errors.Join(failure, ctx.Err())
}

// putAll asks those of the questions that were asked for, and tells what took part.
func putAll(ctx context.Context, cfg config, report *Report, questions []question) (err error) {
	var wanted []question
	for _, q := range questions {
		if cfg.only.MatchString(q.name) {
			wanted = append(wanted, q)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	cfg.logf("drawing %d profiles", cfg.profiles)
	c := drawPopulation(cfg.profiles)
	es, err := loadEngines(ctx, cfg, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, es.close()) }()
	for name, why := range es.skipped {
		report.Setting[name] = "skipped: " + why
	}
	floor, _ := floorKernel()
	report.Setting["memory_floor"] = "xor of the plain columns' bytes that the question is about, " + floor
	for _, q := range wanted {
		cfg.logf("%s", q.name)
		out, err := es.put(ctx, cfg, c, q)
		if err != nil {
			return err
		}
		report.Cases = append(report.Cases, out)
	}
	for _, e := range es.all {
		if who := e.name(); who != subject {
			report.tellGeomean(who)
		}
	}
	return nil
}

// tellGeomean reports the mean of the ratios to a contender, over the cases that it
// took part in.
func (r *Report) tellGeomean(who string) {
	var took []Case
	for _, c := range r.Cases {
		if _, ok := c.Ratio[who]; ok {
			took = append(took, c)
		}
	}
	if len(took) > 0 {
		r.Summary["geometric_mean_of_ratio_to_"+who] = geomean(took, who)
		r.Summary["least_ratio_to_"+who] = least(took, who)
	}
}
