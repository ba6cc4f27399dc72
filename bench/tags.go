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

// tell reports one more figure of a contender.
func (c *Case) tell(name, who string, v float64) {
	if c.Extra == nil {
		c.Extra = map[string]map[string]float64{}
	}
	if c.Extra[name] == nil {
		c.Extra[name] = map[string]float64{}
	}
	c.Extra[name][who] = v
}

// tellCPU reports the processor time of an operation, all threads together, as the
// median over the turns, and how it stands to Portrait's: on a machine with other work
// to do it moves less than the time.
func (c *Case) tellCPU(samples map[string][]sample) {
	for who, all := range samples {
		c.tell("cpu_ns_per_op", who, median(gather(all, func(s sample) float64 { return float64(s.cpu.Nanoseconds()) / float64(s.ops) })))
	}
	cpu := c.Extra["cpu_ns_per_op"]
	for who := range samples {
		if who != subject && cpu[subject] > 0 {
			c.tell("cpu_ratio", who, cpu[who]/cpu[subject])
		}
	}
}

// tellRate reports how many profiles a second there were.
func (c *Case) tellRate() {
	for who, ns := range c.NsPerOp {
		c.tell("profiles_per_second", who, 1e9/ns)
	}
}
