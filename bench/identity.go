package main

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// identitySuite measures what finding out who is who costs.
func identitySuite(ctx context.Context, cfg config) (report *Report, err error) {
	dir, err := os.MkdirTemp(cfg.dir, "portrait-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	report = &Report{
		Suite: "identity", Machine: thisMachine(), Summary: map[string]float64{},
		Setting: map[string]string{
			"rules":   "those of identity.Default; in a hot case with another policy for the hot namespace",
			"durable": "commits are not synced, on both sides",
		},
	}
	if err := resolve(ctx, cfg, dir, report); err != nil {
		return nil, err
	}
	for _, part := range []func(context.Context, config, string, *Report) error{hotEvents, chains, late} {
		if err := part(ctx, cfg, dir, report); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// resolve measures resolving against many identifiers, with little memory and
// with much.
func resolve(ctx context.Context, cfg config, dir string, report *Report) error {
	wanted := false
	for _, c := range resolveCases {
		wanted = wanted || cfg.only.MatchString(c.name("bounded")) || cfg.only.MatchString(c.name("cached"))
	}
	if !wanted {
		return nil
	}
	r, err := newRegister(ctx, cfg, dir)
	if err != nil {
		return err
	}
	report.Setting["identifiers"] = fmt.Sprintf("%d, five of each person", r.nodes())
	report.Setting["record"] = fmt.Sprintf("%.0f bytes, mean of the stored identifiers", r.record)
	report.Setting["memory"] = fmt.Sprintf("bounded: %d MiB for reads on both sides; cached: %d MiB, and all was read once", (bounded.blocks+bounded.states)>>20, (everything.blocks+everything.states)>>20)
	report.Setting["loading"] = fmt.Sprintf("%.0f s, in batches of 10,000 people", r.loading.Seconds())
	if err := r.run(ctx, cfg, "bounded", bounded, report); err != nil {
		return err
	}
	return errors.Join(r.run(ctx, cfg, "cached", everything, report), os.RemoveAll(r.dir), os.RemoveAll(r.rawDir))
}
