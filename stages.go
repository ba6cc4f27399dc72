package portrait

import (
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/tags"
)

// labels returns the declared tags, and the one that keeps the stages.
func (m *Model) labels() ([]tags.Definition, error) {
	for _, d := range m.Tags {
		if d.Name == syntax.StageTag {
			return m.Tags, fmt.Errorf("tag %q is that of the stages: declare stages instead", d.Name)
		}
	}
	if len(m.Stages) == 0 {
		return m.Tags, nil
	}
	last := len(m.Stages) - 1
	var faults []error
	for i, s := range m.Stages {
		switch {
		case s.Value == "":
			faults = append(faults, fmt.Errorf("stage %d has no name", i+1))
		case i < last && s.Rule.IsZero():
			faults = append(faults, fmt.Errorf("stage %q has no rule: only the last takes in everybody else", s.Value))
		case i == last && !s.Rule.IsZero():
			faults = append(faults, fmt.Errorf("stage %q is the last and has a rule: it takes in everybody else, so it wants none", s.Value))
		}
	}
	if last == 0 {
		faults = append(faults, errors.New("stages: there is only one"))
	}
	if err := errors.Join(faults...); err != nil {
		return m.Tags, err
	}
	stage := tags.Definition{Name: syntax.StageTag, Tiers: m.Stages[:last:last], Else: m.Stages[last].Value}
	return append(m.Tags[:len(m.Tags):len(m.Tags)], stage), nil
}

// SetDefaultStages declares the stages of the default model of package lifecycle: eight
// of them, from the orders that an event tells of, such as "Order Completed". The error
// names the thresholds that do not fit together. See [lifecycle.Thresholds.Rules].
func (m *Model) SetDefaultStages(event string, by lifecycle.Thresholds) error {
	rules, err := by.Rules(event)
	if err != nil {
		return err
	}
	files := make([]stageFile, len(rules))
	for i, r := range rules {
		files[i] = stageFile(r)
	}
	declared, err := stages(files)
	if err != nil {
		return err
	}
	m.Stages = declared
	return nil
}

// stages reports whether the tag is that of the stages.
func (t *tag) stages() bool { return !t.segment && t.def.Name == syntax.StageTag }

// stages reads the stages of a model's file.
func stages(files []stageFile) ([]tags.Tier, error) {
	var out []tags.Tier
	var faults []error
	for i, f := range files {
		s := tags.Tier{Value: f.Name}
		if f.Rule != "" {
			var err error
			if s.Rule, err = tags.Parse(f.Rule); err != nil {
				faults = append(faults, fmt.Errorf("stage %d, %q: %w", i+1, f.Name, err))
			}
		}
		out = append(out, s)
	}
	return out, errors.Join(faults...)
}

// stageFiles is the file form of stages.
func stageFiles(of []tags.Tier) []stageFile {
	var out []stageFile
	for _, s := range of {
		out = append(out, stageFile{Name: s.Value, Rule: s.Rule.String()})
	}
	return out
}
