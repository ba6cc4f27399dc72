package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/examples/internal/table"
)

// print writes the report for people.
func (r *report) print(to io.Writer) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "A city of %s people.\n\nLists of hashed identifiers\n", table.Count(r.People))
	t := table.Table{Indent: "  "}
	t.Row("list", "lines", "matched", "duplicate", "unknown", "profiles")
	for _, l := range r.Lists {
		t.Row(l.Name, int(l.Lines), int(l.Matched), int(l.Duplicate), int(l.Unknown), l.Profiles)
	}
	if _, err := t.WriteTo(w); err != nil {
		return err
	}
	way := ""
	t = table.Table{Indent: "  "}
	for _, g := range r.Groups {
		if g.Way != way {
			if _, err := t.WriteTo(w); err != nil {
				return err
			}
			fmt.Fprintf(w, "\nBy %s\n", g.Way)
			t, way = table.Table{Indent: "  "}, g.Way
		}
		t.Row(g.Count, g.Name, g.Text)
	}
	if _, err := t.WriteTo(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nWho is in two at once\n")
	t = table.Table{Indent: "  "}
	for i, row := range r.Overlap {
		cells := []any{ways[overlapOf[i]].name}
		for _, n := range row {
			cells = append(cells, n)
		}
		t.Row(cells...)
	}
	if _, err := t.WriteTo(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nThe campaign\n")
	t = table.Table{Indent: "  "}
	for i, n := range r.Split {
		t.Row(fmt.Sprint("variant ", i+1), n)
	}
	t.Row("held out of all campaigns", r.Held)
	for _, what := range slices.Sorted(maps.Keys(r.Summary)) {
		t.Row(what, r.Summary[what])
	}
	for _, name := range slices.Sorted(maps.Keys(r.Cities)) {
		t.Row("of "+name, r.Cities[name])
	}
	if _, err := t.WriteTo(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nHow it is counted\n  %s\n", strings.ReplaceAll(strings.TrimSpace(r.Plan), "\n", "\n  "))
	return w.Flush()
}
