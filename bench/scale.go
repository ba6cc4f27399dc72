package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/identity/linkage"
)

// scaling links many made-up records and ten times as many, from training on.
func scaling(ctx context.Context, cfg config, report *Report) error {
	for _, n := range []int{cfg.profiles / 10, cfg.profiles} {
		name := "scale/records=" + strconv.Itoa(n)
		if !cfg.only.MatchString(name) {
			continue
		}
		cfg.logf("%s", name)
		out, err := scale(ctx, name, n)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		report.Cases = append(report.Cases, out)
	}
	return nil
}

func scale(ctx context.Context, name string, n int) (Case, error) {
	resetPeak()
	p, err := makePeople(n)
	if err != nil {
		return Case{}, err
	}
	var m meter // of all
	m.start()
	began := time.Now()
	model, err := linkage.Train(ctx, p.records, p.config)
	if err != nil {
		return Case{}, err
	}
	trained := time.Now()
	linker, err := linkage.NewLinker(p.records, model)
	if err != nil {
		return Case{}, err
	}
	result, err := linker.Link(ctx, nil)
	if err != nil {
		return Case{}, err
	}
	m.stop(n)
	linking := time.Since(trained).Seconds()
	out := newCase(name, n, map[string][]sample{subject: {m.sample}})
	if out.Extra, err = p.found(result); err != nil {
		return Case{}, err
	}
	one := func(v float64) map[string]float64 { return map[string]float64{subject: v} }
	out.Extra["train_seconds"] = one(trained.Sub(began).Seconds())
	out.Extra["link_seconds"] = one(linking)
	out.Extra["link_pairs_per_second"] = one(float64(result.Counts.Compared) / linking)
	out.Extra["peak_mib"] = one(float64(peakBytes()) / (1 << 20))
	return out, nil
}
