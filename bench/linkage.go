package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/identity/linkage"
)

// linkageSuite measures what linking records costs.
func linkageSuite(ctx context.Context, cfg config) (*Report, error) {
	report := &Report{
		Suite: "linkage", Machine: thisMachine(), Summary: map[string]float64{},
		Setting: map[string]string{
			"jaro_winkler": "a plain loop of one Jaro-Winkler each over as many pairs of the records' surnames, ASCII, in memory",
			"pair":         "the time while pairs are compared; link_pairs_per_second has blocking, sorting and clustering in it too",
		},
	}
	if err := comparing(ctx, cfg, report); err != nil {
		return nil, err
	}
	return report, scaling(ctx, cfg, report)
}

// comparing measures compared pairs, on one core and on all: of the historical
// people where their data is, and of made-up ones, nearly all of whose values
// differ.
func comparing(ctx context.Context, cfg config, report *Report) error {
	for _, source := range []struct {
		name string
		read func() (*people, error)
	}{
		{"historical", func() (*people, error) {
			return readHistorical(cmp.Or(os.Getenv("PORTRAIT_DATA"), filepath.Join("..", "..", "shared", "data")))
		}},
		{"generated", func() (*people, error) { return makePeople(min(cfg.profiles, 200_000)) }},
	} {
		names := []string{"compare/" + source.name + "/cores=1", "compare/" + source.name + "/cores=all"}
		if source.name == "historical" && cfg.smoke || !slices.ContainsFunc(names, cfg.only.MatchString) {
			continue
		}
		p, err := source.read()
		if errors.Is(err, fs.ErrNotExist) {
			cfg.logf("compare/%s: left out, its data is not there", source.name)
			continue
		}
		if err != nil {
			return err
		}
		if err := p.compareOn(ctx, cfg, names, report); err != nil {
			return err
		}
	}
	return nil
}

// compareOn runs the case of the first name on one core and that of the second on
// all.
func (p *people) compareOn(ctx context.Context, cfg config, names []string, report *Report) error {
	all := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(all)
	for i, name := range names {
		if !cfg.only.MatchString(name) {
			continue
		}
		cfg.logf("%s", name)
		procs := []int{1, all}[i]
		runtime.GOMAXPROCS(procs)
		out, err := p.compare(ctx, cfg, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		report.Cases = append(report.Cases, out)
		report.Summary["pairs_per_second "+name] = out.Extra["pairs_per_second"][subject]
		report.Setting[name] = "GOMAXPROCS=" + strconv.Itoa(procs)
	}
	return nil
}

// compare lets linkage and the plain loop take turns on as many pairs.
func (p *people) compare(ctx context.Context, cfg config, name string) (Case, error) {
	model, err := linkage.Train(ctx, p.records, p.config)
	if err != nil {
		return Case{}, err
	}
	linker, err := linkage.NewLinker(p.records, model)
	if err != nil {
		return Case{}, err
	}
	names := p.shortNames()
	samples := map[string][]sample{}
	var result *linkage.Result
	var whole []float64
	for range cfg.rounds {
		runtime.GC()
		var m meter
		var clock progressClock
		m.start()
		if result, err = linker.Link(ctx, &linkage.Options{Progress: clock.tick}); err != nil {
			return Case{}, err
		}
		pairs := int(result.Counts.Compared)
		m.stop(pairs)
		whole = append(whole, float64(pairs)/m.elapsed.Seconds())
		samples[subject] = append(samples[subject], clock.of(m.sample))

		runtime.GC()
		var loop meter
		loop.start()
		alike := compareNames(names, int64(pairs))
		loop.stop(pairs)
		if alike == int64(pairs) {
			return Case{}, errors.New("all names are alike")
		}
		samples["jaro_winkler"] = append(samples["jaro_winkler"], loop.sample)
	}
	out := newCase(name, p.records.Len(), samples)
	out.Extra, err = p.found(result)
	if err != nil {
		return Case{}, err
	}
	out.Extra["pairs_per_second"] = map[string]float64{subject: 1e9 / out.NsPerOp[subject], "jaro_winkler": 1e9 / out.NsPerOp["jaro_winkler"]}
	out.Extra["link_pairs_per_second"] = map[string]float64{subject: median(whole)}
	out.Extra["cpu_ns_per_pair"] = map[string]float64{}
	for who, all := range samples {
		cpu := gather(all, func(s sample) float64 { return float64(s.cpu.Nanoseconds()) / float64(s.ops) })
		out.Extra["cpu_ns_per_pair"][who] = median(cpu)
	}
	return out, nil
}

// progressClock takes the time while pairs are compared: from the first of the
// equal shares of that work that is done to the last.
type progressClock struct {
	first, last       time.Time
	cpuFirst, cpuLast time.Duration
	from, to          int64
	total             int64
}

func (c *progressClock) tick(done, total int64) {
	c.last, c.cpuLast, c.to, c.total = time.Now(), cpuTime(), done, total
	if c.first.IsZero() {
		c.first, c.cpuFirst, c.from = c.last, c.cpuLast, done
	}
}

// of is the part of a sample in which pairs were compared. Where the shares are
// too few to tell, it is the whole.
func (c *progressClock) of(s sample) sample {
	const enough = 32
	if c.total < enough {
		return s
	}
	share := float64(c.to-c.from) / float64(c.total)
	s.elapsed = time.Duration(float64(c.last.Sub(c.first)) / share)
	s.cpu = time.Duration(float64(c.cpuLast-c.cpuFirst) / share)
	return s
}
