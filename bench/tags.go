package main

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// tagsSuite measures what behaviour over time costs.
func tagsSuite(ctx context.Context, cfg config) (report *Report, err error) {
	dir, err := os.MkdirTemp(cfg.dir, "portrait-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	report = &Report{
		Suite: "tags", Machine: thisMachine(), Summary: map[string]float64{},
		Setting: map[string]string{
			"durable": "width, everything and midnight sync every commit, on both sides; backfill, as Apply does",
			"memory": fmt.Sprintf("width and everything: all is cached; raw_pebble_bounded %d MiB; midnight and backfill %d MiB, on both sides",
				(bounded.blocks+bounded.states)>>20, (usual.blocks+usual.states)>>20),
		},
	}
	for _, part := range []func(context.Context, config, string, *Report) error{widths, everythingOn, midnights, backfill, stateSizes} {
		if err := part(ctx, cfg, dir, report); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// usual is what Portrait takes for reads where nothing else is asked for.
var usual = memory{blocks: 256 << 20, states: 64 << 20}

// figures are those of one contender alone.
func figures(list map[string]float64) map[string]map[string]float64 {
	out := map[string]map[string]float64{}
	for name, v := range list {
		out[name] = map[string]float64{subject: v}
	}
	return out
}

// cpuPerOp is the processor time of an operation, all threads together: the median
// over the turns.
func cpuPerOp(samples map[string][]sample) map[string]float64 {
	out := map[string]float64{}
	for who, all := range samples {
		out[who] = median(gather(all, func(s sample) float64 { return float64(s.cpu.Nanoseconds()) / float64(s.ops) }))
	}
	return out
}
