package main

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/identity/linkage"
)

// people are records with what links them and who they really are.
type people struct {
	records *linkage.Records
	config  linkage.Config
	truth   []int32
	names   string // the column of surnames
}

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
		report.Setting[name] = "GOMAXPROCS=" + strconv.Itoa(procs)
	}
	return nil
}

func makePeople(n int) (p *people, err error) {
	p = &people{names: "surname"}
	if p.config, err = linkage.ParseConfig([]byte(madeConfig)); err != nil {
		return nil, err
	}
	p.records, p.truth, err = newRecordMaker(1).records(n)
	return p, err
}

// readHistorical reads historical_dev with the configuration of examples/linkage.
func readHistorical(data string) (p *people, err error) {
	text, err := os.ReadFile(filepath.Join("..", "examples", "linkage", "configs", "historical.yaml"))
	if err != nil {
		return nil, err
	}
	p = &people{names: "surname"}
	if p.config, err = linkage.ParseConfig(text); err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(data, "linkage", "historical_dev.csv.gz"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return p, p.read(csv.NewReader(z), "cluster")
}

// read takes every row but the column of the truth.
func (p *people) read(rows *csv.Reader, truthColumn string) error {
	head, err := rows.Read()
	if err != nil {
		return err
	}
	at := slices.Index(head, truthColumn)
	if at < 0 {
		return fmt.Errorf("no column %q", truthColumn)
	}
	if p.records, err = linkage.NewRecords(slices.Delete(slices.Clone(head), at, at+1)...); err != nil {
		return err
	}
	numbers := map[string]int32{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, known := numbers[row[at]]; !known {
			numbers[row[at]] = int32(len(numbers))
		}
		p.truth = append(p.truth, numbers[row[at]])
		if _, err := p.records.Add(slices.Delete(row, at, at+1)...); err != nil {
			return err
		}
	}
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

var shortASCII = regexp.MustCompile(`^[a-z' -]{1,20}$`)

// shortNames are surnames as the plain loop compares them.
func (p *people) shortNames() []string {
	var out []string
	for i := range p.records.Len() {
		if v := p.records.Value(i, p.names); shortASCII.MatchString(v) {
			out = append(out, v)
		}
	}
	return out
}

// found tells what a linkage was worth.
func (p *people) found(r *linkage.Result) (map[string]map[string]float64, error) {
	e, err := linkage.Evaluate(r.Clusters, p.truth, linkage.EvaluationOptions{})
	if err != nil {
		return nil, err
	}
	one := func(v float64) map[string]float64 { return map[string]float64{subject: v} }
	return map[string]map[string]float64{
		"compared": one(float64(r.Counts.Compared)), "precision": one(e.Pairs.Precision), "recall": one(e.Pairs.Recall),
		"f1": one(e.Pairs.F1), "bcubed_f1": one(e.BCubed.F1), "largest_cluster": one(float64(e.Largest)), "clusters": one(float64(e.Clusters)),
	}, nil
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
