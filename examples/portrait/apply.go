package main

import (
	"fmt"
	"io"
	"os"

	"github.com/portraitdb/portrait"
)

type applyVerb struct {
	Model  string `arg:"" name:"MODEL.yaml" help:"A model in YAML or JSON, or - for standard input."`
	DryRun bool   `help:"Only print what would change, as dry-run does."`
}

// Run applies a model and prints the plan.
func (v *applyVerb) Run(s *session) error {
	if v.DryRun {
		return (&dryRunVerb{Model: v.Model, Limit: maxMoved}).Run(s)
	}
	m, err := s.model(v.Model)
	if err != nil {
		return err
	}
	return s.with(true, func(db *portrait.DB) error {
		plan, err := db.Apply(s, m)
		if err != nil {
			return err
		}
		type answer struct {
			Changes     []string     `json:"changes"`
			Regroupings []regrouping `json:"regroupings"`
			DryRun      bool         `json:"dry_run"`
		}
		groups := describeRegroupings(plan.Regroupings)
		return s.answer(answer{append([]string{}, plan.Changes...), groups, false}, func(w io.Writer) error {
			if err := printChanges(w, plan.Changes); err != nil {
				return err
			}
			return printRegroupings(w, groups)
		})
	})
}

// printChanges tells what changes, one declaration a line.
func printChanges(w io.Writer, changes []string) error {
	if len(changes) == 0 {
		changes = []string{"no changes"}
	}
	return printLines(w, changes)
}

// model reads a model from a file, or from standard input for "-".
func (s *session) model(path string) (portrait.Model, error) {
	in, err := s.input(path)
	if err != nil {
		return portrait.Model{}, err
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return portrait.Model{}, err
	}
	m, err := portrait.ParseModel(data)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return m, err
}

// input opens a file, or standard input for "-".
func (s *session) input(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(s.stdin), nil
	}
	return os.Open(path)
}

func printLines(w io.Writer, lines []string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintln(w, l); err != nil {
			return err
		}
	}
	return nil
}
