package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
	"github.com/portraitdb/portrait/tags"
)

// ahead is how far a page about a person looks into the future.
const ahead = 120 * 24 * time.Hour

// someone reads all that a page shows of one person from a view. It is what to copy
// into a program that shows such pages: the page itself knows nothing of stores.
func someone(ctx context.Context, view *portrait.View, p *profile.Profile, d *dataset, w *wording) (*insight.Person, error) {
	s := &sitter{ctx, view, p, d, w, &insight.Person{Until: view.AsOf().Add(ahead)}}
	for _, read := range []func() error{s.identities, s.apart, s.traits, s.tags, s.stages, s.events} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return s.out, nil
}

// sitter is who is portrayed.
type sitter struct {
	ctx  context.Context
	view *portrait.View
	who  *profile.Profile
	d    *dataset
	w    *wording
	out  *insight.Person
}

// key is an identifier that leads to the person.
func (s *sitter) key() profile.Identifier { return s.who.Identifiers[0] }

// identities are joined by the last step of the path from the strongest of them.
func (s *sitter) identities() error {
	for i, id := range s.who.Identifiers {
		shown := insight.PersonIdentity{Name: s.w.identifier(id)}
		if i > 0 {
			why, err := s.view.ExplainIdentity(s.ctx, s.key(), id)
			if err != nil {
				return err
			}
			if len(why.Path) > 0 {
				step := why.Path[len(why.Path)-1]
				shown = evidence(step)
				shown.Name = s.w.identifier(id)
				shown.Through = max(0, slices.Index(s.who.Identifiers, step.From))
			}
		}
		s.out.Identities = append(s.out.Identities, shown)
	}
	return nil
}

// apart are the identifiers that were named together with one of the person's.
func (s *sitter) apart() error {
	seen := map[profile.Identifier]bool{}
	for _, id := range s.who.Identifiers {
		steps, err := s.view.Evidence(s.ctx, id)
		if err != nil {
			return err
		}
		for _, step := range steps {
			other := step.To
			if other == id {
				other = step.From
			}
			if step.Rule == "" || seen[other] || slices.Contains(s.who.Identifiers, other) {
				continue
			}
			seen[other] = true
			shown := evidence(step)
			shown.Name, shown.Rule = s.w.identifier(other), step.Rule
			s.out.Apart = append(s.out.Apart, shown)
		}
	}
	return nil
}

func evidence(step identity.Step) insight.PersonIdentity {
	id := insight.PersonIdentity{First: step.First, Last: step.Last, Bits: float64(step.Match.Weight) / 1000}
	if step.Decision == "link" {
		id.Linked = step.Decided
	}
	return id
}

func (s *sitter) traits() error {
	list, err := s.view.Provenance(s.ctx, s.key())
	for _, t := range list {
		s.out.Traits = append(s.out.Traits, insight.PersonTrait{
			Name: s.w.name(t.Name), Value: s.value(t.Value), Compute: t.Compute, Source: s.w.name(t.Source), At: t.At})
	}
	return err
}

// value writes a value for reading.
func (s *sitter) value(v profile.Value) string { return readable(v, s.d.zone) }

// tags are those that the person has, and those that will begin by themselves.
func (s *sitter) tags() error {
	for _, def := range s.d.model.Tags {
		e := segment.Tag(def.Name)
		why, err := s.view.Explain(s.ctx, e, s.key())
		if err != nil {
			return err
		}
		t := insight.PersonTag{Name: def.Name, Has: why.Holds}
		for f, err := range s.view.FlipsBefore(s.ctx, e, s.out.Until) {
			if err != nil {
				return err
			}
			if f.Profile == s.who.ID {
				t.Flips = append(t.Flips, f.At)
			}
		}
		if !t.Has && len(t.Flips) == 0 {
			continue
		}
		if v, ok := s.who.TagValues[def.Name]; ok {
			t.Value = s.value(v)
		}
		for _, rule := range why.Parts {
			t.Why = s.reasons(t.Why, rule, 0)
		}
		s.out.Tags = append(s.out.Tags, t)
	}
	return nil
}

// reasons lists the conditions of a rule, a line each.
func (s *sitter) reasons(list []insight.Reason, e *tags.Explanation, depth int) []insight.Reason {
	r := insight.Reason{Text: e.Text, Depth: depth, Holds: e.Holds, Unknown: e.Truth == tags.Unknown}
	var notes []string
	for _, v := range e.Values {
		notes = append(notes, v.Text+" = "+cmp.Or(s.value(v.Value), s.w.missing))
	}
	r.Note = strings.Join(notes, s.w.comma)
	list = append(list, r)
	for _, part := range e.Parts {
		list = s.reasons(list, part, depth+1)
	}
	return list
}

func (s *sitter) stages() error {
	path, err := s.view.StagePath(s.ctx, s.who.ID)
	for _, stay := range path {
		s.out.Stages = append(s.out.Stages, insight.PersonStage{Stage: stay.Stage, From: stay.Entered, To: stay.Left})
	}
	for _, stage := range s.d.model.Stages {
		s.out.Order = append(s.out.Order, stage.Value)
	}
	return err
}

func (s *sitter) events() error {
	for e, err := range s.view.Timeline(s.ctx, s.key(), time.Time{}, time.Time{}) {
		if err != nil {
			return err
		}
		at := e.Time
		if at.IsZero() {
			at = e.Received
		}
		s.out.Events = append(s.out.Events, insight.PersonEvent{At: at, Name: s.w.event(&e), Source: s.w.name(e.Source), Detail: s.detail(&e)})
	}
	return nil
}

// detail says what an event is about.
func (s *sitter) detail(e *profile.Event) string {
	var parts []string
	for _, name := range []string{"name", "query", "stock_code", "quantity", "revenue"} {
		v, ok := e.Properties[name]
		switch text := s.value(v); {
		case !ok:
		case name == "quantity":
			parts = append(parts, "× "+text)
		case name == "revenue":
			parts = append(parts, "= "+fmt.Sprintf("%.2f", v.Number()))
		default:
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}
