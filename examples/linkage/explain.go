package main

import (
	"fmt"
	"io"

	"github.com/portraitdb/portrait/examples/internal/table"
)

// explain takes the weight of a pair apart.
func (l *linked) explain(pair [2]int32) *waterfall {
	thresholds := l.model.Config().Thresholds // Models have no defaults left to fill in.
	score := l.linker.Score(int(pair[0]), int(pair[1]))
	f := &waterfall{
		A: l.data.id(pair[0]), B: l.data.id(pair[1]), Model: l.model.Version(),
		Match: *thresholds.Match, Review: *thresholds.Review, Prior: score.Prior, Total: score.Weight,
	}
	if f.A == f.B { // Of two files.
		f.A += " in " + l.data.files[0]
		f.B += " in " + l.data.files[1]
	}
	for _, c := range score.Fields {
		f.Steps = append(f.Steps, step{Field: c.Comparison, A: c.A, B: c.B, Why: c.String(), Weight: c.Weight})
	}
	f.Note = "They are in different clusters."
	if c := l.result.Clusters; c[pair[0]] == c[pair[1]] {
		f.Note = "They are in one cluster."
	}
	return f
}

// writeText prints the waterfall as a table.
func (f *waterfall) writeText(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "\n%s and %s: %s bits, %s (%s). %s\n",
		table.Clean(f.A), table.Clean(f.B), bits(f.Total), verdict(f), odds(f.Total), f.Note); err != nil {
		return err
	}
	t := table.Table{Indent: "  "}
	t.Row("prior", bits(f.Prior), "", "", "")
	for _, s := range f.Steps {
		t.Row(table.Clean(s.Field), bits(s.Weight), table.Clean(s.Why), cell(s.A), cell(s.B))
	}
	t.Row("total", bits(f.Total), "", "", "")
	_, err := t.WriteTo(w)
	return err
}

// cell is a value in a table on a terminal.
func cell(value string) string {
	if value == "" {
		return "-"
	}
	return fit(table.Clean(value), labelCells)
}

// reviewed is a pair that a person should look at.
type reviewed struct {
	A      string  `json:"a"`
	B      string  `json:"b"`
	Weight float64 `json:"weight"` // bits
	Fields []step  `json:"fields"`
}

// reviews lists the first n pairs of the review queue.
func (l *linked) reviews(n int) []reviewed {
	queue := l.result.Review
	list := make([]reviewed, 0, min(n, len(queue)))
	for _, e := range queue[:cap(list)] {
		f := l.explain([2]int32{e.A, e.B})
		list = append(list, reviewed{A: f.A, B: f.B, Weight: f.Total, Fields: f.Steps})
	}
	return list
}

// writeReview prints the pairs of a review queue one below the other, the values
// of each field side by side.
func writeReview(w io.Writer, list []reviewed) error {
	for _, r := range list {
		if _, err := fmt.Fprintf(w, "\n%s  %s and %s\n", bits(r.Weight), table.Clean(r.A), table.Clean(r.B)); err != nil {
			return err
		}
		t := table.Table{Indent: "  "}
		for _, s := range r.Fields {
			t.Row(table.Clean(s.Field), bits(s.Weight), cell(s.A), cell(s.B))
		}
		if _, err := t.WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}
