package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/portraitdb/portrait/segment/insight"
)

// reading is one question about audiences, as each contender answers it. An answer is
// the digest of all its counts.
type reading struct {
	name string
	// ours asks package insight.
	ours func(ctx context.Context, c insight.Counter) (uint64, error)
	// theirs are the loops by hand, by name.
	theirs map[string]func() uint64
	// floor returns the bytes that have to be read.
	floor func() []byte
}

// insightSuite reads audiences: what sets one apart from everybody, how attributes go
// together, how segments overlap, what customers are worth.
func insightSuite(ctx context.Context, cfg config) (*Report, error) {
	report := &Report{
		Suite: "insight", Machine: thisMachine(), Summary: map[string]float64{},
		Setting: map[string]string{
			"threads":  "1",
			"audience": "a random tenth of all profiles",
			"tags":     strconv.Itoa(censusTags) + ", held by 30 to 0.05 % of all, evenly on a logarithmic scale; half of them more, half less often by the audience",
			"table":    fmt.Sprintf("%d, %d and %d values; one in twenty profiles has none of the first", cities, channels, levels),
			"segments": strconv.Itoa(len(overlapShares)) + ", of 50 to 3 % of all",
			"an op":    "planned and counted, with all that follows from the counts; of scores one customer",
		},
	}
	if cfg.only.MatchString(scoreReading) {
		out, err := scoreCase(ctx, cfg, report)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", scoreReading, err)
		}
		report.Cases = append(report.Cases, out)
	}
	if anyMatches(cfg.only, readingNames) {
		if err := readingCases(ctx, cfg, report); err != nil {
			return nil, err
		}
	}
	for _, who := range []string{"cell_by_cell", "duckdb", "roaring", "column_scan", "memory_floor", "plain_formula"} {
		report.tellGeomean(who)
	}
	return report, nil
}

// readingCases adds what is asked of one census.
func readingCases(ctx context.Context, cfg config, report *Report) error {
	cfg.logf("drawing %d profiles with %d tags", cfg.profiles, censusTags)
	c := drawCensus(cfg.profiles)
	cfg.logf("loading %s", subject)
	index, err := newCensusIndex(c)
	if err != nil {
		return err
	}
	for _, r := range c.readings() {
		if !cfg.only.MatchString(r.name) {
			continue
		}
		out, err := readingCase(ctx, cfg, report, c, index, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		report.Cases = append(report.Cases, out)
	}
	return nil
}

// readingCase compares the answers to one question, and then the times.
func readingCase(ctx context.Context, cfg config, report *Report, c *census, index *censusIndex, r reading) (out Case, err error) {
	cfg.logf("%s", r.name)
	var failure error
	must := func(ask func() (uint64, error)) func() uint64 {
		return func() uint64 {
			n, err := ask()
			failure = cmp.Or(failure, err)
			return n
		}
	}
	cells := struct{ insight.Counter }{index} // which does not have Cross
	contenders := []contender{
		{subject, must(func() (uint64, error) { return r.ours(ctx, index) })},
		{"cell_by_cell", must(func() (uint64, error) { return r.ours(ctx, cells) })},
	}
	for name, ask := range r.theirs {
		contenders = append(contenders, contender{name, ask})
	}
	if cfg.rivals.MatchString("duckdb") {
		duck, err := newDuckCensus(ctx, c, r.name)
		switch {
		case errors.Is(err, errAbsent):
			report.Setting["duckdb"] = "skipped: " + err.Error()
		case err != nil:
			return Case{}, fmt.Errorf("duckdb: %w", err)
		default:
			defer func() { err = errors.Join(err, duck.close()) }()
			contenders = append(contenders, contender{"duckdb", must(func() (uint64, error) { return duck.ask(ctx) })})
		}
	}
	want := contenders[0].ask()
	for _, other := range contenders[1:] {
		if got := other.ask(); got != want || failure != nil {
			return Case{}, errors.Join(fmt.Errorf("%s answers %x, %s %x", subject, want, other.name, got), failure)
		}
	}
	_, kernel := floorKernel()
	floor := r.floor()
	contenders = append(contenders, contender{"memory_floor", func() uint64 { return kernel(floor) }})
	samples := compete(cfg, contenders)
	out = newCase(r.name, c.profiles, samples)
	for who, all := range samples {
		out.tell("cpu_ns_per_op", who, median(gather(all, func(s sample) float64 { return float64(s.cpu) / float64(s.ops) })))
	}
	out.tell("mebibytes", "memory_floor", float64(len(floor))/(1<<20))
	return out, errors.Join(failure, ctx.Err())
}

func anyMatches(pattern *regexp.Regexp, names []string) bool {
	return slices.ContainsFunc(names, pattern.MatchString)
}
