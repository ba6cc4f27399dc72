package main

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/portraitdb/portrait/identity/linkage"
)

// people are records with what links them and who they really are.
type people struct {
	records *linkage.Records
	config  linkage.Config
	truth   []int32
	names   string // the column of surnames
}

// makePeople makes records of people who never were.
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
