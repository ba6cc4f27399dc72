package main

import (
	"fmt"
	"io"
	"os"

	"github.com/portraitdb/portrait"
)

type applyVerb struct {
	Model  string `arg:"" name:"MODEL.yaml" help:"A model in YAML or JSON, or - for standard input."`
	DryRun bool   `help:"Only print what would change."`
}

// Run applies a model and prints the plan.
func (v *applyVerb) Run(s *session) error {
	in, err := s.input(v.Model)
	if err != nil {
		return err
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	m, err := portrait.ParseModel(data)
	if err != nil {
		return fmt.Errorf("%s: %w", v.Model, err)
	}
	return s.with(true, func(db *portrait.DB) error {
		var opts []portrait.ApplyOption
		if v.DryRun {
			opts = append(opts, portrait.DryRun)
		}
		plan, err := db.Apply(s, m, opts...)
		if err != nil {
			return err
		}
		type answer struct {
			Changes     []string     `json:"changes"`
			Regroupings []regrouping `json:"regroupings"`
			DryRun      bool         `json:"dry_run"`
		}
		groups := describeRegroupings(plan.Regroupings)
		return s.answer(answer{append([]string{}, plan.Changes...), groups, v.DryRun}, func(w io.Writer) error {
			if len(plan.Changes) == 0 {
				_, err := fmt.Fprintln(w, "no changes")
				return err
			}
			if err := printLines(w, plan.Changes); err != nil {
				return err
			}
			if v.DryRun {
				if err := s.nameVanishing(db, groups); err != nil {
					return err
				}
			}
			return printRegroupings(w, groups)
		})
	})
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
