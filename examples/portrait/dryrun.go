package main

import (
	"fmt"
	"io"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/examples/internal/table"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// maxMoved is how many profiles are named of those that come into a tag or leave it.
const maxMoved = 5

type dryRunVerb struct {
	Model string `arg:"" name:"MODEL.yaml" help:"A model in YAML or JSON, or - for standard input."`
	Limit int    `default:"5" placeholder:"N" help:"Name at most so many who would come and go, each (${default}); 0 means all."`
}

// dryRun is what a model would do, in JSON.
type dryRun struct {
	Changes     []string     `json:"changes"`
	Regroupings []regrouping `json:"regroupings"`
	DryRun      bool         `json:"dry_run"`
	Moves       []move       `json:"moves"`
	Findings    []finding    `json:"findings"`
	// Omitted and Undecided are the findings that are not listed, and the questions
	// that would have taken too long.
	Omitted   int `json:"omitted"`
	Undecided int `json:"undecided"`
}

// move is who would gain and lose one tag, or come into a tracked segment and leave.
type move struct {
	Tag     string  `json:"tag,omitempty"`
	Segment string  `json:"segment,omitempty"`
	Value   string  `json:"value,omitempty"` // of the tag; empty for the tag as such
	Enter   uint64  `json:"enter"`
	Leave   uint64  `json:"leave"`
	Stay    uint64  `json:"stay"`
	Entered []known `json:"entered"` // the first of them
	Left    []known `json:"left"`
}

// title names what the move is of.
func (m *move) title() string {
	if m.Segment != "" {
		return "segment " + m.Segment
	}
	if m.Value != "" {
		return "tag " + m.Tag + " = " + m.Value
	}
	return "tag " + m.Tag
}

// finding is what rules mean beside each other.
type finding struct {
	Text       string `json:"text"`
	Tag        string `json:"tag"`
	Value      string `json:"value,omitempty"`
	Other      string `json:"other,omitempty"`
	OtherValue string `json:"other_value,omitempty"`
	Part       string `json:"part,omitempty"`
}

// Run prints what a model would change, and changes nothing.
func (v *dryRunVerb) Run(s *session) error {
	if v.Limit < 0 {
		return usageError{fmt.Errorf("--limit is %d: want 0 or more", v.Limit)}
	}
	m, err := s.model(v.Model)
	if err != nil {
		return err
	}
	return s.with(true, func(db *portrait.DB) error {
		plan, err := db.Apply(s, m, portrait.DryRun)
		if err != nil {
			return err
		}
		view, err := db.View(s)
		if err != nil {
			return err
		}
		defer view.Close()
		out := dryRun{
			Changes: append([]string{}, plan.Changes...), Regroupings: describeRegroupings(plan.Regroupings), DryRun: true,
			Moves: []move{}, Findings: describeFindings(plan.Analysis.Findings),
			Omitted: plan.Analysis.Omitted, Undecided: plan.Analysis.Undecided,
		}
		for _, of := range plan.Moves {
			m, err := v.describeMove(s, view, of)
			if err != nil {
				return err
			}
			out.Moves = append(out.Moves, m)
		}
		return s.answer(out, func(w io.Writer) error {
			if err := printChanges(w, out.Changes); err != nil {
				return err
			}
			if err := s.nameVanishing(db, out.Regroupings); err != nil {
				return err
			}
			if err := printRegroupings(w, out.Regroupings); err != nil {
				return err
			}
			if err := printMoves(w, out.Moves); err != nil {
				return err
			}
			return out.printFindings(w)
		})
	})
}

func (v *dryRunVerb) describeMove(s *session, view *portrait.View, of segment.Move) (m move, err error) {
	m = move{Tag: of.Name, Value: of.Value, Enter: of.Entered.Count(), Leave: of.Left.Count(), Stay: of.Stayed}
	if of.Segment {
		m.Tag, m.Segment = "", of.Name
	}
	if m.Entered, err = v.first(s, view, of.Entered); err == nil {
		m.Left, err = v.first(s, view, of.Left)
	}
	return m, err
}

// first looks up whom the first members of a set are known as.
func (v *dryRunVerb) first(s *session, view *portrait.View, set *segment.Set) ([]known, error) {
	list := []known{}
	for id := range set.Members() {
		if v.Limit > 0 && len(list) == v.Limit {
			break
		}
		ids, err := identifiersOf(s, view, id)
		if err != nil {
			return nil, err
		}
		list = append(list, known{uint64(id), ids})
	}
	return list, nil
}

func describeFindings(list []tags.Finding) []finding {
	out := make([]finding, len(list))
	for i, f := range list {
		out[i] = finding{f.String(), f.Tag, f.Value, f.Other, f.OtherValue, f.Part}
	}
	return out
}

// printMoves prints the numbers of all moves, and then who moves.
func printMoves(w io.Writer, moves []move) error {
	if len(moves) == 0 {
		return nil
	}
	t := table.Table{Indent: "  "}
	for _, m := range moves {
		t.Row(table.Clean(m.title()), m.Enter, "enter", m.Leave, "leave", m.Stay, "stay")
	}
	if _, err := fmt.Fprintln(w, "who would come and go"); err != nil {
		return err
	}
	if _, err := t.WriteTo(w); err != nil {
		return err
	}
	for _, m := range moves {
		for _, side := range [...]struct {
			verb string
			all  uint64
			list []known
		}{{"enter", m.Enter, m.Entered}, {"leave", m.Leave, m.Left}} {
			if err := printMoved(w, side.verb+" "+m.title(), side.all, side.list); err != nil {
				return err
			}
		}
	}
	return nil
}

func printMoved(w io.Writer, title string, all uint64, list []known) error {
	if all == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w, table.Clean(title)); err != nil {
		return err
	}
	t := table.Table{Indent: "  "}
	for _, k := range list {
		t.Row(number(k.ID), named(k.Identifiers))
	}
	if _, err := t.WriteTo(w); err != nil {
		return err
	}
	if n := all - uint64(len(list)); n > 0 {
		_, err := fmt.Fprintf(w, "  ... and %s more\n", table.Count(n))
		return err
	}
	return nil
}

// printFindings tells what the rules mean beside each other.
func (d *dryRun) printFindings(w io.Writer) error {
	if len(d.Findings) == 0 && d.Undecided == 0 {
		return nil
	}
	lines := []string{"what the rules mean"}
	for _, f := range d.Findings {
		lines = append(lines, "  "+table.Clean(f.Text))
	}
	if d.Omitted > 0 {
		lines = append(lines, fmt.Sprintf("  ... and %d more", d.Omitted))
	}
	if d.Undecided > 0 {
		lines = append(lines, fmt.Sprintf("  %d questions would take too long", d.Undecided))
	}
	return printLines(w, lines)
}
