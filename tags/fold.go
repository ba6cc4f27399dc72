package tags

import (
	"fmt"
	"math"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// NewFold compiles what profiles keep for operands into the fold that keeps it under
// a number. The scope's zone is where civil days are counted. An error says which
// condition on events cannot be answered from one event.
func NewFold(f *syntax.Fold, id uint32, s syntax.Scope) (profile.Fold, error) {
	out := profile.Fold{
		ID: id, Form: f.Form, Grain: f.Grain, Zone: s.Zone(), Property: f.Property, By: f.By, K: f.K,
		Gap: f.Gap, Level: f.Level, Hours: f.Hours, HalfLife: f.HalfLife, Since: profile.Instant(f.Since), Keep: f.Keep,
	}
	add := func(event string, where syntax.Expr, with profile.FoldFilter) error {
		match, err := newFilter(where, s.Zone())
		if err != nil {
			return fmt.Errorf("%q: %w", shorten(event), err)
		}
		with.Event, with.Match = event, match
		out.Filters = append(out.Filters, with)
		return nil
	}
	switch f.Form {
	case profile.Trace:
		out.Property = f.Link
		if len(f.Steps) > 64 {
			return profile.Fold{}, fmt.Errorf("a sequence of %d filters", len(f.Steps))
		}
		for _, step := range f.Steps {
			if err := add(step.Event, step.Where, profile.FoldFilter{}); err != nil {
				return profile.Fold{}, err
			}
		}
	case profile.Scores:
		out.Since = math.MinInt64
		for _, source := range f.Sources {
			with := profile.FoldFilter{Property: source.Property, Weight: source.Weight, By: source.By}
			if err := add(source.Event, source.Where, with); err != nil {
				return profile.Fold{}, err
			}
		}
	default:
		if err := add(f.Event, f.Where, profile.FoldFilter{}); err != nil {
			return profile.Fold{}, err
		}
	}
	return out, nil
}
